"""How a graded network moves."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Milliseconds
from neuron_models.graded.equations import jacobian, right_hand_side
from neuron_models.graded.network import GradedNetwork

_RELATIVE, _ABSOLUTE = 1e-8, 1e-9


def trajectory(
    network: GradedNetwork,
    state: Float[np.ndarray, " state"],
    currents: Float[np.ndarray, "interval neuron"],
    times: Sequence[Milliseconds] | Float[np.ndarray, " time"],
) -> Float[np.ndarray, "time state"]:
    """Integrate a graded network from a state, to eight digits (ODEPACK's LSODA).

    Args:
        network: with thresholds.
        state: where it starts: potentials in mV, then activities.
        currents: what is injected into each neuron in pA, constant from each time to the next.
        times: in ms, growing; the first is that of the start.

    Returns:
        The state at each time.

    Raises:
        InputError: times do not grow, or there is not one row of currents for each interval.
        FloatingPointError: the integration fails.
    """
    from scipy.integrate import solve_ivp

    moments = np.asarray(times, float)
    require(bool((np.diff(moments) > 0).all()), "the times of a trajectory must grow")
    require(len(currents) == len(moments) - 1, f"{len(moments)} times need {len(moments) - 1} rows of currents")
    states = np.empty((len(moments), len(state)))
    states[0] = state
    for first, last in _stretches(currents):
        solved = solve_ivp(
            lambda _, y, row=currents[first]: right_hand_side(network, y, row),
            (moments[first], moments[last]),
            states[first],
            method="LSODA",
            t_eval=moments[first : last + 1],
            jac=lambda _, y: jacobian(network, y),
            rtol=_RELATIVE,
            atol=_ABSOLUTE,
        )
        if not solved.success:
            raise FloatingPointError(f"the graded network cannot be integrated: {solved.message}")
        states[first : last + 1] = solved.y.T
    return states


def _stretches(currents: Float[np.ndarray, "interval neuron"]) -> list[tuple[int, int]]:
    """The first and last time of every stretch in which nothing changes what is injected."""
    changes = np.flatnonzero((np.diff(currents, axis=0) != 0).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(currents)]
    return list(itertools.pairwise(edges)) if len(currents) else []
