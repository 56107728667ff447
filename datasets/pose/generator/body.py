"""What the generator knows of an animal in every frame: where it is, where its key points are, and its looks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from datasets.rendering.parts import Part
from neuron_models.foundation.units import Hertz, Pixels


@dataclass(frozen=True)
class Walk:
    """How an animal is to move: frames at a rate, about a home that it leaves by at most `reach` pixels.

    `gait` is one of `fly_gaits.CHOICES`; None lets flies step as a loose tripod at about 8 Hz.
    """

    frames: int
    fps: Hertz
    length: Pixels
    home: tuple[float, float] = (0.0, 0.0)
    reach: Pixels = 0.0
    gait: str | None = None


@dataclass(frozen=True, eq=False)
class Body:
    """An animal in every frame, in the pixels of its arena.

    `keypoints` (frame, keypoint, 2) are exact; `centre` (frame, 2) and `heading` (frame,) say how it lies; `parts` are
    drawn from the first to the last; `doing` (frame,) names the behaviour, `gait` (frame,) the gait of a fly that was
    asked for one, empty where it does not walk.
    """

    keypoints: Float[np.ndarray, "frame keypoint 2"]
    centre: Float[np.ndarray, "frame 2"]
    heading: Float[np.ndarray, " frame"]
    parts: tuple[Part, ...]
    doing: tuple[str, ...]
    length: Pixels
    gait: tuple[str, ...] = ()

    def at(self, frames: Int[np.ndarray, " frame"]) -> "Body":
        """The animal in some of the frames, given by their indices."""
        return replace(
            self,
            keypoints=self.keypoints[frames],
            centre=self.centre[frames],
            heading=self.heading[frames],
            parts=tuple(part.at(frames) for part in self.parts),
            doing=tuple(self.doing[k] for k in frames),
            gait=tuple(self.gait[k] for k in frames) if self.gait else (),
        )


def turned(points: Float[np.ndarray, "*any 2"], angle: Float[np.ndarray, "*other"]) -> Float[np.ndarray, "*any 2"]:
    """Points turned about the origin by an angle (rad) from the x axis towards the y axis, in the points' unit."""
    c, s = np.cos(angle), np.sin(angle)
    x, y = points[..., 0], points[..., 1]
    return np.stack([c * x - s * y, s * x + c * y], axis=-1)


def placed(
    points: Float[np.ndarray, "frame point 2"],
    centre: Float[np.ndarray, "frame 2"],
    heading: Float[np.ndarray, " frame"],
) -> Float[np.ndarray, "frame point 2"]:
    """Points of an animal's own frame (x ahead, y to its right) in the arena."""
    return turned(points, heading[:, None]) + centre[:, None]


def chain(*points: Float[np.ndarray, "frame 2"], between: int = 0) -> Float[np.ndarray, "frame point 2"]:
    """Points in a row, each (frame, 2) in any unit, with `between` more on the straight line from one to the next."""
    row = np.stack(points, axis=1)
    if not between:
        return row
    at = np.linspace(0, len(points) - 1, (len(points) - 1) * (between + 1) + 1)
    low = np.minimum(at.astype(int), len(points) - 2)
    share = (at - low)[None, :, None]
    return row[:, low] * (1 - share) + row[:, low + 1] * share


def ellipse_radii(
    half_width: float, points: int, blunt: float = 0.5, least: float = 0.1
) -> Float[np.ndarray, " point"]:
    """Radii along a chain that bulges like an ellipse, in the unit of `half_width`.

    A smaller `blunt` gives fuller ends; `least` is the share of the half width that is left there.
    """
    u = np.linspace(-1, 1, points)
    return half_width * np.maximum((1 - u**2) ** blunt, least)


def keypoint_rows(
    names: Sequence[str], points: dict[str, Float[np.ndarray, "frame 2"]]
) -> Float[np.ndarray, "frame keypoint 2"]:
    """Key points by name as one array, in the order of the names and in the unit they have (px in an arena)."""
    return np.stack([points[name] for name in names], axis=1)
