"""What makes a membrane active: channels, and the calcium that their currents bring in."""

import math
from dataclasses import dataclass
from typing import Literal

from neuron_models.foundation.errors import InputError, require, require_positive
from neuron_models.foundation.units import (
    CubicMicrometres,
    Dimensionless,
    Microsiemens,
    Millimolar,
    Milliseconds,
    Millivolts,
)

Where = Literal["soma", "cell"]
PLACES = ("soma", "cell")
"""Where channels can be: in the soma, or spread evenly over the whole cell."""


@dataclass(frozen=True)
class ChannelKind:
    """A current that a channel may carry: NEURON's name of its mechanism, its ion, and where its equations stand.

    `ion` is k, ca or mixed.
    """

    suffix: str
    ion: Literal["k", "ca", "mixed"]
    source: str

    @property
    def model(self) -> str:
        """Whose model it belongs to."""
        return self.source.split()[0]


_N2019 = "Nicoletti et al. 2019, PLoS ONE 14(7): e0218738"
_N2024 = "Nicoletti et al. 2024, PLoS ONE 19(3): e0298105"
_C0 = "c302 0.12, parameter set C0"

CHANNELS: dict[str, ChannelKind] = {
    "shl1": ChannelKind("WormtwinShl1", "k", _N2019),
    "shl1_fitted": ChannelKind("WormtwinShl1Fitted", "k", _N2024),
    "shk1": ChannelKind("WormtwinShk1", "k", _N2019),
    "shk1_fitted": ChannelKind("WormtwinShk1Fitted", "k", _N2024),
    "kvs1": ChannelKind("WormtwinKvs1", "k", _N2019),
    "kqt1": ChannelKind("WormtwinKqt1", "k", _N2024),
    "kqt3": ChannelKind("WormtwinKqt3", "k", _N2019),
    "egl2": ChannelKind("WormtwinEgl2", "k", _N2019),
    "egl36": ChannelKind("WormtwinEgl36", "k", _N2019),
    "irk": ChannelKind("WormtwinIrk", "k", _N2019),
    "unc103": ChannelKind("WormtwinUnc103", "k", _N2024),
    "slo1_egl19": ChannelKind("WormtwinSlo1Egl19", "k", _N2019),
    "slo1_unc2": ChannelKind("WormtwinSlo1Unc2", "k", _N2019),
    "slo1_iso": ChannelKind("WormtwinSlo1Iso", "k", _N2024),
    "slo2_egl19": ChannelKind("WormtwinSlo2Egl19", "k", _N2019),
    "slo2_unc2": ChannelKind("WormtwinSlo2Unc2", "k", _N2019),
    "slo2_iso": ChannelKind("WormtwinSlo2Iso", "k", _N2024),
    "kcnl": ChannelKind("WormtwinKcnl", "k", _N2019),
    "egl19": ChannelKind("WormtwinEgl19", "ca", _N2019),
    "unc2": ChannelKind("WormtwinUnc2", "ca", _N2019),
    "cca1": ChannelKind("WormtwinCca1", "ca", _N2019),
    "nca": ChannelKind("WormtwinNca", "mixed", _N2019),
    "k_slow": ChannelKind("WormtwinKSlow", "k", _C0),
    "ca_simple": ChannelKind("WormtwinCaSimple", "ca", _C0),
}
"""The currents by name. `_fitted` ones have the constants of 2024, which differ from those of 2019."""

CALCIUM, CALCIUM_MODEL = "WormtwinCalcium", "Nicoletti"
"""NEURON's name of the mechanism that keeps calcium, and whose model it belongs to."""


def _require_place(where: str, owner: str) -> None:
    require(where in PLACES, f"{owner}.where is one of {', '.join(PLACES)}, got {where!r}")


@dataclass(frozen=True)
class Channel:
    """A current of a cell: its `CHANNELS` name, its conductance when all channels are open, and its reversal.

    The conductance is that of the whole cell, spread evenly over the membrane of the soma or of the cell.
    """

    mechanism: str
    g_max: Microsiemens
    e_rev: Millivolts
    where: Where = "soma"
    source: str = ""

    def __post_init__(self) -> None:
        if self.mechanism not in CHANNELS:
            raise InputError(f"there is no channel {self.mechanism!r}: there are {', '.join(CHANNELS)}")
        require(
            math.isfinite(self.g_max) and self.g_max >= 0,
            f"Channel.g_max of {self.mechanism} must be >= 0 uS, got {self.g_max}",
        )
        require(abs(self.e_rev) <= 200, f"Channel.e_rev of {self.mechanism} is from -200 to 200 mV, got {self.e_rev}")
        _require_place(self.where, "Channel")

    @property
    def kind(self) -> ChannelKind:
        """What carries it."""
        return CHANNELS[self.mechanism]


@dataclass(frozen=True)
class CalciumPool:
    """Calcium inside a cell: its calcium currents raise it by way of a volume, and it decays to `base`.

    `fraction` is the share of ions that stay free; it never falls below `least`.
    """

    volume: CubicMicrometres
    fraction: Dimensionless = 1.0
    tau: Milliseconds = 50.0
    base: Millimolar = 5e-5
    least: Millimolar = 5e-5
    where: Where = "soma"
    source: str = ""

    def __post_init__(self) -> None:
        require_positive(self, volume="um3", fraction="", tau="ms", least="mM")
        require(self.base >= 0, f"CalciumPool.base must be >= 0 mM, got {self.base}")
        _require_place(self.where, "CalciumPool")
