"""What stimuli do to a network whose synapses stay closed: few modes for all stimuli into one set of places."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuron_models.foundation.units import Milliseconds
from neuron_models.linear.coupling import NetworkModes
from neuron_models.linear.reduction import reachable, worst_answer
from neuron_models.linear.stimuli import straight_pieces
from neuron_models.stimulus import Waveform

_WORST = 1e-4
"""An output whose answer at one frequency is further off than this part of its largest is taken from all modes."""


@dataclass(frozen=True, eq=False)
class Forced:
    """The modes that stimuli reach: those of the network, reduced, then the fast ones of the stimulated cells.

    Attributes:
        rates: of these modes in 1/ms.
        drive: what 1 nA does to each.
        basis: from the reduced modes to the network's.
        seen: the potential of each output for the reduced modes, in mV.
        inside: the outputs in stimulated cells.
        fast: their potentials for the fast modes.
        faint: outputs that the reduced modes do not describe well enough.
        whole: the whole system, with these outputs.
    """

    rates: Float[np.ndarray, " reached"]
    drive: Float[np.ndarray, "clamp reached"]
    basis: Float[np.ndarray, "network reduced"]
    seen: Float[np.ndarray, "site reduced"]
    inside: Int[np.ndarray, " inside"]
    fast: Float[np.ndarray, "inside fast"]
    faint: Int[np.ndarray, " faint"]
    whole: tuple[Float[np.ndarray, " network"], Float[np.ndarray, "clamp network"], Float[np.ndarray, "faint network"]]

    def modes(self, waveforms: Sequence[Waveform], dt: Milliseconds, steps: int) -> Float[np.ndarray, "time reached"]:
        """The modes at every step of `dt`, from rest."""
        return _respond((self.rates, self.drive), waveforms, dt, steps)

    def potentials(
        self,
        modes: Float[np.ndarray, "time reached"],
        waveforms: Sequence[Waveform],
        dt: Milliseconds,
        out: Float[np.ndarray, "time site"],
    ) -> None:
        """Write how far the outputs are from rest, given the modes at every step."""
        few = self.basis.shape[1]
        np.matmul(modes[:, :few], self.seen.T, out=out)
        if len(self.inside):
            out[:, self.inside] += modes[:, few:] @ self.fast.T
        if len(self.faint):
            rates, drive, seen = self.whole
            out[:, self.faint] = _respond((rates, drive), waveforms, dt, len(out) - 1) @ seen.T


def _respond(
    system: tuple[Float[np.ndarray, " mode"], Float[np.ndarray, "clamp mode"]],
    waveforms: Sequence[Waveform],
    dt: Milliseconds,
    steps: int,
) -> Float[np.ndarray, "time mode"]:
    from neuron_models.linear.kernels.exact import respond

    pieces = straight_pieces(waveforms, dt, steps)
    z = np.zeros((steps + 1, len(system[0])))
    respond(*system, pieces.lengths, pieces.ends, pieces.before, pieces.after, dt, z)
    return z


def forced_by(modes: NetworkModes, inputs: Int[np.ndarray, " clamp"], outputs: Int[np.ndarray, " site"]) -> Forced:
    """The modes that currents into some nodes reach, and how outputs see them."""
    coupling, drive, seen = modes.coupling, modes.seen(inputs), modes.seen(outputs)
    rates, basis = reachable(modes.rates, drive)
    cells = np.unique(coupling.index[inputs])
    whole, few = (modes.rates, drive, seen), (rates, drive @ basis, seen @ basis)
    inside = np.flatnonzero(np.isin(coupling.index[outputs], cells))
    fast = [coupling.fast(outputs[inside], int(cell)) for cell in cells]
    answers = [coupling.fast(inputs, int(cell)) for cell in cells]
    faint = np.flatnonzero(worst_answer(whole, few) > _WORST) if basis.shape[0] > basis.shape[1] else inside[:0]
    faint = np.setdiff1d(faint, inside)
    return Forced(
        np.concatenate([rates, *(coupling.cells[cell].rates[coupling.kept[cell] :] for cell in cells)]),
        np.concatenate([few[1], *answers], axis=1),
        basis,
        few[2],
        inside,
        np.concatenate([np.zeros((len(inside), 0)), *fast], axis=1),
        faint,
        (modes.rates, drive, seen[faint]),
    )
