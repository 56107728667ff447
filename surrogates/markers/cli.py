"""`wormtwin markers pick`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from datasets.markers.cli import VideoArgument, markers_app
from datasets.options import PortOption, parse_names
from neuron_models.foundation.errors import require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.wording import counted


@markers_app.command("pick")
def pick(
    video: VideoArgument,
    out: Annotated[
        Path, typer.Option(help="Every click is saved to this table (.csv or .json); an existing one is continued.")
    ],
    marks: Annotated[str, typer.Option(help="Their names.")] = "left,right",
    frames: Annotated[int, typer.Option(min=1, max=200, help="How many frames are offered, from all over it.")] = 12,
    port: PortOption = 8767,
) -> None:
    """Serve a web page on which you click on marks and see what has their colour; Ctrl-C ends it."""
    from datasets.video.video import open_video
    from surrogates.markers.picking.server import Picking, make_app
    from surrogates.pages.serving import serve_app

    require_extra("av", extra="pose", purpose="reading videos")
    require_extra("flask", extra="posture", purpose="a page")
    names = parse_names(marks)
    require(1 <= len(names) <= 4, f"--marks names one to four marks, got {marks!r}")
    picking = Picking(open_video(video), out, tuple(names), frames)

    serve_app(partial(make_app, picking), port)
    print(f"\n{counted(len(picking.clicks), 'click')} in {out}")


def register(app: typer.Typer) -> None:
    """Nothing is mounted here; `datasets.markers.cli` mounts the group."""
