"""Animals of two videos on the maps of both networks."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from datasets.identity.crops import CROP
from datasets.identity.identity_file import load_identities, load_page_arrays
from datasets.identity.matching import Match, assign
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless
from surrogates.identity.appearance import image_probabilities
from surrogates.identity.doubts import LEAST_SILHOUETTE
from surrogates.identity.network import OUTPUTS, embedded, identity_network

_LEAST = 10  # images of an animal


@dataclass(frozen=True, eq=False)
class Known:
    """What a file of identities keeps of looks.

    Attributes:
        names: of the animals.
        network: from crops to points.
        crops: (image, 64, 64) grey values from 0 to 255.
        animal: (image,) whose they are.
        silhouette: of the clusters, -1 to 1.
    """

    names: tuple[str, ...]
    network: Any = field(repr=False)
    crops: UInt8[np.ndarray, "image side side"]
    animal: Int[np.ndarray, " image"]
    silhouette: Dimensionless


def load_known(path: Path) -> Known:
    """Read the looks of the animals in a file of identities.

    Raises:
        InputError: it is none, it was made without looks, or an animal has too few images.
    """
    tracks, arrays = load_identities(path), load_page_arrays(path)
    if "crops" not in arrays or "weights0" not in arrays:
        raise InputError(f"{path} keeps no looks: track the video again, without --no-appearance")
    crops, animal = arrays["crops"], arrays["point_animal"].astype(int)
    shaped = crops.shape == (len(animal), CROP, CROP) and crops.dtype == np.uint8
    right = shaped and bool(((animal >= -1) & (animal < len(tracks.names))).all())
    require(right, f"{path}: its pictures of animals are damaged")
    number = np.bincount(animal[animal >= 0], minlength=len(tracks.names))
    few = [name for name, images in zip(tracks.names, number, strict=True) if images < _LEAST]
    require(not few, f"{path} has fewer than {_LEAST} pictures of {', '.join(few)}")
    network = identity_network()
    weights = [arrays[f"weights{k}"] for k in range(sum(name.startswith("weights") for name in arrays))]
    wanted = [tuple(values.shape) for values in network.get_weights()]
    require(
        [values.shape for values in weights] == wanted,
        f"{path}: its network is damaged, or of another version: track again",
    )
    network.set_weights(weights)
    seen = animal >= 0
    return Known(tracks.names, network, crops[seen], animal[seen], tracks.silhouette)


def match_animals(first: Known, second: Known) -> tuple[tuple[Match, ...], str]:
    """Match the animals of two videos, and say in words why they cannot be matched (else an empty text).

    Each network sees the pictures of both videos; distances on both maps, each over the spread of its own animals,
    are added.
    """
    away = np.zeros((len(first.names), len(second.names)))
    votes = np.zeros((2, *away.shape))
    for k, (own, other) in enumerate(((first, second), (second, first))):
        here, there = embedded(own.network, own.crops), embedded(own.network, other.crops)
        middles = _middles(here, own.animal, len(own.names))
        spread = float(np.linalg.norm(here - middles[own.animal], axis=1).mean()) + 1e-6
        distance = np.linalg.norm(there[:, None] - middles, axis=-1)  # (image of the other, own animal)
        mean = np.stack([distance[other.animal == who].mean(axis=0) for who in range(len(other.names))])
        likely = image_probabilities(there, middles)
        share = np.stack([likely[other.animal == who].mean(axis=0) for who in range(len(other.names))])
        away += (mean.T if k == 0 else mean) / spread / 2
        votes[k] = share.T if k == 0 else share
    matches = assign(away, votes)
    worst = min(first.silhouette, second.silhouette)
    if worst < LEAST_SILHOUETTE:
        matches = tuple(Match(m.first, m.second, m.agree, m.away, sure=False) for m in matches)
        return matches, f"the animals of one video cannot be told apart by their looks (silhouette {worst:.2f})"
    return matches, ""


def _middles(
    points: Float[np.ndarray, "image output"], animal: Int[np.ndarray, " image"], animals: int
) -> Float[np.ndarray, "animal output"]:
    middles = np.zeros((animals, OUTPUTS))
    for who in range(animals):
        middles[who] = points[animal == who].mean(axis=0)
    return middles
