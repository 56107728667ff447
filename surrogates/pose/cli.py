"""`wormtwin pose predict`, `pose study` and `pose demo`."""

from pathlib import Path
from typing import Annotated

import typer

import surrogates.pose.labelling.cli  # noqa: F401
from datasets.options import parse_names
from datasets.pose.cli import pose_app
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.wording import counted


@pose_app.command("predict")
def predict(
    model: Annotated[Path, typer.Option(help="A model.keras that `wormtwin train` wrote.")],
    out: Annotated[Path, typer.Option(help="The file of tracks to write (.h5); of several videos one each.")],
    video: Annotated[Path | None, typer.Option(help="A video of one animal, or a folder of images.")] = None,
    data: Annotated[Path | None, typer.Option(help="Or crops (.h5): tracks are in pixels of their video.")] = None,
    batch: Annotated[int, typer.Option(max=65536, help="Images at a time.")] = 32,
    integer: Annotated[bool, typer.Option("--integer", help="Centres of the highest pixels, as published.")] = False,
) -> None:
    """Find the key points in every frame of a video, or in all crops; a stopped run continues where it was."""
    from datasets.pose.skeleton import skeleton_from
    from datasets.store import load_dataset
    from datasets.video.video import open_video
    from neuron_models.foundation.content import files_checksum
    from surrogates.pose.finder import finder_of
    from surrogates.pose.prediction import shrinking
    from surrogates.pose.tracking import footage_in, prediction_key, track_crops, track_video
    from surrogates.runs.model_file import load_model

    require((video is None) != (data is None), "give either --video or --data")
    require(out.suffix == ".h5", f"--out must end in .h5, got {out.name!r}")
    require_writable(out)
    network, signature = load_model(model)
    if signature is None:
        raise InputError(f"{model} was not written by wormtwin train: it does not tell which key points it finds")
    skeleton = skeleton_from(signature.y_names, signature.details)
    find = finder_of(network, signature, refine=not integer, batch=batch)
    high, wide = signature.details["size"]
    if "presence" in signature.details:
        least = signature.details["presence"]["threshold"]
        print(f"A key point with a confidence below {least:.3g} counts as absent (chosen when the network was trained)")
    source, size, settings = video or data or Path(), (high, wide), {"integer": integer, "batch": batch}
    if video is not None:
        footage = open_video(video, grey=len(signature.x_names) == 1)
        shrinking(footage.shape, size, len(signature.x_names))
        key = prediction_key(model, footage.content, settings)
        print(f"{counted(len(footage), 'frame')} in {track_video(find, footage, skeleton, out, key=key)}")
        return
    dataset = load_dataset(source, lazy=True)
    if dataset.y_names or dataset.task != "keypoints":  # crops that were only aligned tell of no key points
        signature.require_same(dataset)
    shrinking(dataset.trials[0].x.shape, size, len(signature.x_names))
    videos, images = footage_in(dataset), files_checksum([source])
    for number, each in enumerate(videos, start=1):
        path = out if len(videos) == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
        key = prediction_key(model, images, {**settings, "video": number})
        print(f"{each.video}: {track_crops(find, each, skeleton, path, key=key)}")


@pose_app.command("study")
def study(
    what: Annotated[str, typer.Argument(help="rotation, bend, architectures, background or labels.")],
    data: Annotated[Path, typer.Option(help="Labelled images (.h5).")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    model: Annotated[str, typer.Option(help="The network, but for architectures.")] = "pose_small",
    epochs: Annotated[int, typer.Option(max=1_000_000, help="Epochs of 50 batches of every training.")] = 15,
    seed: Annotated[int, typer.Option(help="Of the division, the first weights and the batches.")] = 0,
    values: Annotated[
        str, typer.Option(help="Such as 0,15,45 degrees, or 10,100,500 labels; the usual when empty.")
    ] = "",
) -> None:
    """One of the paper's side studies: trains a network for each value, writes a table and a picture."""
    from datasets.store import load_dataset
    from surrogates.pose.studies import print_study, run_study

    require_writable(out / "study.csv")
    table = run_study(what, load_dataset(data), out, model=model, epochs=epochs, seed=seed, values=parse_names(values))
    print_study(table)
    print(f"Table and picture in {out}")


@pose_app.command("demo")
def demo(
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    animal: Annotated[str, typer.Option(help="fly or worm.")] = "fly",
    epochs: Annotated[int, typer.Option(max=1_000_000, help="Of 50 batches.")] = 15,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
) -> None:
    """Generate labelled images, learn from 100 of them, and write report.html: a few minutes."""
    from surrogates.pose.demo import run_demo

    require_writable(out / "report.html")
    print(f"Report: {run_demo(out, animal=animal, epochs=epochs, seed=seed)}")
