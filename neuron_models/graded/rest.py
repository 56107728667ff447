"""Where a graded network rests: its thresholds, and its state before anything is injected."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import Dimensionless, Millivolts
from neuron_models.graded.equations import membrane_current, steady_activity, steady_slopes
from neuron_models.graded.network import GradedNetwork

_STEPS = 200
_SMALL: Millivolts = 1e-10


def half_way_potentials(
    network: GradedNetwork, activity: Dimensionless | None = None, current: Float[np.ndarray, " neuron"] | None = None
) -> Float[np.ndarray, " neuron"]:
    """The potentials in mV at which currents cancel while every synapse holds one activity: a linear equation.

    Taken as thresholds, they are the rest of the network too, as in Kunert et al. 2014.

    Args:
        network: its own thresholds do not matter.
        activity: that of every synapse; that at the threshold when None.
        current: what is injected all the time, in pA; nothing when None.
    """
    s = network.transfer.at_threshold if activity is None else activity
    chemical = s * (network.excitatory + network.inhibitory).sum(axis=0)
    conductances = np.diag(network.membrane.g_leak + network.gap.sum(axis=0) + chemical) - network.gap
    drive = network.membrane.g_leak * network.membrane.e_leak + s * (
        network.excitatory.sum(axis=0) * network.e_excitatory + network.inhibitory.sum(axis=0) * network.e_inhibitory
    )
    return np.linalg.solve(conductances, drive if current is None else drive + current)


def with_thresholds_at_rest(network: GradedNetwork) -> GradedNetwork:
    """The network with its thresholds where it rests; a transfer with a threshold of its own keeps that one."""
    given = network.transfer.threshold
    if given is not None:
        return replace(network, thresholds=np.full(len(network.names), given))
    return replace(network, thresholds=half_way_potentials(network))


def resting_potentials(
    network: GradedNetwork, current: Float[np.ndarray, " neuron"] | None = None
) -> Float[np.ndarray, " neuron"]:
    """The potentials in mV at which nothing changes, by Newton's method with halved steps.

    Args:
        network: with thresholds.
        current: what is injected all the time, in pA; nothing when None.

    Raises:
        InputError: the search does not end; the message names the neuron that is farthest from rest.
    """
    injected = np.zeros(len(network.names)) if current is None else current

    def flow(v: Float[np.ndarray, " neuron"]) -> Float[np.ndarray, " neuron"]:
        return membrane_current(network, v, steady_activity(network.transfer, v - network.thresholds)) + injected

    v = half_way_potentials(network, current=injected)
    now = flow(v)
    for _ in range(_STEPS):
        step = np.linalg.solve(steady_slopes(network, v), -now)
        if np.abs(step).max(initial=0) < _SMALL:
            return v + step
        size = 1.0
        while size > 1e-4 and np.linalg.norm(flow(v + size * step)) > np.linalg.norm(now):
            size /= 2
        v = v + size * step
        now = flow(v)
    worst = int(np.abs(step).argmax())
    raise InputError(
        f"the network finds no rest: {network.names[worst]} is still {abs(step[worst]):.3g} mV off after {_STEPS} steps"
    )


def resting_state(
    network: GradedNetwork, current: Float[np.ndarray, " neuron"] | None = None
) -> Float[np.ndarray, " state"]:
    """The state at rest: potentials in mV, then activities; see `resting_potentials`."""
    v = resting_potentials(network, current)
    return np.concatenate([v, steady_activity(network.transfer, v - network.thresholds)])
