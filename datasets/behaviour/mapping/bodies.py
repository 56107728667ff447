"""What a map is made of: each animal's body over time, in coordinates of its own, from tracks or from worm postures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from datasets.behaviour.mapping.egocentric import Axis, egocentric, motion
from datasets.dataset import BodyShapes, PointTracks, contiguous_runs
from datasets.store import is_dataset_file, load_dataset
from datasets.topics import body_shapes_of, read_point_tracks
from neuron_models.foundation.bad_parts import leave_out, read_each
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.units import Hertz, Seconds
from neuron_models.foundation.wording import repeat_suffixes

Outline = Callable[[Float[np.ndarray, "frame channel"]], Float[np.ndarray, "frame point 2"]]


@dataclass(frozen=True)
class BodySettings:
    """How bodies are read.

    Attributes:
        fps: frames a second; None: as each file says.
        points: of tracks, those to use; all when empty.
        axis: of tracks, two points from behind to ahead; names that trackers use are looked for when None.
        centre: of tracks, the point that becomes the origin; the middle of the axis when empty.
        fill: gaps of tracks up to this long are filled by straight lines.
    """

    fps: Hertz | None = None
    points: tuple[str, ...] = ()
    axis: tuple[str, str] | None = None
    centre: str = ""
    fill: Seconds = 0.0

    def __post_init__(self) -> None:
        require(self.fps is None or 0 < self.fps < 1e6, f"the frame rate must be > 0 Hz, got {self.fps}")
        require_distinct(self.points, "the points name one")
        require(0 <= self.fill < np.inf, f"gaps can be filled up to a length of 0 s or more, got {self.fill}")


@dataclass(frozen=True, eq=False)
class Body:
    """One animal of one recording.

    Attributes:
        recording: name.
        animal: name.
        values: (frame, channel) coordinates of its own; NaN in frames in which one is not known.
        motion: (frame, measure) how it moves about; no measure where places were not recorded.
        fps: frames a second.
    """

    recording: str
    animal: str
    values: Float[np.ndarray, "frame channel"]
    motion: Float[np.ndarray, "frame measure"]
    fps: Hertz

    @property
    def name(self) -> str:
        """Recording and animal."""
        return f"{self.recording}, {self.animal}" if self.animal else self.recording

    def known(self) -> Bool[np.ndarray, " frame"]:
        """Mask of the frames in which all is known."""
        return np.isfinite(self.values).all(axis=1) & np.isfinite(self.motion).all(axis=1)

    def stretches(self, shortest: Seconds) -> Int[np.ndarray, "stretch 2"]:
        """First frame, and frame after the last, of the known stretches that last `shortest` or longer."""
        runs = contiguous_runs(self.known())
        return runs[np.diff(runs)[:, 0] >= max(2, shortest * self.fps)]


@dataclass(frozen=True, eq=False)
class Bodies:
    """Animals that are described alike.

    Attributes:
        each: the animals.
        channels: names of the values.
        measures: names of the motion.
        outline: the points (frame, point, 2), x and y, y down, that draw some values (frame, channel).
        filled: frames that were filled in gaps.
    """

    each: tuple[Body, ...]
    channels: tuple[str, ...]
    measures: tuple[str, ...]
    outline: Outline = field(repr=False)
    filled: int = 0


def read_bodies(paths: Sequence[Path], settings: BodySettings) -> Bodies:
    """Read recordings of tracks, or of worm postures; one that cannot be used is left out and reported.

    Raises:
        InputError: none can be used, or they are not described alike.
    """
    read = [one for each in read_each(paths, lambda path: _read(path, settings)) for one in each]
    first = read[0]
    for other in read[1:]:
        alike = (other.channels, other.measures) == (first.channels, first.measures)
        require(alike, f"the recordings have other points: {_few(first.channels)} and {_few(other.channels)}")
    each = _distinct([body for one in read for body in one.each])
    return replace(first, each=each, filled=sum(one.filled for one in read))


def _read(path: Path, settings: BodySettings) -> list[Bodies]:
    shapes = body_shapes_of(load_dataset(path)) if is_dataset_file(path) else None
    if shapes is not None:
        return [_of_shapes(each, settings) for each in shapes]
    recordings = read_point_tracks(path)
    for note in (note for tracks in recordings for note in tracks.notes):
        leave_out(f"{path.name}: {note}")
    return [bodies_of_tracks(tracks, settings, path) for tracks in recordings]


def _of_shapes(shapes: BodyShapes, settings: BodySettings) -> Bodies:
    fps = settings.fps or shapes.fps
    values = np.asarray(shapes.values, dtype=np.float64)
    body = Body(shapes.name, shapes.animal, values, np.zeros((len(values), 0)), fps)
    return Bodies((body,), shapes.channels, (), shapes.outline)


def bodies_of_tracks(tracks: PointTracks, settings: BodySettings, path: Path) -> Bodies:
    """The animals of a recording of tracks; `path` is named in errors.

    Raises:
        InputError: a point that is asked for is not there or never known, or the rate or the axis is not.
    """
    fps = settings.fps or tracks.fps
    require(settings.fps is not None or fps > 1, f"{path} does not say its frame rate: give it by --fps")
    points = settings.points or tracks.points
    for point in (*points, *(settings.axis or ()), *([settings.centre] if settings.centre else [])):
        require(point in tracks.points, f"{path} has no point {point!r}; it has {', '.join(tracks.points)}")
    axis = Axis.of(tracks.points, settings.axis, settings.centre)
    xy, filled = _filled(tracks.xy, round(settings.fill * fps))
    never = [p for p in points if not np.isfinite(xy[:, :, tracks.points.index(p)]).any()]
    require(not never, f"{path}: never known: {', '.join(never)}; name the other points by --points")
    bodies, columns = [], [tracks.points.index(point) for point in points]
    moved, measures = motion(xy, tracks.points, axis, fps)
    for index, animal in enumerate(tracks.animals):
        own = egocentric(xy[:, index], tracks.points, axis)[:, columns]
        body = Body(tracks.name, animal, own.reshape(len(own), -1), moved[:, index], fps)
        if body.known().any():
            bodies.append(body)
        else:
            leave_out(f"{path}: {animal} is never known whole")
    if not bodies:
        raise InputError(f"{path}: in no frame are all of {', '.join(points)} known: name fewer by --points")
    channels = tuple(f"{point} {way}" for point in points for way in ("ahead", "aside"))
    return Bodies(tuple(bodies), channels, measures, _drawn_points, filled)


def _drawn_points(values: Float[np.ndarray, "frame channel"]) -> Float[np.ndarray, "frame point 2"]:
    """Ahead is up: x is what lies to the animal's right, y what lies behind."""
    ahead, aside = np.moveaxis(values.reshape(len(values), -1, 2), 2, 0)
    return np.stack([aside, -ahead], axis=-1)


def _filled(
    xy: Float[np.ndarray, "frame animal point 2"], longest: int
) -> tuple[Float[np.ndarray, "frame animal point 2"], int]:
    """Gaps of up to `longest` frames between two known ones, filled by straight lines; how many frames had one."""
    if longest < 1:
        return xy, 0
    xy = xy.copy()
    touched = np.zeros(xy.shape[:2], bool)
    for animal, point in np.ndindex(xy.shape[1:3]):
        known = np.isfinite(xy[:, animal, point]).all(axis=1)
        for first, end in contiguous_runs(~known):
            if first > 0 and end < len(xy) and end - first <= longest:
                share = (np.arange(first, end) - first + 1)[:, None] / (end - first + 1)
                before, after = xy[first - 1, animal, point], xy[end, animal, point]
                xy[first:end, animal, point] = before + share * (after - before)
                touched[first:end, animal] = True
    return xy, int(touched.sum())


def _distinct(bodies: Sequence[Body]) -> tuple[Body, ...]:
    """Bodies whose names all differ: a recording whose name comes again gets a number."""
    suffixes = repeat_suffixes(body.name for body in bodies)
    return tuple(
        replace(body, recording=body.recording + suffix) for body, suffix in zip(bodies, suffixes, strict=True)
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
