"""`wormtwin behaviour label`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.behaviour.cli import behaviour_app
from datasets.options import PortOption, parse_names
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import require_file, require_writable
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.behaviour.labels import Bout
    from datasets.dataset import PointTracks


@behaviour_app.command("label")
def label(
    tracks: Annotated[Path, typer.Argument(help="The tracks of one recording.")],
    classes: Annotated[str, typer.Option(help="The behaviours, such as rest,walk,chase.")],
    out: Annotated[
        Path, typer.Option(help="Every change is saved to this table (.csv, BORIS's); an existing one is continued.")
    ],
    video: Annotated[Path | None, typer.Option(help="The clip, as browsers play it; else the skeleton alone.")] = None,
    predicted: Annotated[
        Path | None,
        typer.Option(help="Bouts to accept: what `behaviour predict` (.h5) or `behaviour suggest` (.csv) wrote."),
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second, where the tracks do not say.")] = None,
    port: PortOption = 8767,
) -> None:
    """Serve a web page on which behaviours are labelled bout by bout; Ctrl-C ends it."""
    from datasets.behaviour.label_files import load_behaviour_labels
    from surrogates.behaviour.labelling.server import Labelling, make_app
    from surrogates.pages.serving import serve_app

    require_extra("flask", extra="calls", purpose="a page")
    require(out.suffix == ".csv", f"labels are saved as .csv, got {out.name}")
    require_writable(out)
    recording = _recording(tracks, fps)
    names = tuple(parse_names(classes))
    begun = load_behaviour_labels(out, recording.fps).bouts if out.is_file() else ()
    labelling = Labelling(recording, names, begun, out, _predicted(predicted, recording, names), video)

    serve_app(partial(make_app, labelling), port)
    print(f"\n{counted(len(labelling.bouts), 'bout')}, {labelling.version} changes saved in {out}")


def _recording(path: Path, fps: float | None) -> "PointTracks":
    from dataclasses import replace

    from datasets.topics import read_point_tracks

    recordings = read_point_tracks(path)
    require(len(recordings) == 1, f"{path} holds {counted(len(recordings), 'recording')}: give the tracks of one")
    rate = fps or recordings[0].fps
    require(fps is not None or rate > 1, f"{path} does not say its frame rate: give it by --fps")
    require(0 < rate < 1e6, f"the frame rate must be > 0 Hz, got {rate}")
    return replace(recordings[0], fps=rate)


def _predicted(path: Path | None, recording: "PointTracks", classes: tuple[str, ...]) -> tuple["Bout", ...]:
    """The bouts of this recording in a file of predictions; other behaviours are left out."""
    from datasets.behaviour.labels import Bout

    if path is None:
        return ()
    rows = _of_table(path, recording.name) if path.suffix == ".csv" else _of_dataset(path, recording.name)
    frames = len(recording.xy)
    bouts = [
        Bout(name, max(0, round(start * recording.fps)), min(frames, round(end * recording.fps)))
        for name, start, end in rows
        if name in classes
    ]
    return tuple(bout for bout in bouts if bout.end > bout.start)


def _of_table(path: Path, recording: str) -> list[tuple[str, float, float]]:
    import pandas as pd

    require_file(path, "a table of suggested bouts")
    try:
        table = pd.read_csv(path)
        its = table[table["recording"].astype(str) == recording]
        rows = its[["behaviour", "start_s", "end_s"]].itertuples(index=False, name=None)
        return [(str(name), float(start), float(end)) for name, start, end in rows]
    except (KeyError, ValueError, UnicodeDecodeError):
        raise InputError(f"{path} is no table that `wormtwin behaviour suggest` wrote") from None


def _of_dataset(path: Path, recording: str) -> list[tuple[str, float, float]]:
    from datasets.behaviour.importing import labels_of
    from datasets.behaviour.labels import bouts_of
    from datasets.store import load_dataset

    dataset = load_dataset(path)
    require("classes" in dataset.extra, f"{path} holds no behaviours: `wormtwin behaviour predict` writes them")
    trials = [each for each in dataset if each.name == recording or len(dataset) == 1]
    names = ", ".join(each.name for each in dataset)
    require(bool(trials), f"{path} has no recording {recording!r}; it has {names}")
    step = dataset.dt / 1000
    bouts = bouts_of(labels_of(trials[0]), list(dataset.extra["classes"]))
    return [(bout.behaviour, bout.start * step, bout.end * step) for bout in bouts]
