"""What a network guesses in frames that nobody has labelled: kept beside the journal, and never a label by itself."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from datasets.pose.labelling.book import Place
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import Dimensionless, Fraction

NAME = "guesses.npz"


@dataclass(frozen=True, eq=False)
class Guesses:
    """Key points that a network found.

    Attributes:
        films: names of the films.
        keypoints: their names.
        film: (frame,) index in `films`.
        frame: (frame,) index in the film.
        xy: (frame, keypoint, 2) px of the images.
        confidence: (frame, keypoint) from 0 to 1.
        threshold: a key point of a lower confidence is taken for absent; 0 where the network cannot tell.
    """

    films: tuple[str, ...]
    keypoints: tuple[str, ...]
    film: Int[np.ndarray, " frame"]
    frame: Int[np.ndarray, " frame"]
    xy: Float[np.ndarray, "frame keypoint 2"]
    confidence: Float[np.ndarray, "frame keypoint"]
    threshold: Fraction = 0.0

    def places(self) -> list[Place]:
        """The frames, in order."""
        return [(self.films[film], int(frame)) for film, frame in zip(self.film, self.frame, strict=True)]

    def row(self, place: Place) -> int | None:
        """The row of a frame, None where nothing was guessed in it."""
        if place[0] not in self.films:
            return None
        rows = np.flatnonzero((self.film == self.films.index(place[0])) & (self.frame == place[1]))
        return int(rows[0]) if len(rows) else None

    def of(self, place: Place, keypoints: Sequence[str]) -> dict[str, list[Any]]:
        """[x, y, confidence] of the key points of a frame that a skeleton still has; x and y None where absent."""
        row = self.row(place)
        if row is None:
            return {}
        found = {}
        for k, name in enumerate(self.keypoints):
            sure = float(self.confidence[row, k])
            if name in keypoints:
                xy: list[Any] = [None, None] if sure < self.threshold else self.xy[row, k].round(2).tolist()
                found[name] = [*xy, round(sure, 3)]
        return found

    def doubt(self) -> dict[Place, Dimensionless]:
        """How unsure the network is of each frame: the mean over key points, largest where it can just not decide.

        With a threshold t a confidence c counts as 1 - c above it, and as c / t below, where it says absent.
        """
        below = self.confidence / max(self.threshold, 1e-9)
        doubts = np.where(self.confidence < self.threshold, below, 1 - self.confidence).mean(axis=1)
        return dict(zip(self.places(), doubts.tolist(), strict=True))


def save_guesses(guesses: Guesses, folder: Path) -> None:
    """Write guesses beside a journal, whole or not at all."""
    with atomic_write(folder / NAME) as temporary:
        np.savez(
            temporary,
            films=np.array(guesses.films),
            keypoints=np.array(guesses.keypoints),
            film=guesses.film,
            frame=guesses.frame,
            xy=guesses.xy,
            confidence=guesses.confidence,
            threshold=np.array(guesses.threshold),
        )


def load_guesses(folder: Path) -> Guesses | None:
    """The guesses of a folder; None where there are none.

    Raises:
        InputError: the file is damaged.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            found = Guesses(
                tuple(map(str, file["films"])),
                tuple(map(str, file["keypoints"])),
                file["film"].astype(int),
                file["frame"].astype(int),
                file["xy"].astype(float),
                file["confidence"].astype(float),
                float(file["threshold"]),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise InputError(f"{path} is damaged: delete it and train again") from None
    shape = (len(found.frame), len(found.keypoints))
    require(found.confidence.shape == shape and found.xy.shape == (*shape, 2), f"{path} is damaged: delete it")
    return found
