"""The colours of marks, animal and ground, from clicks on a few frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Shaped, UInt8

from datasets.markers.clicks import ANIMAL, Click, marks_of
from datasets.markers.colour import (
    LEVELS,
    ColourModel,
    distance_of,
    gaussian_of,
    lab_of,
    level_colours,
    log_density,
    table_of,
)
from datasets.video.frame_readers import spread_frames
from datasets.video.video import Video
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless, Fraction, Pixels

MOST_MARKS = 4
_SPREAD = 16
"""Frames that show the ground."""
_OTHERS = 14
"""Gaussians of animal and ground."""
_SHARE: Fraction = 0.05
"""The weight of a mark's Gaussian; those of animal and ground share the rest."""
_SEED: Pixels = 3.0
"""Around a click, what certainly is the mark."""
_WINDOW = 30
"""Half the side of what is looked at around a click, px."""
_TWINS: Dimensionless = 1.5
"""Two marks that are less apart, in standard deviations, cannot be distinguished."""
_STILL: Fraction = 0.5
"""Ground that has a mark's colour in so many frames, far from all clicks, is not the mark."""
_STEP = 2
LIGHT_STEP = 8
_DARK = 8.0
"""L* below which a pixel says nothing of the light."""
Frame = UInt8[np.ndarray, "3 height width"]


@dataclass(frozen=True, eq=False)
class MarkModel:
    """What a tracker has to know before the first frame.

    Attributes:
        colours: Gaussians of marks, animal and ground.
        areas: (mark,) px of colour at the clicks, the median.
        lightness: L* of the frame that the colours are of, at every 8th pixel.
        still: (mark, high, wide) at every second pixel, the ground that has a mark's colour.
        bars: columns and rows without a picture, in words; empty where there are none.
    """

    colours: ColourModel
    areas: Float[np.ndarray, " mark"]
    lightness: Float[np.ndarray, "row column"]
    still: Bool[np.ndarray, "mark high wide"]
    bars: str = ""

    @property
    def marks(self) -> tuple[str, ...]:
        return self.colours.marks

    @property
    def bare(self) -> Float[np.ndarray, "3"]:
        """The mean colour of animal and ground, in units of L*a*b*."""
        others = slice(len(self.marks), None)
        return np.average(self.colours.means[others], axis=0, weights=self.colours.weights[others])

    @property
    def radii(self) -> Float[np.ndarray, " mark"]:
        """Of the circle around a mark's centre that holds all of it, px."""
        return np.maximum(2.0 * np.sqrt(self.areas / np.pi), 4.0)


def fit_marks(video: Video, clicks: Sequence[Click]) -> MarkModel:
    """Fit a Gaussian in Lab to each mark, and others to all else.

    Raises:
        InputError: no clicks or beyond the video, no colours in it, two marks of one colour, or one of the ground's.
    """
    marks = marks_of(clicks)
    _validate(video, clicks, marks)
    frames = _frames(video, sorted({click.frame for click in clicks}))
    reference = lightness_of(next(iter(frames.values())))
    gains = {index: light_gain(lightness_of(frame), reference) for index, frame in frames.items()}
    others, weights = _fit_others(frames, gains, clicks)
    model, areas = _fit_marks(frames, gains, clicks, marks, others, weights)
    _validate_colours(model, clicks, frames, gains)
    model = replace(model, animal=_animal(model, frames, clicks))
    still = _still(model, frames, gains, clicks, 6 * np.sqrt(areas / np.pi))
    return MarkModel(model, areas, reference, still, bars_of(list(frames.values())))


def _validate(video: Video, clicks: Sequence[Click], marks: Sequence[str]) -> None:
    require(video.shape[1] == 3, f"{video.path} is grey: marks are recognised by their colour, so record in colour")
    require(len(marks) > 0, "no mark was clicked on: pick them by `wormtwin markers pick`")
    require(len(marks) <= MOST_MARKS, f"at most {MOST_MARKS} marks are followed at once, got {', '.join(marks)}")
    for click in clicks:
        inside = click.frame < len(video) and click.x < video.shape[3] and click.y < video.shape[2]
        require(
            inside,
            f"a click on {click.mark} lies at ({click.x:g}, {click.y:g}) in frame {click.frame}, outside of "
            f"{video.path}: {len(video)} frames of {video.size}",
        )


def _frames(video: Video, clicked: Sequence[int]) -> dict[int, Frame]:
    """Clicked frames first, then others from all over the video."""
    places = [*clicked, *(k for k in spread_frames(len(video), _SPREAD) if k not in clicked)]
    ordered = sorted(places)
    read = dict(zip(ordered, video.frames(ordered), strict=True))
    return {place: read[place] for place in places}


def lightness_of(frame: Frame) -> Float[np.ndarray, "row column"]:
    """L* at every 8th pixel."""
    first = LIGHT_STEP // 2
    return lab_of(frame[:, first::LIGHT_STEP, first::LIGHT_STEP].transpose(1, 2, 0))[..., 0]


