"""The process that trains `pose_small` on labels and guesses in other frames; `training.py` starts it."""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from datasets.pose.labelling.guesses import Guesses, save_guesses
from datasets.pose.labelling.source import open_source
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.worker_life import end_with_parent
from surrogates.pose.labelling.training import DATA, PROGRESS, SETTINGS

MODEL = "pose_small"
_AT_ONCE = 64


def main(folder: Path) -> None:
    """Train on the labels of a folder, save the run there, and guess in the frames that its settings name."""
    settings = json.loads((folder / SETTINGS).read_text())
    progress = {"epoch": 0, "epochs": settings["epochs"], "frames": settings["frames_learned"], "history": []}
    tell(folder, progress)
    try:
        guesses = _guesses(folder, settings, _trained(folder, settings, progress))
    except InputError as error:
        tell(folder, {**progress, "error": str(error)})
        return
    save_guesses(guesses, folder.parent)
    tell(folder, {**progress, "done": True, "guessed": len(guesses.frame)})


def tell(folder: Path, progress: Mapping[str, Any]) -> None:
    """Write how far the training is."""
    with atomic_write(folder / PROGRESS) as temporary:
        temporary.write_text(json.dumps(progress))


def _trained(folder: Path, settings: Mapping[str, Any], progress: dict[str, Any]) -> Any:
    from datasets.store import load_dataset
    from surrogates.pose.models import POSE_MODELS
    from surrogates.runs.fitting import fit_and_save
    from surrogates.training.configuration import TrainingConfig
    from surrogates.training.epochs_bar import watched_by
    from surrogates.training.model_kind import look_up

    kind = look_up(MODEL, POSE_MODELS)

    def watch(epochs: int, figures: Mapping[str, float]) -> None:
        progress["epoch"] += epochs
        progress["history"].append({name: round(value, 4) for name, value in figures.items()})
        tell(folder, progress)

    defaults = {"learning_rate": kind.learning_rate, **kind.training_defaults, "epochs": settings["epochs"]}
    config = TrainingConfig(**defaults, seed=0)
    dataset = load_dataset(folder / DATA)
    with watched_by(watch):
        return fit_and_save(
            kind, dataset, {"filters": settings["filters"]}, config, folder / "run", data=DATA, progress=False
        )


def _guesses(folder: Path, settings: Mapping[str, Any], done: Any) -> Guesses:
    from surrogates.pose.finder import finder_of

    video = settings["video"]
    source = open_source(Path(settings["source"]), None if video is None else Path(video))
    find = finder_of(done.model, done.signature)
    names = [film.facts.name for film in source.films]
    places = sorted((names.index(film), frame) for film, frame in settings["frames"] if film in names)
    points, sure = [], []
    for first in range(0, len(places), _AT_ONCE):
        some = places[first : first + _AT_ONCE]
        images = np.stack([np.asarray(source.films[film].images[frame]) for film, frame in some])
        found = find(_filled(images, done.signature.details["size"]))
        points.append(found.points)
        sure.append(found.confidence)
    presence = done.signature.details.get("presence", {})
    shape = (len(places), len(done.signature.y_names))
    return Guesses(
        tuple(names),
        tuple(done.signature.y_names),
        np.array([film for film, _ in places], int),
        np.array([frame for _, frame in places], int),
        np.concatenate(points) if points else np.zeros((*shape, 2)),
        np.concatenate(sure) if sure else np.zeros(shape),
        float(presence.get("threshold", 0.0)),
    )


def _filled(images: np.ndarray, size: list[int]) -> np.ndarray:
    """Images with their last rows and columns repeated up to the size of those that were learned."""
    high, wide = (max(0, want - has) for want, has in zip(size, images.shape[2:], strict=True))
    return np.pad(images, ((0, 0), (0, 0), (0, high), (0, wide)), mode="edge")


if __name__ == "__main__":
    os.nice(10)  # the page goes first
    end_with_parent(int(sys.argv[2]), by_thread=True)
    try:
        main(Path(sys.argv[1]))
    except Exception as fault:
        traceback.print_exc()
        tell(Path(sys.argv[1]), {"error": f"the training has failed ({type(fault).__name__}): see log.txt in network/"})
        sys.exit(1)
