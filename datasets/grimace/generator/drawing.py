"""A face as an image: curves for its outline, eyes, nose, cheeks, ears and whiskers, shaded and lit.

Places on the face are (u, v): u to the right, v down, 1 half of the image at size 1.
"""

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import gaussian_filter

from datasets.grimace.generator.face import COATS, Individual, View

Plane = Float[np.ndarray, "height width"]
_SKIN = np.array((0.78, 0.55, 0.52))
_DARK, _RED = np.array((0.05, 0.04, 0.05)), np.array((0.45, 0.08, 0.10))


def draw_face(
    individual: Individual, values: Float[np.ndarray, " unit"], view: View, size: int = 128
) -> UInt8[np.ndarray, "3 size size"]:
    """Draw a face.

    Args:
        individual: whose it is.
        values: of the five units in the order of `UNITS`, from 0 to 2.
        view: how it is looked at.
        size: of the image's sides, px.
    """
    rng = np.random.default_rng(view.ground)
    image = paint_face(_ground(size, rng), individual, values, view)
    return lit(_bars(image, view.bars, size, rng), view, rng)


def paint_face(
    ground: Float[np.ndarray, "side side 3"], individual: Individual, values: Float[np.ndarray, " unit"], view: View
) -> Float[np.ndarray, "side side 3"]:
    """Paint a face over what is there, 0 to 1, without the light and the blur of its view."""
    size = len(ground)
    u, v = _places(view, size)
    soft, image = 2.5 / size, ground
    fur = np.clip(np.array(COATS[individual.coat]) * individual.shade, 0, 1)
    for layer in (_ears, _head, _eyes, _muzzle):
        image = layer(image, u, v, individual, values, fur, view.yaw, soft)
    return _whiskers(image, u, v, values, view.yaw, individual.coat, soft)


def paint_behind(
    ground: Float[np.ndarray, "side side 3"], individual: Individual, values: Float[np.ndarray, " unit"], view: View
) -> Float[np.ndarray, "side side 3"]:
    """Paint the back of a head over what is there, 0 to 1: ears and fur, and no face."""
    size = len(ground)
    u, v = _places(view, size)
    fur = np.clip(np.array(COATS[individual.coat]) * individual.shade, 0, 1)
    image = _head(ground, u, v, individual, 0 * values, fur, view.yaw, 2.5 / size)
    return _ears(image, u, v, individual, values, fur, view.yaw, 2.5 / size)


def paint_body(
    ground: Float[np.ndarray, "side side 3"], individual: Individual, aside: float
) -> Float[np.ndarray, "side side 3"]:
    """Paint a body over what is there, 0 to 1, with the face in the middle third on it; `aside` is to the right."""
    size = len(ground)
    u, v = _places(View(size=1 / 3), size)
    fur = np.clip(np.array(COATS[individual.coat]) * individual.shade, 0, 1)
    away = np.hypot((u - aside) / 0.95, (v - 1.0) / 1.1)
    mask = np.clip(0.5 + (1 - away) * size / 8, 0, 1)[..., None]
    return ground + mask * (fur * (0.55 + 0.4 * np.sqrt(np.clip(1 - away**2, 0, 1)))[..., None] - ground)


def cage_bars(
    image: Float[np.ndarray, "height width 3"], bars: int, rng: np.random.Generator
) -> Float[np.ndarray, "height width 3"]:
    """Paint upright bars of a cage in front of a picture, 0 to 1."""
    first, apart, grey = rng.uniform(0, 1 / bars), 1 / bars, rng.uniform(0.2, 0.8)
    across = (np.arange(image.shape[1]) + 0.5) / image.shape[1]
    wide = rng.uniform(0.005, 0.02)
    mask = sum(np.exp(-(((across - first - number * apart) / wide) ** 2)) for number in range(bars))
    return _over(image, np.broadcast_to(0.75 * np.clip(mask, 0, 1), image.shape[:2]), np.full(3, grey))


