"""Faces that nobody scored: the likeliest scores of pictures and of the best frames of a video, and abstention."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8

from datasets.grimace.pictures import Box, face_of, seen_picture
from datasets.grimace.units import OUTPUTS
from datasets.video.video import Video
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import Fraction, Seconds
from neuron_models.foundation.wording import counted
from surrogates.backend import keras
from surrogates.grimace.evaluation import shares_of
from surrogates.grimace.finder.finding import Picture, find_faces, only_face
from surrogates.runs.model_file import ModelSignature

NOT = "not established"
HEADS = (
    "image",
    "animal",
    "time",
    "frames",
    *OUTPUTS,
    *(f"{name}_confidence" for name in OUTPUTS),
    "accuracy_on_animals",
)
MIDDLE = "middle"
"""Instead of a box: the square in the middle."""
Place = Box | str | None
"""A box, or `MIDDLE`; None where a face is to be found."""
_AT_ONCE = 16
"""Frames of a video that are in memory together."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model says of one picture, or of a window of a video that begins at `time`, s.

    Attributes:
        image: its name.
        shares: of each score of each output; None where no frame of the window shows one face.
        time: of the window.
        frames: that were scored.
    """

    image: str
    shares: Float[np.ndarray, "output 3"] | None
    time: Seconds | None = None
    frames: int = 1

    def scores(self, least: Fraction) -> dict[str, int | None]:
        """The likeliest score of each output; None, an abstention, where it is less sure than `least`."""
        if self.shares is None:
            return dict.fromkeys(OUTPUTS)
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


def face_in(seen: Picture, size: int, place: Place, name: str) -> UInt8[np.ndarray, "3 side side"]:
    """The face of a picture: in its box, in the middle, or where it is found.

    Raises:
        InputError: no face or two are found, the box is not in the picture, or the face is too small.
    """
    if place is None:
        box, fault = only_face(find_faces([seen])[0])
        require(box is not None, f"{name}: {fault}; give its place by --box, or another picture")
        return face_of(seen, size, box, name)
    return face_of(seen, size, None if isinstance(place, str) else place, name)


def score_pictures(
    model: keras.Model,
    size: int,
    paths: Sequence[Path],
    place: Place = None,
    on_left_out: Callable[[str], None] = print,
) -> list[Answer]:
    """Score pictures.

    Args:
        model: that scores faces.
        size: of its faces, px.
        paths: of the pictures.
        place: of the faces.
        on_left_out: called with a line about each of several pictures that cannot be scored.

    Raises:
        InputError: none can be scored.
    """
    faces, named, faults = [], [], []
    for path in paths:
        try:
            faces.append(np.moveaxis(face_in(seen_picture(path), size, place, str(path)), 0, -1))
            named.append(path.name)
        except InputError as error:
            faults.append(str(error))
    if not faces:
        raise InputError(faults[0])
    for fault in faults:
        on_left_out(f"Left out: {fault}")
    return [Answer(name, shares) for name, shares in zip(named, shares_of(model, np.stack(faces)), strict=True)]


def score_video(
    model: keras.Model,
    size: int,
    video: Video,
    place: Place,
    window: Seconds,
    best: int,
    on_left_out: Callable[[str], None] = print,
) -> list[Answer]:
    """Score a video, a window after the other: the median over its best frames, by sharpness and frontality.

    Args:
        model: that scores faces.
        size: of its faces, px.
        video: in colour.
        place: of the face in every frame; a frame in which no face or two are found is not scored.
        window: the length of a window.
        best: how many frames of each are scored.
        on_left_out: called with a line about a window without a face.

    Raises:
        InputError: a setting out of range, or no frame shows one face.
    """
    require(window > 0 and best >= 1, f"--window must be > 0 s and --best >= 1, got {window:g} and {best}")
    length, answers, name = max(1, round(window * video.fps)), [], Path(video.path).name
    for first in range(0, len(video), length):
        frames, time = min(length, len(video) - first), first / video.fps
        faces, faults = _best_faces(video, first, first + frames, size, place, best)
        if not faces:
            common = f"of {counted(frames, 'frame')} {faults[NONE]} show no face and {faults[MORE]} more than one"
            on_left_out(f"Left out: {name}, {time:g} s on: {common}")
            answers.append(Answer(name, None, time, 0))
            continue
        shares = np.median(shares_of(model, np.moveaxis(np.stack(faces), 1, -1)), axis=0)
        shares = shares / np.maximum(shares.sum(axis=-1, keepdims=True), 1e-9)
        answers.append(Answer(name, shares, time, len(faces)))
    if all(answer.shares is None for answer in answers):
        raise InputError(f"{video.path}: no frame shows one face; give its place by --box, or another video")
    return answers


NONE, MORE = "none", "more"


def _best_faces(
    video: Video, first: int, end: int, size: int, place: Place, best: int
) -> tuple[list[UInt8[np.ndarray, "3 side side"]], Counter[str]]:
    """The best faces of some frames, the best first, and how many frames show none or several."""
    faults: Counter[str] = Counter({NONE: 0, MORE: 0})
    kept: list[tuple[float, UInt8[np.ndarray, "3 side side"]]] = []
    for begin in range(first, end, _AT_ONCE):
        frames = [np.moveaxis(frame, 0, -1) for frame in np.asarray(video[begin : min(begin + _AT_ONCE, end)])]
        found: Sequence[Any] = find_faces(frames) if place is None else [None] * len(frames)
        for frame, own in zip(frames, found, strict=True):
            box = None if place is None or isinstance(place, str) else place
            if place is None:
                box, _ = only_face(own)
                if box is None:
                    faults[MORE if len(own) > 1 else NONE] += 1
                    continue
            face = face_of(frame, size, box, video.path)
            kept.append((quality(face), face))
        kept = sorted(kept, key=lambda each: -each[0])[:best]
    return [face for _, face in kept], faults


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
        sure = [""] * len(OUTPUTS) if answer.shares is None else [f"{share.max():.3f}" for share in answer.shares]
        time = "" if answer.time is None else f"{answer.time:.3f}"
        cells = ["" if score is None else score for score in scores.values()]
        rows.append([answer.image, "unknown", time, answer.frames, *cells, *sure, NOT])
    with atomic_write(out) as temporary:
        write_csv(pd.DataFrame(rows, columns=HEADS, dtype=object), temporary, index=False)
    return abstained


def occlusion(
    model: keras.Model, face: UInt8[np.ndarray, "3 side side"], output: str, fields: int = 8
) -> Float[np.ndarray, "fields fields"]:
    """By how much the expected score (0 to 2) of an output falls where a field has the face's mean colour."""
    side = face.shape[1] // fields
    covered = np.repeat(face[None], fields * fields + 1, axis=0).copy()
    for number in range(fields * fields):
        row, column = divmod(number, fields)
        part = np.s_[number, :, row * side : (row + 1) * side, column * side : (column + 1) * side]
        covered[part] = face.mean(axis=(1, 2)).astype(np.uint8)[:, None, None]
    expected = shares_of(model, np.moveaxis(covered, 1, -1))[:, OUTPUTS.index(output)] @ np.arange(3.0)
    return (expected[-1] - expected[:-1]).reshape(fields, fields)
