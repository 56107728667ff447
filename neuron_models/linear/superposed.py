"""Runs in which chemical synapses open: what they do, added to what the stimuli do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from scipy.sparse import csr_array

from neuron_models.circuit import RunSettings
from neuron_models.linear.coupling import NetworkModes
from neuron_models.linear.eventful import Watched, inner_steps
from neuron_models.linear.forced import Forced
from neuron_models.linear.stimuli import whole_steps
from neuron_models.stimulus import Waveform

_BLOCK = 24
"""Steps of which the fastest change of each cell's numbers is known."""


@dataclass(frozen=True, eq=False)
class Superposed:
    """How the numbers of cells and the sources of synapses see the modes that stimuli reach.

    Attributes:
        forced: these modes.
        watched: the synapses, of the intact network.
        turn: from the network's modes to the numbers of cells.
        numbers: of each number of a cell, the reduced modes that stimuli reach.
        exact: of each source, the same.
        stimulated: of each source in a stimulated cell, all modes that stimuli reach.
        inside: of each target in a stimulated cell, a row of `there`; -1 of all others.
        there: of these targets, all modes that stimuli reach.
        g: the peak conductances of the synapses, in uS.
    """

    forced: Forced
    watched: Watched
    turn: Float32[np.ndarray, "row network"]
    numbers: Float32[np.ndarray, "row reduced"]
    exact: Float32[np.ndarray, "source reduced"]
    stimulated: Float32[np.ndarray, "stimulated mode"]
    inside: Int[np.ndarray, " target"]
    there: Float32[np.ndarray, "inside mode"]
    g: Float[np.ndarray, " synapse"]


def superposed(
    forced: Forced, modes: NetworkModes, watched: Watched, driven: Int[np.ndarray, " driven"], g: np.ndarray
) -> Superposed:
    """Join what stimuli do with the synapses that they open.

    Args:
        forced: what the stimuli reach.
        modes: of the network, some cells of which may be ablated.
        watched: the synapses of the intact network, apart from the stimuli.
        driven: the cells that are stimulated.
        g: the peak conductances of all synapses of the circuit when these cells are ablated.
    """
    places, few, number = modes.by_cell(watched.nodes), modes.turn @ forced.basis, len(watched.sources[0])
    rows = _directions(watched, modes.coupling.index[watched.nodes]).T @ places

    def all_modes(chosen: Int[np.ndarray, " chosen"]) -> Float32[np.ndarray, "chosen mode"]:
        fast = [modes.coupling.fast(watched.nodes[chosen], int(cell)) for cell in driven]
        return np.concatenate([places[chosen] @ few, *fast], axis=1).astype(np.float32)

    inside = np.isin(watched.reached[0], driven)
    return Superposed(
        forced,
        watched,
        (rows @ modes.turn).astype(np.float32),
        (rows @ few).astype(np.float32),
        (places[:number] @ few).astype(np.float32),
        all_modes(np.flatnonzero(np.isinf(watched.sources[2]))),
        np.where(inside, np.cumsum(inside) - 1, -1),
        all_modes(number + np.flatnonzero(inside)),
        g[watched.conducting],
    )


def _directions(watched: Watched, cells: Int[np.ndarray, " place"]) -> csr_array:
    """(place, number): the potentials of sources and targets for the numbers of their cells."""
    _, first, shapes = watched.local
    begin = np.concatenate([watched.sources[1], watched.reached[1]])
    widths = first[cells + 1] - first[cells]
    ends = np.concatenate([[0], np.cumsum(widths)])
    along = np.arange(ends[-1]) - np.repeat(ends[:-1], widths)
    columns = np.repeat(first[cells], widths) + along
    return csr_array((shapes[np.repeat(begin, widths) + along], columns, ends), shape=(len(cells), first[-1]))


def run_with_events(
    network: Float[np.ndarray, " mode"],
    seen: Float[np.ndarray, "site mode"],
    joined: Superposed,
    waveforms: Sequence[Waveform],
    settings: RunSettings,
    out: Float[np.ndarray, "time site"],
) -> None:
    """Write how far potentials are from rest, in mV, at every step of `settings`.

    What the stimuli do is known before; the synapses that they open add to it.

    Args:
        network: the rates of the network's modes.
        seen: the potential of each output for these.
        joined: the stimuli's modes and the synapses.
        waveforms: the stimulus, one a clamp.
        settings: duration and step.
        out: what to write into.
    """
    from neuron_models.linear.kernels.superposed import superpose

    every, dt = inner_steps(settings.dt)
    steps, forced, watched = settings.steps * every, joined.forced, joined.watched
    half_steps = forced.modes(waveforms, dt / 2, 2 * steps)
    forced.potentials(half_steps[:: 2 * every], waveforms, settings.dt, out)
    z, more = np.zeros((settings.steps + 1, len(network))), np.zeros(out.shape)
    stimuli = _known(joined, half_steps.astype(np.float32), whole_steps(waveforms, dt, steps))
    first, targets, _, e_rev = watched.synapses
    synapses, reached = (first, targets, joined.g, e_rev), (*watched.reached, joined.inside)
    parts = ((joined.turn, *watched.local[1:]), joined.exact, watched.sources, watched.times, synapses, reached)
    superpose(network, dt, every, stimuli, *parts, z, more)
    out += more
    out += z @ seen.T


def _known(
    joined: Superposed, half_steps: Float32[np.ndarray, "half_step mode"], whole: Bool[np.ndarray, " step"]
) -> tuple:
    """What the stimuli do, as `superpose` takes it."""
    few = joined.numbers.shape[1]
    modes = np.ascontiguousarray(half_steps[:, :few])
    numbers = modes[::2] @ joined.numbers.T
    inside = half_steps[1::2] @ joined.there.T
    return modes, numbers, _fastest(numbers), _BLOCK, whole, half_steps @ joined.stimulated.T, inside


def _fastest(numbers: Float32[np.ndarray, "step row"]) -> Float32[np.ndarray, "block row"]:
    """The largest change of each number from step to step within each block of steps and the one behind it."""
    changes = np.abs(np.diff(numbers, axis=0, append=numbers[-1:]))
    largest = np.maximum.reduceat(changes, np.arange(0, len(changes), _BLOCK), axis=0)
    largest[:-1] = np.maximum(largest[:-1], largest[1:])
    return largest
