"""`wormtwin markers pick`."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from datasets.markers.cli import VideoArgument, markers_app
from datasets.options import parse_names
from neuron_models.foundation.errors import require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.wording import counted


@markers_app.command("pick")
def pick(
    video: VideoArgument,
    out: Annotated[
        Path, typer.Option(help="Every click is saved to this table (.csv or .json); one that exists is gone on with.")
    ],
    marks: Annotated[str, typer.Option(help="Their names.")] = "left,right",
    frames: Annotated[int, typer.Option(min=1, max=200, help="How many frames are offered, from all over it.")] = 12,
    port: Annotated[int, typer.Option(max=65535, help="Of this machine alone; 0 takes a free one.")] = 8767,
) -> None:
    """Serve a web page on which you click on marks and see what has their colour; Ctrl-C ends it."""
    from datasets.video.video import open_video
    from surrogates.markers.picking.server import Picking, serve

    require_extra("av", extra="pose", purpose="reading videos")
    require_extra("flask", extra="posture", purpose="a page")
    names = parse_names(marks)
    require(1 <= len(names) <= 4, f"--marks names one to four marks, got {marks!r}")
    picking = Picking(open_video(video), out, tuple(names), frames)

    def on_progress(address: str) -> None:
        print(f"Open {address} in a browser on this machine; Ctrl-C ends it.", flush=True)

    with contextlib.suppress(KeyboardInterrupt):
        serve(picking, port, on_progress)
    print(f"\n{counted(len(picking.clicks), 'click')} in {out}")


def register(app: typer.Typer) -> None:
    """Nothing is mounted here; `datasets.markers.cli` mounts the group."""
