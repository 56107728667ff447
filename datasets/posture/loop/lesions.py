"""What crawling loses without some neurons, forward and backward, beside what is published of such worms."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.posture.loop.crawling import Loop, stepping_network
from datasets.posture.loop.gait import Gait, gait
from datasets.posture.loop.oscillator import OSCILLATOR
from datasets.posture.loop.settings import BACKWARD, FORWARD, TOUCH, CrawlSettings, named_neurons
from neuron_models.foundation.errors import require
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from neuron_models.foundation.resumable import Planned, Work, partial_folder, resumable_folder, run_missing
from neuron_models.foundation.units import DataUnits, Dimensionless
from neuron_models.foundation.workers import Call

if TYPE_CHECKING:
    import pandas as pd

LOST, IMPAIRED, KEPT = "lost", "impaired", "kept"
INTACT = "none"
LIMITS: dict[str, tuple[Dimensionless, Dimensionless]] = {
    LOST: (-np.inf, 0.25),
    IMPAIRED: (-np.inf, 0.75),
    KEPT: (0.75, np.inf),
}
"""From which to which part of the intact worm's speed an expectation is met; fixed before any worm crawled."""
SLOWEST: DataUnits = 0.01
"""An intact worm that is slower, in mm/s in the driven direction, does not crawl: no lesion is judged by it."""
UNKNOWN = "unknown"
DIRECTIONS = (FORWARD, BACKWARD)


@dataclass(frozen=True)
class Lesion:
    """Groups of neurons that are lost together, and what is published of worms without them.

    Attributes:
        groups: neurons or groups, such as DB; none for the intact worm.
        forward: a word of `LIMITS` for crawling forward; empty where nothing is published.
        backward: the same for crawling backward.
        source: where that is published.
    """

    groups: tuple[str, ...] = ()
    forward: str = ""
    backward: str = ""
    source: str = ""

    @property
    def name(self) -> str:
        """The lesion in words."""
        return ", ".join(self.groups) or INTACT

    def expected(self, direction: str) -> str:
        """What is published of one direction."""
        return self.forward if direction == FORWARD else self.backward


_CHALFIE = "Chalfie et al. 1985"
LESIONS = (
    Lesion(),
    Lesion(("AVB",), IMPAIRED, KEPT, _CHALFIE),
    Lesion(("AVA",), KEPT, LOST, _CHALFIE),
    Lesion(("DB",), IMPAIRED, KEPT, f"{_CHALFIE}, larvae that have no VB yet"),
    Lesion(("VB",)),
    Lesion(("DB", "VB"), LOST, KEPT, "Xu et al. 2018"),
    Lesion(("DA",), KEPT, IMPAIRED, f"{_CHALFIE}, larvae that have no VA yet"),
    Lesion(("VA",)),
    Lesion(("DA", "VA"), KEPT, LOST, "Gao et al. 2018"),
    Lesion(("D",), IMPAIRED, IMPAIRED, "McIntire et al. 1993"),
)
"""VB and VA alone: no published ablation is known to us."""
TOUCH_LESIONS = (Lesion(("PVC",), LOST, "", f"{_CHALFIE}, touch"), Lesion(("AVD",), "", IMPAIRED, f"{_CHALFIE}, touch"))
"""Of worms that move since they are touched."""


def lesions_of(through: str) -> tuple[Lesion, ...]:
    """The published lesions of worms that are driven through a name of `DRIVEN`."""
    return (*LESIONS, *(TOUCH_LESIONS if through == TOUCH else ()))


def lesion_table(
    lesions: Sequence[Lesion], base: CrawlSettings, circuit: Any, network: str, out: Path, jobs: int = 1
) -> "pd.DataFrame":
    """Let every worm crawl forward and backward, and write how to a table; stopped, it continues from the last crawl.

    Args:
        lesions: the worms; the intact one must be among them, for speeds are over its.
        base: medium, body, muscle, simulator and how long; its direction and ablations are replaced.
        circuit: the network: a `Circuit`, or what has its cells and its fingerprint.
        network: what it is, in words.
        out: the file to write (.csv).
        jobs: processes.

    Returns:
        A row a worm and direction: speed (mm/s, above zero in the driven direction) and its share of the intact
        worm's, frequency (Hz), wavelength (body lengths), curvature (1/mm), mean gates, what is published and whether
        it is met (empty where nothing is; `UNKNOWN` where the intact worm does not crawl as it is driven).

    Raises:
        InputError: no worm is intact, a neuron is not in the network, or the simulator cannot run it.
    """
    import pandas as pd

    from neuron_models.foundation.csv_file import write_csv
    from neuron_models.foundation.files import atomic_write

    require(any(not each.groups for each in lesions), "the intact worm must crawl too: speeds are over its")
    crawls = [(each, direction, lesioned(base, each, direction)) for each in lesions for direction in DIRECTIONS]
    key = hashlib.sha256(repr(([each for *_, each in crawls], circuit.fingerprint)).encode()).hexdigest()
    work = Work("table", {"key": key}, {"network": network, "oscillator": OSCILLATOR}, passing=True)
    with resumable_folder(partial_folder(out), work, NAMED_ARRAYS_FORM, out) as folder:
        names = [f"{number:03d}" for number in range(len(crawls))]
        plan = [
            Planned(folder, name, Call(_crawl_one, circuit, (settings,)), f"{lesion.name} {direction}")
            for name, (lesion, direction, settings) in zip(names, crawls, strict=True)
        ]
        run_missing(plan, unit="crawl", jobs=jobs)
        found = [folder.load(name) for name in names]
        rows = [
            _row(lesion, direction, settings, kept)
            for (lesion, direction, settings), kept in zip(crawls, found, strict=True)
        ]
        table = _judged(pd.DataFrame(rows))
        with folder.last_step(), atomic_write(out) as temporary:
            write_csv(table, temporary, index=False, float_format="%.4g")
    return table


