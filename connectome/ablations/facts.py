"""Classical answers to touch and their loss, as data: what was done, and what a model must show, fixed beforehand."""

from dataclasses import dataclass

from connectome.contact import require_known
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless

Class = str
LEFT_RIGHT = ("ALM", "PLM", "AVA", "AVB", "AVD", "PVC", "ASH")
ALONE = ("AVM", "DVA")

LEAST_CONTRAST: Dimensionless = 0.05
"""A direction counts from this part of the activity of both motor groups on."""


@dataclass(frozen=True)
class Expectation:
    """The expected answer in the intact worm's direction, over that of the intact worm: `low` to `high`."""

    word: str
    low: Dimensionless
    high: Dimensionless


EXPECTATIONS = {
    each.word: each
    for each in (
        Expectation("lost", -float("inf"), 0.25),
        Expectation("reduced", -float("inf"), 0.75),
        Expectation("smaller", -float("inf"), 0.9),
        Expectation("retained", 0.5, float("inf")),
        Expectation("larger", 1.1, float("inf")),
    )
}
"""What an ablation does; the margins were set before any network was looked at."""


@dataclass(frozen=True)
class Fact:
    """One row: the classes that are stimulated, those that are lost (each set by itself), and what is seen.

    `direction` is -1 where the intact worm moves backward and +1 where it moves forward; `expected` is one of
    `EXPECTATIONS`, or empty for the intact worm itself.
    """

    name: str
    stimulated: tuple[Class, ...]
    direction: int
    source: str
    ablated: tuple[tuple[Class, ...], ...] = ()
    expected: str = ""

    def __post_init__(self) -> None:
        require(self.direction in (-1, 1), f"fact {self.name}: the direction is -1 or 1, got {self.direction}")
        require(bool(self.ablated) == bool(self.expected), f"fact {self.name}: what is lost goes with what is expected")
        require_known([self.expected] if self.expected else [], EXPECTATIONS, "expectation")
        require_known(
            [*self.stimulated, *(name for lost in self.ablated for name in lost)], (*LEFT_RIGHT, *ALONE), "class"
        )

    @property
    def intact(self) -> bool:
        """Whether no neuron is lost."""
        return not self.ablated

    @property
    def by_construction(self) -> bool:
        """Whether every stimulated neuron is lost, so that any model that reads its stimulus passes."""
        return not self.intact and all(set(self.stimulated) <= set(lost) for lost in self.ablated)


_CHALFIE = "Chalfie et al. 1985, J. Neurosci. 5"
_WICKS = "Wicks and Rankin 1995, J. Neurosci. 15"
_ANTERIOR, _POSTERIOR, _TAP, _NOSE = ("ALM", "AVM"), ("PLM",), ("ALM", "AVM", "PLM"), ("ASH",)

FACTS = (
    Fact("anterior touch reverses", _ANTERIOR, -1, _CHALFIE),
    Fact("posterior touch accelerates", _POSTERIOR, 1, _CHALFIE),
    Fact("tap reverses", _TAP, -1, _WICKS),
    Fact("nose touch (ASH) reverses", _NOSE, -1, "Kaplan and Horvitz 1993, PNAS 90"),
    Fact("-ALM -AVM: anterior touch lost", _ANTERIOR, -1, _CHALFIE, (("ALM", "AVM"),), "lost"),
    Fact("-AVA: anterior touch lost", _ANTERIOR, -1, _CHALFIE, (("AVA",),), "lost"),
    Fact("-AVD: anterior touch reduced", _ANTERIOR, -1, _CHALFIE, (("AVD",),), "reduced"),
    Fact("-AVA -AVD: anterior touch lost", _ANTERIOR, -1, _CHALFIE, (("AVA", "AVD"),), "lost"),
    Fact("-AVM: anterior touch retained", _ANTERIOR, -1, _CHALFIE, (("AVM",),), "retained"),
    Fact("-ALM: anterior touch reduced", _ANTERIOR, -1, _CHALFIE, (("ALM",),), "reduced"),
    Fact("-AVB: posterior touch lost", _POSTERIOR, 1, _CHALFIE, (("AVB",),), "lost"),
    Fact("-PVC: posterior touch lost", _POSTERIOR, 1, _CHALFIE, (("PVC",),), "lost"),
    Fact("-PLM: posterior touch lost", _POSTERIOR, 1, _CHALFIE, (("PLM",),), "lost"),
    Fact("-PLM, -PVC: tap reversal larger", _TAP, -1, _WICKS, (("PLM",), ("PVC",)), "larger"),
    Fact("-DVA: tap reversal smaller", _TAP, -1, _WICKS, (("DVA",),), "smaller"),
    Fact("-ASH: nose touch reduced", _NOSE, -1, "Kaplan and Horvitz 1993, PNAS 90", (("ASH",),), "reduced"),
    Fact("-AVA: nose touch lost", _NOSE, -1, "Piggott et al. 2011, Cell 147", (("AVA",),), "lost"),
)
"""Four answers of the intact worm, and thirteen losses."""


def members(name: Class) -> tuple[str, ...]:
    """The neurons of a class: ALML and ALMR of ALM."""
    return (f"{name}L", f"{name}R") if name in LEFT_RIGHT else (name,)


MOTOR = {
    "B": tuple(f"{kind}{n}" for kind, number in (("DB", 7), ("VB", 11)) for n in range(1, number + 1)),
    "A": tuple(f"{kind}{n}" for kind, number in (("DA", 9), ("VA", 12)) for n in range(1, number + 1)),
}
"""The motor neurons of forward and of backward movement: the answer is the mean of B less the mean of A."""
