"""`wormtwin behaviour`: tracks and labels in, ethograms out, and how raters agree."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from datasets.options import DataArgument, OutOption, parse_names
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_figure_path, require_writable
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.behaviour.scoring import Agreement

behaviour_app = typer.Typer(no_args_is_help=True, help="Behaviours from tracks: features, classifiers, ethograms.")

PointsOption = Annotated[
    str, typer.Option(help="The points to use, from one end of the body to the other; all when empty.")
]
RenameOption = Annotated[str, typer.Option(help="Points by other names, such as snout=nose,tail_base=tail.")]
FpsOption = Annotated[
    str, typer.Option(help="Frames a second, where the tracks do not say; one number, or one a recording.")
]
ScaleOption = Annotated[
    str, typer.Option(help="The scale; one number, or one a recording. Lengths stay in pixels when not given.")
]


@behaviour_app.command("import")
def import_(
    tracks: Annotated[
        list[Path],
        typer.Argument(help="Files of tracks, as `pose import` reads them, or postures of worms; one a recording."),
    ],
    out: OutOption,
    labels: Annotated[
        list[Path] | None,
        typer.Option(help="Labels of each, in order: Caltech .txt, hBehavior .mat, BORIS or 0/1 .csv, .tsv."),
    ] = None,
    classes: Annotated[str, typer.Option(help="The behaviours to learn; all that are labelled when empty.")] = "",
    none: Annotated[
        str, typer.Option(help="The name of frames that were looked at and show none; they do not count when empty.")
    ] = "",
    rater: Annotated[str, typer.Option(help="The channel of Caltech's annotator: S1, S2, ...")] = "S1",
    points: PointsOption = "",
    animals: Annotated[str, typer.Option(help="One or two animals of tracks that hold more.")] = "",
    rename: RenameOption = "",
    fps: FpsOption = "",
    mm_per_pixel: ScaleOption = "",
    px_per_cm: ScaleOption = "",
    body_lengths: Annotated[
        bool, typer.Option("--body-lengths", help="Give lengths in lengths of the body, first point to last.")
    ] = False,
    likelihood: Annotated[float, typer.Option(help="Leave out points that the tracker is less sure of.")] = 0.0,
    bridge: Annotated[float, typer.Option(help="Bridge gaps up to this length, s.")] = 0.0,
    smooth: Annotated[float, typer.Option(help="Smooth positions over this standard deviation, s.")] = 0.0,
    rate: Annotated[float | None, typer.Option(help="Bring all recordings to these frames a second.")] = None,
    over_rest: Annotated[
        bool, typer.Option("--over-rest", help="Speeds over those of each recording's rest, too: for freezing.")
    ] = False,
    features: Annotated[
        str, typer.Option(help="Keep features whose names hold one of these words, such as speed,turning.")
    ] = "",
) -> None:
    """Read tracks and labels into a dataset file: features of every frame, and its behaviour."""
    from datasets.behaviour.cleaning import Cleaning
    from datasets.behaviour.importing import ImportSettings, import_recordings
    from datasets.store import save_dataset

    require_writable(out)
    require(not (mm_per_pixel and px_per_cm), "--mm-per-pixel and --px-per-cm say the same: give one of them")
    scales = _numbers(mm_per_pixel, len(tracks), "--mm-per-pixel")
    if px_per_cm:
        scales = [10 / number for number in _numbers(px_per_cm, len(tracks), "--px-per-cm") if number]
    common = ImportSettings(
        points=tuple(parse_names(points)), animals=tuple(parse_names(animals)), renamed=_renamed(rename),
        classes=tuple(parse_names(classes)), none=none, rater=rater,
        cleaning=Cleaning(likelihood, bridge, smooth, rate, body_lengths), over_rest=over_rest,
        features=tuple(parse_names(features)),
    )  # fmt: skip
    both = zip(_numbers(fps, len(tracks), "--fps"), scales, strict=True)
    settings = [replace(common, fps=its, mm_per_pixel=scale) for its, scale in both]
    dataset = import_recordings(tracks, labels or [], settings, out.stem)
    save_dataset(dataset, out)
    frames = sum(len(trial) for trial in dataset)
    print(f"{counted(len(dataset), 'recording')}, {counted(frames, 'frame')}, {len(dataset.x_names)} features in {out}")
    for line in dataset.extra.get("left_out", ()):
        print(f"Left out: {line}")
    if "classes" in dataset.extra:
        _print_classes(dataset)


def _numbers(text: str, recordings: int, option: str) -> list[float | None]:
    """A number above 0 for each recording, of one for all or one each; None where none is given."""
    if not text:
        return [None] * recordings
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option} is a number, or one a recording such as 50,30, got {text!r}") from None
    require(all(0 < number < 1e9 for number in numbers), f"{option} must be > 0, got {text}")
    fits = len(numbers) in (1, recordings)
    require(fits, f"{option} gives {len(numbers)} numbers for {counted(recordings, 'recording')}")
    return [*numbers] * (recordings if len(numbers) == 1 else 1)


def _renamed(text: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in parse_names(text):
        old, equals, new = part.partition("=")
        if not equals or not old.strip() or not new.strip():
            raise InputError(f"--rename looks like snout=nose,tail_base=tail, got {text!r}")
        pairs.append((old.strip(), new.strip()))
    return tuple(pairs)


def _print_classes(dataset) -> None:
    import numpy as np

    from datasets.behaviour.importing import labels_of
    from datasets.behaviour.labels import bouts_of

    classes = list(dataset.extra["classes"])
    labels = [labels_of(trial) for trial in dataset]
    table = Table("behaviour", "frames", "bouts", "median bout (s)")
    for index, name in enumerate(classes):
        bouts = [b for each in labels for b in bouts_of(np.where(each == index, each, -1), classes)]
        lengths = [(b.end - b.start) * dataset.dt / 1000 for b in bouts]
        frames = str(sum(int((each == index).sum()) for each in labels))
        table.add_row(name, frames, str(len(bouts)), f"{np.median(lengths):.3g}" if bouts else "-")
    unlabelled = sum(int((each < 0).sum()) for each in labels)
    print_whole(table)
    if unlabelled:
        print(f"{counted(unlabelled, 'frame')} without a label do not count")


@behaviour_app.command()
def ethogram(
    data: DataArgument,
    out: Annotated[
        Path, typer.Option(help="The picture (.png or .svg), a table (.csv), or BORIS events (.boris.csv).")
    ],
) -> None:
    """Draw or write the labels of a dataset: which behaviour each frame shows."""
    import pandas as pd

    from datasets.behaviour.importing import labels_of
    from datasets.behaviour.label_files import save_boris
    from datasets.behaviour.labels import bouts_of
    from datasets.plots import save_figure
    from datasets.store import load_dataset
    from datasets.topics import topics_of
    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_write

    dataset = load_dataset(data)
    require("behaviour" in dataset.extra, f"{data} holds no behaviours: import them by `wormtwin behaviour import`")
    require("classes" in dataset.extra, f"{data} has no labels")
    classes, fps = list(dataset.extra["classes"]), 1000 / dataset.dt
    if out.name.endswith(".boris.csv"):
        require(len(dataset) == 1, f"BORIS events are of one recording, {data} has {len(dataset)}")
        save_boris(bouts_of(labels_of(dataset.trials[0]), classes), fps, out, dataset.trials[0].name)
    elif out.suffix == ".csv":
        rows = [
            (trial.name, bout.behaviour, bout.start, bout.end, bout.start / fps, bout.end / fps)
            for trial in dataset
            for bout in bouts_of(labels_of(trial), classes)
        ]
        names = ["recording", "behaviour", "first_frame", "end_frame", "start_s", "end_s"]
        with atomic_write(out) as temporary:
            write_csv(pd.DataFrame(rows, columns=names), temporary, index=False)
    else:
        require_figure_path(out)
        (topic,) = [each for each in topics_of(dataset) if each.plot is not None]
        save_figure(topic.plot(dataset, None), out)  # type: ignore[misc]
    print(f"{counted(len(dataset), 'recording')} in {out}")


@behaviour_app.command()
def agree(
    first: Annotated[Path, typer.Argument(help="Labels of one rater.")],
    second: Annotated[Path, typer.Argument(help="Labels of another, of the same recording.")],
    frames: Annotated[int, typer.Option(min=1, max=1_000_000_000, help="Of the recording.")],
    fps: Annotated[float, typer.Option(min=1e-3, max=1e6, help="Frames a second.")] = 30.0,
    none: Annotated[str, typer.Option(help="The name of frames that show no behaviour.")] = "none",
) -> None:
    """How two raters agree on a recording, by frame and by bout."""
    from datasets.behaviour.label_files import load_behaviour_labels
    from datasets.behaviour.scoring import agreement

    labels = [load_behaviour_labels(path, fps) for path in (first, second)]
    classes = list(dict.fromkeys([*labels[0].behaviours, *labels[1].behaviours, none]))
    by_frame = [each.by_frame(frames, classes, none) for each in labels]
    print_agreement(agreement([by_frame[0]], [by_frame[1]], classes), f"{second.name} against {first.name}")


def print_agreement(score: "Agreement", title: str) -> None:
    """Print precision, recall and F1 by frame and by bout of each behaviour, and both raters' agreement."""
    table = Table(
        "behaviour", "precision", "recall", "F1", "bout precision", "bout recall", "bout F1", "frames", "bouts",
        title=title,
    )  # fmt: skip
    for each in score.by_behaviour:
        numbers = (each.precision, each.recall, each.f1, each.bout_precision, each.bout_recall, each.bout_f1)
        table.add_row(each.behaviour, *(f"{number:.3f}" for number in numbers), str(each.frames), str(each.bouts))
    print_whole(table)
    print(
        f"accuracy {score.accuracy:.3f}, kappa {score.kappa:.3f}, mean F1 {score.macro_f1:.3f}, "
        f"mean bout F1 {score.macro_bout_f1:.3f} over {counted(score.frames, 'frame')}"
    )


@behaviour_app.command("make-sample")
def make_sample(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    recordings: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 4,
    frames: Annotated[int, typer.Option(max=10_000_000, help="Of each.")] = 3000,
    fps: Annotated[float, typer.Option(max=10_000, help="Frames a second.")] = 30.0,
    faulty: Annotated[float, typer.Option(help="Share of frames with a gap, a swap or a jump of the tracker.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
) -> None:
    """Two animals that rest, walk, chase and touch: tracks, labels and trackers' faults, all known exactly."""
    from datasets.behaviour.generator import WalkersSettings, make_walkers, save_walkers

    require(not out.is_file(), f"--out {out} is a file: name a folder")
    require_writable(out)
    settings = [WalkersSettings(frames, fps, 600.0, faulty, seed + index) for index in range(recordings)]
    for index, each in enumerate(settings):
        save_walkers(make_walkers(each), out, f"pair{index + 1}")
    print(f"{counted(recordings, 'recording')} of {frames} frames in {out}: pair1.csv, pair1.labels.csv, ...")


def register(app: typer.Typer) -> None:
    """Mount this topic's commands."""
    app.add_typer(behaviour_app, name="behaviour")
