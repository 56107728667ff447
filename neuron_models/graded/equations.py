"""The equations of a graded network: how fast potentials and activities change, and the matrix of its slopes.

A state is one array (state,): the potentials of all neurons in mV, then the activities of all neurons' synapses. All
synapses of a neuron follow the same voltage, so they share one activity.
"""

import numpy as np
from jaxtyping import Float

from neuron_models.graded.network import GradedNetwork, RateTransfer, Transfer

_PER_SECOND = 1e-3
"""1/s in 1/ms."""


def right_hand_side(
    network: GradedNetwork, state: Float[np.ndarray, " state"], current: Float[np.ndarray, " neuron"]
) -> Float[np.ndarray, " state"]:
    """The rates of change of a state, in mV/ms and 1/ms.

    C dv/dt = g_leak (e_leak - v) + sum over gap junctions + sum over synapses g s_pre (e_rev - v) + current.

    Args:
        network: the network.
        state: potentials in mV, then activities.
        current: what is injected into each neuron, in pA.
    """
    v, s = np.split(state, 2)
    flow = membrane_current(network, v, s) + current
    return np.concatenate([flow / network.membrane.c_m, activity_rate(network.transfer, v - network.thresholds, s)])


def membrane_current(
    network: GradedNetwork, v: Float[np.ndarray, " neuron"], s: Float[np.ndarray, " neuron"]
) -> Float[np.ndarray, " neuron"]:
    """The current that leak, gap junctions and synapses bring into each neuron, in pA."""
    membrane = network.membrane
    leak = membrane.g_leak * (membrane.e_leak - v)
    gap = v @ network.gap - network.gap.sum(axis=0) * v
    excitation = (s @ network.excitatory) * (network.e_excitatory - v)
    inhibition = (s @ network.inhibitory) * (network.e_inhibitory - v)
    return leak + gap + excitation + inhibition


def activity_rate(
    transfer: Transfer, above: Float[np.ndarray, " neuron"], s: Float[np.ndarray, " neuron"]
) -> Float[np.ndarray, " neuron"]:
    """How fast activities change, in 1/ms, where the voltages in front lie `above` mV over their thresholds."""
    from scipy.special import expit

    if isinstance(transfer, RateTransfer):
        rise = transfer.rise * expit(transfer.slope * above) * (1 - s)
        return (rise - transfer.decay * s) * _PER_SECOND
    steady = expit(above / transfer.width)
    return (steady - s) * (transfer.rate * _PER_SECOND) / (1 - steady)


def steady_activity(transfer: Transfer, above: Float[np.ndarray, " neuron"]) -> Float[np.ndarray, " neuron"]:
    """The activity, dimensionless, that voltages `above` mV over their thresholds keep up."""
    from scipy.special import expit

    if isinstance(transfer, RateTransfer):
        rise = transfer.rise * expit(transfer.slope * above)
        return rise / (rise + transfer.decay)
    return expit(above / transfer.width)


def steady_slope(transfer: Transfer, above: Float[np.ndarray, " neuron"]) -> Float[np.ndarray, " neuron"]:
    """The slope of `steady_activity` in 1/mV."""
    from scipy.special import expit

    if isinstance(transfer, RateTransfer):
        phi = expit(transfer.slope * above)
        rise = transfer.rise * phi
        return transfer.decay * transfer.rise * transfer.slope * phi * (1 - phi) / (rise + transfer.decay) ** 2
    steady = expit(above / transfer.width)
    return steady * (1 - steady) / transfer.width


def steady_slopes(
    network: GradedNetwork, v: Float[np.ndarray, " neuron"], moving: bool = True
) -> Float[np.ndarray, "neuron neuron"]:
    """How the current into each neuron (row) depends on each potential (column), activities at their steady values.

    Args:
        network: the network.
        v: the potentials in mV.
        moving: let activities follow the potentials; False holds them.

    Returns:
        d current / d v in nS (pA/mV).
    """
    above = v - network.thresholds
    s = steady_activity(network.transfer, above)
    own = -network.membrane.g_leak - network.gap.sum(axis=0) - s @ (network.excitatory + network.inhibitory)
    slopes = network.gap + np.diag(own)
    if moving:
        drive = steady_slope(network.transfer, above)
        driven = network.excitatory * (network.e_excitatory - v) + network.inhibitory * (network.e_inhibitory - v)
        slopes = slopes + (drive[:, None] * driven).T
    return slopes


def jacobian(network: GradedNetwork, state: Float[np.ndarray, " state"]) -> Float[np.ndarray, "state state"]:
    """The derivative of `right_hand_side` (row) by the state (column).

    Returns:
        Of potentials by potentials and of activities by activities in 1/ms, of potentials by activities in mV/ms, of
        activities by potentials in 1/(mV ms).
    """
    from scipy.special import expit

    v, s = np.split(state, 2)
    number, above = len(v), v - network.thresholds
    own = -network.membrane.g_leak - network.gap.sum(axis=0) - s @ (network.excitatory + network.inhibitory)
    by_s = network.excitatory * (network.e_excitatory - v) + network.inhibitory * (network.e_inhibitory - v)
    transfer = network.transfer
    if isinstance(transfer, RateTransfer):
        phi = expit(transfer.slope * above)
        by_v = transfer.rise * transfer.slope * phi * (1 - phi) * (1 - s) * _PER_SECOND
        decay = -(transfer.rise * phi + transfer.decay) * _PER_SECOND
    else:
        steady, rate = expit(above / transfer.width), transfer.rate * _PER_SECOND
        by_v = rate * steady * (1 - s) / (1 - steady) / transfer.width
        decay = -rate / (1 - steady)
    slopes = np.zeros((2 * number, 2 * number))
    slopes[:number, :number] = (network.gap + np.diag(own)) / network.membrane.c_m
    slopes[:number, number:] = by_s.T / network.membrane.c_m
    slopes[number:, :number], slopes[number:, number:] = np.diag(by_v), np.diag(decay)
    return slopes
