"""`wormtwin markers`: colour marks followed in videos, and what painted paws do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from datasets.options import parse_names
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.dataset import PointTracks
    from datasets.markers.clock import Clock
    from datasets.markers.scoring import MarkScore
    from datasets.markers.tracking import Cage

markers_app = typer.Typer(no_args_is_help=True, help="Colour marks, such as painted paws: tracks, grooming, strokes.")

VideoArgument = Annotated[Path, typer.Argument(help="The video, in colour, or a folder of images.")]
TracksArgument = Annotated[Path, typer.Argument(help="Tracks: any file that `pose import` reads, or M-Track's text.")]
ToOption = Annotated[
    str, typer.Option(help="tracks, slp, analysis, dlc, nwb, coco or mtrack; by the name of --out when empty.")
]
CageOption = Annotated[
    list[str] | None,
    typer.Option(help="left,top,width,height in px of one animal's place; once for each animal. The whole picture "
                      "holds one when not given."),
]  # fmt: skip
ClockOption = Annotated[
    Path | None,
    typer.Option("--video", help="Whose times count where its rate varies; the one that the tracks name when empty."),
]
FpsOption = Annotated[float | None, typer.Option(help="Frames a second; the file's own when not given.")]
PawsOption = Annotated[str, typer.Option(help="The marks: one, or the left and the right one.")]


@markers_app.command("track")
def track(
    video: VideoArgument,
    clicks: Annotated[Path, typer.Option(help="Clicks on marks, as `markers pick` saves them (.csv or .json).")],
    out: Annotated[Path, typer.Option(help="The tracks to write (.h5, .slp, .csv, .nwb, .json or M-Track's .txt).")],
    to: ToOption = "",
    cage: CageOption = None,
    memory: Annotated[float, typer.Option(help="Time in which a mark's colour is learned anew, s.")] = 10.0,
) -> None:
    """Follow colour marks through a video, and say where each is out of sight."""
    from datasets.markers.clicks import read_clicks
    from datasets.markers.files import require_track_file, write_marks
    from datasets.markers.tracking import TrackSettings, track_marks
    from datasets.video.video import open_video

    require_extra("av", extra="pose", purpose="reading videos")
    require_track_file(out, to)
    settings = TrackSettings(tuple(_cage(text) for text in cage or ()), memory)
    corners = [(each.left, each.top) for each in settings.cages]
    tracks = track_marks(
        open_video(video), read_clicks(clicks), settings, out, lambda found: write_marks(found, out, to, corners)
    )
    for note in tracks.notes:
        print(f"{video.name}: {note}")
    _print_seen(tracks)
    print(f"{counted(len(tracks.xy), 'frame')} in {out}")


def _cage(text: str) -> "Cage":
    from datasets.markers.tracking import Cage

    numbers = [part.strip() for part in text.split(",")]
    try:
        left, top, width, height = (int(number) for number in numbers)
    except ValueError:
        raise InputError(f"--cage looks like 230,0,420,720 (left, top, width, height), got {text!r}") from None
    return Cage(left, top, width, height)


def _print_seen(tracks: "PointTracks") -> None:
    import numpy as np

    seen = ~np.isnan(tracks.xy[..., 0])
    for number, animal in enumerate(tracks.animals):
        shares = (f"{name} {seen[:, number, k].mean():.1%}" for k, name in enumerate(tracks.points))
        print(f"{animal}: seen in {', '.join(shares)} of the frames")


@markers_app.command("convert")
def convert(
    tracks: TracksArgument,
    out: Annotated[Path, typer.Option(help="The file to write, or M-Track's text (.txt).")],
    to: ToOption = "",
    fps: FpsOption = None,
    cage: CageOption = None,
) -> None:
    """Turn tracks into another tool's file, M-Track's text among them, both ways."""
    from datasets.markers.files import read_marks, require_track_file, write_marks

    require_track_file(out, to)
    read = read_marks(tracks, fps)
    cages = [_cage(text) for text in cage or ()]
    fitting = len(cages) in (0, len(read.animals))
    require(fitting, f"{counted(len(cages), '--cage')} for {counted(len(read.animals), 'animal')}")
    write_marks(read, out, to, [(each.left, each.top) for each in cages])
    for note in read.notes:
        print(f"{tracks.name}: {note}")
    print(f"{counted(len(read.xy), 'frame')} of {', '.join(read.points)} in {out}")


@markers_app.command("bouts")
def bouts(
    tracks: TracksArgument,
    out: Annotated[Path, typer.Option(help="The table of bouts to write (.csv).")],
    paws: PawsOption = "left,right",
    snout: Annotated[str, typer.Option(help="The point of the snout; go by rhythm alone when empty.")] = "snout",
    near: Annotated[float | None, typer.Option(help="How near a paw is to the snout, px.")] = None,
    band: Annotated[str, typer.Option(help="Slowest and fastest strokes, Hz.")] = "3-9",
    begin: Annotated[float, typer.Option(help="Share of movement in that rhythm where a bout begins.")] = 0.6,
    hold: Annotated[float, typer.Option(help="Share at which it goes on.")] = 0.35,
    shortest: Annotated[float, typer.Option(help="Of a bout, s.")] = 0.4,
    gap: Annotated[float, typer.Option(help="Bouts so near are one, s.")] = 0.3,
    fps: FpsOption = None,
    video: ClockOption = None,
) -> None:
    """Find bouts of grooming: paws near the snout that stroke three to nine times a second."""
    from datasets.markers.bouts import BoutSettings, bout_table, grooming, snout_holds
    from datasets.markers.clock import evened, of_frames
    from datasets.markers.files import read_marks
    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_write

    require(out.suffix == ".csv", f"--out {out}: a table's name ends in .csv")
    require_writable(out)
    left, right = _paws(paws)
    low, high = _band(band)
    settings = BoutSettings(
        left, right, snout, near, slowest=low, fastest=high, begin=begin, hold=hold, shortest=shortest, gap=gap
    )
    read = read_marks(tracks, fps)
    clock = _clock(read, video, fps)
    even = read if clock is None else evened(read, clock)
    masks = {animal: grooming(even, settings, number) for number, animal in enumerate(read.animals)}
    if clock is not None:
        masks = {animal: of_frames(mask, clock) for animal, mask in masks.items()}
    if not snout or snout not in read.points:
        print(f"{tracks.name} has no point {snout!r}: bouts by rhythm alone, anywhere")
    for number, animal in enumerate(read.animals):
        if snout in read.points and not snout_holds(even, settings, number):
            print(f"the snout of {animal} is often farther from its body than it can be: bouts by rhythm alone")
    table = bout_table(masks, read.fps, clock)
    with atomic_write(out) as temporary:
        write_csv(table, temporary, index=False)
    share = sum(float(mask.mean()) for mask in masks.values()) / len(masks)
    print(f"{counted(len(table), 'bout')}, {share:.1%} of the time, in {out}")


def _clock(tracks: "PointTracks", video: Path | None, fps: float | None) -> "Clock | None":
    """When frames were taken, where the video's rate varies, and a line about it; a rate that is given holds."""
    from datasets.markers.clock import clock_of, rate_text

    require(video is None or fps is None, "--fps says that the rate is even, and --video asks the video: give one")
    clock = clock_of(tracks, video) if fps is None else None
    if clock is not None:
        print(f"{tracks.name}: {rate_text(clock)}")
    return clock


