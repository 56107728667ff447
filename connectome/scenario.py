"""Scenarios: which neurons are stimulated and how, which are read, and how the sequences are divided."""

import csv
import importlib.resources
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from connectome.c302_files import neurons
from connectome.contact import require_known
from connectome.scenario_names import SCENARIO_NAMES
from neuron_models.circuit import Clamp, Site
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.splits import SPLITS
from neuron_models.foundation.units import Milliseconds, Nanoamperes
from neuron_models.stimulus import Silence, Waveform, parse


@dataclass(frozen=True)
class Scenario:
    """A stimulus-response experiment on the connectome.

    `stimuli[sequence][input]` is the current (nA) into that input's soma; `sequences` and `split` name each sequence
    and say whether it trains, validates or tests. `dt` is the sampling interval; `ablated` neurons lose every contact
    and their stimulus.
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

    def __post_init__(self) -> None:
        where = f"scenario {self.name}"
        require(len(self.outputs) > 0, f"{where} has no outputs: name at least one neuron to record")
        require(len(self.inputs) > 0, f"{where} has no inputs: name at least one neuron to stimulate")
        require_known((*self.inputs, *self.outputs, *self.ablated), [neuron.name for neuron in neurons()])
        for names, what in ((self.inputs, "an input"), (self.outputs, "an output"), (self.sequences, "a sequence")):
            require_distinct(names, f"{where} names {what}")
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

    @property
    def samples(self) -> int:
        """The number of samples, at t = k dt for k = 0 ... samples - 1."""
        return round(self.duration / self.dt)

    def clamps(self, sequence: int) -> tuple[Clamp, ...]:
        """The currents of one sequence, counted from 0, into the somata of the inputs that are not ablated."""
        pairs = zip(self.inputs, self.stimuli[sequence], strict=True)
        return tuple(Clamp(Site(name), waveform) for name, waveform in pairs if name not in self.ablated)

    def ablate(self, names: Sequence[str]) -> "Scenario":
        """The scenario on a worm that lacks these neurons too: their contacts and stimuli go, they stay at rest.

        Raises:
            InputError: a name is that of no neuron or is given twice, or no input is left to stimulate.
        """
        require_known(names, [neuron.name for neuron in neurons()])
        ablated = (*self.ablated, *names)
        require_distinct(ablated, "an ablation names")
        require(
            not set(self.inputs) <= set(ablated),
            f"ablating {', '.join(names)} leaves no input of scenario {self.name} to stimulate "
            f"({', '.join(self.inputs)}): leave at least one",
        )
        return replace(self, ablated=ablated)

    def scaled(self, factor: float) -> "Scenario":
        """The scenario with every stimulus multiplied by a factor.

        Raises:
            InputError: the factor is not finite, or zero.
        """
        require(math.isfinite(factor) and factor != 0, f"stimuli are scaled by a finite number but 0, got {factor:g}")
        if factor == 1:
            return self
        return replace(self, stimuli=tuple(tuple(factor * waveform for waveform in row) for row in self.stimuli))

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


AVB_AND_PLM: dict[str, Nanoamperes] = {"PLML": 1.4, "PLMR": 1.4, "AVBL": 2.3, "AVBR": 2.3}
IL2: dict[str, Nanoamperes] = dict.fromkeys(("IL2DL", "IL2DR", "IL2L", "IL2R", "IL2VL", "IL2VR"), 4.8)

FCM_OUTPUTS = ("DB1", "LUAL", "PVR", "VB1")
FCM_WIDE_OUTPUTS = (
    *("AS1", "AS7", "DA1", "DA9", "DB1", "DB5", "DD1", "DVA"),
    *("LUAL", "PHCL", "PLML", "PVCL", "PVR", "SIBVL", "VB1", "VD1"),
)
NICTATION_OUTPUTS = ("RMED", "RMEL", "RMER", "RMEV", "RMGL", "RMGR")
NICTATION_WIDE_OUTPUTS = (*NICTATION_OUTPUTS, "RMHL", "RMHR", "SMDDL", "SMDDR", "SMDVL", "SMDVR")


def _published(name: str, amplitudes: dict[str, Nanoamperes], outputs: tuple[str, ...]) -> Scenario:
    path = importlib.resources.files("connectome") / "data" / f"stimuli_{name}.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return Scenario(
        name=name,
        inputs=tuple(amplitudes),
        outputs=outputs,
        sequences=tuple(f"{name}_{int(row['sequence']):02d}" for row in rows),
        stimuli=tuple(tuple(amplitudes[cell] * parse(row[cell]) for cell in amplitudes) for row in rows),
        split=tuple(row["split"] for row in rows),
    )


def _both() -> Scenario:
    fcm, nictation = load_scenario("fcm_wide"), load_scenario("nictation_wide")
    silent_fcm, silent_nictation = (Silence(),) * len(fcm.inputs), (Silence(),) * len(nictation.inputs)
    return Scenario(
        name="fcm_nictation",
        inputs=fcm.inputs + nictation.inputs,
        outputs=fcm.outputs + nictation.outputs,
        sequences=fcm.sequences + nictation.sequences,
        stimuli=tuple(row + silent_nictation for row in fcm.stimuli)
        + tuple(silent_fcm + row for row in nictation.stimuli),
        split=fcm.split + nictation.split,
    )


_MAKERS: dict[str, Callable[[], Scenario]] = {
    "fcm": lambda: _published("fcm", AVB_AND_PLM, FCM_OUTPUTS),
    "fcm_wide": lambda: replace(_published("fcm", AVB_AND_PLM, FCM_WIDE_OUTPUTS), name="fcm_wide"),
    "nictation": lambda: _published("nictation", IL2, NICTATION_OUTPUTS),
    "nictation_wide": lambda: replace(_published("nictation", IL2, NICTATION_WIDE_OUTPUTS), name="nictation_wide"),
    "fcm_nictation": _both,
}
SCENARIOS = {name: (about, _MAKERS[name]) for name, about in SCENARIO_NAMES.items()}
"""What each published scenario is, and how it is made."""


def load_scenario(name: str) -> Scenario:
    """Load one of `SCENARIOS`, as published by Barbulescu et al. 2023 (Tables and Supplement).

    Raises:
        InputError: there is no such scenario; the message lists those that there are.
    """
    if name not in SCENARIOS:
        raise InputError(f"there is no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name][1]()