def light_gain(lightness: Float[np.ndarray, "row column"], reference: Float[np.ndarray, "row column"]) -> Dimensionless:
    """By how much L* + 16 is larger than in the reference: the cube root of the ratio of light."""
    seen = (lightness > _DARK) & (reference > _DARK)
    return float(np.median((lightness[seen] + 16) / (reference[seen] + 16))) if seen.sum() >= 50 else 1.0


def relit(colours: Shaped[np.ndarray, "*pixel 3"], gain: Dimensionless) -> Float[np.ndarray, "*pixel 3"]:
    """Colours under light that is `gain` ** 3 times as strong: in Lab all roots grow alike, and L* is one less 16."""
    lift = np.array([16.0, 0.0, 0.0])
    return (colours + lift) * gain - lift


def relit_model(colours: ColourModel, gain: Dimensionless) -> ColourModel:
    """All Gaussians under other light."""
    return replace(colours, means=relit(colours.means, gain), covariances=colours.covariances * gain**2)


def _around(frame: Frame, click: Click, reach: int) -> tuple[slice, slice]:
    x, y = round(click.x), round(click.y)
    return slice(max(y - reach, 0), y + reach + 1), slice(max(x - reach, 0), x + reach + 1)


def _fit_others(
    frames: Mapping[int, Frame], gains: Mapping[int, float], clicks: Sequence[Click]
) -> tuple[list[tuple[np.ndarray, np.ndarray]], Float[np.ndarray, " gaussian"]]:
    """Gaussians of all colours but those near clicks: k-means of the colours met, rare ones counting more than by area.

    Each cell of colours counts by the root of how many pixels have it, so that a tail is as well described as a floor.
    """
    from sklearn.cluster import KMeans

    cells, colours = LEVELS**3, level_colours()
    sums, weights = np.zeros((cells, 3)), np.zeros(cells)
    for index, frame in frames.items():
        codes = codes_of(frame)
        keep = np.ones(codes.shape, bool)
        for click in clicks:
            if click.frame == index and click.mark != ANIMAL:
                keep[_around(frame, click, _WINDOW)] = False
        counts = np.bincount(codes[keep], minlength=cells)
        sums += counts[:, None] * relit(colours, 1 / gains[index])
        weights += counts
    met = np.flatnonzero(weights >= 3)
    seen, roots = sums[met] / weights[met, None], np.sqrt(weights[met])
    groups = min(_OTHERS, len(met))
    found = KMeans(groups, n_init=1, random_state=0, max_iter=50).fit(seen, sample_weight=roots).labels_
    others = [gaussian_of(seen[found == g], roots[found == g]) for g in range(groups)]
    return others, np.bincount(found, roots, groups) / roots.sum()


def codes_of(frame: Frame) -> Shaped[np.ndarray, "height width"]:
    """The cell of the table of colours that each pixel has."""
    red, green, blue = (frame >> 2).astype(np.int64)
    return (red * LEVELS + green) * LEVELS + blue


def _fit_marks(
    frames: Mapping[int, Frame],
    gains: Mapping[int, float],
    clicks: Sequence[Click],
    marks: Sequence[str],
    others: list[tuple[np.ndarray, np.ndarray]],
    weights: Float[np.ndarray, " gaussian"],
) -> tuple[ColourModel, Float[np.ndarray, " mark"]]:
    """Grow each mark from the middle of its clicks to all that has its colour and touches it, three times."""
    fitted = [gaussian_of(_seeds(frames, gains, clicks, mark)) for mark in marks]
    _validate_hues(marks, fitted)
    areas = np.zeros(len(marks))
    for _ in range(3):
        model = _model(marks, fitted, others, weights)
        for number, mark in enumerate(marks):
            grown = [_grown(model, frames[c.frame], gains[c.frame], c, number) for c in clicks if c.mark == mark]
            sizes = [len(each) for each in grown if len(each)]
            if not sizes:
                raise InputError(
                    f"where {mark} was clicked, the colour is that of the animal or the ground around it: "
                    "click on the middle of the paint, or paint in another colour"
                )
            areas[number] = np.median(sizes)
            fitted[number] = gaussian_of(np.concatenate(grown))
    return _model(marks, fitted, others, weights), areas


def _model(marks, fitted, others, weights) -> ColourModel:
    every = [*fitted, *others]
    shares = np.concatenate([np.full(len(marks), _SHARE), (1 - _SHARE * len(marks)) * weights])
    means, covariances = (np.array([each[part] for each in every]) for part in (0, 1))
    return ColourModel(tuple(marks), means, covariances, shares, np.zeros(len(every), bool))


def _seeds(frames, gains, clicks: Sequence[Click], mark: str) -> Float[np.ndarray, "pixel 3"]:
    found = []
    for click in clicks:
        if click.mark == mark:
            part = frames[click.frame][(slice(None), *_around(frames[click.frame], click, int(_SEED)))]
            found.append(relit(lab_of(part.transpose(1, 2, 0)).reshape(-1, 3), 1 / gains[click.frame]))
    every = np.concatenate(found)
    away = np.linalg.norm(every - np.median(every, axis=0), axis=1)
    return every[away <= np.quantile(away, 0.7)]  # a click between digits or beside the paint is left out


