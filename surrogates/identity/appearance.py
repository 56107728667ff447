"""Appearance: the network trained on the fragments of a video, and the clusters that its animals make on the map."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from datasets.identity.fragments import Fragments
from neuron_models.foundation.errors import require, require_seed
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.units import Dimensionless, Fraction
from surrogates.backend import keras, tensorflow_unseen
from surrogates.identity.network import (
    FAR,
    NEAR,
    contrastive_loss,
    embedded,
    identity_network,
    learn_shades,
    shades,
)
from surrogates.identity.pairs import Pairs, make_pairs

ENOUGH = 0.91
"""The silhouette from which fewer than 1 % of images are taken for another animal (idtracker.ai 6)."""
_SEPARATED, _STEADY = 0.99, 5
"""Share of coexisting fragments in different clusters, and looks in a row at which that ends the training."""
_POWER = 7.0
_LOOK = 4  # batches between looks at the loss of every pair
_MANY, _HELD = 20, 0.25  # images of a fragment from which on the last ones are held out, and how many
_EFFECTIVE = 10.0  # images of a fragment that say as much as one: neighbouring frames are alike


@dataclass(frozen=True)
class LearningSettings:
    """How the network is trained.

    Attributes:
        pairs: of one animal in a batch, and as many of two.
        most: batches at most.
        check: batches between looks at the clusters; 50 or 5 an animal when None.
        images: of a fragment, at most.
        patience: looks without a better silhouette after which the training ends.
        learning_rate: of Adam.
        seed: of weights and pairs.
    """

    pairs: int = 24
    most: int = 3000
    check: int | None = None
    images: int = 300
    patience: int = 30
    learning_rate: Dimensionless = 0.001
    seed: int = 0

    def __post_init__(self) -> None:
        require(1 <= self.most <= 1_000_000, f"--batches must be 1 to 1,000,000, got {self.most}")
        require(self.pairs >= 1, f"a batch has 1 pair or more, got {self.pairs}")
        require(self.images >= 4, f"a fragment gives 4 images or more, got {self.images}")
        require_seed(self.seed, "the seed of the network")


@dataclass(frozen=True, eq=False)
class Appearance:
    """What the network says of the fragments.

    Attributes:
        network: from crops to points.
        points: (image, output) on the map.
        of: (image,) the fragment of each image.
        frame: (image,) the frame of each image.
        centres: (animal, output) of the clusters.
        silhouette: of the clusters, -1 to 1.
        batches: that it was trained.
        told_apart: share of coexisting fragments that are different animals by appearance; two that share a frame are.
        known_again: share of pictures from the ends of fragments, which the training did not see, that lie nearest
            their own fragment of all that share a frame with it; from 0 for chance to 1.
        crops: (image,) what the network saw, grey values from 0 to 255.
    """

    network: Any = field(repr=False)
    points: Float[np.ndarray, "image output"]
    of: Int[np.ndarray, " image"]
    frame: Int[np.ndarray, " image"]
    centres: Float[np.ndarray, "animal output"]
    silhouette: Dimensionless
    batches: int
    told_apart: Fraction = 1.0
    known_again: Fraction = 1.0
    crops: UInt8[np.ndarray, "image side side"] | None = field(default=None, repr=False)

    def log_odds(self, fragments: int) -> Float[np.ndarray, "fragment animal"]:
        """Log odds (dimensionless) of each animal for each fragment; 0 for those without images."""
        return fragment_log_odds(image_probabilities(self.points, self.centres), self.of, fragments)


def image_probabilities(
    points: Float[np.ndarray, "image output"], centres: Float[np.ndarray, "animal output"]
) -> Float[np.ndarray, "image animal"]:
    """The probability of each animal, 0 to 1, falling with the seventh power of the distance (idtracker.ai 6)."""
    away = np.linalg.norm(points[:, None] - centres, axis=-1) + 0.01
    share = (away.min(axis=1, keepdims=True) / away) ** _POWER
    return share / share.sum(axis=1, keepdims=True)


def fragment_log_odds(
    probability: Float[np.ndarray, "image animal"], of: Int[np.ndarray, " image"], fragments: int
) -> Float[np.ndarray, "fragment animal"]:
    """Log odds of each animal against chance, of all images of a fragment; neighbouring ones count as a few."""
    value = np.log(np.maximum(probability, 1e-3) * probability.shape[1])
    total = np.zeros((fragments, probability.shape[1]))
    np.add.at(total, of, value)
    number = np.bincount(of, minlength=fragments)[:, None]
    return total / np.maximum(number, 1) * np.minimum(1 + number / _EFFECTIVE, 8.0) * (number > 0)


def learn_appearance(
    crops: UInt8[np.ndarray, "image side side"],
    of: Int[np.ndarray, " image"],
    frame: Int[np.ndarray, " image"],
    fragments: Fragments,
    animals: int,
    settings: LearningSettings,
) -> Appearance:
    """Train the network until its clusters are far apart, no longer move apart, or part all that are seen at once.

    Args:
        crops: of the fragments of single animals, grey values from 0 to 255, all turned with the head one way.
        of: the fragment of each.
        frame: of each.
        fragments: all of them.
        animals: how many clusters there are.
        settings: of the training.

    Raises:
        InputError: no two animals are seen apart at once for some frames.
    """
    held = held_out(of, frame, len(fragments))
    members = tuple(np.flatnonzero((of == index) & ~held) for index in range(len(fragments)))
    pairs = make_pairs(members, fragments.coexist())
    rng = np.random.default_rng([settings.seed, 17])
    network = identity_network(settings.seed)
    learn_shades(network, crops)
    network.compile(optimizer=keras.optimizers.Adam(settings.learning_rate), loss=contrastive_loss)
    check = min(settings.check or max(50, 5 * animals), settings.most)
    looked = _looked_at(of, animals, rng)
    best, kept, since, done, steady = -np.inf, network.get_weights(), 0, 0, 0
    with progress_bar(settings.most, "batch") as bar, tensorflow_unseen():
        while done < settings.most and since < settings.patience and steady < _STEADY and (best < ENOUGH or since < 2):
            for number in range(check):
                _step(network, crops, pairs, settings.pairs, rng, number % _LOOK == 0)
            done += check
            bar.update(check)
            points = embedded(network, crops[looked])
            _, silhouette, which = _clusters(points, _first_centres(points, of[looked], fragments, animals), animals)
            steady = steady + 1 if _separated(which, of[looked], fragments, animals) >= _SEPARATED else 0
            since = 0 if silhouette > best + 0.002 else since + 1
            if silhouette > best:
                best, kept = silhouette, network.get_weights()
            bar.set_postfix(silhouette=f"{silhouette:.3f}")
    network.set_weights(kept)
    points = embedded(network, crops)
    centres, silhouette, chosen = _clusters(points, _first_centres(points, of, fragments, animals), animals)
    separated = _separated(chosen, of, fragments, animals)
    return Appearance(network, points, of, frame, centres, silhouette, done, separated,
        known_again(points, of, held, fragments), crops,
    )  # fmt: skip


def held_out(
    of: Int[np.ndarray, " image"], frame: Int[np.ndarray, " image"], fragments: int
) -> Bool[np.ndarray, " image"]:
    """The last images of each long fragment: one that learned animals and not pictures knows them, too."""
    held = np.zeros(len(of), bool)
    for index in range(fragments):
        own = np.flatnonzero(of == index)
        if len(own) >= _MANY:
            held[own[np.argsort(frame[own], kind="stable")][-int(_HELD * len(own)) :]] = True
    return held


def known_again(
    points: Float[np.ndarray, "image output"],
    of: Int[np.ndarray, " image"],
    held: Bool[np.ndarray, " image"],
    fragments: Fragments,
) -> float:
    """The share of held-out images nearest the middle of the others of their fragment, above chance (0) and up to 1.

    They are compared with the middles of all fragments that share a frame with theirs. Where none is held out, that is
    unknown (NaN).
    """
    trained = np.unique(of[~held])
    middles = {index: points[(of == index) & ~held].mean(axis=0) for index in trained.tolist()}
    coexist = fragments.coexist()
    right, chance, total = 0.0, 0.0, 0
    for index in np.unique(of[held]).tolist():
        others = [other for other in trained.tolist() if coexist[index, other] and other != index]
        if others:
            own = points[(of == index) & held]
            away = np.stack([np.linalg.norm(own - middles[k], axis=1) for k in (index, *others)])
            right += float((away.argmin(axis=0) == 0).sum())
            chance += len(own) / (len(others) + 1)
            total += len(own)
    return (right - chance) / (total - chance) if total else float("nan")


def _step(network: Any, crops: np.ndarray, pairs: Pairs, number: int, rng: np.random.Generator, learn: bool) -> None:
    """One batch: as many pairs of one animal as of two; `learn` looks at the loss of each pair afterwards."""
    images, chosen = pairs.draw(number, rng)
    batch = shades(crops[images.reshape(-1)])
    same = np.tile(np.repeat([0.0, 1.0], number), 2)[:, None].astype(np.float32)
    network.train_on_batch(batch, same)
    if learn:
        pairs.learn(chosen, _losses(network, batch, number))


def _losses(network: Any, batch: np.ndarray, number: int) -> Float[np.ndarray, " pair"]:
    first, second = np.split(np.asarray(network.predict_on_batch(batch)), 2)
    away = np.linalg.norm(first - second, axis=1)
    return np.concatenate([np.maximum(FAR - away[:number], 0) ** 2, np.maximum(away[number:] - NEAR, 0) ** 2])


def _looked_at(of: Int[np.ndarray, " image"], animals: int, rng: np.random.Generator) -> Int[np.ndarray, " image"]:
    most = min(1000 * animals, 2000)
    return np.sort(rng.permutation(len(of))[:most])


def _first_centres(
    points: Float[np.ndarray, "image output"], of: Int[np.ndarray, " image"], fragments: Fragments, animals: int
) -> Float[np.ndarray, "animal output"] | None:
    """The means of the fragments that show all animals apart for longest; None where no frame shows them all."""
    anchor = fullest_frame(fragments, animals, np.bincount(of, minlength=len(fragments)) > 0)
    if len(anchor) < animals:
        return None
    return np.stack([points[of == index].mean(axis=0) for index in anchor])


def fullest_frame(fragments: Fragments, animals: int, usable: np.ndarray | None = None) -> Int[np.ndarray, " fragment"]:
    """The fragments that show most animals apart at once, such that the shortest is as long as can be."""
    usable = fragments.single if usable is None else usable & fragments.single
    best, most = np.zeros(0, int), (0, 0)
    lengths = fragments.lengths
    for frame in np.unique(fragments.first[usable]).tolist():
        there = np.flatnonzero(usable & (fragments.first <= frame) & (fragments.last >= frame))
        reached = (len(there), int(lengths[there].min()))
        if len(there) <= animals and reached > most:
            best, most = there, reached
    return best


def _clusters(
    points: Float[np.ndarray, "image output"], begin: Float[np.ndarray, "animal output"] | None, animals: int
) -> tuple[Float[np.ndarray, "animal output"], float, Int[np.ndarray, " image"]]:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    start: Any = "k-means++" if begin is None else begin
    means = KMeans(animals, init=start, n_init=5 if begin is None else 1, random_state=0).fit(points)
    number = len(np.unique(means.labels_))
    silhouette = -1.0
    if 1 < number < len(points):
        size = min(len(points), 3000)
        silhouette = float(silhouette_score(points, means.labels_, sample_size=size, random_state=0))
    return means.cluster_centers_, silhouette, means.labels_


def _separated(
    chosen: Int[np.ndarray, " image"], of: Int[np.ndarray, " image"], fragments: Fragments, animals: int
) -> float:
    """The share of coexisting fragments, by the frames they share, whose images are mostly of different clusters."""
    votes = np.zeros((len(fragments), animals))
    np.add.at(votes, (of, chosen), 1)
    most = np.where(votes.sum(axis=1) > 0, votes.argmax(axis=1), -1)
    first, second = np.nonzero(np.triu(fragments.coexist(), 1))
    known = (most[first] >= 0) & (most[second] >= 0)
    first, second = first[known], second[known]
    shared = np.minimum(fragments.last[first], fragments.last[second]) + 1
    shared = shared - np.maximum(fragments.first[first], fragments.first[second])
    return float((shared * (most[first] != most[second])).sum() / max(shared.sum(), 1))
