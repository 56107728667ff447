"""`wormtwin calls detect`, `teach`, `evaluate` and `demo`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.calls.cli import (
    FORMS_HELP,
    CallsOption,
    ChannelOption,
    RecordingArgument,
    ShiftOption,
    calls_app,
    parse_band,
    tell_faults,
    tell_left_out,
)
from neuron_models.foundation.errors import require
from neuron_models.foundation.wording import counted

BandOption = Annotated[str, typer.Option(help="Lowest and highest frequency, such as 30-120, in kHz.")]


@calls_app.command("detect")
def detect(
    recording: RecordingArgument,
    out: Annotated[Path, typer.Option(help="The table to write (.csv, .txt or .mat).")],
    model: Annotated[
        Path | None, typer.Option(help="A model.keras of `train --model calls_unet`; calls_tonal by default.")
    ] = None,
    sure: Annotated[float, typer.Option(help="With --model: the probability that a call has somewhere.")] = 0.8,
    band: BandOption = "",
    channel: ChannelOption = 1,
    seed: Annotated[
        float,
        typer.Option(min=0.5, max=50, help="How far a ridge must stand out, in standard deviations of the noise."),
    ] = 3.4,
    fixed: Annotated[
        bool, typer.Option("--fixed", help="Keep --seed even where the calls of a recording are faint.")
    ] = False,
    shortest: Annotated[float, typer.Option(help="Calls that are shorter are left out, ms.")] = 5.0,
    gap: Annotated[float, typer.Option(help="Pieces so near are one call, ms.")] = 20.0,
    separate: Annotated[bool, typer.Option("--separate", help="Tell two callers apart who call at once.")] = False,
    form: Annotated[str, typer.Option(help=FORMS_HELP)] = "",
) -> None:
    """Find the calls of a recording, of any length."""
    from datasets.calls.recording import open_recording
    from datasets.calls.tables.writing import form_of, write_calls
    from surrogates.calls.detection.tonal import TonalSettings, detect_tonal

    chosen = form_of(out, form)
    settings = TonalSettings(
        parse_band(band),
        seed=seed,
        adapt=not fixed,
        grow=min(TonalSettings.grow, seed),
        shortest=shortest / 1000,
        gap=gap / 1000,
        separate=separate,
    )
    opened = open_recording(recording)
    tell_faults(opened, channel)
    if model is None:
        calls = detect_tonal(opened, settings, channel)
    else:
        from surrogates.calls.detection.learned import LearnedSettings, detect_learned

        require(not band, "a model has its own band: leave --band out")
        calls = detect_learned(opened, model, LearnedSettings(sure, settings.shortest, settings.gap, separate), channel)
    write_calls(calls, out, chosen)
    print(f"{counted(len(calls), 'call')} in {opened.seconds:.1f} s of {recording.name}, in {out}")
    if not calls:
        from datasets.calls.quality import quality_of

        print(f"channel {channel}: {quality_of(opened, channel)}")


@calls_app.command("teach")
def teach(
    recordings: Annotated[list[Path], typer.Argument(help="Recordings that give the background, of one rate.")],
    out: Annotated[Path, typer.Option(help="The dataset to write (.h5).")],
    stretches: Annotated[int, typer.Option(help="Of half a second each.")] = 240,
    faintest: Annotated[float, typer.Option(help="dB of the faintest calls over the background.")] = -10.0,
    loudest: Annotated[float, typer.Option(help="dB of the loudest calls over the background.")] = 15.0,
    band: BandOption = "",
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
) -> None:
    """Put generated calls into stretches of your recordings in which no call is found: a dataset for calls_unet."""
    from datasets.calls.recording import open_recording
    from datasets.calls.teaching import JOINED, TeachingSettings, teaching_dataset
    from datasets.store import save_dataset
    from neuron_models.foundation.files import require_writable
    from surrogates.calls.detection.tonal import TonalSettings, detect_tonal

    require(out.suffix == ".h5", f"a dataset's name ends in .h5, got {out.name!r}")
    require_writable(out)
    settings = TeachingSettings(stretches, parse_band(band), faintest, loudest, seed=seed)
    opened = [open_recording(path) for path in recordings]
    for each in opened:
        tell_faults(each, 1)
    dataset = teaching_dataset([(r, detect_tonal(r, TonalSettings(settings.band))) for r in opened], settings)
    save_dataset(dataset, out)
    used = {trial.group for trial in dataset}
    for each in opened:
        if each.path.stem not in used:
            print(f"left out: {each.path.name} has no quarter of a second without a call")
    print(f"{len(dataset)} stretches of {counted(len(opened), 'recording')} in {out}")
    joined = sum(trial.name.endswith(JOINED) for trial in dataset)
    if joined:
        print(f"{joined} of them are joined from quiet pieces, where no half second is without a call")


@calls_app.command("evaluate")
def evaluate(
    found: Annotated[list[Path], typer.Argument(help="Tables of calls to judge, of one recording.")],
    truth: CallsOption,
    shift: ShiftOption = 0.0,
) -> None:
    """Score tables of calls against a true one: events one to one, at half overlap, and by the millisecond."""
    from datasets.calls.tables.reading import read_calls
    from surrogates.calls.detection.score_table import print_scores, scores_of
    from surrogates.calls.detection.scores import clock_error

    true = read_calls(truth)
    tell_left_out(true)
    rows, lines = [], []
    for path in found:
        table = read_calls(path, shift)
        tell_left_out(table)
        rows.append((path.name, scores_of(table.calls, true.calls)))
        if late := clock_error(table.calls, true.calls):
            word, set_by = "late" if late > 0 else "early", shift - late
            lines.append(f"{path.name} is {1000 * abs(late):.0f} ms {word}: --shift {set_by:.3f} would set its clock")
    print_scores(rows)
    for line in lines:
        print(line)


@calls_app.command("demo")
def demo(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="Length of the recording.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of the recording.")] = 0,
) -> None:
    """Generate a recording, find its calls, score them, name their shapes and count what follows what."""
    from surrogates.calls.demo import run_demo
    from surrogates.calls.detection.score_table import print_scores

    done = run_demo(out, seconds, seed)
    print_scores([("calls_tonal", done.scores)])
    print(f"shapes of the calls found: macro-F1 {done.shapes:.3f}; tables in {out}")


def register(app: typer.Typer) -> None:
    """Mount the commands of the other modules; `datasets.calls.cli` mounts the group."""
    import surrogates.calls.correction.cli
    import surrogates.calls.repertoire.cli  # noqa: F401
