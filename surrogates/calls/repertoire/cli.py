"""`wormtwin calls measure`, `classify`, `cluster` and `sequences`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.calls.cli import CallsOption, RecordingArgument, calls_app, parse_band, tell_faults, tell_left_out
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from surrogates.calls.repertoire.contours import Contour

TableOut = Annotated[Path, typer.Option(help="The table to write (.csv).")]
BandOption = Annotated[str, typer.Option(help="Lowest and highest frequency, such as 30-120, in kHz.")]


@calls_app.command("measure")
def measure(
    recording: RecordingArgument,
    calls: CallsOption,
    out: TableOut,
    contours: Annotated[Path | None, typer.Option(help="Write the contours here, too (.csv).")] = None,
    band: BandOption = "",
) -> None:
    """Follow the contour of each call and measure it."""
    import pandas as pd

    from surrogates.calls.repertoire.measures import measure_table

    _require_csv(out, contours)
    followed = _followed(recording, calls, band)
    _write(measure_table(followed), out)
    if contours is not None:
        rows = [
            (number, round(float(t), 6), float(f), round(float(level), 2))
            for number, each in enumerate(followed, 1)
            for t, f, level in zip(each.time, each.frequency, each.level, strict=True)
        ]
        _write(pd.DataFrame(rows, columns=["call", "time_s", "frequency_hz", "level_db"]), contours)
    print(f"{counted(len(followed), 'call')} measured, in {out}")


@calls_app.command("classify")
def classify_(
    recording: RecordingArgument,
    calls: CallsOption,
    out: TableOut,
    labelled: Annotated[Path | None, typer.Option(help="Calls with classes to learn, not the eight shapes.")] = None,
    labelled_recording: Annotated[Path | None, typer.Option(help="Where they are; RECORDING by default.")] = None,
    band: BandOption = "",
    seed: Annotated[int, typer.Option(help="Of the forest.")] = 0,
) -> None:
    """Name the shape of each call, or the class that it shares with labelled calls."""
    from datasets.calls.tables.writing import write_calls
    from surrogates.calls.repertoire.classes import classify, shape_classifier

    _require_csv(out)
    require_seed(seed, "--seed")
    followed = _followed(recording, calls, band)
    known = () if labelled is None else _followed(labelled_recording or recording, labelled, band)
    named = classify(followed, shape_classifier([each for each in known if each.call.label], seed))
    write_calls(named, out, "csv")
    numbers = {name: sum(call.label == name for call in named) for name in sorted({call.label for call in named})}
    print(", ".join(f"{number} {name}" for name, number in numbers.items()) or "no calls")
    print(f"{counted(len(named), 'call')} in {out}; the score is how sure the classifier is")


@calls_app.command("cluster")
def cluster(
    recording: RecordingArgument,
    calls: CallsOption,
    out: TableOut,
    number: Annotated[int, typer.Option(help="Of clusters; 0 chooses it by the Bayesian information criterion.")] = 0,
    band: BandOption = "",
    seed: Annotated[int, typer.Option(help="Of starts and resamples.")] = 0,
) -> None:
    """Group calls by their contours, and say how stable each group is over resamples."""
    from dataclasses import replace

    from datasets.calls.tables.writing import write_calls
    from surrogates.calls.repertoire.classes import embeddings
    from surrogates.calls.repertoire.clusters import find_clusters

    _require_csv(out)
    require_seed(seed, "--seed")
    followed = _followed(recording, calls, band)
    require(len(followed) >= 10, f"clusters need 10 calls or more, got {len(followed)}")
    found = find_clusters(embeddings(followed), number, seed=seed)
    grouped = [replace(c.call, label=f"cluster {k + 1}") for c, k in zip(followed, found.labels, strict=True)]
    write_calls(tuple(grouped), out, "csv")
    for k, stability in enumerate(found.stability):
        word = "stable" if stability >= 0.75 else "doubtful" if stability >= 0.5 else "no cluster"
        print(f"cluster {k + 1}: {int((found.labels == k).sum())} calls, stability {stability:.2f}, {word}")
    print(f"adjusted Rand index with resamples {found.agreement:.2f}; {out}")


@calls_app.command("sequences")
def sequences(
    table: Annotated[Path, typer.Argument(help="A table of calls with classes.")],
    out: Annotated[Path, typer.Option(help="The table of transitions to write (.csv).")],
    pause: Annotated[float, typer.Option(help="Silence that ends a sequence, ms.")] = 250.0,
) -> None:
    """Cut calls into sequences and count which class follows which."""
    from datasets.calls.tables.reading import read_calls
    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_write
    from surrogates.calls.repertoire.sequences import sequences_of, transition_table

    _require_csv(out)
    read = read_calls(table)
    tell_left_out(read)
    found = sequences_of(read.calls, pause / 1000)
    with atomic_write(out) as temporary:
        write_csv(transition_table(found), temporary)
    longest = max(map(len, found), default=0)
    print(f"{counted(len(read.calls), 'call')} in {counted(len(found), 'sequence')}, the longest of {longest}; {out}")


def _followed(recording: Path, calls: Path, band: str) -> "list[Contour]":
    from datasets.calls.recording import open_recording
    from datasets.calls.tables.reading import read_calls
    from surrogates.calls.repertoire.contours import contours_of

    opened, read = open_recording(recording), read_calls(calls)
    tell_faults(opened)
    tell_left_out(read)
    followed = contours_of(opened, read.calls, parse_band(band))
    if len(followed) < len(read.calls):
        late = len(read.calls) - len(followed)
        print(f"left out: {counted(late, 'call')} of {calls.name} past the end of {recording.name}")
    return followed


def _require_csv(*paths: Path | None) -> None:
    from neuron_models.foundation.files import require_writable

    for path in paths:
        if path is not None:
            require(path.suffix.lower() == ".csv", f"a table's name ends in .csv, got {path.name!r}")
            require(not path.is_dir(), f"{path} is a folder: name a file")
            require_writable(path)


def _write(table, path: Path) -> None:
    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_write

    with atomic_write(path) as temporary:
        write_csv(table, temporary, index=False)
