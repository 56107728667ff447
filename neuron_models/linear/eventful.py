"""Runs in which chemical synapses open: what the kernel that steps them needs."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from neuron_models.foundation.units import Milliseconds, Millivolts
from neuron_models.linear.contacts import Synapses
from neuron_models.linear.coupling import Coupling, NetworkModes

LONGEST: Milliseconds = 0.25
"""The longest step over which a synapse's current goes straight."""
_NEAR: Millivolts = 40.0
"""From so far below its threshold on, a source is looked at in every step; where current is injected, always."""
_WEAK = 1e-5
"""Directions below this part of a cell's largest resistance are left out."""


@dataclass(frozen=True, eq=False)
class Watched:
    """What the kernel needs to know of synapses, for stimuli into one set of cells and one set of outputs.

    Attributes:
        local: from the system's modes to a few numbers a cell, and from these to potentials.
        exact: the potential of each source for each mode.
        sources: cell, place in the potentials, how near is near, rest, threshold, delay.
        times: rise, decay, scale of each source.
        synapses: the first of each source; target, peak conductance and reversal of each.
        reached: of the targets, as `respond_with_events` has all of these.
        nodes: of the sources, then of the targets.
        conducting: of `synapses`, their places among the circuit's.
    """

    local: tuple[np.ndarray, ...]
    exact: Float32[np.ndarray, "source mode"]
    sources: tuple[np.ndarray, ...]
    times: tuple[np.ndarray, ...]
    synapses: tuple[np.ndarray, ...]
    reached: tuple[np.ndarray, ...]
    nodes: Int[np.ndarray, " place"]
    conducting: Int[np.ndarray, " synapse"]


def watch(
    modes: NetworkModes,
    synapses: Synapses,
    rest: Float[np.ndarray, " node"],
    driven: Int[np.ndarray, " driven"],
    outputs: Int[np.ndarray, " site"],
    ablated: frozenset[int],
    dt: Milliseconds,
    apart: bool = False,
) -> Watched:
    """Look at the synapses that conduct.

    Args:
        modes: of the network.
        synapses: of the circuit.
        rest: of every node, in mV.
        driven: the cells that are stimulated, whose fast modes move by themselves.
        outputs: the nodes that are recorded.
        ablated: the cells that are cut off.
        dt: the step of the kernel, as `inner_steps` gives it.
        apart: whether all fast modes follow the synapses' currents at once, those of stimulated cells too.
    """
    g, coupling = synapses.conductances(ablated), modes.coupling
    kept = np.flatnonzero(g > 0)
    by_cell = np.argsort(synapses.source_cells, kind="stable")
    place = np.argsort(by_cell)[synapses.sources]
    kept = kept[np.argsort(place[kept], kind="stable")]
    used, numbers = np.unique(place[kept], return_counts=True)
    used = by_cell[used]
    targets, which = np.unique(synapses.targets[kept], return_inverse=True)
    moving = coupling.kept.copy()
    if not apart:
        moving[driven] = [len(coupling.cells[cell].rates) for cell in driven]
    nodes = np.concatenate([synapses.nodes[used], targets])
    moved = driven[:0] if apart else driven
    seen = potentials(modes, nodes, moved)
    local, begin = _by_cell(modes, nodes, moved, seen)
    index, number = coupling.index[nodes], len(used)
    near, at_rest = np.where(np.isin(index[:number], driven), np.inf, _NEAR), rest[nodes[:number]]
    about = (index[:number], begin[:number], near, at_rest, synapses.thresholds[used], synapses.delays[used])
    reach = _at_once(coupling, moving, targets, outputs, 0.0 if apart else dt)
    return Watched(
        local,
        seen[:number].astype(np.float32),
        about,
        tuple(each[used] for each in (synapses.rises, synapses.decays, synapses.scales)),
        (np.concatenate([[0], np.cumsum(numbers)]), which, g[kept], synapses.e_rev[kept]),
        (index[number:], begin[number:], rest[targets], *reach),
        nodes,
        kept,
    )


def potentials(
    modes: NetworkModes, nodes: Int[np.ndarray, " node"], driven: Int[np.ndarray, " driven"]
) -> Float[np.ndarray, "node mode"]:
    """What each mode does to potentials: the network's modes, then the fast ones of driven cells in their own cells."""
    return np.concatenate([modes.seen(nodes), *(modes.coupling.fast(nodes, int(cell)) for cell in driven)], axis=1)


def _by_cell(
    modes: NetworkModes, nodes: Int[np.ndarray, " node"], driven: Int[np.ndarray, " driven"], seen: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """The potentials of each cell's nodes by as few numbers as they need, which is two or three a cell.

    These are the principal directions of the resistances between the nodes. Gives: from modes to these numbers, cell by
    cell; the first of each cell; the nodes' potentials for them, one behind the other; and where each node's begin.
    """
    coupling = modes.coupling
    rates = np.concatenate([modes.rates, *(coupling.cells[c].rates[coupling.kept[c] :] for c in driven)])
    turn, first, shapes, begin, index = [np.zeros((0, seen.shape[1]))], [0], [np.zeros(1)], np.zeros(len(nodes), int), 1
    for cell in range(len(coupling.cells)):
        here = np.flatnonzero(coupling.index[nodes] == cell)
        rows = seen[here]
        strengths, directions = np.linalg.eigh((rows / rates) @ rows.T)
        kept = strengths > _WEAK * strengths.max(initial=0.0)
        turn.append(directions[:, kept].T @ rows)
        first.append(first[-1] + int(kept.sum()))
        shapes.append(directions[:, kept].ravel())
        begin[here] = index + kept.sum() * np.arange(len(here))
        index += directions[:, kept].size
    return (np.concatenate(turn).astype(np.float32), np.array(first), np.concatenate(shapes)), begin


def _at_once(
    coupling: Coupling,
    moving: np.ndarray,
    targets: Int[np.ndarray, " target"],
    outputs: Int[np.ndarray, " site"],
    dt: Milliseconds,
) -> tuple[np.ndarray, ...]:
    """Megohms of each target to itself, half of `dt` of its slow modes included; first output, outputs, megohms.

    Outputs are reached through the modes that do not move by themselves.
    """
    own, first, which, through = np.zeros(len(targets)), [0], [], []
    by_cell: dict[int, list[int]] = {}
    for number, node in enumerate(outputs):
        by_cell.setdefault(int(coupling.index[node]), []).append(number)
    for number, node in enumerate(targets):
        cell = int(coupling.index[node])
        modes, kept = coupling.cells[cell], moving[cell]
        here = modes.shapes[coupling.row[node]]
        lag = here[kept:] / modes.rates[kept:]
        slow = modes.rates[:kept]
        own[number] = here[kept:] @ lag + 0.5 * here[:kept] ** 2 @ (-np.expm1(-slow * dt) / slow)
        those = by_cell.get(cell, [])
        which += those
        through += [modes.shapes[coupling.row[outputs[each]], kept:] @ lag for each in those]
        first.append(len(which))
    return own, np.array(first), np.array(which, dtype=int), np.array(through, dtype=float)


def inner_steps(dt: Milliseconds, longest: Milliseconds = LONGEST) -> tuple[int, Milliseconds]:
    """How many steps, none longer than `longest`, the kernel makes in `dt`, and how long they are."""
    every = max(1, int(np.ceil(dt / longest - 1e-9)))
    return every, dt / every