def lit(
    image: Float[np.ndarray, "height width 3"], view: View, rng: np.random.Generator
) -> UInt8[np.ndarray, "3 height width"]:
    """A painted image, 0 to 1, under the light of a view, blurred and noisy as it says; grey values 0 to 255."""
    height, width = image.shape[:2]
    warm = np.array((1 + view.warmth, 1.0, 1 - view.warmth))
    slope = 1 + 0.25 * view.side * np.linspace(-1, 1, width)
    image = image * warm * slope[None, :, None] * view.light
    if view.blur > 0:
        sigma = view.blur * min(height, width) / 128
        image = gaussian_filter(image, (sigma, sigma, 0))
    image = image + view.noise * rng.standard_normal(image.shape)
    return np.moveaxis(np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8), -1, 0)


def _places(view: View, size: int) -> tuple[Plane, Plane]:
    """Where every pixel lies on the face."""
    line = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = line[None, :] - 2 * view.shift[0], line[:, None] - 2 * view.shift[1]
    cos, sin = np.cos(view.roll) / view.size, np.sin(view.roll) / view.size
    return cos * x + sin * y, cos * y - sin * x


def _over(image: np.ndarray, mask: Plane, colour: np.ndarray) -> np.ndarray:
    return image + mask[..., None] * (colour - image)


def _ellipse(
    u: Plane, v: Plane, centre: tuple[float, float], radii: tuple[float, float], turn: float, soft: float
) -> Plane:
    """1 inside an ellipse and 0 outside, with a soft edge."""
    x, y = u - centre[0], v - centre[1]
    cos, sin = np.cos(turn), np.sin(turn)
    away = np.hypot((cos * x + sin * y) / radii[0], (cos * y - sin * x) / radii[1])
    return np.clip(0.5 - (away - 1) * min(radii) / soft / 2, 0, 1)


def _ground(size: int, rng: np.random.Generator) -> np.ndarray:
    """What lies behind: a wall, a floor, and soft spots."""
    wall, floor = rng.uniform(0.25, 0.8, (2, 3))
    edge = rng.uniform(0.3, 0.8) * size
    below = np.clip((np.arange(size) - edge) / 3, 0, 1)[:, None, None]
    spots = gaussian_filter(rng.standard_normal((size, size)), size / 16)
    return wall + below * (floor - wall) + 0.08 * spots[..., None] / max(float(np.abs(spots).max()), 1e-9)


def _ears(image, u, v, individual, values, fur, yaw, soft):
    """Ears turn outward and narrow with their score."""
    back = values[3] / 2
    for side in (-1, 1):
        turn = side * (0.25 + 0.75 * back)
        centre = (side * (0.46 + 0.14 * back) - 0.08 * yaw, -0.58 + 0.16 * back)
        wide, high = 0.25 * individual.ears * (1 - 0.35 * back), 0.32 * individual.ears
        image = _over(image, _ellipse(u, v, centre, (wide, high), turn, soft), 0.85 * fur)
        inner = 0.55 * fur + 0.45 * _SKIN
        image = _over(
            image, _ellipse(u, v, (centre[0], centre[1] + 0.03), (0.68 * wide, 0.74 * high), turn, soft), inner
        )
    return image


def _half_width(v: Plane, cheek: float, width: float) -> Plane:
    """Half of the head's width at each height; cheeks swell below the eyes."""
    shape = np.sqrt(np.clip(1 - ((v + 0.12) / 0.92) ** 2, 0, None))
    taper = 0.62 - 0.24 / (1 + np.exp(-7 * (v - 0.30)))
    return width * (shape * taper + 0.13 * cheek * np.exp(-(((v - 0.27) / 0.17) ** 2)))


def _head(image, u, v, individual, values, fur, yaw, soft):
    """The head, darker towards its edges, with swollen cheeks shaded as balls."""
    cheek = values[2] / 2
    half = _half_width(v, cheek, individual.width)
    inside = np.clip(0.5 + (half - np.abs(u)) / soft / 2, 0, 1) * (np.abs(v + 0.12) < 0.92)
    round_ = np.sqrt(np.clip(1 - (u / np.maximum(half, 1e-6)) ** 2, 0, 1))
    image = _over(image, inside, np.ones(3)) * 1.0
    shaded = fur * (0.62 + 0.38 * round_)[..., None]
    image = image + inside[..., None] * (shaded - image)
    for side in (-1, 1):
        ball = np.exp(-(((u - side * 0.36 + 0.05 * yaw) / 0.15) ** 2 + ((v - 0.27) / 0.14) ** 2))
        rim = np.exp(-(((u - side * 0.36 + 0.05 * yaw) / 0.15) ** 2 + ((v - 0.40) / 0.06) ** 2))
        image = image * (1 + cheek * inside * (0.22 * ball - 0.30 * rim))[..., None]
    return image


