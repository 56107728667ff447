"""Pictures with no face, one or two, whose places are known exactly, to teach and to measure a finder of faces."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import gaussian_filter, zoom

from datasets.grimace.generator.drawing import cage_bars, lit, paint_behind, paint_body, paint_face
from datasets.grimace.generator.face import (
    COATS,
    Conditions,
    Individual,
    View,
    draw_individual,
    draw_scores,
    draw_view,
    drawn_values,
)
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Fraction, Pixels, Radians

FILLED: Fraction = 0.92
"""The size of a face in its box: as those of `make-sample` are in the middle of their images."""
_VISIBLE: Fraction = 0.85
_TRIES = 60
Canvas = Float[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class SceneSettings:
    """What pictures look like.

    Attributes:
        width: of the pictures.
        height: of them.
        smallest: side of a face's box, of the shorter side of the picture; `largest` too.
        roll: of heads, to both sides.
        yaw: how far faces look aside.
        bars: share of pictures behind bars.
        behind: share of pictures with a mouse that is seen from behind, which is no face.
        grey: share of pictures without colours.
    """

    width: Pixels = 128
    height: Pixels = 128
    smallest: Fraction = 0.25
    largest: Fraction = 1.0
    roll: Radians = 0.35
    yaw: Fraction = 0.45
    bars: Fraction = 0.2
    behind: Fraction = 0.3
    grey: Fraction = 0.2

    def __post_init__(self) -> None:
        require(0 < self.smallest <= self.largest <= 1, "faces are > 0 and at most 1 of a picture's shorter side")
        require(min(self.width, self.height) >= 32, "pictures have 32 px a side at least")


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture and the boxes (left, top, width, height) of its faces, px."""

    image: UInt8[np.ndarray, "3 height width"]
    boxes: Float[np.ndarray, "face 4"]


def make_scene(
    faces: int,
    settings: SceneSettings,
    rng: np.random.Generator,
    photographs: Sequence[UInt8[np.ndarray, "_ _ 3"]] = (),
) -> Scene:
    """Draw a picture.

    Args:
        faces: how many are in it; of two that find no room beside each other the boxes say how many there are.
        settings: of the picture.
        rng: of everything.
        photographs: some of what lies behind is cut out of these, if there are any.
    """
    places = list[tuple[float, float, float]]()
    back = int(rng.uniform() < settings.behind)
    for _ in range(back + faces):
        place = _free_place(places, settings, rng)
        if place is not None:
            places.append(place)
    mice = [_Mouse.drawn(settings, rng) for _ in places]
    canvas = draw_ground(settings, rng, photographs)
    for place, mouse in zip(places, mice, strict=True):
        if mouse.bodied:
            canvas = _painted(canvas, place, 3, partial(paint_body, individual=mouse.who, aside=mouse.aside))
    for number, (place, mouse) in enumerate(zip(places, mice, strict=True)):
        head = paint_face if number >= back else paint_behind
        paint = partial(head, individual=mouse.who, values=mouse.values, view=mouse.view)
        canvas = _painted(canvas, place, 1, paint)
    if rng.uniform() < settings.bars:
        canvas = cage_bars(canvas, int(rng.integers(2, 7)), rng)
    if rng.uniform() < settings.grey:
        canvas = np.repeat(canvas.mean(axis=-1, keepdims=True), 3, axis=-1)
    view = draw_view(Conditions(blur=1.2), rng)
    found = [(left, top, side, side) for left, top, side in places[back:]]
    return Scene(lit(canvas, view, rng), np.array(found, float).reshape(-1, 4))


@dataclass(frozen=True, eq=False)
class _Mouse:
    """A mouse of a picture."""

    who: Individual
    values: Float[np.ndarray, " unit"]
    view: View
    aside: float
    bodied: bool

    @classmethod
    def drawn(cls, settings: SceneSettings, rng: np.random.Generator) -> "_Mouse":
        who = draw_individual("mouse", str(rng.choice(list(COATS))), rng)
        values = drawn_values(draw_scores(bool(rng.uniform() < 0.5), rng), rng)
        roll, yaw, aside = rng.uniform(-1, 1, 3)
        view = View(roll=float(settings.roll * roll), yaw=float(settings.yaw * yaw), size=FILLED)
        return cls(who, values, view, float(0.6 * aside), bool(rng.uniform() < 0.7))


def _free_place(
    taken: Sequence[tuple[float, float, float]], settings: SceneSettings, rng: np.random.Generator
) -> tuple[float, float, float] | None:
    """Left, top and side of a box that lies in the picture, but for an edge, and beside the others."""
    short = min(settings.width, settings.height)
    for _ in range(_TRIES):
        most = max(settings.smallest, settings.largest / (2 if taken else 1))
        side = short * float(rng.uniform(settings.smallest, most))
        over = (1 - _VISIBLE) * side
        left, top = (
            float(rng.uniform(-over, max(length - side + over, -over + 1e-6)))
            for length in (settings.width, settings.height)
        )
        seen = (min(left + side, settings.width) - max(left, 0)) * (min(top + side, settings.height) - max(top, 0))
        if seen >= _VISIBLE * side**2 and all(_apart((left, top, side), other) for other in taken):
            return left, top, side
    return None


