"""The rest of a circuit with channels, or with graded synapses whose thresholds are given: Newton's steps in time."""

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.active import ChannelCurrents
from neuron_models.conductances import Conductances
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import Milliseconds
from neuron_models.synapse import GradedSynapse

_FIRST_STEP: Milliseconds = 0.5
_SMALLEST_STEP: Milliseconds = 0.01
_GROWTH = 3.0
_LARGEST = 10.0
"""The furthest in mV that a step may go."""
_CLOSE = 1e-9
"""The step in mV below which it has settled."""
_STEPS = 150


def settle(
    network: Conductances,
    matrix: Any,
    drive: Float[np.ndarray, " node"],
    v: Float[np.ndarray, " node"],
    currents: ChannelCurrents | None,
) -> Float[np.ndarray, " node"]:
    """Let the potentials run to rest, with every gate at its steady state.

    Implicit steps in time grow until they are Newton's: they begin like the circuit itself would, so that of several
    rests it finds one that is stable.

    Args:
        network: its nodes, capacitances and bent synapses.
        matrix: the linear conductances in uS.
        drive: the linear currents in nA.
        v: where to begin, in mV.
        currents: those of the channels.

    Raises:
        InputError: it does not settle; the message names the neuron that is furthest from it, and how far.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import spsolve

    charged = np.zeros(len(v))
    for node, capacitance in network.capacitance:
        charged[node] += capacitance
    step, change = _FIRST_STEP, np.full(len(v), np.inf)
    for _ in range(_STEPS):
        current, slopes = _bent(network, v, currents)
        left = drive - matrix @ v - current
        change = np.atleast_1d(spsolve((matrix + slopes + diags_array(charged / step)).tocsc(), left))
        largest = np.abs(change).max()
        v = v + change * min(1.0, _LARGEST / largest if largest > 0 else 1.0)
        if not np.isfinite(largest) or (largest < _CLOSE and step > 1e6):
            break
        step = step * _GROWTH if largest < _LARGEST / 2 else max(step / _GROWTH**2, _SMALLEST_STEP)
    _require_settled(network, change)
    return v


def _bent(
    network: Conductances, v: Float[np.ndarray, " node"], currents: ChannelCurrents | None
) -> tuple[Float[np.ndarray, " node"], Any]:
    """The currents in nA that are not linear in the potentials, and their slopes as a matrix in uS."""
    from scipy.sparse import coo_array

    current, entries = np.zeros(len(v)), []
    if currents is not None:
        places = np.array([network.nodes[place] for place in currents.places])
        found, slope = currents.steady(v[places])
        np.add.at(current, places, found)
        entries.append((places, places, slope))
    if network.bent:
        pre, post, g, e, s, slope = _synapses(network, v)
        np.add.at(current, post, g * s * (v[post] - e))
        entries += [(post, post, g * s), (post, pre, g * slope * (v[post] - e))]
    rows, columns, values = (np.concatenate(each) for each in zip(*entries, strict=True))
    return current, coo_array((values, (rows, columns)), shape=(len(v), len(v))).tocsc()


def _synapses(network: Conductances, v: Float[np.ndarray, " node"]) -> tuple[np.ndarray, ...]:
    """Of the bent synapses: the nodes before and behind, conductance, reversal, activity and its slope."""
    pre, post = (np.array([each[side] for each in network.bent]) for side in (0, 1))
    g, e = np.array([(each.g_max, each.e_rev) for *_, each in network.bent]).T
    s, slope = np.zeros((2, len(pre)))
    kinds: dict[GradedSynapse, list[int]] = {}
    for place, (*_, synapse) in enumerate(network.bent):
        kinds.setdefault(replace(synapse, g_max=1.0), []).append(place)
    for synapse, places in kinds.items():
        s[places], slope[places] = synapse.settled(v[pre[places]])
    return pre, post, g, e, s, slope


def _require_settled(network: Conductances, change: Float[np.ndarray, " node"]) -> None:
    furthest = int(np.argmax(np.abs(np.nan_to_num(change, nan=np.inf))))
    if np.isfinite(change).all() and abs(change[furthest]) < 1e-6:
        return
    name = next(node[0] for node, number in network.nodes.items() if number == furthest)
    raise InputError(
        f"the rest of {name} does not converge: it still moves by {abs(change[furthest]):.3g} mV a step; weaken its "
        "calcium channels or strengthen its leak"
    )