def lesioned(base: CrawlSettings, lesion: Lesion, direction: str) -> CrawlSettings:
    """The crawl of a worm with a lesion, driven forward or backward.

    Raises:
        InputError: a neuron does not exist, or no motor neuron is left.
    """
    return replace(base, direction=direction, ablated=named_neurons(lesion.groups), held=(), scenario=None)


def _crawl_one(circuit: Any, settings: CrawlSettings) -> dict[str, np.ndarray]:
    names = tuple(cell.name for cell in circuit.cells)
    stepping = stepping_network(circuit, circuit.fingerprint, settings)
    parts = list(Loop(settings, names, stepping.rest, stepping).seconds(0, settings.seconds))
    return {name: np.concatenate([each[name] for each in parts]) for name in ("midlines", "gates")}


def _row(lesion: Lesion, direction: str, settings: CrawlSettings, kept: dict[str, np.ndarray]) -> dict[str, Any]:
    walked: Gait = gait(kept["midlines"], settings.fps)
    sign = 1 if direction == FORWARD else -1
    gates = kept["gates"].mean(axis=0)
    return {
        "lost": lesion.name,
        "driven": direction,
        "speed": sign * walked.speed,
        "share": np.nan,
        "frequency": walked.frequency,
        "wavelength": sign * walked.wavelength,
        "curvature": walked.curvature,
        "gate_avb": gates[0],
        "gate_ava": gates[1],
        "published": lesion.expected(direction),
        "met": "",
        "source": lesion.source,
    }


def _judged(table: "pd.DataFrame") -> "pd.DataFrame":
    """Speeds as parts of the intact worm's, and whether what is published is met; who lies still loses nothing."""
    intact = table[table["lost"] == INTACT].set_index("driven")["speed"]
    table["share"] = table["speed"] / table["driven"].map(intact.where(intact > SLOWEST))
    for index, row in table.iterrows():
        if row["published"] and np.isnan(row["share"]):
            table.loc[index, "met"] = UNKNOWN
        elif row["published"]:
            low, high = LIMITS[row["published"]]
            table.loc[index, "met"] = "yes" if low <= row["share"] <= high else "no"
    return table


def print_lesions(table: "pd.DataFrame") -> None:
    """Print the table, and how much of what is published is met."""
    from rich.table import Table

    from neuron_models.foundation.printing import print_whole

    shown = Table("lost", "driven", "mm/s", "of intact", "Hz", "wavelength, L", "1/mm", "gates", "published", "met")
    for row in table.to_dict("records"):
        waves = ("-" if np.isnan(row[name]) else f"{row[name]:.2f}" for name in ("frequency", "wavelength"))
        gates = f"{row['gate_avb']:.2f} {row['gate_ava']:.2f}"
        words = (f"{row['published'] or '-'}{', ' + row['source'] if row['published'] else ''}", row["met"] or "-")
        share = "-" if np.isnan(row["share"]) else f"{round(100 * row['share']) + 0:d} %"
        speeds = (f"{round(row['speed'], 3) + 0.0:.3f}", share)
        shown.add_row(row["lost"], row["driven"], *speeds, *waves, f"{row['curvature']:.1f}", gates, *words)
    print_whole(shown)
    with_published = table[table["published"] != ""]
    still = table[(table["lost"] == INTACT) & ~(table["speed"] > SLOWEST)]
    for direction, speed in zip(still["driven"], still["speed"], strict=True):
        moved = f"{round(speed, 3) + 0.0:+.3f} mm/s"
        print(f"Driven {direction}, the intact worm moves at {moved}: it has nothing to lose there")
    print(f"Met: {(with_published['met'] == 'yes').sum()} of {len(with_published)}; muscles are moved by: {OSCILLATOR}")
    print("Rows of motor neurons are the oscillator's (a unit is lost with the neuron behind it), not the connectome's")