def _apart(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    reach = 0.42 * (one[2] + other[2])
    middles = [(each[0] + each[2] / 2, each[1] + each[2] / 2) for each in (one, other)]
    return any(abs(a - b) >= reach for a, b in zip(*middles, strict=True))


def _painted(
    canvas: Canvas, place: tuple[float, float, float], times: int, paint: Callable[[Canvas], Canvas]
) -> Canvas:
    """Paint a square so many times as large as a place, about its middle."""
    left, top, side = (round(each) for each in place)
    edge, before = 2 * side, (times - 1) // 2 * side
    padded = np.pad(canvas, ((edge, edge), (edge, edge), (0, 0)), mode="edge")
    first_row, first_column = top + edge - before, left + edge - before
    square = np.s_[first_row : first_row + times * side, first_column : first_column + times * side]
    padded[square] = paint(padded[square])
    return padded[edge:-edge, edge:-edge]


def draw_ground(
    settings: SceneSettings,
    rng: np.random.Generator,
    photographs: Sequence[UInt8[np.ndarray, "_ _ 3"]] = (),
) -> Canvas:
    """What lies behind, 0 to 1: walls, rough textures, stripes, things of any shape, or a piece of a photograph."""
    kinds = [_wall, _rough, _stripes, _things]
    if photographs and rng.uniform() < 0.5:
        return _cutting(photographs[int(rng.integers(len(photographs)))], settings, rng)
    ground = kinds[int(rng.integers(len(kinds)))](settings, rng)
    if rng.uniform() < 0.4:
        ground = _things(settings, rng, ground)
    return np.clip(ground, 0, 1)


def _cutting(photograph: np.ndarray, settings: SceneSettings, rng: np.random.Generator) -> Canvas:
    high, wide = photograph.shape[:2]
    side = int(rng.uniform(0.3, 1.0) * min(high, wide))
    top, left = int(rng.integers(high - side + 1)), int(rng.integers(wide - side + 1))
    from PIL import Image

    piece = Image.fromarray(photograph[top : top + side, left : left + side])
    piece = piece.resize((int(settings.width), int(settings.height)), Image.Resampling.BILINEAR)
    seen = np.asarray(piece.convert("RGB"), float) / 255
    return seen[:, ::-1] if rng.uniform() < 0.5 else seen


def _wall(settings: SceneSettings, rng: np.random.Generator) -> Canvas:
    wall, floor = rng.uniform(0.05, 0.95, (2, 3)) if rng.uniform() < 0.5 else rng.uniform(0.05, 0.95, (2, 1))
    edge = rng.uniform(0.2, 0.9) * settings.height
    below = np.clip((np.arange(settings.height) - edge) / 3, 0, 1)[:, None, None]
    plain = np.ones((int(settings.height), int(settings.width), 1)) * (wall + below * (floor - wall))
    return plain + 0.1 * (_rough(settings, rng) - 0.5)


def _rough(settings: SceneSettings, rng: np.random.Generator) -> Canvas:
    """Bedding, fur, cloth: noise of several grains."""
    shape, total = (int(settings.height), int(settings.width)), np.zeros((1, 1))
    for grain in (2, 4, 8, 16, 32):
        coarse = rng.standard_normal([-(-side // grain) + 1 for side in shape])
        fine = zoom(coarse, grain, order=1)[: shape[0], : shape[1]]
        total = total + fine * grain ** rng.uniform(-0.3, 0.6)
    total = total / max(float(total.std()), 1e-9)
    colour, light = rng.uniform(0.05, 0.3, 3), rng.uniform(0.1, 0.8, 3)
    return light + total[..., None] * (colour if rng.uniform() < 0.5 else colour.mean())


def _stripes(settings: SceneSettings, rng: np.random.Generator) -> Canvas:
    """Bars, tiles, gratings."""
    y, x = np.mgrid[0 : settings.height, 0 : settings.width]
    one, other = rng.uniform(0, 1, (2, 3))
    turn, apart = rng.uniform(0, np.pi), rng.uniform(4, 50)
    wave = np.sin(2 * np.pi * (np.cos(turn) * x + np.sin(turn) * y) / apart)
    if rng.uniform() < 0.5:
        wave = np.maximum(wave, np.sin(2 * np.pi * (np.cos(turn) * y - np.sin(turn) * x) / apart))
    mask = np.clip(0.5 + wave * rng.uniform(0.5, 6), 0, 1)[..., None]
    return one + mask * (other - one)


def _things(settings: SceneSettings, rng: np.random.Generator, ground: Canvas | None = None) -> Canvas:
    """Balls, discs and boards of any size, alone and in pairs, shaded or not."""
    canvas = _wall(settings, rng) if ground is None else ground
    y, x = np.mgrid[0 : settings.height, 0 : settings.width].astype(float)
    for _ in range(int(rng.integers(1, 9))):
        middle = rng.uniform(0, 1, 2) * (settings.width, settings.height)
        radii = rng.uniform(0.02, 0.4) * min(settings.width, settings.height) * rng.uniform(0.5, 1.5, 2)
        colour, turn, board = rng.uniform(0, 1, 3), rng.uniform(0, np.pi), rng.uniform() < 0.3
        twin = float(rng.uniform(1.2, 4) * radii[0]) if rng.uniform() < 0.4 else 0.0
        for step in (0.0, twin) if twin else (0.0,):
            dx, dy = x - middle[0] - step, y - middle[1]
            a = (np.cos(turn) * dx + np.sin(turn) * dy) / radii[0]
            b = (np.cos(turn) * dy - np.sin(turn) * dx) / radii[1]
            away = np.maximum(np.abs(a), np.abs(b)) if board else np.hypot(a, b)
            mask = np.clip((1 - away) * min(radii) / 2 + 0.5, 0, 1)[..., None]
            shade = 0.6 + 0.4 * np.sqrt(np.clip(1 - away**2, 0, 1))[..., None] if rng.uniform() < 0.5 else 1.0
            canvas = canvas + mask * (colour * shade - canvas)
    return gaussian_filter(canvas, (rng.uniform(0, 1), rng.uniform(0, 1), 0))
