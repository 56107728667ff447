"""Animals as connected regions of a frame that differ from the ground, and what is measured of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from datasets.dataset import ArrayLike
from datasets.segmentation.axis import AXES, asymmetry
from datasets.video.background import Background, difference, find_background
from datasets.video.frame_readers import spread_frames
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import DataUnits, Dimensionless, Pixels, Radians

SHADES = ("auto", "dark", "bright")
_SURE = 6.0  # of the smoothed noise: below it nothing counts as an animal
_LEAST = 0.35  # of the area of an animal: what is smaller is none
_SMOOTHED = 0.29  # of white noise is left by a Gaussian of 1 px: 1 / (2 sqrt(pi))


@dataclass(frozen=True)
class SegmentSettings:
    """How animals are found.

    `shade` says whether they are darker or brighter than the ground; `threshold` is the difference in grey values from
    which a pixel belongs to one, and `least_area` the pixels that the smallest has; both are chosen when None. `axis`
    is how the direction of their body is measured: `ellipse` or `radon`.
    """

    shade: str = "auto"
    threshold: DataUnits | None = None
    least_area: DataUnits | None = None
    axis: str = "ellipse"

    def __post_init__(self) -> None:
        require(self.shade in SHADES, f"the shade of animals is one of {', '.join(SHADES)}, got {self.shade!r}")
        require(self.axis in AXES, f"the axis of animals is measured by {' or '.join(AXES)}, got {self.axis!r}")
        for name in ("threshold", "least_area"):
            value = getattr(self, name)
            require(value is None or value > 0, f"the {name.replace('_', ' ')} of animals must be > 0, got {value}")


@dataclass(frozen=True, eq=False)
class Scene:
    """What is the same in all frames of a video: the ground, and what makes an animal."""

    background: Background
    sign: Dimensionless  # -1 for dark animals, 1 for bright ones
    threshold: DataUnits
    area: DataUnits  # px, of a typical animal
    least_area: DataUnits
    axis: str
    least_depth: DataUnits = 0.0  # difference that the darkest (or brightest) tenth of an animal has at least


@dataclass(frozen=True)
class Blob:
    """One region: its centre (px), the direction of its body (0 to pi), and what distinguishes its ends.

    `width` and `light` are the asymmetries of its shape and of its darkness along the axis: they change sign when the
    axis is turned round. `length` is the root mean square distance from the centre along the axis.
    """

    x: Pixels
    y: Pixels
    axis: Radians
    area: DataUnits
    length: Pixels
    width: Dimensionless
    light: Dimensionless


@dataclass(frozen=True, eq=False)
class Region:
    """A region of a frame with its pixels: `mask` begins at the row `top` and the column `left`."""

    blob: Blob
    top: int
    left: int
    mask: Bool[np.ndarray, "rows columns"]

    @property
    def window(self) -> tuple[slice, slice]:
        """The rows and columns of the frame that the mask covers."""
        return slice(self.top, self.top + self.mask.shape[0]), slice(self.left, self.left + self.mask.shape[1])


def learn_scene(video: ArrayLike, animals: int, settings: SegmentSettings, frames: int = 50) -> Scene:
    """Find the ground of a video, the threshold, and how large its animals are, from frames spread over it.

    Args:
        video: (frame, channel, height, width) in grey values.
        animals: the number of them in each frame, at most.
        settings: how animals are found.
        frames: how many are looked at.

    Raises:
        InputError: the video is empty, or nothing in it differs from the ground.
    """
    background = find_background(video, frames)
    indices = spread_frames(len(video), frames)
    sure = _SURE * _SMOOTHED * background.noise
    sign = {"dark": -1.0, "bright": 1.0}.get(settings.shade)
    sign = sign or _stronger((difference(video[k], background) for k in indices), sure)
    background = find_background(video, frames, sign)
    differences = [difference(video[k], background) for k in indices]
    threshold = settings.threshold or _threshold(differences, sign, sure)
    areas = []
    for values in differences:
        sizes = sorted((int(mask.sum()) for _, mask in _regions(sign * values > threshold, 9)), reverse=True)
        areas += [size for size in sizes[:animals] if size >= _LEAST * sizes[0]]
    if not areas:
        raise InputError(
            f"no animal found: nothing differs from the ground by more than {threshold:.3g} grey values "
            "(an animal that never moves is taken for ground; --threshold sets the difference)"
        )
    area = float(np.median(areas))
    return Scene(background, sign, threshold, area, settings.least_area or _LEAST * area, settings.axis)


def find_blobs(values: Float[np.ndarray, "height width"], scene: Scene) -> list[Blob]:
    """The animals in a frame, given its difference from the ground in grey values; largest first, measured in px."""
    return [region.blob for region in find_regions(values, scene)]


def find_regions(values: Float[np.ndarray, "height width"], scene: Scene) -> list[Region]:
    """The same with their pixels, given the difference from the ground in grey values."""
    regions = []
    for (top, left), mask in _regions(scene.sign * values > scene.threshold, scene.least_area):
        inside = np.abs(values[top : top + mask.shape[0], left : left + mask.shape[1]])
        if scene.least_depth <= 0 or _deep(inside[mask]) >= scene.least_depth:
            regions.append(Region(_measured((top, left), mask, inside, scene), top, left, mask))
    return sorted(regions, key=lambda region: -region.blob.area)


def region_depth(values: Float[np.ndarray, "height width"], region: Region) -> DataUnits:
    """How far a region stands out in the difference from the ground: what its strongest tenth reaches, grey values."""
    return _deep(np.abs(values[region.window][region.mask]))


def _deep(depth: Float[np.ndarray, " pixel"]) -> float:
    return float(np.percentile(depth, 90))


def _stronger(differences: Iterable[Float[np.ndarray, "height width"]], sure: float) -> float:
    """Whether what surely differs from the ground is brighter (1) or darker (-1) in all."""
    return 1.0 if sum(float(values[np.abs(values) > sure].sum()) for values in differences) > 0 else -1.0


def _threshold(differences: Sequence[Float[np.ndarray, "height width"]], sign: float, sure: float) -> float:
    """Half of Otsu's threshold between pixels that surely differ, so that thin legs belong to the animal."""
    from skimage.filters import threshold_otsu

    strong = np.concatenate([(sign * values)[sign * values > sure] for values in differences])
    return max(sure, 0.5 * float(threshold_otsu(strong))) if len(np.unique(strong)) > 1 else sure


