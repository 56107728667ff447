"""Figures of identities: who was seen when, the map of looks, and the frames about a crossing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.figure import Figure

from datasets.dataset import ArrayLike, contiguous_runs
from datasets.identity.trajectories import FOUND, INFERRED, LOST, Crossing, Trajectories
from datasets.plots import COLOURS, GRID, GROUND, INK

_BINS = 600
_MARKERS = "osD^vP"
_TAG, _LETTERS = "#fefefe", "#101010"  # of names on pictures, which stay as they are on dark pages
_NAMED = 12
"""Animals of which each has its name in a legend."""


def animal_colour(who: int) -> str:
    """The colour of an animal by its index; those of black are left out, since ink is black."""
    colours = [colour for colour in COLOURS if colour != INK]
    return colours[who % len(colours)]


def plot_statuses(tracks: Trajectories) -> Figure:
    """A bar for each animal: solid where it was found, pale where it was inferred, nothing where it was lost."""
    number, animals = tracks.status.shape
    figure = Figure(figsize=(9, 1.0 + 0.28 * animals), layout="constrained")
    axes = figure.add_subplot(facecolor=GROUND)
    for who in range(animals):
        for status, alpha in ((FOUND, 1.0), (INFERRED, 0.35)):
            bars = [(first, last - first) for first, last in status_bars(tracks, who, status)]
            axes.broken_barh(bars, (who - 0.36, 0.72), color=animal_colour(who), alpha=alpha, lw=0)
    doubtful = [crossing for crossing in tracks.crossings if crossing.doubtful]
    for crossing in doubtful:
        for who in crossing.animals:
            axes.plot(crossing.last, who, marker="|", ms=11, mew=1.5, color=INK)
    axes.set(xlim=(0, number), ylim=(animals - 0.4, -0.6), xlabel="frame")
    axes.set_yticks(range(animals), tracks.names, fontsize=8)
    axes.grid(visible=True, axis="x", color=GRID, lw=0.5)
    axes.set_axisbelow(True)
    return figure


def status_bars(tracks: Trajectories, who: int, status: int) -> list[list[int]]:
    """The stretches of frames, each [first, one after the last], in which an animal has a status; the worst of a few.

    Args:
        tracks: of all animals.
        who: index of the animal.
        status: an index of `STATUS`.
    """
    number = len(tracks.status)
    edges = np.unique(np.linspace(0, number, min(number, _BINS) + 1).astype(int))
    worst = np.maximum.reduceat(tracks.status[:, who], edges[:-1])
    return edges[contiguous_runs(worst == status)].tolist()


def plane_of(points: Float[np.ndarray, "image output"]) -> tuple[np.ndarray, np.ndarray, float]:
    """The plane in which points differ most: their middle, two axes, and the share of the variance in it (0 to 1)."""
    middle = points.mean(axis=0)
    _, spread, axes = np.linalg.svd(points - middle, full_matrices=False)
    return middle, axes[:2], float((spread[:2] ** 2).sum() / max(float((spread**2).sum()), 1e-12))


def plot_map(
    points: Float[np.ndarray, "image output"], animal: Int[np.ndarray, " image"], names: Sequence[str]
) -> tuple[Figure, float]:
    """Pictures of animals on the plane of the dimensionless map in which they differ most, and its share of it."""
    middle, axes_of, share = plane_of(points)
    flat = (points - middle) @ axes_of.T
    figure = Figure(figsize=(6.5, 5.2), layout="constrained")
    axes = figure.add_subplot(facecolor=GROUND)
    axes.scatter(
        flat[animal < 0, 0], flat[animal < 0, 1], s=5, c=GRID, lw=0, label="no animal" if (animal < 0).any() else None
    )
    for who, name in enumerate(names):
        own = flat[animal == who]
        shape = _MARKERS[who // 7 % 6]
        axes.scatter(own[:, 0], own[:, 1], s=9, color=animal_colour(who), marker=shape, alpha=0.6, lw=0, label=name)
        if len(own):
            axes.annotate(name, np.median(own, axis=0), fontsize=8, ha="center", va="center", fontweight="bold")
    axes.set(xlabel="first axis of the map", ylabel="second axis", aspect="equal")
    if len(names) <= _NAMED:
        axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0), markerscale=1.6)
    return figure, share


def plot_crossing(video: ArrayLike, tracks: Trajectories, crossing: Crossing) -> Figure:
    """The frames (grey values) before, in and after a crossing, cut out about it, with the animals' names."""
    before, after = max(crossing.first - 2, 0), min(crossing.last + 2, len(tracks.xy) - 1)
    frames = (before, (crossing.first + crossing.last) // 2, after)
    box = _about(tracks, crossing, frames, video.shape[-2:])
    figure = Figure(figsize=(9, 3.3), layout="constrained")
    for axes, frame in zip(np.ravel(figure.subplots(1, 3)), frames, strict=True):
        _draw(axes, _grey(video[frame])[box[2] : box[3], box[0] : box[1]], tracks, frame, box)
        axes.set_title(f"frame {frame}", fontsize=9)
    return figure


def _grey(frame: UInt8[np.ndarray, "channel height width"]) -> np.ndarray:
    return frame.mean(axis=0)


def _draw(axes: Any, picture: np.ndarray, tracks: Trajectories, frame: int, box: tuple[int, int, int, int]) -> None:
    left, right, top, bottom = box
    low, high = np.percentile(picture, (1, 99))
    axes.imshow(picture, cmap="gray", vmin=low, vmax=max(high, low + 1), extent=(left, right, bottom, top))
    for who, name in enumerate(tracks.names):
        x, y = tracks.xy[frame, who]
        if left <= x < right and top <= y < bottom and tracks.status[frame, who] != LOST:
            hollow = tracks.status[frame, who] == INFERRED
            axes.plot(x, y, "o", ms=7, mec=animal_colour(who), mfc="none" if hollow else animal_colour(who), mew=2)
            tag = {"facecolor": _TAG, "alpha": 0.8, "lw": 0, "pad": 1.0}
            axes.annotate(name, (x, y), (6, 6), textcoords="offset points", fontsize=8, color=_LETTERS, bbox=tag)
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])


def _about(
    tracks: Trajectories, crossing: Crossing, frames: Sequence[int], size: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Left, right, top and bottom, px, of a square about the animals of a crossing."""
    places = tracks.xy[list(frames)][:, list(crossing.animals)].reshape(-1, 2)
    places = places[~np.isnan(places[:, 0])]
    places = places if len(places) else np.array([[size[1] / 2, size[0] / 2]])
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    half = max(1.3 * tracks.length, 0.5 * float(np.ptp(places, axis=0).max()) + 0.8 * tracks.length)
    half = min(half, min(size) / 2)
    left, top = (int(np.clip(m - half, 0, s - 2 * half)) for m, s in zip(middle, (size[1], size[0]), strict=True))
    return left, int(left + 2 * half), top, int(top + 2 * half)
