"""The drag of agar, which grows less than in proportion to speed (Rabets, Backholm, Dalnoki-Veress and Ryu 2014)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.posture.locomotion.path import NOMINAL_LENGTH, Steps
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless, Hertz, Millimetres

_MICROMETRES = 1000.0
_REST = 1e-3  # of the body's mean speed: below it the drag is linear, since its slope has no bound at rest
_NEAR = 1e-5  # of the body's mean speed: from so near, one more of Newton's strides leaves nothing that counts
_SKIPPED, _ENOUGH = 8, 160  # of at least so many points, one in so many for a first solution
_MOST_ITERATIONS = 60

_Moves = Float[np.ndarray, "step 3"]
_Bases = Float[np.ndarray, "2 step point 3"]
_Speeds = Float[np.ndarray, "2 step point"]
_Factors = Float[np.ndarray, "step 2"]
_Powers = Float[np.ndarray, " 2"]


@dataclass(frozen=True)
class PowerDrag:
    """Drag that grows as a power of speed, along the body and across it.

    The force on a unit of length at a speed u in um/s is `along` u^`along_power`, and the same for across. With both
    powers 1 this is the linear law.
    """

    along: Dimensionless
    across: Dimensionless
    along_power: Dimensionless
    across_power: Dimensionless

    def __post_init__(self) -> None:
        for name in ("along", "across", "along_power", "across_power"):
            value = getattr(self, name)
            require(bool(np.isfinite(value)) and value > 0, f"the drag's {name} must be > 0, got {value}")


# Rabets et al. 2014, as given by Keaveny and Brown 2017: by the agar's concentration in percent, for speeds in um/s.
AGAR: dict[float, PowerDrag] = {
    1.0: PowerDrag(0.35, 4.6, 0.55, 0.27),
    1.7: PowerDrag(0.32, 6.8, 0.58, 0.31),
    3.0: PowerDrag(0.26, 7.9, 0.68, 0.30),
    4.0: PowerDrag(0.24, 7.3, 0.77, 0.34),
    6.0: PowerDrag(0.20, 5.8, 0.81, 0.38),
}


@dataclass(frozen=True)
class NonlinearDrag:
    """A law of drag for worms of this length, filmed at this rate: what turns body lengths a frame into um/s."""

    drag: PowerDrag
    fps: Hertz
    length: Millimetres = NOMINAL_LENGTH

    def __call__(self, steps: Steps) -> Float[np.ndarray, "step 3"]:
        """Balance force and torque: the minimum of the dissipated power, which is convex, by Newton's method."""
        speed = self.length * self.fps * _MICROMETRES
        factors = np.array(
            [
                self.drag.along * speed**self.drag.along_power,
                self.drag.across * speed**self.drag.across_power,
            ]
        )
        return _balanced(steps, factors / factors.sum(), np.array([self.drag.along_power, self.drag.across_power]))


def agar_drag(concentration: float, fps: Hertz, length: Millimetres | None = None) -> NonlinearDrag:
    """The drag on agar of so many percent.

    Raises:
        InputError: it was not measured on such agar.
    """
    if concentration not in AGAR:
        known = ", ".join(f"{percent:g}" for percent in AGAR)
        raise InputError(f"there is no drag for agar of {concentration:g} %: it was measured at {known} %")
    return NonlinearDrag(AGAR[concentration], fps, length or NOMINAL_LENGTH)


def _balanced(
    steps: Steps, factors: Float[np.ndarray, " 2"], powers: Float[np.ndarray, " 2"]
) -> Float[np.ndarray, "step 3"]:
    """Every step's move; a few points of the body find nearly all of it, all points the rest."""
    t_x, t_y = steps.tangent[..., 0], steps.tangent[..., 1]
    bases = np.stack([np.stack([t_x, t_y, steps.arm_along], axis=-1), np.stack([-t_y, t_x, steps.arm_across], axis=-1)])
    speeds = np.stack([steps.along, steps.across])
    scale = np.sqrt((speeds**2).sum(axis=0).mean(axis=-1))
    forces = np.zeros((len(scale), 3))
    rows = np.flatnonzero(scale > 0)
    bases, speeds, scale = bases[:, rows], speeds[:, rows] / scale[rows, None], scale[rows, None]
    factors = factors * scale ** (powers - 1)  # now the body's mean speed is 1 in every step
    few = slice(_SKIPPED // 2, None, _SKIPPED) if speeds.shape[2] >= _ENOUGH else slice(None)
    start = _solved(np.zeros((len(rows), 3)), bases[:, :, few], speeds[:, :, few], factors, powers)
    forces[rows] = scale * _solved(start, bases, speeds, factors, powers)
    return forces


def _solved(start: _Moves, bases: _Bases, speeds: _Speeds, factors: _Factors, powers: _Powers) -> _Moves:
    """The move of least dissipated power; each step goes on, with shorter strides uphill, until its own is found."""
    solution, rows = start.copy(), np.arange(len(start))
    move, direction = start.copy(), np.zeros_like(start)
    power, stride = np.full(len(rows), np.inf), np.ones(len(rows))
    for _ in range(_MOST_ITERATIONS):
        if len(rows) == 0:
            break
        tried = move + stride[:, None] * direction
        new_power, new_direction = _newton(tried, bases, speeds, factors, powers)
        better = new_power <= power * (1 + 1e-14)
        move[better], power[better], direction[better] = tried[better], new_power[better], new_direction[better]
        stride = np.where(better, 1.0, stride / 3)
        near = better & (np.abs(direction).max(axis=1) < _NEAR)
        solution[rows] = np.where(near[:, None], move + direction, move)
        going = ~near & (stride > 1e-6)
        if not going.all():
            rows, factors, power, stride = rows[going], factors[going], power[going], stride[going]
            move, direction, bases, speeds = move[going], direction[going], bases[:, going], speeds[:, going]
    return solution


def _newton(
    move: _Moves, bases: _Bases, speeds: _Speeds, factors: _Factors, powers: _Powers
) -> tuple[Float[np.ndarray, " step"], _Moves]:
    """The dissipated power at a move, and where Newton's method goes from there."""
    total = np.zeros(len(move))
    slope, curvature = np.zeros((len(move), 3)), np.zeros((len(move), 3, 3))
    for side in range(2):
        basis, exponent = bases[side], powers[side]
        u = speeds[side] + (basis @ move[..., None])[..., 0]
        square = u * u + _REST**2
        weight = factors[:, side, None] * np.exp((exponent - 1) / 2 * np.log(square))
        total += (weight * square).mean(axis=1) / (exponent + 1)
        turned = basis.transpose(0, 2, 1)
        slope += (turned @ (weight * u)[..., None])[..., 0]
        bent = weight * (1 + (exponent - 1) * u * u / square)
        curvature += turned @ (bent[..., None] * basis)
    return total, -np.linalg.solve(curvature, slope[..., None])[..., 0]
