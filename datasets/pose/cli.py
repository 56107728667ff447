"""`wormtwin pose`: labels and videos in and out, frames to label, and the generator of labelled images."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.options import OutOption, parse_names
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import require_figure_path, require_writable
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.pose.formats.deeplabcut_split import Shuffle
    from datasets.pose.tracks import Tracks

pose_app = typer.Typer(no_args_is_help=True, help="Body parts in videos: labels, videos, alignment, predictions.")

SizeOption = Annotated[
    str, typer.Option(help="Crop each animal to a square of so many pixels; 'auto' fits; whole frames when empty.")
]
GreyOption = Annotated[bool | None, typer.Option("--grey/--colour", help="Grey or colour; as the video by default.")]
VideoOption = Annotated[
    Path | None, typer.Option(help="In place of the video that the file names, or the folder to look in by name.")
]


@pose_app.command("import")
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(help="SLEAP .slp or analysis .h5, DeepLabCut project or .csv, LEAP .mat, COCO .json, .nwb."),
    ],
    out: OutOption,
    video: VideoOption = None,
    size: SizeOption = "",
    scale: Annotated[float, typer.Option(help="Pixels of the images a pixel of the video.")] = 1.0,
    grey: GreyOption = None,
    heading: Annotated[str, typer.Option(help="Two key points, such as abdomen,head: crops are turned that way.")] = "",
    pairs: Annotated[
        str, typer.Option(help="Left and right key points, such as wingL:wingR; guessed when empty.")
    ] = "",
    missing: Annotated[
        str, typer.Option(help="A missing label means: absent (not visible) or unknown; as the file's tool has it.")
    ] = "",
    shuffle: Annotated[
        int | None, typer.Option(help="Of a DeepLabCut project: its images train and test as this shuffle says.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw some labelled images here (.png or .svg).")] = None,
) -> None:
    """Read labelled frames of videos into a dataset file; each animal is cut out with --size."""
    from datasets.pose.formats.label_files import load_labels
    from datasets.pose.importing import ImportSettings, chosen_pairs, labelled_dataset, needed_size
    from datasets.pose.summary import print_labelled
    from datasets.store import load_dataset, save_dataset

    _require_out(out)
    require_dataset_file(out)
    require_figure_path(picture)
    turned = parse_names(heading)
    require(len(turned) in (0, 2), f"--heading names two key points, such as abdomen,head, got {heading!r}")
    require(video is None or len(files) == 1, "--video goes with one file of labels")
    parts = None if shuffle is None else _shuffle(files, shuffle)
    labelled = [tracks for file in files for tracks in load_labels(file, video)]
    pixels = max(needed_size(tracks, scale) for tracks in labelled) if size == "auto" else _size(size)
    settings = ImportSettings(pixels, scale, grey, (turned[0], turned[1]) if turned else None, missing)
    dataset = labelled_dataset(labelled, settings, out.stem, ", ".join(file.name for file in files))
    if pairs:
        dataset = chosen_pairs(dataset, parse_pairs(pairs, "--pairs"))
    if parts is not None:
        dataset = _divided(dataset, labelled, parts)
    save_dataset(dataset, out, progress=True)
    saved = load_dataset(out, lazy=True)
    print_labelled(saved)
    images, seen = sum(len(trial) for trial in saved), sum(int(trial.valid().sum()) for trial in saved)
    without = f", and {images - seen} without a label" if images > seen else ""
    print(f"{counted(seen, 'labelled image')}{without} in {out}")
    if picture is not None and not seen:
        print(f"No picture: there is no labelled image to draw in {picture}")
    elif picture is not None:
        from datasets.pose.drawing.contact_sheet import save_sheet

        print(f"Picture: {save_sheet(saved, picture)}")


def _shuffle(files: list[Path], number: int) -> "Shuffle":
    from datasets.pose.formats.deeplabcut_project import is_project
    from datasets.pose.formats.deeplabcut_split import load_shuffle

    require(len(files) == 1 and is_project(files[0]), "--shuffle goes with a DeepLabCut project, and with it alone")
    return load_shuffle(files[0], number)


def _divided(dataset: "Dataset", labelled: "list[Tracks]", parts: "Shuffle") -> "Dataset":
    from datasets.pose.formats.deeplabcut_split import divided_as

    dataset, others = divided_as(dataset, labelled, parts)
    if others:
        print(f"{counted(others, 'image')} in neither part of the shuffle: no split")
    return dataset


@pose_app.command("project")
def project(
    data: Annotated[Path, typer.Argument(help="A dataset of labelled images (.h5).")],
    out: Annotated[Path, typer.Option(help="The folder of the project to make.")],
    scorer: Annotated[str, typer.Option(help="Whose labels they are.")] = "wormtwin",
) -> None:
    """Write a dataset as a project of DeepLabCut: configuration, images, labels as CSV and HDF5, and its split."""
    from datasets.pose.formats.deeplabcut_out import save_project
    from datasets.pose.labelled import require_pose
    from datasets.store import load_dataset

    require_extra("imageio", extra="pose", purpose="writing images")
    dataset = load_dataset(data, lazy=True)
    require_pose(dataset, f"{data}")
    print(f"{counted(save_project(dataset, out, scorer), 'labelled image')} in {out}")


def _require_out(out: Path) -> None:
    for package in ("av", "imageio", "sleap_io"):
        require_extra(package, extra="pose", purpose="reading videos and labels")
    require(not out.is_dir(), f"--out {out} is a folder: give a file name")
    require_writable(out)


def require_dataset_file(out: Path) -> None:
    """Raise an `InputError` unless a dataset file can be written to `--out`, before work is done for it."""
    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require(out.suffix in (".h5", ".hdf5"), f"--out {out}: a dataset file's name ends in .h5")
    require_writable(out)


def _size(text: str) -> int | None:
    if not text:
        return None
    require(text.isdecimal(), f"--size must be a number of pixels or 'auto', got {text!r}")
    return int(text)


def parse_pairs(text: str, option: str) -> list[tuple[str, str]]:
    """The pairs of names of an option, such as wingL:wingR,eyeL:eyeR."""
    pairs = []
    for part in parse_names(text):
        left, colon, right = part.partition(":")
        if not colon:
            raise InputError(f"{option} looks like wingL:wingR,eyeL:eyeR, got {text!r}")
        pairs.append((left.strip(), right.strip()))
    return pairs


@pose_app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="Labels or predictions: any file that `import` reads, or tracks (.h5).")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    to: Annotated[str, typer.Option(help="slp, analysis, dlc, nwb or coco; by the name of --out when empty.")] = "",
    video: VideoOption = None,
    session_start: Annotated[
        datetime | None, typer.Option(help="NWB: when the session began; taken from the video unless given.")
    ] = None,
    species: Annotated[str, typer.Option(help="NWB: such as 'Mus musculus'; open when empty.")] = "",
    age: Annotated[str, typer.Option(help="NWB: of the subject, such as P90D; open when empty.")] = "",
) -> None:
    """Write labels or predictions as a file of SLEAP, DeepLabCut, NWB or COCO."""
    from datasets.pose.formats.export_files import kind_of, save_labels
    from datasets.pose.formats.label_files import load_labels
    from datasets.pose.formats.nwb_poses import AGE_UNKNOWN, Session

    _require_out(out)
    kind = to or kind_of(out)
    labelled = load_labels(file, video)
    session = Session(session_start, species or None, age or AGE_UNKNOWN)
    save_labels(labelled, out, kind, session)
    for note in (note for each in labelled for note in each.notes):
        print(f"Left out: {note}")
    print(f"{counted(sum(len(each) for each in labelled), 'frame')} in {out} ({kind})")


@pose_app.command()
def render(
    video: Annotated[Path, typer.Option(help="The video, or a folder of images.")],
    tracks: Annotated[Path, typer.Option(help="Predictions or labels of it.")],
    out: Annotated[Path, typer.Option(help="The movie to write (.mp4).")],
    start: Annotated[int, typer.Option(help="The first frame.")] = 0,
    end: Annotated[int | None, typer.Option(help="The frame after the last.")] = None,
    every: Annotated[int, typer.Option(max=1_000_000, help="Draw one of so many frames.")] = 1,
    fps: Annotated[float | None, typer.Option(max=1000, help="Frames a second; the video's own by default.")] = None,
    threshold: Annotated[float, typer.Option(help="Leave out key points of a lower score.")] = 0.0,
    by_animal: Annotated[bool, typer.Option("--by-animal", help="A colour an animal instead of a side.")] = False,
) -> None:
    """Draw skeletons into a video: left key points blue, right ones orange, others yellow."""
    from datasets.pose.drawing.render import RenderSettings
    from datasets.pose.drawing.render import render as write
    from datasets.pose.formats.label_files import load_labels
    from datasets.video.video import open_video

    _require_out(out)
    settings = RenderSettings(start, end, every, fps, threshold, by_animal)
    labelled = load_labels(tracks, video)
    print(f"{counted(write(open_video(video), labelled[0], out, settings), 'frame')} in {out}")


def register(app: typer.Typer) -> None:
    """Mount this topic's commands."""
    import datasets.pose.alignment.cli
    import datasets.pose.gait.cli
    import datasets.pose.generator.cli  # noqa: F401

    app.add_typer(pose_app, name="pose")