def _regions(
    mask: Bool[np.ndarray, "height width"], least: float
) -> list[tuple[tuple[int, int], Bool[np.ndarray, "rows columns"]]]:
    """Connected regions without bridges of a pixel or holes: their upper left corners and masks."""
    from scipy import ndimage

    labels, _ = ndimage.label(opened(mask))
    regions = []
    for number, index in enumerate(ndimage.find_objects(labels), start=1):
        inside = ndimage.binary_fill_holes(labels[index] == number)
        if inside.sum() >= least:
            regions.append(((index[0].start, index[1].start), inside))
    return regions


def opened(mask: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """A mask without bridges of a pixel: eroded and then dilated by a cross, as `scipy.ndimage.binary_opening` does."""
    core = np.zeros_like(mask)
    core[1:-1, 1:-1] = mask[1:-1, :-2] & mask[1:-1, 1:-1] & mask[1:-1, 2:] & mask[:-2, 1:-1] & mask[2:, 1:-1]
    grown = core.copy()
    for ahead, behind in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        grown[ahead] |= core[behind]
        grown[behind] |= core[ahead]
    return grown


def _measured(
    corner: tuple[int, int],
    mask: Bool[np.ndarray, "rows columns"],
    depth: Float[np.ndarray, "rows columns"],
    scene: Scene,
) -> Blob:
    rows, columns = np.nonzero(mask)
    weight = np.minimum(depth[mask], 4 * scene.threshold).astype(float) + 1e-9
    points = np.stack([columns, rows], axis=-1).astype(float)
    centre = (weight[:, None] * points).sum(axis=0) / weight.sum()
    axis = AXES[scene.axis](points - centre, weight)
    length, width, light = asymmetry(points - centre, weight, axis)
    x, y = centre + np.array([corner[1], corner[0]])
    return Blob(float(x), float(y), axis, float(mask.sum()), length, width, light)
