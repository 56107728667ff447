"""`wormtwin pose label`."""

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.options import PortOption, parse_names
from datasets.pose.cli import VideoOption, parse_pairs, pose_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.pose.labelling.session import Labelling
    from datasets.pose.skeleton import Skeleton


@pose_app.command("label")
def label(
    source: Annotated[
        Path,
        typer.Argument(help="A dataset (.h5), a video, labels, a DeepLabCut project, or a folder of this command."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The folder for labels, continued if it exists; beside the source by default."),
    ] = None,
    video: VideoOption = None,
    keypoints: Annotated[str, typer.Option(help="Such as head,tail; they are made and changed on the page, too.")] = "",
    edges: Annotated[str, typer.Option(help="Lines to draw, such as head:tail.")] = "",
    pairs: Annotated[str, typer.Option(help="Left and right key points, such as wingL:wingR.")] = "",
    animals: Annotated[str, typer.Option(help="Names of the animals, such as female,male.")] = "",
    pool: Annotated[int, typer.Option(max=100_000, help="Frames of each video of which some are offered.")] = 500,
    epochs: Annotated[int, typer.Option(max=100_000, help="Of 50 batches, when a network is trained meanwhile.")] = 15,
    filters: Annotated[int, typer.Option(max=1024, help="Of that network (pose_small).")] = 32,
    port: PortOption = 8767,
) -> None:
    """Serve a web page on which key points are labelled, with a network that learns meanwhile; Ctrl-C ends it."""
    from datasets.pose.labelling.session import open_labelling
    from surrogates.pages.serving import bind, serve_app
    from surrogates.pose.labelling.server import make_app
    from surrogates.pose.labelling.training import BackgroundTraining

    require_extra("flask", extra="pose", purpose="a page")
    for name, value in (("pool", pool), ("epochs", epochs)):
        require(value >= 1, f"--{name} must be >= 1, got {value}")
    require(filters >= 2, f"--filters must be >= 2, got {filters}")
    skeleton = _skeleton(keypoints, edges, pairs)
    bind(port).close()  # before the work of choosing frames
    named = tuple(parse_names(animals))
    labelling = open_labelling(source, out, video=video, skeleton=skeleton, animals=named, pool=pool)
    for note in labelling.source.notes:
        print(f"Left out: {note}")
    training = BackgroundTraining(labelling, epochs, filters)

    with contextlib.closing(labelling.journal):
        try:
            serve_app(partial(make_app, labelling, training), port)
        finally:
            training.stop()
    _tell(labelling)


def _skeleton(keypoints: str, edges: str, pairs: str) -> "Skeleton | None":
    from datasets.pose.skeleton import Skeleton

    require(bool(keypoints) or not (edges or pairs), "--edges and --pairs go with --keypoints")
    if not keypoints:
        return None
    return Skeleton(
        tuple(parse_names(keypoints)), tuple(parse_pairs(edges, "--edges")), tuple(parse_pairs(pairs, "--pairs"))
    )


def _tell(labelling: "Labelling") -> None:
    """What was labelled, by whom, how long it took, and where it lies."""
    from collections import Counter

    from datasets.pose.labelling.times import save_times

    book, folder = labelling.book, labelling.journal.folder
    makers = Counter(
        mark.maker for place in book.labelled() for animal in book.animals for mark in book.of(place, animal).values()
    )
    text = ", ".join(f"{number} by {maker}" for maker, number in sorted(makers.items()))
    print(f"\n{counted(len(book.labelled()), 'frame')} labelled{f' ({text})' if text else ''}, in {folder}")
    if book.spent:
        print(f"Time a frame: {save_times(book.spent, folder)}")
