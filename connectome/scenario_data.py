"""A stimulus-response experiment as data: what is stimulated and how, what is read, and how it is divided."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from connectome.c302_files import neurons
from connectome.contact import require_known
from connectome.places import cells_of, probe_named, site_named
from neuron_models.circuit import Clamp, VoltageClamp
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.splits import SPLITS
from neuron_models.foundation.units import DataUnits, Milliseconds
from neuron_models.stimulus import Delayed, Pulse, Scaled, Sum, Waveform


@dataclass(frozen=True)
class Scenario:
    """A stimulus-response experiment on the connectome.

    `inputs` are places (`AVAL`, its soma; `AVAL:12:0.3`), `outputs` what is recorded (`DB1`, `DB1:6:0.5`,
    `DB1 synaptic_current`; see `connectome.places`). `stimuli[sequence][input]` is the current (nA) into an input, or,
    where the input is one of `voltage_clamped`, the potential (mV) from its holding potential; `holding` (nA, or mV)
    lies beneath every stimulus of an input, all zero when empty, and is there for `settle` before the first sample.
    `sequences` and `split` name each sequence and say whether it trains, validates or tests. `dt` is the sampling
    interval; `ablated` neurons lose every contact and their stimulus.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sequences: tuple[str, ...]
    stimuli: tuple[tuple[Waveform, ...], ...]
    split: tuple[str, ...]
    duration: Milliseconds = 500.0
    dt: Milliseconds = 0.5
    ablated: tuple[str, ...] = ()
    voltage_clamped: tuple[str, ...] = ()
    holding: tuple[DataUnits, ...] = ()
    settle: Milliseconds = 0.0

    def __post_init__(self) -> None:
        where = f"scenario {self.name}"
        require(len(self.outputs) > 0, f"{where} has no outputs: name at least one neuron to record")
        require(len(self.inputs) > 0, f"{where} has no inputs: name at least one neuron to stimulate")
        require_known(self.ablated, [neuron.name for neuron in neurons()])
        for names, what in ((self.inputs, "an input"), (self.outputs, "an output"), (self.sequences, "a sequence")):
            require_distinct(names, f"{where} names {what}")
        self._require_places()
        require(len(self.sequences) > 0, f"{where} has no sequences")
        require(
            len(self.stimuli) == len(self.split) == len(self.sequences)
            and all(len(row) == len(self.inputs) for row in self.stimuli),
            f"{where} needs one waveform an input and one split a sequence",
        )
        unknown = sorted(set(self.split) - set(SPLITS))
        require(not unknown, f"{where}: a split is one of {', '.join(SPLITS)}, got {', '.join(unknown)}")
        require(self.dt > 0, f"{where}: the sampling interval must be > 0 ms, got {self.dt}")
        require(self.samples >= 1, f"{where}: a sampling of {self.dt:g} ms leaves no sample in {self.duration:g} ms")
        require(math.isfinite(self.settle) and self.settle >= 0, f"{where}: settle must be >= 0 ms, got {self.settle}")

    def _require_places(self) -> None:
        """Raise an `InputError` unless inputs are different places and outputs places with what they record."""
        where, sites = f"scenario {self.name}", [site_named(name) for name in self.inputs]
        for index, site in enumerate(sites):
            if site in sites[:index]:
                one, other = self.inputs[sites.index(site)], self.inputs[index]
                raise InputError(f"{where} stimulates one place twice: {one} and {other}")
        require(len(self.holding) in (0, len(self.inputs)), f"{where} needs one holding value an input")
        strange = sorted(set(self.voltage_clamped) - set(self.inputs))
        require(not strange, f"{where} clamps the voltage of {', '.join(strange)}, which is no input")
        for output in self.outputs:
            probe = probe_named(output)
            require(
                probe.quantity != "clamp_current" or probe.site in map(site_named, self.voltage_clamped),
                f"{where} records {output!r}, but no voltage clamp sits there",
            )

    @property
    def samples(self) -> int:
        """The number of samples, at t = k dt for k = 0 ... samples - 1."""
        return round(self.duration / self.dt)

    @property
    def driven(self) -> tuple[str, ...]:
        """The inputs whose neurons are not ablated: one for each of `clamps`."""
        cells = zip(self.inputs, cells_of(self.inputs), strict=True)
        return tuple(name for name, cell in cells if cell not in self.ablated)

    def clamps(self, sequence: int) -> tuple[Clamp | VoltageClamp, ...]:
        """What drives the inputs of one sequence, counted from 0, that are not ablated, from `settle` before it on."""
        clamps: list[Clamp | VoltageClamp] = []
        for name in self.driven:
            kind = VoltageClamp if name in self.voltage_clamped else Clamp
            clamps.append(kind(site_named(name), self._command(sequence, self.inputs.index(name))))
        return tuple(clamps)

    def values(self, sequence: int) -> Float[np.ndarray, "time input"]:
        """What drives each input at the samples of a sequence, in nA, or in mV under a voltage clamp; 0 if ablated."""
        times = np.round(np.arange(self.samples) * self.dt, 9) + self.settle
        found = np.zeros((self.samples, len(self.inputs)))
        for name, clamp in zip(self.driven, self.clamps(sequence), strict=True):
            found[:, self.inputs.index(name)] = clamp.waveform.at(times)
        return found

    def _command(self, sequence: int, column: int) -> Waveform:
        """An input's stimulus, later by `settle`, above what holds it."""
        stimulus = self.stimuli[sequence][column]
        stimulus = Delayed(stimulus, self.settle) if self.settle else stimulus
        held = self.holding[column] if self.holding else 0.0
        if not held:
            return stimulus
        return Sum((Scaled(Pulse(self.settle + self.duration + self.dt), held), stimulus))

    def ablate(self, names: Sequence[str]) -> "Scenario":
        """The scenario on a worm that lacks these neurons too: their contacts and stimuli go, they stay at rest.

        Raises:
            InputError: a name is that of no neuron or is given twice, or no input is left to stimulate.
        """
        require_known(names, [neuron.name for neuron in neurons()])
        ablated = (*self.ablated, *names)
        require_distinct(ablated, "an ablation names")
        require(
            not set(cells_of(self.inputs)) <= set(ablated),
            f"ablating {', '.join(names)} leaves no input of scenario {self.name} to stimulate "
            f"({', '.join(self.inputs)}): leave at least one",
        )
        return replace(self, ablated=ablated)

    def scaled(self, factor: float) -> "Scenario":
        """The scenario with every injected current, the holding ones too, multiplied by a factor.

        Raises:
            InputError: the factor is not finite, or zero.
        """
        require(math.isfinite(factor) and factor != 0, f"stimuli are scaled by a finite number but 0, got {factor:g}")
        if factor == 1:
            return self
        factors = [1.0 if name in self.voltage_clamped else factor for name in self.inputs]
        rows = tuple(
            tuple(waveform if by == 1 else by * waveform for by, waveform in zip(factors, row, strict=True))
            for row in self.stimuli
        )
        held = tuple(by * value for by, value in zip(factors, self.holding, strict=bool(self.holding)))
        return replace(self, stimuli=rows, holding=held)

    def select(self, numbers: Sequence[int]) -> "Scenario":
        """The scenario with some of its sequences only, counted from 1.

        Raises:
            InputError: a number is not that of a sequence.
        """
        for number in numbers:
            if not 1 <= number <= len(self.sequences):
                raise InputError(f"scenario {self.name} has the sequences 1 to {len(self.sequences)}, not {number}")
        rows = [number - 1 for number in numbers]
        return replace(
            self,
            sequences=tuple(self.sequences[i] for i in rows),
            stimuli=tuple(self.stimuli[i] for i in rows),
            split=tuple(self.split[i] for i in rows),
        )
