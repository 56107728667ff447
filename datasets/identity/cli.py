"""`wormtwin identity make-sample`, `evaluate`, `export` and `correct`."""

from pathlib import Path
from typing import Annotated

import typer

from neuron_models.foundation.errors import require
from neuron_models.foundation.wording import counted

identity_app = typer.Typer(no_args_is_help=True, help="Identities: which animal is which in a video of several.")
"""`wormtwin identity`."""

TracksArgument = Annotated[Path, typer.Argument(help="Identities (.h5) that `identity track` wrote.")]


@identity_app.command("make-sample")
def make_sample(
    out: Annotated[Path, typer.Option(help="The video to write (.mp4, or a folder of images).")],
    animals: Annotated[int, typer.Option(help="How many swim in it.")] = 4,
    frames: Annotated[int, typer.Option(help="At 30 frames a second.")] = 600,
    length: Annotated[float, typer.Option(help="Of an animal in px.")] = 44.0,
    difficulty: Annotated[float, typer.Option(help="0: as different as they get, 1: identical twins.")] = 0.3,
    side: Annotated[int, typer.Option(help="Of a frame in px; 0 takes what the animals need.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
    individuals: Annotated[
        int | None, typer.Option(help="Seed of who they are: the same ones swim otherwise with another --seed.")
    ] = None,
) -> None:
    """Render a video of animals that differ and cross; who is who is known exactly."""
    from datasets.dataset import PointTracks
    from datasets.identity.generator import SwimmerSettings, make_swimmers
    from datasets.rendering.files import save_video
    from datasets.topics import write_point_tracks

    require(out.suffix in ("", ".mp4"), f"--out {out}: a movie's name ends in .mp4, a folder's in nothing")
    truth = out.with_name(f"{out.stem}.truth.h5")
    require(not truth.exists() and not out.exists(), f"{out if out.exists() else truth} exists: choose another --out")
    video = make_swimmers(SwimmerSettings(animals, frames, length, difficulty, side or None, seed, individuals))
    save_video(video, out)
    names = tuple(f"animal{k + 1}" for k in range(animals))
    write_point_tracks(
        PointTracks(out.stem, ("centre",), names, video.xy[:, :, None], video.fps, video=str(out)), truth, "tracks"
    )
    print(f"{counted(frames, 'frame')} of {counted(animals, 'animal')} in {out}, who is who in {truth}")


@identity_app.command("evaluate")
def evaluate(
    tracks: Annotated[list[Path], typer.Argument(help="Tracks to judge, of any tool, of one video.")],
    truth: Annotated[Path, typer.Option(help="The true tracks, of any tool.")],
    distance: Annotated[
        float, typer.Option(help="Farthest from a true place in px; 0 takes half a body length.")
    ] = 0.0,
) -> None:
    """Score identities against the truth: IDF1, switches, and the plain Hungarian tracker beside."""
    from datasets.identity.centres import read_centres
    from datasets.identity.judging import judge, print_judged

    true = read_centres(truth)
    print_judged([judge(path, true, truth, distance) for path in tracks])


@identity_app.command("export")
def export(
    tracks: TracksArgument,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    to: Annotated[
        str,
        typer.Option(help="slp, analysis, dlc, nwb or coco; idtracker-npy, idtracker-h5 or idtracker-csv."),
    ],
) -> None:
    """Write identities for another tool."""
    from datasets.identity.centres import export_identities
    from datasets.identity.identity_file import load_identities

    require(to != "", "--to names a kind of file, such as slp")
    print(f"Tracks in {export_identities(load_identities(tracks), out, to)}")


@identity_app.command("correct")
def correct_identities(
    tracks: TracksArgument,
    exchange: Annotated[
        list[str], typer.Option(help="Two animals and the frame from which on they are exchanged: animal1,animal2,120.")
    ],
    out: Annotated[Path, typer.Option(help="The identities to write (.h5).")],
) -> None:
    """Exchange two animals from a frame on, as often as said, in this order."""
    from datasets.identity.correcting import correct, exchange_of
    from datasets.identity.identity_file import (
        load_identities,
        load_page_arrays,
        require_identity_path,
        save_identities,
    )

    require_identity_path(out)
    exchanges = [exchange_of(text) for text in exchange]
    corrected, arrays = correct(load_identities(tracks), load_page_arrays(tracks), exchanges)
    save_identities(corrected, out, arrays)
    print(f"{counted(len(exchanges), 'exchange')} in {out}")


def register(app: typer.Typer) -> None:
    """Mount `wormtwin identity`."""
    app.add_typer(identity_app, name="identity")
