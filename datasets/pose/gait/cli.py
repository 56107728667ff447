"""`wormtwin pose gait`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.options import parse_names
from datasets.pose.cli import pose_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.wording import counted

FLY_LEGS = "front_L,middle_L,hind_L,front_R,middle_R,hind_R"


@pose_app.command("gait")
def gait(
    tracks: Annotated[Path, typer.Argument(help="Tracks, or any file of labels that `pose import` reads.")],
    out: Annotated[Path, typer.Option(help="The folder for tables and pictures.")],
    legs: Annotated[
        str, typer.Option(help="Tips of the legs: the left ones from front to hind, then the right ones.")
    ] = FLY_LEGS,
    axis: Annotated[str, typer.Option(help="Two key points of the body, from behind to ahead.")] = "abdomen,head",
    mm_per_pixel: Annotated[
        float | None, typer.Option(help="The scale; speeds are in body lengths a second when not given.")
    ] = None,
    slowest: Annotated[
        float | None,
        typer.Option(help="An animal walks when it is faster: 2 mm/s or 0.5 body lengths/s when not given."),
    ] = None,
    shortest: Annotated[float, typer.Option(max=1e6, help="A walk lasts longer, s.")] = 0.5,
    speed: Annotated[
        str, typer.Option(help="track: of the body in the video; legs: over the legs that stand.")
    ] = "track",
    highest: Annotated[float, typer.Option(max=1e6, help="The fastest steps that there may be, Hz.")] = 15.0,
    fps: Annotated[float | None, typer.Option(max=1e6, help="Frames a second; the file's own when not given.")] = None,
) -> None:
    """Swing and stance of each leg, gaits by a hidden Markov model, and how legs go together."""
    from dataclasses import replace

    from datasets.pose.formats.label_files import load_labels
    from datasets.pose.gait.plots import plot_by_speed, plot_footfalls
    from datasets.pose.gait.tables import measure_gait, print_gait, save_gait
    from datasets.pose.gait.walking import GaitSettings, walks_of

    require(not out.is_file(), f"--out {out} is a file: name a folder")
    require_writable(out)
    ends = parse_names(axis)
    require(len(ends) == 2, f"--axis names two key points, such as abdomen,head, got {axis!r}")
    settings = GaitSettings(
        tuple(parse_names(legs)), (ends[0], ends[1]), mm_per_pixel, slowest, shortest, speed, highest
    )
    every = load_labels(tracks)
    require(fps is None or fps > 0, f"--fps must be > 0, got {fps}")
    videos = [each if fps is None else replace(each, fps=fps) for each in every]
    require(len(videos) == 1, f"{tracks} holds {counted(len(videos), 'video')}: give the tracks of one")
    measured = measure_gait(walks_of(videos[0], settings))
    save_gait(measured, out)
    from datasets.plots import save_figure

    save_figure(plot_footfalls(measured), out / "footfalls.png")
    save_figure(plot_by_speed(measured), out / "by_speed.png")
    print_gait(measured)
    print(f"{counted(len(measured.steps), 'step')}; tables and pictures in {out}")
