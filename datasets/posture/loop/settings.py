"""What decides a crawl: the stimuli, who is ablated, and the numbers that nobody measured."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from connectome.c302_files import neurons
from connectome.contact import require_known
from connectome.scenario import Scenario
from datasets.posture.body.mechanics import AGAR, CODE, Body, Medium
from datasets.posture.loop.oscillator import SIZES, neurons_of
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.units import Dimensionless, Hertz, Millivolts, Nanoamperes, Seconds
from neuron_models.muscle import muscle_model

DT = 1.0
"""Neurons, muscles and body tell each other what they do so often, ms."""
FORWARD, BACKWARD, NONE = "forward", "backward", "none"
COMMANDS = {FORWARD: ("AVBL", "AVBR"), BACKWARD: ("AVAL", "AVAR"), NONE: ()}
"""Whose potentials open the gates."""
COMMAND, INTERNEURONS, TOUCH = "command", "interneurons", "touch"
DRIVEN = {
    COMMAND: COMMANDS,
    INTERNEURONS: {FORWARD: ("PVCL", "PVCR"), BACKWARD: ("AVDL", "AVDR"), NONE: ()},
    TOUCH: {FORWARD: ("PLML", "PLMR"), BACKWARD: ("ALML", "ALMR", "AVM"), NONE: ()},
}
"""Who gets the steady current: command neurons themselves, those before them, or the neurons of touch."""
GROUPS = {"AVA": COMMANDS[BACKWARD], "AVB": COMMANDS[FORWARD], "AVD": ("AVDL", "AVDR"), "PVC": ("PVCL", "PVCR")} | {
    **{kind: neurons_of(kind) for kind in SIZES},
    "D": (*neurons_of("DD"), *neurons_of("VD")),
    "PLM": ("PLML", "PLMR"),
    "ALM": ("ALML", "ALMR"),
    "ASH": ("ASHL", "ASHR"),
}
"""Names that stand for several neurons."""
_PULSE = re.compile(r"^(?P<names>[A-Za-z0-9,]+)=(?P<amp>[-+0-9.e]+)@(?P<start>[0-9.]+)-(?P<end>[0-9.]+)$")


def named_neurons(names: Sequence[str]) -> tuple[str, ...]:
    """The neurons of names and groups, such as AVB or DB.

    Raises:
        InputError: a name is neither; the message names the nearest.
    """
    known = [neuron.name for neuron in neurons()]
    require_known(names, (*known, *GROUPS), "neuron")
    found = [each for name in names for each in GROUPS.get(name, (name,))]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Held:
    """A current that is held into some neurons for a while."""

    neurons: tuple[str, ...]
    amplitude: Nanoamperes
    start: Seconds
    end: Seconds


def held(text: str) -> Held:
    """Read a current, such as `ALM,AVM=0.05@20-21`: neurons or groups, nA, from and to in s.

    Raises:
        InputError: it is none, or ends before it begins.
    """
    found = _PULSE.match(text.replace(" ", ""))
    try:
        values = [float(found[name]) for name in ("amp", "start", "end")] if found else []
    except ValueError:
        values = []
    if not found or not values or not np.isfinite(values).all():
        raise InputError(f"a pulse is like ALM,AVM=0.05@20-21 (neurons, nA, from and to in s), got {text!r}")
    amplitude, start, end = values
    require(start < end, f"the pulse {text!r} ends before it begins")
    return Held(named_neurons(found["names"].split(",")), amplitude, start, end)


@dataclass(frozen=True)
class CrawlSettings:
    """A crawl.

    Attributes:
        seconds: how long; whole ones, since a crawl that is stopped continues from its last.
        direction: which way the steady current drives.
        through: who gets it, a name of `DRIVEN`.
        drive: that current.
        held: further currents.
        scenario: whose stimuli are injected too, from the beginning; its first sequence.
        ablated: neurons that are cut off, with the units that they stand behind.
        medium: that the worm is in.
        variant: of the body; the oscillator was made for that of its authors' program.
        muscle: a name of `neuron_models.muscle.MUSCLE_MODELS`.
        simulator: `linear` or `neuron`.
        oscillator: whether the published oscillator moves the muscles.
        motor: how much of the network's own motor neurons moves them, through the junctions of Cook et al. 2019.
        gate: by how much AVB must be more depolarized than AVA for all of the oscillator's drive; and AVA than AVB.
        stretch: the current into motor neurons of the network for each unit of stretch that their segments feel.
        fps: of what is recorded.
    """

    seconds: int = 60
    direction: str = FORWARD
    through: str = COMMAND
    drive: Nanoamperes = 0.05
    held: tuple[Held, ...] = ()
    scenario: Scenario | None = None
    ablated: tuple[str, ...] = ()
    medium: Medium = AGAR
    variant: str = CODE
    muscle: str = "first-order"
    simulator: str = "linear"
    oscillator: bool = True
    motor: Dimensionless = 0.0
    gate: Millivolts = 5.0
    stretch: Nanoamperes = 0.05
    fps: Hertz = 20.0
    about: dict[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        require(1 <= self.seconds <= 36_000, f"a crawl lasts 1 to 36000 whole seconds, got {self.seconds}")
        if self.direction not in COMMANDS:
            raise InputError(f"a crawl is driven {', '.join(COMMANDS)}, got {self.direction!r}")
        if self.through not in DRIVEN:
            raise InputError(f"a crawl is driven through {', '.join(DRIVEN)}, got {self.through!r}")
        require(
            self.simulator in ("linear", "neuron"), f"a crawl's simulator is linear or neuron, got {self.simulator!r}"
        )
        Body(self.variant)
        muscle_model(self.muscle)
        require(0 <= self.motor <= 1, f"the share of the motor neurons must be from 0 to 1, got {self.motor}")
        require_distinct(self.ablated, "an ablation names")
        movers = [name for kind in ("DB", "VB", "DA", "VA") for name in neurons_of(kind)]
        left = not set(movers) <= set(self.ablated)
        require(left, "the ablation leaves no motor neuron of classes A and B: nothing is left to move the worm")
        if self.scenario is not None and self.scenario.duration > 1000 * self.seconds:
            raise InputError(
                f"scenario {self.scenario.name} lasts {self.scenario.duration / 1000:g} s, "
                f"longer than the crawl of {self.seconds} s: give more --seconds"
            )
        for each in self.held:
            require(each.end <= self.seconds, f"a pulse ends at {each.end:g} s, after the crawl of {self.seconds} s")
        apart = 1000 / self.fps if self.fps > 0 else 0.5
        whole = abs(apart - round(apart)) < 1e-9 and 1000 % round(apart) == 0
        require(whole, f"frames of a crawl must lie whole milliseconds apart and divide a second, got {self.fps:g} Hz")

    @property
    def driven(self) -> tuple[str, ...]:
        """The neurons that get the steady current, ablated ones too."""
        return DRIVEN[self.through][self.direction]

    @property
    def stimulated(self) -> tuple[str, ...]:
        """The neurons into which currents flow, but those of stretch, without the ablated ones."""
        names = [*self.driven, *(name for each in self.held for name in each.neurons)]
        names += self.scenario.inputs if self.scenario else ()
        return tuple(dict.fromkeys(name for name in names if name not in self.ablated))

    def currents(self) -> Float[np.ndarray, "step neuron"]:
        """What is injected into `stimulated` in each millisecond, nA."""
        steps = round(1000 * self.seconds / DT)
        place = {name: column for column, name in enumerate(self.stimulated)}
        found = np.zeros((steps, len(place)), dtype=np.float32)
        for name in self.driven:
            if name in place:
                found[:, place[name]] += self.drive
        times = (np.arange(steps) + 0.5) * DT / 1000
        for each in self.held:
            inside = (times >= each.start) & (times < each.end)
            for name in each.neurons:
                if name in place:
                    found[inside, place[name]] += each.amplitude
        if self.scenario is not None:
            for name, waveform in zip(self.scenario.inputs, self.scenario.stimuli[0], strict=True):
                if name in place:
                    found[:, place[name]] += waveform.step_means(DT, steps)
        return found

    def without(self, *names: str) -> "CrawlSettings":
        """The same crawl of a worm that lacks more neurons."""
        return replace(self, ablated=tuple(dict.fromkeys((*self.ablated, *names))))
