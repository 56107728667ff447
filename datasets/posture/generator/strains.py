"""The strains of the generator: what is known to set each apart, and the numbers chosen to say so.

The direction of each difference is published (`source`); its size is chosen, so that strains are distinguished about as
well as real ones are. `docs/posture-sample.md` has the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.units import Dimensionless, Fraction, Hertz, Millimetres, Radians, Seconds


@dataclass(frozen=True)
class Strain:
    """How worms of a strain crawl, on average.

    Attributes:
        name: of the strain.
        frequency: of the body wave while it roams.
        amplitude: of the tangent angle of the wave at mid-body.
        wavelength: in body lengths.
        forward_time: mean time from the start of a forward run to the next reversal or pause, roaming.
        reversal_time: median length of a reversal.
        pausing: chance that a forward run ends in a pause, not a reversal.
        omega: chance that a reversal ends in an omega turn.
        roaming_time: mean length of a roaming state.
        dwelling_time: mean length of a dwelling state.
        length: of the body.
        source: of what sets it apart.
    """

    name: str
    frequency: Hertz = 0.347
    amplitude: Radians = 0.88
    wavelength: Dimensionless = 0.65
    forward_time: Seconds = 12.0
    reversal_time: Seconds = 3.0
    pausing: Fraction = 0.25
    omega: Fraction = 0.3
    roaming_time: Seconds = 90.0
    dwelling_time: Seconds = 45.0
    length: Millimetres = 1.05
    source: str = ""


N2 = Strain(
    "N2",
    source="wavelength: Fang-Yen et al. 2010; reversals and omega turns: Gray, Hill and Bargmann 2005; length and "
    "speed: Yemini et al. 2013",
)

STRAINS: dict[str, Strain] = {
    strain.name: strain
    for strain in (
        N2,
        replace(
            N2,
            name="CB4856",
            frequency=0.503,
            amplitude=0.81,
            roaming_time=120.0,
            dwelling_time=30.0,
            length=1.0,
            source="Hawaii; its npr-1 makes it fast on food: de Bono and Bargmann 1998",
        ),
        replace(
            N2,
            name="ED3049",
            frequency=0.386,
            amplitude=0.72,
            forward_time=16.0,
            omega=0.2,
            source="South Africa; among the wild isolates of Yemini et al. 2013 and the strains of Li et al. 2017; its "
            "npr-1 is that of all wild isolates, as CB4856's: McGrath et al. 2009",
        ),
        replace(
            N2,
            name="trp-4",
            frequency=0.285,
            amplitude=1.2,
            wavelength=0.62,
            source="sy695; no proprioception by DVA, deeper bends: Li, Feng, Sternberg and Xu 2006",
        ),
        replace(
            N2,
            name="tph-1",
            frequency=0.462,
            amplitude=1.02,
            roaming_time=180.0,
            dwelling_time=25.0,
            reversal_time=2.6,
            source="mg280; no serotonin, short dwelling states: Flavell et al. 2013",
        ),
        replace(
            N2,
            name="cat-2",
            frequency=0.496,
            amplitude=1.1,
            pausing=0.12,
            source="e1112; no dopamine, does not slow on food: Sawin, Ranganathan and Horvitz 2000",
        ),
        replace(
            N2,
            name="egl-30",
            frequency=0.216,
            amplitude=0.64,
            pausing=0.45,
            dwelling_time=70.0,
            source="ad805; sluggish, shallow wave: Brundage et al. 1996; Lackner, Nurrish and Kaplan 1999",
        ),
        replace(
            N2,
            name="nmr-1",
            forward_time=24.0,
            frequency=0.297,
            amplitude=0.95,
            reversal_time=2.4,
            source="ak4; no NMDA receptor in the command neurons, fewer reversals: Brockie et al. 2001",
        ),
    )
}


def parse_strains(text: str) -> tuple[str, ...]:
    """Names such as `N2,CB4856`; all strains when empty.

    Raises:
        InputError: one is unknown, or named twice.
    """
    return known_strains([name.strip() for name in text.split(",") if name.strip()] or list(STRAINS))


def known_strains(names: Sequence[str]) -> tuple[str, ...]:
    """The names, once it is sure that each is a strain's and none comes twice.

    Raises:
        InputError: one is unknown, or named twice.
    """
    require(len(names) > 0, "a sample needs a strain")
    require_distinct(names, "the sample names a strain")
    for name in names:
        if name not in STRAINS:
            raise InputError(f"there is no strain {name!r} to generate: there are {', '.join(STRAINS)}")
    return tuple(names)
