"""`wormtwin calls`: recordings and tables of calls, and the generator."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.calls.recording import Recording
    from datasets.calls.tables.reading import CallTable

calls_app = typer.Typer(no_args_is_help=True, help="Ultrasonic calls: recordings, detectors, measures, classes.")

RecordingArgument = Annotated[
    Path, typer.Argument(help="A recording: WAV of any width, FLAC, or what libsndfile reads.")
]
CallsOption = Annotated[Path, typer.Option(help="A table of calls, such as `calls detect` or another program wrote.")]
ChannelOption = Annotated[int, typer.Option(help="Of the recording, from 1.")]
ShiftOption = Annotated[
    float, typer.Option(min=-3600, max=3600, help="Seconds added to the table's times, where a program's clock is off.")
]
FORMS_HELP = "csv, raven, audacity, deepsqueak, usvseg, mupet or vocalmat; by the file's name when empty."


@calls_app.command("make-sample")
def make_sample_(
    out: Annotated[Path, typer.Option(help="The recording to write (.wav or .flac); the truth is written beside it.")],
    seconds: Annotated[float, typer.Option(help="Its length.")] = 60.0,
    rate: Annotated[int, typer.Option(help="Samples a second.")] = 250_000,
    calls: Annotated[float, typer.Option(help="Calls a minute; 0 is background alone.")] = 90.0,
    snr: Annotated[float, typer.Option(help="dB of a call over the background from 30 to 120 kHz.")] = 10.0,
    callers: Annotated[int, typer.Option(help="How many animals call.")] = 2,
    overlapping: Annotated[
        float, typer.Option(min=0, max=1, help="Share of calls that begin while another caller's lasts.")
    ] = 0.0,
    clicks: Annotated[float, typer.Option(min=0, max=10_000, help="Clicks a minute.")] = 30.0,
    rustles: Annotated[float, typer.Option(min=0, max=1000, help="Noises of the cage a minute.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
) -> None:
    """Generate a recording of calls of eight shapes, with harmonics, echoes and noises, and its exact truth."""
    from datasets.calls.generator.sample import SampleSettings, make_sample
    from datasets.calls.generator.writing import write_sample

    require_extra("soundfile", extra="calls", purpose="writing recordings")
    settings = SampleSettings(
        seconds=seconds, rate=rate, calls=calls, snr=snr, callers=callers, overlapping=overlapping, clicks=clicks,
        rustles=rustles, seed=seed, band=(min(42_000.0, 0.17 * rate), min(100_000.0, 0.45 * rate)),
    )  # fmt: skip
    sample = make_sample(settings)
    for path in write_sample(sample, out):
        print(f"{path}")
    print(f"{counted(len(sample.calls), 'call')} in {seconds:g} s, {snr:g} dB")


@calls_app.command("info")
def info(recording: RecordingArgument) -> None:
    """Say what a recording holds, and what is wrong with it."""
    from datasets.calls.quality import quality_of
    from datasets.calls.recording import open_recording

    found = open_recording(recording)
    print(
        f"{recording.name}: {found.seconds:.3f} s, {counted(found.channels, 'channel')}, {found.rate} Hz, {found.kind}"
    )
    tell_faults(found)
    for channel in range(1, found.channels + 1):
        print(f"channel {channel}: {quality_of(found, channel)}")


@calls_app.command("convert")
def convert(
    table: Annotated[Path, typer.Argument(help="A table of calls.")],
    out: Annotated[Path, typer.Option(help="The table to write (.csv, .txt or .mat).")],
    form: Annotated[str, typer.Option(help=FORMS_HELP)] = "",
    shift: ShiftOption = 0.0,
) -> None:
    """Turn one program's table of calls into another's."""
    from datasets.calls.tables.reading import read_calls
    from datasets.calls.tables.writing import form_of, write_calls

    chosen = form_of(out, form)
    read = read_calls(table, shift)
    write_calls(read.calls, out, chosen)
    tell_left_out(read)
    print(f"{counted(len(read.calls), 'call')} of {table.name} ({read.program}) in {out}, as {chosen}")


def tell_faults(recording: "Recording", channel: int | None = None) -> None:
    """Say where a header lies, which channels are not looked at, and which samples are no numbers."""
    from datasets.calls.quality import no_numbers_in

    if recording.fault:
        print(f"{recording.path.name}: {recording.fault}")
    if channel is not None and recording.channels > 1:
        print(f"{recording.path.name}: channel {channel} of {recording.channels}; the others are left out")
    wrong = sum(no_numbers_in(recording, each) for each in ([channel] if channel else range(1, recording.channels + 1)))
    if wrong:
        print(f"{recording.path.name}: {counted(wrong, 'sample')} of {recording.samples} no number, taken as 0")


def tell_left_out(table: "CallTable", most: int = 5) -> None:
    """Name the rows that are no calls."""
    for line in table.left_out[:most]:
        print(f"left out: {line}")
    if len(table.left_out) > most:
        print(f"left out: {len(table.left_out) - most} more")


def parse_band(text: str) -> tuple[float, float] | None:
    """Read a band such as `30-120`, in kHz, into Hz; None when empty.

    Raises:
        InputError: it is no band.
    """
    if not text:
        return None
    low, dash, high = text.partition("-")
    try:
        band = (1000 * float(low), 1000 * float(high))
    except ValueError:
        raise InputError(f"--band looks like 30-120 (kHz), got {text!r}") from None
    require(bool(dash) and 0 < band[0] < band[1], f"--band goes from a lower to a higher frequency, got {text!r}")
    return band


def register(app: typer.Typer) -> None:
    """Mount this topic's commands."""
    app.add_typer(calls_app, name="calls")
