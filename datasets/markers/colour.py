"""Colours in CIE L*a*b*, and Gaussians of marks and of everything else in it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped, UInt8

from neuron_models.foundation.units import Dimensionless

_WHITE = np.array([0.95047, 1.0, 1.08883], np.float32)
"""X, Y and Z of D65, IEC 61966-2-1."""
_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32
)  # IEC 61966-2-1
_EDGE = 6 / 29  # CIE 15: below its cube the root becomes a line
LEVELS = 64
"""Levels of a channel that the tables of colours tell apart: 4 of 256 values are one."""
_FLOOR = 3.0
"""The least standard deviation of a colour: what noise and compression leave of an even one (a guess)."""
Colours = Float[np.ndarray, "*pixel 3"]


def lab_of(rgb: Shaped[np.ndarray, "*pixel 3"]) -> Colours:
    """CIE L*a*b* (D65) of sRGB values from 0 to 255; L* from 0 to 100.

    >>> lab_of(np.array([[255, 255, 255], [255, 0, 0]])).round(1).tolist()
    [[100.0, 0.0, 0.0], [53.2, 80.1, 67.2]]
    """
    shares = np.arange(256, dtype=np.float32) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)  # IEC 61966-2-1
    values = np.interp(np.asarray(rgb, np.float32), np.arange(256), linear).astype(np.float32)
    xyz = values @ (_TO_XYZ.T / _WHITE)
    roots = np.where(xyz > _EDGE**3, np.cbrt(xyz), xyz / (3 * _EDGE**2) + 4 / 29)
    x, y, z = np.moveaxis(roots, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def level_colours() -> Float[np.ndarray, "level 3"]:
    """The colour (CIE L*a*b*, L* 0 to 100) in the middle of each cell of 64 levels of red, green and blue."""
    steps = (np.arange(LEVELS) + 0.5) * 256 / LEVELS - 0.5
    red, green, blue = np.meshgrid(steps, steps, steps, indexing="ij")
    return lab_of(np.stack([red, green, blue], axis=-1).reshape(-1, 3))


@dataclass(frozen=True, eq=False)
class ColourModel:
    """Gaussians in Lab: one a mark, then those of the animal and the ground.

    Attributes:
        marks: their names; the first Gaussians are theirs, in this order.
        means: (gaussian, 3).
        covariances: (gaussian, 3, 3).
        weights: (gaussian,) how often each colour is met.
        animal: (gaussian,) which are of the animal's body.
    """

    marks: tuple[str, ...]
    means: Float[np.ndarray, "gaussian 3"]
    covariances: Float[np.ndarray, "gaussian 3 3"]
    weights: Float[np.ndarray, " gaussian"]
    animal: Shaped[np.ndarray, " gaussian"]

    def log_densities(self, colours: Colours) -> Float[np.ndarray, "*pixel gaussian"]:
        """The logarithm (dimensionless) of each weighted Gaussian at some colours, up to a constant."""
        return np.stack(
            [
                np.log(weight) + log_density(colours, mean, covariance)
                for mean, covariance, weight in zip(self.means, self.covariances, self.weights, strict=True)
            ],
            axis=-1,
        )

    def shares(self, colours: Colours) -> Float[np.ndarray, "*pixel gaussian"]:
        """The probability of each Gaussian, given a colour."""
        logs = self.log_densities(colours)
        each = np.exp(logs - logs.max(axis=-1, keepdims=True))
        return each / each.sum(axis=-1, keepdims=True)


def table_of(model: ColourModel, cells: Float[np.ndarray, "cell 3"]) -> UInt8[np.ndarray, "cell column"]:
    """For each cell of colours how probable each mark is, 0 to 255, and in the last column the likeliest Gaussian."""
    from datasets.markers.kernels.scanning import fill_table

    factors = np.linalg.inv(np.linalg.cholesky(model.covariances))
    logs = np.log(model.weights) + np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    table = np.empty((len(cells), len(model.marks) + 1), np.uint8)
    fill_table(cells.astype(float), model.means, factors, logs, len(model.marks), table)
    return table


def log_density(
    colours: Colours, mean: Float[np.ndarray, "3"], covariance: Float[np.ndarray, "3 3"]
) -> Float[np.ndarray, "*pixel"]:
    """The logarithm (dimensionless) of a Gaussian at colours in L*a*b*, up to a constant."""
    factor = np.linalg.inv(np.linalg.cholesky(covariance))
    away = (colours - mean) @ factor.T
    return -0.5 * (away**2).sum(axis=-1) + np.log(np.diag(factor)).sum()


def gaussian_of(
    colours: Float[np.ndarray, "pixel 3"], weights: Float[np.ndarray, " pixel"] | None = None
) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3 3"]]:
    """Mean and covariance of colours in units of L*a*b*, the latter not narrower than the noise of one colour."""
    mean = np.average(colours, axis=0, weights=weights)
    spread = np.cov(colours.T, aweights=weights, bias=True) if len(colours) > 1 else np.zeros((3, 3))
    values, vectors = np.linalg.eigh(spread)
    return mean, (vectors * np.maximum(values, _FLOOR**2)) @ vectors.T


def distance_of(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> Dimensionless:
    """How far two Gaussians are apart: between their means, in standard deviations of both together."""
    away = one[0] - other[0]
    return float(np.sqrt(away @ np.linalg.solve((one[1] + other[1]) / 2, away)))