def _paws(text: str) -> tuple[str, str]:
    names = parse_names(text)
    require(len(names) in (1, 2), f"--paws names one mark or two, such as left,right, got {text!r}")
    return names[0], names[-1]


def _band(text: str) -> tuple[float, float]:
    low, dash, high = text.partition("-")
    try:
        band = (float(low), float(high))
    except ValueError:
        raise InputError(f"--band looks like 3-9 (Hz), got {text!r}") from None
    require(bool(dash) and 0 < band[0] < band[1] < 1000, f"--band goes from a lower to a higher one, got {text!r}")
    return band


@markers_app.command("trajectories")
def trajectories(
    tracks: TracksArgument,
    out: Annotated[Path, typer.Option(help="The table to write (.csv).")],
    bouts: Annotated[
        Path | None, typer.Option(help="Measure each bout of this table; the whole when not given.")
    ] = None,
    paws: PawsOption = "left,right",
    band: Annotated[str, typer.Option(help="Slowest and fastest strokes, Hz.")] = "3-9",
    fps: FpsOption = None,
    video: ClockOption = None,
) -> None:
    """Measure how far and fast marks go, how often they stroke, and whether left and right go together."""
    from datasets.markers.files import read_bouts, read_marks
    from datasets.markers.trajectories import trajectory_table
    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_write

    require(out.suffix == ".csv", f"--out {out}: a table's name ends in .csv")
    require_writable(out)
    read = read_marks(tracks, fps)
    spans = [(0, len(read.xy))] if bouts is None else read_bouts(bouts)
    require(len(spans) > 0, f"{bouts} has no bout to measure")
    table = trajectory_table(
        read, list(dict.fromkeys(_paws(paws))), sorted(set(spans)), _band(band), _clock(read, video, fps)
    )
    with atomic_write(out) as temporary:
        write_csv(table.round(4), temporary, index=False)
    print(f"{counted(len(table), 'row')} in {out}; lengths in {read.units}")


