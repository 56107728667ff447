"""Runs in which chemical synapses open: what they do, added to what the stimuli do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32

from neuron_models.circuit import RunSettings
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
        watched: the synapses.
        numbers: of each number of a cell, the reduced modes that stimuli reach.
        exact: of each source, the same.
        stimulated: of each source in a stimulated cell, all modes that stimuli reach.
        there: of each target in a stimulated cell, the same.
    """

    forced: Forced
    watched: Watched
    numbers: Float32[np.ndarray, "row reduced"]
    exact: Float32[np.ndarray, "source reduced"]
    stimulated: Float32[np.ndarray, "stimulated mode"]
    there: Float32[np.ndarray, "inside mode"]


def superposed(forced: Forced, watched: Watched) -> Superposed:
    """Join what stimuli do with the synapses that they open."""
    network, few = len(forced.basis), forced.basis.astype(np.float32)
    stimulated, there = (
        np.concatenate([whole[:, :network] @ few, whole[:, network:]], axis=1)
        for whole in (watched.exact[np.isinf(watched.sources[2])], watched.there)
    )
    exact = np.ascontiguousarray(watched.exact[:, :network] @ few)
    return Superposed(forced, watched, watched.local[0] @ few, exact, stimulated, there)


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

    every, dt = inner_steps(settings)
    steps, forced, watched = settings.steps * every, joined.forced, joined.watched
    half_steps = forced.modes(waveforms, dt / 2, 2 * steps)
    forced.potentials(half_steps[:: 2 * every], waveforms, settings.dt, out)
    z, more = np.zeros((settings.steps + 1, len(network))), np.zeros(out.shape)
    stimuli = _known(joined, half_steps.astype(np.float32), whole_steps(waveforms, dt, steps))
    parts = (watched.local, joined.exact, watched.sources, watched.times, watched.synapses)
    superpose(network, dt, every, stimuli, *parts, (*watched.reached, watched.inside), z, more)
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
