"""Faces that nobody scored: the likeliest scores of pictures and of the best frames of a video, and abstention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8

from datasets.grimace.pictures import Box, face_of, read_face
from datasets.grimace.units import OUTPUTS
from datasets.video.video import Video
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import Fraction, Seconds
from surrogates.backend import keras
from surrogates.grimace.evaluation import shares_of
from surrogates.runs.model_file import ModelSignature

NOT = "not established"
HEADS = ("image", "animal", "time", *OUTPUTS, *(f"{name}_confidence" for name in OUTPUTS), "accuracy_on_animals")


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model says of one picture, or of a window of a video that begins at `time`, s; `shares` (output, 3)."""

    image: str
    shares: Float[np.ndarray, "output 3"]
    time: Seconds | None = None

    def scores(self, least: Fraction) -> dict[str, int | None]:
        """The likeliest score of each output; None, an abstention, where it is less sure than `least`."""
        return {
            name: int(share.argmax()) if share.max() >= least else None
            for name, share in zip(OUTPUTS, self.shares, strict=True)
        }


def require_scorer(signature: ModelSignature | None, path: Path) -> int:
    """The side of the faces that a model takes, px.

    Raises:
        InputError: it scores no faces.
    """
    fits = signature is not None and "grimace" in signature.details and signature.y_names == OUTPUTS
    size = signature.details.get("size") if signature is not None else None
    if not fits or not isinstance(size, list) or len(size) != 2:
        raise InputError(f"{path}: it scores no faces: train one with `wormtwin train --model grimace_transfer`")
    return int(size[0])


def score_pictures(model: keras.Model, size: int, paths: Sequence[Path], box: Box | None = None) -> list[Answer]:
    """Score pictures; without a box the square in the middle of each is its face.

    Raises:
        InputError: a picture cannot be read or is too small.
    """
    faces = np.stack([np.moveaxis(read_face(path, size, box), 0, -1) for path in paths])
    return [Answer(path.name, shares) for path, shares in zip(paths, shares_of(model, faces), strict=True)]


def score_video(
    model: keras.Model, size: int, video: Video, box: Box | None, window: Seconds, best: int
) -> list[Answer]:
    """Score a video, a window after the other: the median over its best frames, by sharpness and frontality.

    Args:
        model: that scores faces.
        size: of its faces, px.
        video: in colour.
        box: of the face in every frame.
        window: the length of a window.
        best: how many frames of each are scored.
    """
    require(window > 0 and best >= 1, f"--window must be > 0 s and --best >= 1, got {window:g} and {best}")
    length, found = max(1, round(window * video.fps)), []
    for first in range(0, len(video), length):
        frames = np.asarray(video[first : first + length])
        faces = np.stack([face_of(np.moveaxis(frame, 0, -1), size, box, video.path) for frame in frames])
        order = np.argsort([-quality(face) for face in faces], kind="stable")[:best]
        shares = np.median(shares_of(model, np.moveaxis(faces[order], 1, -1)), axis=0)
        shares = shares / np.maximum(shares.sum(axis=-1, keepdims=True), 1e-9)
        found.append(Answer(Path(video.path).name, shares, first / video.fps))
    return found


def quality(face: UInt8[np.ndarray, "3 side side"]) -> float:
    """How sharp (standard deviation of the Laplacian over that of the picture) times how alike to its mirror image."""
    from scipy.ndimage import gaussian_filter, laplace

    grey = face.mean(axis=0)
    sharp = float(laplace(grey).std() / (grey.std() + 1e-9))
    soft = gaussian_filter(grey, face.shape[1] / 32)
    alike = np.corrcoef(soft.ravel(), soft[:, ::-1].ravel())[0, 1] if soft.std() > 0 else 0.0
    return sharp * max(float(alike), 0.0)


def write_answers(answers: Sequence[Answer], out: Path, least: Fraction) -> int:
    """Write a table that `grimace agree --machine` reads; gives the number of abstentions, which are empty cells."""
    rows, abstained = [], 0
    for answer in answers:
        scores: Mapping[str, Any] = answer.scores(least)
        abstained += sum(score is None for score in scores.values())
        sure = [f"{share.max():.3f}" for share in answer.shares]
        time = "" if answer.time is None else f"{answer.time:.3f}"
        rows.append([answer.image, "unknown", time, *("" if s is None else s for s in scores.values()), *sure, NOT])
    with atomic_write(out) as temporary:
        write_csv(pd.DataFrame(rows, columns=HEADS, dtype=object), temporary, index=False)
    return abstained


def occlusion(
    model: keras.Model, face: UInt8[np.ndarray, "3 side side"], output: str, fields: int = 8
) -> Float[np.ndarray, "fields fields"]:
    """How much less the expected score of an output is where a field of the face is covered by its mean colour."""
    side = face.shape[1] // fields
    covered = np.repeat(face[None], fields * fields + 1, axis=0).copy()
    for number in range(fields * fields):
        row, column = divmod(number, fields)
        part = np.s_[number, :, row * side : (row + 1) * side, column * side : (column + 1) * side]
        covered[part] = face.mean(axis=(1, 2)).astype(np.uint8)[:, None, None]
    expected = shares_of(model, np.moveaxis(covered, 1, -1))[:, OUTPUTS.index(output)] @ np.arange(3.0)
    return (expected[-1] - expected[:-1]).reshape(fields, fields)
