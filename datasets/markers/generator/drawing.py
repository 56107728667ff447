"""The generated mouse's picture: coloured ellipses laid over one another, and what of each mark is seen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from datasets.markers.generator.motion import COATS, HEAD, Motion, SampleSettings
from neuron_models.foundation.units import Pixels, Radians

PAINTS = {"left": (70, 150, 105), "right": (225, 45, 70)}
"""Colours of the marks: green and red as on the paws of real mice (near those of M-Track's white mouse)."""
_SKIN, _FLOOR = (215, 150, 140), (52, 50, 56)
_NOISE, _FIELDS = 2.5, 6
_PAW = (0.058, 0.044)
"""Half axes of a painted paw, in body lengths."""
Picture = Float[np.ndarray, "height width 3"]


@dataclass(frozen=True, eq=False)
class Ellipse:
    """Middle, half axes (px) and direction (radians)."""

    x: Pixels
    y: Pixels
    long: Pixels
    short: Pixels
    angle: Radians = 0.0

    def window(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of a picture that hold all of it."""
        reach = max(self.long, self.short) + 2
        rows, columns = (
            slice(int(np.clip(at - reach, 0, most)), int(np.clip(at + reach + 1, 0, most)))
            for at, most in ((self.y, shape[0]), (self.x, shape[1]))
        )
        return rows, columns

    def cover(self, window: tuple[slice, slice]) -> Float[np.ndarray, "height width"]:
        """The share of each pixel of a window that lies inside, with an edge one pixel wide."""
        rows, columns = (np.arange(part.start, part.stop, dtype=np.float32) for part in window)
        u, v = columns - np.float32(self.x), rows[:, None] - np.float32(self.y)
        c, s = np.cos(self.angle), np.sin(self.angle)
        a, b = (u * c + v * s) / self.long, (v * c - u * s) / self.short
        radius = np.sqrt(a * a + b * b)
        slope = np.sqrt((a / self.long) ** 2 + (b / self.short) ** 2) / np.maximum(radius, 1e-9)
        return np.clip(0.5 - (radius - 1) / np.maximum(slope, 1e-9), 0, 1).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Seen:
    """Of each mark in a frame: its visible middle (paw, 2) px, NaN where none is seen; and the visible share (paw,)."""

    xy: Float[np.ndarray, "paw 2"]
    share: Float[np.ndarray, " paw"]


def draw(settings: SampleSettings, motion: Motion) -> Iterator[tuple[UInt8[np.ndarray, "height width 3"], Seen]]:
    """Draw each frame, and say what of the marks is seen in it."""
    rng = np.random.default_rng([settings.seed, 2])
    ground = _ground(settings, rng)
    shape = (settings.height, settings.width, 1)
    noise = [(_NOISE * rng.standard_normal(shape, np.float32)) for _ in range(_FIELDS)]
    light = 1 - 0.4 * settings.light * 0.5 * (1 - np.cos(np.linspace(0, 2 * np.pi, settings.frames)))
    bar = round(settings.bars * settings.width / 2)
    for frame in range(settings.frames):
        picture = ground.copy()
        seen = _lay(picture, settings, motion, frame)
        shift = rng.integers(0, [settings.height, settings.width])
        picture = light[frame] * picture + np.roll(noise[frame % _FIELDS], shift, axis=(0, 1))
        if bar:
            picture[:, :bar] = picture[:, settings.width - bar :] = 0
        yield np.clip(np.rint(picture), 0, 255).astype(np.uint8), seen


def _ground(settings: SampleSettings, rng: np.random.Generator) -> Picture:
    """A dark floor with broad stains, a dark green curtain at the left, and spots of the marks' colours."""
    from scipy.ndimage import gaussian_filter

    stains = gaussian_filter(rng.standard_normal((settings.height, settings.width)), 25)
    picture = np.array(_FLOOR, np.float32) + 8 * (stains / stains.std())[..., None].astype(np.float32)
    bar = settings.bars * settings.width / 2
    _mix(picture, Ellipse(bar, 0.15 * settings.height, 0.06 * settings.width, 0.4 * settings.height, 0.1), (38, 58, 46))
    for paint in PAINTS.values():
        for _ in range(settings.distractors):
            x, y = bar + 12 + rng.random() * (settings.width - 2 * bar - 24), rng.random() * settings.height
            size = 0.05 * settings.length * rng.uniform(0.7, 1.1)
            _mix(picture, Ellipse(x, y, size, 0.7 * size, rng.uniform(0, np.pi)), paint)
    return picture


def _mix(picture: Picture, ellipse: Ellipse, colour: tuple[int, int, int]) -> None:
    window = ellipse.window(picture.shape)
    part = picture[window]
    part += ellipse.cover(window)[..., None] * (np.array(colour, np.float32) - part)


def _lay(picture: Picture, settings: SampleSettings, motion: Motion, frame: int) -> Seen:
    """Draw the mouse, in place: paws behind the head, the head, then the others."""
    length, angle = settings.length, float(motion.heading[frame])
    ahead, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])

    def part(forward: float, sideways: float, long: float, short: float, turn: float = 0.0) -> Ellipse:
        x, y = motion.middle[frame] + length * (forward * ahead + sideways * aside)
        return Ellipse(x, y, length * long, length * short, angle + turn)

    coat = COATS[settings.coat]
    for tail in np.linspace(0.5, 1.15, 14):
        _mix(picture, part(-tail, 0.12 * np.sin(4 * tail), 0.04, 0.016), _SKIN)
    _mix(picture, part(0, 0, 0.5, 0.3), coat)
    for side in (-1, 1):
        _mix(picture, part(-0.3, 0.26 * side, 0.09, 0.04, 0.4 * side), _SKIN)
    paws = [_paw(motion.paws[frame, k], length, angle) for k in (0, 1)]
    head, nose = part(HEAD[0], 0.0, *HEAD[1:]), part(0.735, 0, 0.028, 0.035)
    hidden = [k for k in (0, 1) if motion.behind[frame, k]]
    others = [k for k in (0, 1) if not motion.behind[frame, k]]
    layers = [
        *((paws[k], tuple(PAINTS.values())[k]) for k in hidden),
        (head, coat),
        (nose, _SKIN),
        *((paws[k], tuple(PAINTS.values())[k]) for k in others),
    ]
    for ellipse, colour in layers:
        _mix(picture, ellipse, colour)
    drawn = [ellipse for ellipse, _ in layers]
    seen = [_seen(paw, drawn[drawn.index(paw) + 1 :], picture.shape) for paw in paws]
    return Seen(np.array([xy for xy, _ in seen]), np.array([share for _, share in seen]))


def _paw(at: Float[np.ndarray, "2"], length: float, angle: float) -> Ellipse:
    return Ellipse(float(at[0]), float(at[1]), _PAW[0] * length, _PAW[1] * length, angle)


def _seen(paw: Ellipse, above: list[Ellipse], shape: tuple[int, ...]) -> tuple[np.ndarray, float]:
    """The visible middle of a paw below others, px, and its visible share."""
    window = paw.window(shape)
    weight = paw.cover(window).astype(float)
    for other in above:
        weight *= 1 - other.cover(window)
    total = float(weight.sum())
    if total < 1:
        return np.full(2, np.nan), 0.0
    rows, columns = (np.arange(part.start, part.stop) for part in window)
    middle = np.array([weight.sum(axis=0) @ columns, weight.sum(axis=1) @ rows]) / total
    return middle, min(total / float(np.pi * paw.long * paw.short), 1.0)
