"""A whole circuit as data: what the engine builds, what travels to worker processes and what is hashed."""

import hashlib
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from neuron_models.channels import CalciumPool, Channel
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.units import Fraction, Megaohms, Micrometres, Milliseconds, Millivolts
from neuron_models.membrane import Passive
from neuron_models.morphology import Morphology
from neuron_models.stimulus import Waveform
from neuron_models.synapse import ChemicalSynapse, GapJunction, GradedSynapse


@dataclass(frozen=True)
class Cell:
    """A named cell: its shape, its membrane, its channels, and the calcium that opens some of them.

    Every run begins at rest, or at `start` where that is given, with the gates at their steady states there.
    """

    name: str
    morphology: Morphology
    membrane: Passive = field(default_factory=Passive)
    channels: tuple[Channel, ...] = ()
    calcium: CalciumPool | None = None
    start: Millivolts | None = None

    def __post_init__(self) -> None:
        require_distinct((channel.mechanism for channel in self.channels), f"{self.name} has a channel")


@dataclass(frozen=True)
class Site:
    """A point on a cell: a NeuroML segment of it and the fraction along that segment."""

    cell: str
    segment: int = 0
    fraction: Fraction = 0.5


@dataclass(frozen=True)
class Junction:
    """A contact between two sites: a chemical synapse from `pre` to `post`, or a gap junction, which has no side."""

    pre: Site
    post: Site
    mechanism: ChemicalSynapse | GradedSynapse | GapJunction


@dataclass(frozen=True)
class Clamp:
    """A current in nA injected at a site."""

    site: Site
    waveform: Waveform


@dataclass(frozen=True)
class VoltageClamp:
    """A potential in mV to which a site is held through a series resistance (NEURON's SEClamp)."""

    site: Site
    waveform: Waveform
    resistance: Megaohms = 1.0

    def __post_init__(self) -> None:
        good = math.isfinite(self.resistance) and self.resistance > 0
        require(good, f"VoltageClamp.resistance must be > 0 megaohm, got {self.resistance}")


QUANTITIES = {
    "potential": "mV",
    "synaptic_current": "nA",
    "gap_current": "nA",
    "clamp_current": "nA",
    "calcium": "mM",
}
"""What can be recorded, and its unit. Currents through contacts are positive outwards, a clamp's inwards, as NEURON
counts them."""


@dataclass(frozen=True)
class Probe:
    """What is recorded: one of `QUANTITIES` at a site, or, of contacts, of the `whole` cell."""

    site: Site
    quantity: str = "potential"
    whole: bool = False

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES:
            raise InputError(f"{self.quantity!r} cannot be recorded: there are {', '.join(QUANTITIES)}")

    def __str__(self) -> str:
        return f"{self.quantity} of {self.site.cell}"


Clamps = Sequence[Clamp | VoltageClamp]
"""What is injected in a run, and what is held."""
Probes = Sequence[Site | Probe]
"""What is recorded in a run: a site stands for its potential."""


def require_potentials(record: Probes, clamps: Clamps, who: str) -> None:
    """Raise an `InputError` unless potentials alone are recorded and currents alone are injected."""
    for clamp in clamps:
        require(isinstance(clamp, Clamp), f"{who} has no voltage clamps ({clamp.site.cell}): use coreneuron or neuron")
    for probe in record:
        alone = isinstance(probe, Site) or probe.quantity == "potential"
        require(alone, f"{who} records potentials alone, not the {probe}: use coreneuron or neuron")


def require_stimulable(sites: Iterable[Site], ablated: Collection[str]) -> None:
    """Raise an `InputError` if an ablated cell is to be stimulated."""
    for name in sorted({site.cell for site in sites} & set(ablated)):
        raise InputError(f"{name} is ablated and cannot be stimulated: leave out its current")


def site_of(probe: Site | Probe) -> Site:
    """Where something is recorded."""
    return probe if isinstance(probe, Site) else probe.site


def require_compartment(longest: Micrometres) -> None:
    """Raise an `InputError` unless the length of the longest compartment is above zero."""
    require(longest > 0, f"the longest compartment must be > 0 um, got {longest:g}")


@dataclass(frozen=True)
class Circuit:
    """Cells and the contacts between them; compartments no longer than `longest_compartment`."""

    cells: tuple[Cell, ...]
    junctions: tuple[Junction, ...] = ()
    longest_compartment: Micrometres = 20.0

    def __post_init__(self) -> None:
        require_compartment(self.longest_compartment)
        require_distinct((cell.name for cell in self.cells), "a circuit has a cell name")
        names = {cell.name for cell in self.cells}
        for junction in self.junctions:
            for site in (junction.pre, junction.post):
                require(site.cell in names, f"a contact names the cell {site.cell!r}, which the circuit does not have")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole description: equal circuits have equal fingerprints, on every machine."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


SIMULATORS = ("neuron", "coreneuron", "linear", "euler")
"""NEURON; its faster half; passive circuits in their modes; passive circuits stepped as NEURON steps them."""


@dataclass(frozen=True)
class RunSettings:
    """How a circuit is run: for `duration`, in steps of `dt`, by one of `SIMULATORS`.

    To `linear` the step is only that at which potentials are returned.
    """

    duration: Milliseconds = 500.0
    dt: Milliseconds = 0.1
    simulator: str = "neuron"

    def __post_init__(self) -> None:
        for name, value in (("the time step (dt)", self.dt), ("the duration", self.duration)):
            require(math.isfinite(value) and value > 0, f"{name} must be > 0 ms, got {value}")
        if self.simulator not in SIMULATORS:
            raise InputError(f"simulator must be one of {', '.join(SIMULATORS)}, got {self.simulator!r}")
        steps = self.duration / self.dt
        require(
            abs(steps - round(steps)) < 1e-6 and steps > 0.5,
            f"the time step (dt) must divide the duration of {self.duration:g} ms, got {self.dt:g} ms",
        )

    @property
    def steps(self) -> int:
        """The number of time steps."""
        return round(self.duration / self.dt)