def _eyes(image, u, v, individual, values, fur, yaw, soft):
    """Eyes close with their score, and folds appear around them."""
    shut = values[0] / 2
    iris = _RED if individual.coat == "white" else _DARK
    for side in (-1, 1):
        centre = (side * 0.34 * individual.spacing + 0.10 * yaw, -0.06)
        wide, high = 0.115 * individual.eyes, 0.125 * individual.eyes * (1 - 0.86 * shut)
        rim = _ellipse(u, v, centre, (wide + 0.035, high + 0.035), 0.0, soft)
        image = _over(image, 0.6 * rim, 0.5 * fur + 0.15 * _SKIN)
        image = _over(image, _ellipse(u, v, centre, (wide, high), 0.0, soft), iris)
        glint = _ellipse(u, v, (centre[0] + 0.03, centre[1] - 0.3 * high), (0.022, 0.022 * (1 - 0.6 * shut)), 0.0, soft)
        image = _over(image, 0.9 * glint, np.ones(3))
        for fold in (-1, 1):
            line = np.exp(-(((v - centre[1] - fold * (high + 0.06)) / 0.014) ** 2)) * np.exp(
                -(((u - centre[0]) / 0.1) ** 2)
            )
            image = image * (1 - 0.35 * shut * line)[..., None]
    return image


def _muzzle(image, u, v, individual, values, fur, yaw, soft):
    """The bridge of the nose swells with its score; the tip is skin."""
    bulge = values[1] / 2
    middle = u - 0.14 * yaw
    ridge = np.exp(-((middle / (0.07 + 0.07 * bulge)) ** 2) - (((v - 0.32) / 0.17) ** 2))
    flanks = np.exp(-(((np.abs(middle) - 0.17) / 0.035) ** 2) - (((v - 0.34) / 0.15) ** 2))
    image = image * (1 + bulge * (0.30 * ridge - 0.45 * flanks))[..., None]
    image = _over(image, _ellipse(u, v, (0.15 * yaw, 0.66), (0.085, 0.055), 0.0, soft), _SKIN)
    mouth = np.exp(-(((v - 0.74) / 0.012) ** 2)) * (np.abs(middle) < 0.07)
    return image * (1 - 0.5 * mouth)[..., None]


def _whiskers(image, u, v, values, yaw, coat, soft):
    """Fans of whiskers: relaxed and apart, or drawn together and up with their score."""
    drawn = values[4] / 2
    colour = np.full(3, 0.95) if coat != "white" else np.full(3, 0.35)
    for side in (-1, 1):
        for number in range(5):
            apart = (number - 2) * (0.20 - 0.13 * drawn)
            turn = 0.25 - 0.95 * drawn + apart
            x, y = side * (u - 0.15 * yaw) - 0.12, v - 0.56
            along, across = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
            length = 0.62
            line = np.clip(1.2 - np.abs(across - 0.12 * along**2) / (0.45 * soft), 0, 1)
            image = _over(image, 0.8 * line * ((along > 0) & (along < length)), colour)
    return image


def _bars(image: np.ndarray, bars: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Bars of a cage in front, upright and out of focus."""
    if bars == 0:
        return image
    first, apart = rng.uniform(0, 1 / bars), 1 / bars
    across = (np.arange(size) + 0.5) / size
    mask = sum(np.exp(-(((across - first - number * apart) / 0.02) ** 2)) for number in range(bars))
    return _over(image, np.broadcast_to(0.75 * np.clip(mask, 0, 1), (size, size)), np.full(3, rng.uniform(0.3, 0.7)))