def _grown(model: ColourModel, frame: Frame, gain: float, click: Click, number: int) -> Float[np.ndarray, "pixel 3"]:
    """The colours of a mark's region that is nearest to a click, within the seed; none where there is none."""
    from scipy.ndimage import label

    rows, columns = _around(frame, click, _WINDOW)
    colours = relit(lab_of(frame[:, rows, columns].transpose(1, 2, 0)), 1 / gain)
    regions, _ = label(model.shares(colours)[..., number] > 0.5)
    inside = np.argwhere(regions)
    if not len(inside):
        return np.zeros((0, 3))
    away = np.hypot(inside[:, 0] + rows.start - click.y, inside[:, 1] + columns.start - click.x)
    nearest = inside[np.argmin(away)]
    return colours[regions == regions[tuple(nearest)]] if away.min() <= 2 * _SEED else np.zeros((0, 3))


def _validate_hues(marks: Sequence[str], fitted: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
    for k, mark in enumerate(marks):
        for other in range(k):
            apart = distance_of(fitted[k], fitted[other])
            require(
                apart >= _TWINS,
                f"{marks[other]} and {mark} have one colour ({apart:.1f} standard deviations apart, "
                f"{_TWINS:g} are needed): paint them in two hues",
            )


def _validate_colours(
    model: ColourModel, clicks: Sequence[Click], frames: Mapping[int, Frame], gains: Mapping[int, float]
) -> None:
    for k, mark in enumerate(model.marks):
        seeds = _seeds(frames, gains, clicks, mark)
        mine = log_density(seeds, model.means[k], model.covariances[k]) + np.log(model.weights[k])
        rest = model.log_densities(seeds)[:, len(model.marks) :].max(axis=1)
        share = float((mine > rest).mean())
        require(
            share >= 0.5,
            f"the ground or the animal has the colour of {mark}: only {share:.0%} of the pixels clicked on can be "
            "told from it; light it otherwise or paint in another colour",
        )


def _animal(model: ColourModel, frames: Mapping[int, Frame], clicks: Sequence[Click]) -> Bool[np.ndarray, " gaussian"]:
    """Which Gaussians were clicked on as the body."""
    found = np.zeros(len(model.means), bool)
    for click in clicks:
        if click.mark == ANIMAL:
            part = frames[click.frame][(slice(None), *_around(frames[click.frame], click, 4))]
            kinds = model.log_densities(lab_of(part.transpose(1, 2, 0))).argmax(axis=-1)
            found |= np.bincount(kinds.ravel(), minlength=len(found)) > 0.1 * kinds.size
    found[: len(model.marks)] = False
    return found


def _still(
    model: ColourModel,
    frames: Mapping[int, Frame],
    gains: Mapping[int, float],
    clicks: Sequence[Click],
    reach: Float[np.ndarray, " mark"],
) -> Bool[np.ndarray, "mark row column"]:
    """Ground with a mark's colour in most frames.

    Near a click on the mark only those frames count in which it was clicked on elsewhere, two at least: a mark that
    rests is not taken for ground, nor is ground taken for a mark that came by.
    """
    from scipy.ndimage import binary_dilation

    levels, shown = level_colours(), {}
    for index, frame in frames.items():
        table = table_of(relit_model(model, gains[index]), levels)[:, : len(model.marks)] >= 128
        shown[index] = table[codes_of(frame[:, ::_STEP, ::_STEP])]
    counts = sum(each.astype(int) for each in shown.values())
    still = np.moveaxis(np.asarray(counts) >= _STILL * len(frames), -1, 0)
    rows, columns = np.ogrid[: still.shape[1], : still.shape[2]]
    for number, mark in enumerate(model.marks):
        own = [click for click in clicks if click.mark == mark]
        near = {click: np.hypot(columns * _STEP - click.x, rows * _STEP - click.y) < reach[number] for click in own}
        away = sum((~near[click]).astype(int) for click in own)
        seen = sum((~near[click] & shown[click.frame][..., number]).astype(int) for click in own)
        passed = np.any([near[click] for click in own], axis=0)
        own_still = np.where(passed, (away >= 2) & (seen >= np.maximum(_STILL * away, 2)), still[number])
        still[number] = binary_dilation(own_still, iterations=2)  # edges of a spot, which are seen less often
    return still


def bars_of(frames: Sequence[Frame]) -> str:
    """Black bars beside or above a picture, in words; empty where there are none."""
    light = np.max([frame.max(axis=0) for frame in frames], axis=0) > 24
    columns, rows = np.flatnonzero(light.mean(axis=0) > 0.02), np.flatnonzero(light.mean(axis=1) > 0.02)
    if not len(columns) or not len(rows):
        return ""
    height, width = light.shape
    found = [
        f"{number} px {side}"
        for side, number in (
            ("left", columns[0]), ("right", width - 1 - columns[-1]),
            ("above", rows[0]), ("below", height - 1 - rows[-1]),
        )
        if number > 8
    ]  # fmt: skip
    return ", ".join(found)
