"""Marks followed through a video: candidates of every frame, then the best paths through them or out of sight."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from datasets.dataset import PointTracks
from datasets.markers.body import POINTS, body_and_snout, find_body
from datasets.markers.clicks import Click
from datasets.markers.fitting import MarkModel, fit_marks
from datasets.markers.palette import Palette
from datasets.markers.paths import choose_paths
from datasets.video.video import Video
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from neuron_models.foundation.resumable import ResumableFolder, Work, partial_folder, resumable_folder
from neuron_models.foundation.units import Seconds

_STEP = 2
_BATCH = 256
_LIGHT_EVERY, _LEARN_EVERY = 5, 10
"""Frames between looks at the light, and at a mark's own colour."""


@dataclass(frozen=True)
class Cage:
    """A part of the picture that holds one animal: its left upper corner, width and height, px."""

    left: int
    top: int
    width: int
    height: int

    def __post_init__(self) -> None:
        sound = self.left >= 0 and self.top >= 0 and self.width >= 8 and self.height >= 8
        require(sound, f"a cage is left,top,width,height of 8 px or more, got {self}")

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height


@dataclass(frozen=True)
class TrackSettings:
    """How marks are followed.

    Attributes:
        cages: a place of its own for each animal; the whole picture where there are none.
        memory: in which the colour of a mark is learned anew.
        candidates: places a frame that a mark may be in; fewer where three marks or more are followed.
    """

    cages: tuple[Cage, ...] = ()
    memory: Seconds = 10.0
    candidates: int = 5

    def __post_init__(self) -> None:
        require(self.memory > 0, f"--memory must be > 0 s, got {self.memory:g}")


def track_marks(
    video: Video,
    clicks: Sequence[Click],
    settings: TrackSettings,
    out: Path,
    save: Callable[[PointTracks], object] = lambda tracks: None,
) -> PointTracks:
    """Follow every mark through a video.

    What is found in the frames is kept a batch at a time in `<out>.partial`; stopped, it goes on there.

    Args:
        video: in colour.
        clicks: on marks, in a few frames.
        settings: how.
        out: the file that will be made of it.
        save: makes it; only then is what was kept removed.

    Returns:
        xy of each mark, NaN where it is out of sight, and as score how much of its usual area is seen, at most 1.
        Where the animal was clicked on, its centre and its snout follow the marks.

    Raises:
        InputError: as `fit_marks` says, a cage outside of the picture, or a mark that is seen in no frame.
    """
    boxes = _boxes(video, settings)
    model = fit_marks(video, clicks)
    work = Work("search for marks", {"key": _key(video, clicks, settings)}, passing=True)
    with resumable_folder(partial_folder(out), work, NAMED_ARRAYS_FORM, out) as kept:
        found = _found_in(video, model, boxes, settings, clicks, kept)
        tracks = _tracks(video, model, clicks, boxes, found)
        with kept.last_step():
            save(tracks)
    return tracks


def _key(video: Video, clicks: Sequence[Click], settings: TrackSettings) -> str:
    text = repr((video.content, sorted(map(repr, clicks)), settings))
    return sha256(text.encode()).hexdigest()


def _boxes(video: Video, settings: TrackSettings) -> list[tuple[int, int, int, int]]:
    high, wide = video.shape[2:]
    for cage in settings.cages:
        inside = cage.left + cage.width <= wide and cage.top + cage.height <= high
        require(inside, f"{cage} lies outside of the picture of {video.size} px")
    return [cage.box for cage in settings.cages] or [(0, 0, wide, high)]


def _found_in(
    video: Video, model: MarkModel, boxes: list[tuple[int, int, int, int]], settings: TrackSettings,
    clicks: Sequence[Click], kept: ResumableFolder,
) -> dict[str, np.ndarray]:  # fmt: skip
    """The candidates of all frames, batch by batch."""
    finder = Finder(model, boxes, settings, video.fps, clicks)
    done: list[dict[str, np.ndarray]] = []
    with progress_bar(len(video), "frame") as bar:
        for start in range(0, len(video), _BATCH):
            stop = min(start + _BATCH, len(video))
            name = f"{start:09d}"
            if not kept.has(name):
                kept.keep(name, finder.batch(video.frames(range(start, stop)), start))
            done.append(kept.load(name))
            finder.restore(done[-1])
            bar.update(stop - start)
    return {name: np.concatenate([each[name] for each in done]) for name in ("places", "body")}


