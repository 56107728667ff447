"""Balanced truncation of a system whose modes are known (Moore 1981; Antoulas 2005, chapter 7).

States that are left out follow the others as they would at one real frequency, so that the reduced system is exact
there instead of at infinite frequency; the bound stays (Liu and Anderson 1989, "Singular perturbation approximation of
balanced systems").
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import PerMillisecond

_NONE = 1e-12
"""Hankel singular values below this part of the largest are rounding."""


@dataclass(frozen=True, eq=False)
class LinearSystem:
    """dx/dt = a x + b u, y = c x + d u, from x = 0; time in ms."""

    a: Float[np.ndarray, "state state"]
    b: Float[np.ndarray, "state input"]
    c: Float[np.ndarray, "output state"]
    d: Float[np.ndarray, "output input"]

    @property
    def poles(self) -> Complex[np.ndarray, " state"]:
        """Its poles in 1/ms, slowest first."""
        poles = np.linalg.eigvals(self.a).astype(complex)
        return poles[np.argsort(-poles.real)]


@dataclass(frozen=True, eq=False)
class Balanced:
    """A system in coordinates in which each state is as hard to reach as to see, the strongest first.

    Attributes:
        hankel: Hankel singular values, in the units of a gain.
        system: the balanced system.
        exact: the frequency in 1/ms at which truncated systems answer as the whole: the rate of its slowest mode.
    """

    hankel: Float[np.ndarray, " state"]
    system: LinearSystem
    exact: PerMillisecond

    def truncated(self, order: int) -> LinearSystem:
        """The system of the strongest states, which is stable.

        Raises:
            InputError: an order below one, or above that of the system.
        """
        require(
            1 <= order <= len(self.hankel),
            f"--order must be 1 to {len(self.hankel)}, the states that the outputs can tell apart, got {order}",
        )
        whole, kept, lost = self.system, slice(order), slice(order, None)
        inverse = self.exact * np.eye(len(self.hankel) - order) - whole.a[lost, lost]
        follow = np.linalg.solve(inverse, np.concatenate([whole.a[lost, kept], whole.b[lost]], axis=1))
        by_states, by_inputs = follow[:, :order], follow[:, order:]
        return LinearSystem(
            whole.a[kept, kept] + whole.a[kept, lost] @ by_states,
            whole.b[kept] + whole.a[kept, lost] @ by_inputs,
            whole.c[:, kept] + whole.c[:, lost] @ by_states,
            whole.d + whole.c[:, lost] @ by_inputs,
        )

    def bound(self, order: int) -> float:
        """The largest gain of the error of a truncation, over all frequencies: twice the sum of what is left out."""
        return 2 * float(self.hankel[order:].sum())


def balance(
    rates: Float[np.ndarray, " mode"], drive: Float[np.ndarray, "input mode"], seen: Float[np.ndarray, "output mode"]
) -> Balanced:
    """Balance a system in its modes, dz/dt = -rates z + drive' u, y = seen z; rates in 1/ms.

    The Gramians of real modes have a closed form, so that no Lyapunov equation is solved.
    """
    sums = rates[:, None] + rates
    reach = _root((drive.T @ drive) / sums)
    sight = _root((seen.T @ seen) / sums)
    left, hankel, right = np.linalg.svd(sight.T @ reach)
    kept = hankel > _NONE * hankel[0]
    scale = np.sqrt(hankel[kept])
    into, out = reach @ right[: len(hankel)][kept].T / scale, sight @ left[:, : len(hankel)][:, kept] / scale
    at_once = np.zeros((len(seen), len(drive)))
    system = LinearSystem(-(out.T * rates) @ into, out.T @ drive.T, seen @ into, at_once)
    return Balanced(hankel[kept], system, float(rates.min()))


def _root(gramian: Float[np.ndarray, "mode mode"]) -> Float[np.ndarray, "mode _"]:
    """A matrix whose product with its transpose is the Gramian, without directions that are rounding."""
    values, vectors = np.linalg.eigh(gramian)
    kept = values > 1e-16 * values[-1]
    return vectors[:, kept] * np.sqrt(values[kept])
