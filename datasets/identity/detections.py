"""Every animal-like region of a video: where it is, how it lies, what it overlaps in the frame before, and its crop."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from jaxtyping import Float, Int, UInt8

from datasets.dataset import ArrayLike
from datasets.identity.crops import CROP, animal_crop
from datasets.segmentation.regions import (
    Region,
    Scene,
    SegmentSettings,
    find_regions,
    learn_scene,
    region_depth,
)
from datasets.video.background import difference, levelled
from datasets.video.frame_readers import spread_frames
from datasets.video.video import Video
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.resumable import ResumableFolder
from neuron_models.foundation.units import Pixels

MEASURES = ("frame", "x", "y", "axis", "area", "length", "width", "light")
FRAMES_AT_A_TIME = 64
_FAINT = 0.6  # of the depth of regions in common
_PIXELS = 2e8
"""As many are held while the ground is learned: large frames are looked at more rarely."""


@dataclass(frozen=True, eq=False)
class Detections:
    """The regions of all frames, in the order of the frames.

    Attributes:
        table: a row of `MEASURES` for each: the frame, the centre (px), the axis (0 to pi rad), the area (px), the
            root mean square length (px), and what distinguishes its ends (see `datasets.segmentation.regions.Blob`).
        links: (link, 3) two regions of consecutive frames by their rows, and how many pixels they share.
        frames: of the video.
    """

    table: Float[np.ndarray, "region measure"]
    links: Int[np.ndarray, "link 3"]
    frames: int

    def __len__(self) -> int:
        return len(self.table)

    def column(self, name: str) -> Float[np.ndarray, " region"]:
        """One of `MEASURES`, in its own units."""
        return self.table[:, MEASURES.index(name)]

    @property
    def frame(self) -> Int[np.ndarray, " region"]:
        """The frame of each region."""
        return self.table[:, 0].astype(int)

    @property
    def xy(self) -> Float[np.ndarray, "region 2"]:
        """The centre of each region, px."""
        return self.table[:, 1:3]


def learn_identity_scene(video: ArrayLike, animals: int, settings: SegmentSettings) -> Scene:
    """The ground of a video (grey values) and what makes an animal, from as many frames as memory allows.

    Raises:
        InputError: nothing in the video differs from the ground.
    """
    require(len(video) > 1, f"identities need a video of several frames, got {len(video)}")
    pixels = int(np.prod(video.shape[-2:]))
    frames = int(np.clip(_PIXELS / pixels, 9, 50))
    scene = learn_scene(video, animals, settings, frames)
    return replace(scene, least_depth=_least_depth(video, animals, scene, frames))


def _least_depth(video: ArrayLike, animals: int, scene: Scene, frames: int) -> float:
    """Below it a region is too faint for an animal, as reflections are; 0 where they are no help to the count.

    Faint ones are left out where more frames then show exactly as many regions as there are animals.
    """
    depths = []
    for k in spread_frames(len(video), frames):
        values = difference(video[k], scene.background)
        depths.append(np.array([region_depth(values, region) for region in find_regions(values, scene)]))
    least = _FAINT * float(np.median(np.concatenate(depths))) if any(map(len, depths)) else 0.0
    whole, without = (sum(int((each >= above).sum()) == animals for each in depths) for above in (0.0, least))
    return least if without > whole else 0.0


def faint_in_words(scene: Scene) -> str:
    """That faint regions are left out, in words; empty where none are."""
    least = scene.least_depth
    return f"regions fainter than {least:.0f} grey values are left out, as reflections are" if least > 0 else ""


def crop_extent(scene: Scene) -> Pixels:
    """The side of a crop in px of the video, whose diagonal is longer than an animal five times as long as wide."""
    return float(2.4 * np.sqrt(scene.area))


def detect(video: ArrayLike, kept: ResumableFolder, scene: Scene, extent: Pixels) -> Detections:
    """Find the regions of every frame; batches of frames that are kept already are not looked at again.

    Args:
        video: (frame, channel, height, width) in grey values.
        kept: keeps a batch of frames at a time, each as named arrays.
        scene: the ground, and what makes an animal.
        extent: the side of a crop in px of the video.
    """
    number = 0
    with progress_bar(len(video), "frame") as bar:
        for first in range(0, len(video), FRAMES_AT_A_TIME):
            if not kept.has(_name(first)):
                kept.keep(_name(first), _batch(video, first, scene, extent))
            number = min(first + FRAMES_AT_A_TIME, len(video))
            bar.update(number - first)
    return _joined(kept, number)


def _name(first: int) -> str:
    return f"regions{first:09d}"


def _batch(video: ArrayLike, first: int, scene: Scene, extent: Pixels) -> dict[str, np.ndarray]:
    """The regions of a batch; links point to rows of the batch, those of the frame before it below 0."""
    before, known = None, 0
    if first:
        regions = find_regions(difference(np.asarray(video[first - 1]), scene.background), scene)
        before, known = _labelled(regions, scene.background.ground.shape, -len(regions)), len(regions)
    rows: list[tuple[float, ...]] = []
    crops, links = [], []
    for number, frame in enumerate(np.asarray(video[first : first + FRAMES_AT_A_TIME]), start=first):
        regions = find_regions(difference(frame, scene.background), scene)
        values = levelled(frame, scene.background)
        links += _overlaps(before, regions, len(rows))
        before = _labelled(regions, values.shape, len(rows))
        for region in regions:
            blob = region.blob
            rows.append((number, blob.x, blob.y, blob.axis, blob.area, blob.length, blob.width, blob.light))
            crops.append(animal_crop(values, region, extent, scene.sign))
    return {
        "table": np.array(rows, float).reshape(-1, len(MEASURES)),
        "crops": np.array(crops, np.uint8).reshape(-1, CROP, CROP),
        "links": np.array(links, int).reshape(-1, 3),
        "known": np.array(known),
    }


_NONE = -(2**31) + 1


def _labelled(regions: Sequence[Region], shape: tuple[int, ...], first: int) -> Int[np.ndarray, "height width"]:
    labels = np.full(shape, _NONE, np.int32)
    for row, region in enumerate(regions, start=first):
        labels[region.window][region.mask] = row
    return labels


def _overlaps(before: np.ndarray | None, regions: Sequence[Region], first: int) -> list[tuple[int, int, int]]:
    links = []
    for row, region in enumerate(regions, start=first):
        under = before[region.window][region.mask] if before is not None else np.empty(0, np.int32)
        earlier, shared = np.unique(under[under != _NONE], return_counts=True)
        links += [(int(a), row, int(pixels)) for a, pixels in zip(earlier, shared, strict=True)]
    return links


def _batches(kept: ResumableFolder, frames: int) -> Iterator[tuple[int, Mapping[str, np.ndarray]]]:
    start = 0
    for first in range(0, frames, FRAMES_AT_A_TIME):
        batch = kept.load(_name(first))
        yield start, batch
        start += len(batch["table"])


def _joined(kept: ResumableFolder, frames: int) -> Detections:
    tables, links = [], []
    for start, batch in _batches(kept, frames):
        tables.append(batch["table"])
        links.append(batch["links"] + np.array([start, start, 0]))
    table = np.concatenate(tables)
    if len(table) == 0:
        raise InputError("no animal was found in any frame: --shade, --threshold and --least-area say what is one")
    return Detections(table, np.concatenate(links), frames)


def load_crops(kept: ResumableFolder, frames: int, rows: Int[np.ndarray, " row"]) -> UInt8[np.ndarray, "row side side"]:
    """The crops of some regions by their rows in `Detections.table`, in grey values, read a batch at a time."""
    crops = np.empty((len(rows), CROP, CROP), np.uint8)
    for start, batch in _batches(kept, frames):
        inside = (rows >= start) & (rows < start + len(batch["table"]))
        crops[inside] = batch["crops"][rows[inside] - start]
    return crops


_CROPS = "diagonal"  # how they lie: regions that were kept with other crops are sought again


def detection_key(video: ArrayLike, animals: int, settings: SegmentSettings) -> str:
    """A hash of what decides the regions: the video's grey values, the number of animals, and the settings."""
    digest = hashlib.sha256(repr((_CROPS, tuple(video.shape), animals, asdict(settings))).encode())
    if isinstance(video, Video):
        digest.update(f"{video.content} {video.grey}".encode())
    else:
        for first in range(0, len(video), FRAMES_AT_A_TIME):
            digest.update(np.ascontiguousarray(video[first : first + FRAMES_AT_A_TIME]).tobytes())
    return digest.hexdigest()