class Finder:
    """Finds candidates frame by frame; what it has learned goes from each batch of frames to the next.

    Args:
        model: of colours.
        boxes: left, top, right, bottom of each animal's place.
        settings: how.
        fps: frames a second.
        clicks: where marks are known to be.
    """

    def __init__(
        self, model: MarkModel, boxes: Sequence[tuple[int, int, int, int]], settings: TrackSettings, fps: float,
        clicks: Sequence[Click],
    ) -> None:  # fmt: skip
        self.model, self.boxes = model, [np.array(box) for box in boxes]
        self.clicks = {
            frame: [click for click in clicks if click.frame == frame and click.mark in model.marks]
            for frame in {click.frame for click in clicks}
        }
        self.palette = Palette(model, min(1.0, _LEARN_EVERY / max(settings.memory * fps, 1.0)))
        self.candidates = settings.candidates if len(model.marks) < 3 else min(settings.candidates, 3)
        self.last = np.full((len(boxes), len(model.marks), 2), np.nan)

    def batch(self, frames: Iterator[UInt8[np.ndarray, "3 height width"]], start: int) -> dict[str, np.ndarray]:
        """`places` (frame, animal, mark, candidate, 3): x, y, area; `body` (frame, animal, point, 2) in px; a state."""
        places, body = [], []
        for index, frame in enumerate(frames, start=start):
            if index % _LIGHT_EVERY == 0:
                self.palette.see(frame)
            here = [self._candidates(frame, box) for box in self.boxes]
            places.append(here)
            self._follow(frame, np.array(here), index)
            body.append([find_body(frame, self.palette.table, self.model, box) for box in self.boxes])
        state = np.concatenate([self.palette.state(), self.last.ravel()])
        return {"places": np.array(places), "body": np.array(body), "state": state}

    def restore(self, batch: dict[str, np.ndarray]) -> None:
        """Go on after a batch."""
        state = batch["state"]
        values = self.last.size
        self.palette.restore(state[:-values])
        self.last = state[-values:].reshape(self.last.shape).copy()

    def _candidates(
        self, frame: UInt8[np.ndarray, "3 height width"], box: np.ndarray
    ) -> Float[np.ndarray, "mark candidate 3"]:
        from datasets.markers.kernels.scanning import centre_of, coarse_map, middle_of_paint, regions

        table, marks = self.palette.table, len(self.model.marks)
        coarse = coarse_map(frame, table, box, _STEP, marks)
        part = (slice(box[1] // _STEP, None), slice(box[0] // _STEP, None))
        found = np.full((marks, self.candidates, 3), np.nan)
        for mark in range(marks):
            still = self.model.still[mark][part][: coarse.shape[1], : coarse.shape[2]]
            if still.any():
                coarse[mark][still] = 0
            least = max(1.0, 0.02 * self.model.areas[mark] / _STEP**2)
            kept = regions(coarse[mark], least, self.candidates)
            kept = kept[np.argsort(-kept[:, 0])]
            number = 0
            for _, row, column in kept[kept[:, 0] > 0]:
                x, y, area = centre_of(
                    frame, table, mark, box[0] + _STEP * column, box[1] + _STEP * row, self.model.radii[mark], box
                )
                near = np.hypot(found[mark, :number, 0] - x, found[mark, :number, 1] - y)
                if area > 0 and not (near < 2).any():
                    radius, paint = self.model.radii[mark], self.palette.paints[mark]
                    x, y = middle_of_paint(
                        frame, table, self.palette.cells, mark, x, y, radius, box, paint, self.model.bare
                    )
                    found[mark, number] = x, y, area
                    number += 1
        return found

    def _follow(
        self, frame: UInt8[np.ndarray, "3 height width"], here: Float[np.ndarray, "animal mark candidate 3"], index: int
    ) -> None:
        """Learn of marks' colours where they are known to be: at a click, and from there on step by step."""
        for click in self.clicks.get(index, ()):
            for animal, box in enumerate(self.boxes):
                if box[0] <= click.x < box[2] and box[1] <= click.y < box[3]:
                    self.last[animal, self.model.marks.index(click.mark)] = click.x, click.y
        for animal, mark in np.argwhere(~np.isnan(self.last[..., 0])).tolist():
            places = here[animal, mark]
            large = places[places[:, 2] > 0.2 * self.model.areas[mark]]
            away = np.hypot(*(large[:, :2] - self.last[animal, mark]).T)
            if not len(large) or away.min() > 2 * self.model.radii[mark]:
                self.last[animal, mark] = np.nan  # until the next click
                continue
            self.last[animal, mark] = large[np.argmin(away), :2]
            if index % _LEARN_EVERY == 0:
                self.palette.learn(frame, mark, *self.last[animal, mark].tolist())


def _tracks(
    video: Video, model: MarkModel, clicks: Sequence[Click], boxes: Sequence[tuple[int, int, int, int]],
    found: dict[str, np.ndarray],
) -> PointTracks:  # fmt: skip
    xy, scores = choose_paths(found["places"], model, clicks, boxes)
    for number, mark in enumerate(model.marks):
        if np.isnan(xy[:, :, number]).all():
            raise InputError(f"{mark} is seen in no frame of {video.path}: click on it in more frames")
    points = model.marks
    if model.colours.animal.any():
        points = (*points, *POINTS)
        body = body_and_snout(found["body"], xy)
        xy = np.concatenate([xy, body], axis=2)
        scores = np.concatenate([scores, np.where(np.isnan(body[..., 0]), np.nan, 1.0)], axis=2)
    animals = ("animal",) if len(boxes) == 1 else tuple(f"animal {k + 1}" for k in range(len(boxes)))
    notes: tuple[str, ...] = (f"bars without a picture: {model.bars}",) if model.bars else ()
    for number, mark in enumerate(model.marks):
        if model.still[number].any():
            size = 4 * int(model.still[number].sum())
            notes += (f"{size} px of the ground have the colour of {mark}: not looked at",)
    name = Path(video.path).stem
    return PointTracks(name, points, animals, xy, video.fps, notes=notes, scores=scores, video=str(Path(video.path)))