@markers_app.command("evaluate")
def evaluate(
    tracks: TracksArgument,
    truth: Annotated[Path, typer.Option(help="A table of frame, mark, x, y (empty where out of sight; .csv).")],
    fit: Annotated[
        bool,
        typer.Option("--fit", help="Bring the tracks onto the truth by a similarity first, as for M-Track's cage."),
    ] = False,
    rename: Annotated[str, typer.Option(help="Marks by the truth's names, such as left=green,right=red.")] = "",
    bouts: Annotated[Path | None, typer.Option(help="A table of bouts to score, too.")] = None,
    true_bouts: Annotated[Path | None, typer.Option(help="The true bouts.")] = None,
) -> None:
    """Score tracks against true places, and bouts against true bouts."""
    from dataclasses import replace

    from datasets.markers.files import read_bouts, read_marks, read_places
    from datasets.markers.scoring import fitted_onto, score_bouts, score_marks

    require((bouts is None) == (true_bouts is None), "--bouts and --true-bouts go together")
    true = read_places(truth)
    read = read_marks(tracks, fps=60.0)  # errors are in px: the rate does not count
    names = _renamed(rename)
    read = replace(read, points=tuple(names.get(point, point) for point in read.points))
    read = fitted_onto(read, true) if fit else read
    _print_scores(score_marks(read, true), tracks.name)
    if bouts is not None and true_bouts is not None:
        score = score_bouts(read_bouts(bouts), read_bouts(true_bouts))
        print(f"bouts: {score.matched} of {score.true} found, {score.found} in all, F1 {score.f1:.3f} at half overlap")


def _renamed(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in parse_names(text)]
    sound = all(old.strip() and equals and new.strip() for old, equals, new in pairs)
    require(sound, f"--rename looks like left=green,right=red, got {text!r}")
    return {old.strip(): new.strip() for old, _, new in pairs}


def _print_scores(scores: "tuple[MarkScore, ...]", title: str) -> None:
    table = Table(
        "mark", "frames", "RMSE (px)", "median", "95 %", "largest", "missed", "out of sight", "reported", "swapped",
        title=title,
    )  # fmt: skip
    for each in scores:
        numbers = (f"{value:.2f}" for value in (each.rmse, each.median, each.p95, each.largest))
        reported = "-" if each.hidden == 0 else f"{each.reported:.1%}"
        table.add_row(
            each.mark, str(each.frames), *numbers, str(each.missed), str(each.hidden), reported, str(each.swapped)
        )
    print_whole(table)


@markers_app.command("make-sample")
def make_sample(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    frames: Annotated[int, typer.Option(help="Of the video.")] = 600,
    fps: Annotated[float, typer.Option(help="Frames a second.")] = 60.0,
    size: Annotated[str, typer.Option(help="Width x height, px.")] = "640x480",
    length: Annotated[float, typer.Option(help="Of the body, px.")] = 150.0,
    coat: Annotated[str, typer.Option(help="white, brown or black.")] = "white",
    occlusion: Annotated[float, typer.Option(help="Share of strokes in which a paw goes behind the head.")] = 0.15,
    light: Annotated[float, typer.Option(help="How much the light falls, 0 to 1.")] = 0.5,
    distractors: Annotated[int, typer.Option(help="Spots of each mark's colour on the ground.")] = 2,
    bars: Annotated[float, typer.Option(help="Share of the width that black bars take.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
) -> None:
    """Draw a mouse from below with painted paws, and write what is true of it."""
    from datasets.markers.generator.motion import SampleSettings
    from datasets.markers.generator.sample import FILES, write_sample

    require_extra("imageio_ffmpeg", extra="pose", purpose="writing videos")
    width, _, height = size.partition("x")
    require(width.isdecimal() and height.isdecimal(), f"--size looks like 640x480, got {size!r}")
    require(not out.is_file(), f"--out {out} is a file: name a folder")
    settings = SampleSettings(
        frames, fps, int(width), int(height), length, coat, occlusion, light, distractors, bars, seed
    )
    write_sample(settings, out)
    print(f"{counted(frames, 'frame')} in {out}: {', '.join(FILES)}")


@markers_app.command("demo")
def demo(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    frames: Annotated[int, typer.Option(help="Of the video.")] = 300,
    seed: Annotated[int, typer.Option(help="Of the video.")] = 0,
) -> None:
    """Draw a mouse with painted paws, follow its marks, find its bouts, and score both."""
    sample, tracks, found = out / "sample", out / "tracks.h5", out / "bouts.csv"
    require(not tracks.exists(), f"{tracks} exists: delete it or choose another --out")
    make_sample(sample, frames=frames, size="480x360", length=110.0, seed=seed)
    track(sample / "video.mp4", sample / "clicks.csv", tracks)
    bouts(tracks, found)
    trajectories(tracks, out / "trajectories.csv")
    evaluate(tracks, sample / "truth.csv", bouts=found, true_bouts=sample / "bouts.csv")


def register(app: typer.Typer) -> None:
    """Mount this topic's commands."""
    app.add_typer(markers_app, name="markers")
