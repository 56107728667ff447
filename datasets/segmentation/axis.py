"""The direction of a body from its pixels (moments or Radon transform), and what distinguishes its ends."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

_ANGLES = 90


def ellipse_axis(points: Float[np.ndarray, "pixel 2"], weight: Float[np.ndarray, " pixel"]) -> float:
    """The direction, in rad from 0 to pi, of the long axis of the ellipse that has the pixels' second moments.

    Args:
        points: x and y from the centre, px.
        weight: how much each counts.
    """
    x, y = points.T
    covariance, spread = (weight * x * y).sum(), (weight * (x * x - y * y)).sum()
    return float(0.5 * np.arctan2(2 * covariance, spread) % np.pi)


def radon_axis(points: Float[np.ndarray, "pixel 2"], weight: Float[np.ndarray, " pixel"]) -> float:
    """The direction, in rad from 0 to pi, of the lines whose integrals have the largest energy (Radon transform).

    A long straight piece counts more than what sticks out to the side, unlike with moments.

    Args:
        points: x and y from the centre, px.
        weight: how much each counts.
    """
    angles = np.arange(_ANGLES) * np.pi / _ANGLES
    across = points @ np.stack([-np.sin(angles), np.cos(angles)])
    reach = int(np.ceil(np.abs(across).max())) + 2
    energy = np.empty(_ANGLES)
    for k in range(_ANGLES):
        low = np.floor(across[:, k]).astype(int)
        share = across[:, k] - low
        line = np.bincount(low + reach, weight * (1 - share), 2 * reach + 1)
        line += np.bincount(low + reach + 1, weight * share, 2 * reach + 1)
        energy[k] = (line * line).sum()
    best = int(energy.argmax())
    left, middle, right = energy[[best - 1, best, (best + 1) % _ANGLES]]
    bend = left - 2 * middle + right
    offset = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float((best + offset) * np.pi / _ANGLES % np.pi)


AXES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {"ellipse": ellipse_axis, "radon": radon_axis}


def asymmetry(
    points: Float[np.ndarray, "pixel 2"], weight: Float[np.ndarray, " pixel"], axis: float
) -> tuple[float, float, float]:
    """How long a body is along an axis, and how its ends differ in width and in contrast.

    Returns:
        The root mean square distance from the middle (px); the skewness of the shape; how far the weight lies from the
        middle of the shape, in units of that distance. The last two change sign when the axis is turned by pi.
    """
    along = points @ np.array([np.cos(axis), np.sin(axis)])
    middle = along.mean()
    length = float(np.sqrt(((along - middle) ** 2).mean())) + 1e-9
    skewness = float((((along - middle) / length) ** 3).mean())
    light = float(((weight * along).sum() / weight.sum() - middle) / length)
    return length, skewness, light
