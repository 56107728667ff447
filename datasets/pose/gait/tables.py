"""The tables that a measured gait leaves: steps, frames, speeds, phases and one row an animal."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.table import Table

from datasets.pose.gait.coordination import Step, by_speed, coordination_of, phases_of, steps_of
from datasets.pose.gait.gaits import Gaits, find_gaits
from datasets.pose.gait.walking import Walk
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.printing import print_whole

_BINS = 12


@dataclass(frozen=True, eq=False)
class Gait:
    """All that was measured: walks, their gaits, and the steps of all animals."""

    walks: tuple[Walk, ...]
    gaits: Gaits
    steps: tuple[Step, ...]

    def steps_of_animal(self, name: str) -> list[Step]:
        """The steps of one animal."""
        return [step for step in self.steps if step.animal == name]


def measure_gait(walks: Sequence[Walk]) -> Gait:
    """The gaits and steps of some walks, of animals with the same legs and frame rate."""
    return Gait(tuple(walks), find_gaits(walks), tuple(step for walk in walks for step in steps_of(walk)))


def steps_table(gait: Gait) -> pd.DataFrame:
    """A row a step: animal, leg, first frame of the swing, swing and stance (frames), duty, speed, length."""
    rows = [asdict(step) | {"duty": step.duty} for step in gait.steps]
    return pd.DataFrame(rows, columns=["animal", "leg", "start", "swing", "stance", "duty", "speed", "length"])


def frames_table(gait: Gait) -> pd.DataFrame:
    """A row a frame and animal: speed, legs that stand, gait (empty where it does not walk), and each leg's stance."""
    tables = []
    for walk, states in zip(gait.walks, gait.gaits.by_walk, strict=True):
        names = np.array([*gait.gaits.names, ""])
        columns = {leg: np.where(walk.known, walk.stance[:, index], -1) for index, leg in enumerate(walk.legs)}
        standing = np.where(walk.known, walk.stance.sum(axis=1), -1)
        head = {"animal": walk.animal, "frame": np.arange(len(states)), "speed": walk.speed, "standing": standing}
        tables.append(pd.DataFrame({**head, "gait": names[states], **columns}))
    return pd.concat(tables, ignore_index=True)


def speeds_table(gait: Gait) -> pd.DataFrame:
    """Swing and stance by speed, over all legs and animals (`coordination.by_speed`)."""
    speeds = np.array([step.speed for step in gait.steps])
    top = float(np.quantile(speeds, 0.995)) if len(speeds) else 1.0
    edges = np.linspace(max(0.0, float(speeds.min(initial=0.0))), top, _BINS + 1)
    columns = ["from", "to", "steps", "swing_ms", "swing_sd", "stance_ms", "stance_sd"]
    return pd.DataFrame(by_speed(gait.steps, edges, 1000 / gait.walks[0].fps), columns=columns)


def phases_table(gait: Gait) -> pd.DataFrame:
    """A row a leg and animal: when it begins to swing within the step of the first leg, and how reliably."""
    rows = []
    for walk in gait.walks:
        phases = phases_of(walk, gait.steps_of_animal(walk.animal))
        rows += [{"animal": walk.animal, **asdict(phase)} for phase in phases]
    return pd.DataFrame(rows)


def animals_table(gait: Gait) -> pd.DataFrame:
    """A row an animal: its coordination, and for each gait its share of the walking frames and its mean speed."""
    rows = []
    for walk, states in zip(gait.walks, gait.gaits.by_walk, strict=True):
        row = asdict(coordination_of(walk, gait.steps_of_animal(walk.animal)))
        for index, name in enumerate(gait.gaits.names):
            inside = states == index
            row[f"{name} share"] = inside.sum() / max(1, walk.walking.sum())
            row[f"{name} speed"] = float(walk.speed[inside].mean()) if inside.any() else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def save_gait(gait: Gait, out: Path) -> None:
    """Write all tables into a folder: `steps.csv`, `frames.csv`, `speeds.csv`, `phases.csv`, `animals.csv`."""
    out.mkdir(parents=True, exist_ok=True)
    makers = {"steps": steps_table, "frames": frames_table, "speeds": speeds_table, "phases": phases_table}
    for name, maker in {**makers, "animals": animals_table}.items():
        with atomic_write(out / f"{name}.csv") as temporary:
            write_csv(maker(gait), temporary, index=False)


def print_gait(gait: Gait) -> None:
    """Print a row an animal, and swing and stance by speed."""
    units = gait.walks[0].units
    animals = Table(
        "animal", "walking frames", f"speed ({units})", "steps (Hz)", "duty", "tripod index", "tetrapod index",
        *(f"{name} (share; speed)" for name in gait.gaits.names),
    )  # fmt: skip
    for row in animals_table(gait).to_dict("records"):
        gaits = (f"{row[f'{name} share']:.2f}; {row[f'{name} speed']:.3g}" for name in gait.gaits.names)
        numbers = (f"{row[name]:.3g}" for name in ("speed", "frequency", "duty", "tripod", "tetrapod"))
        animals.add_row(str(row["animal"]), str(row["frames"]), *numbers, *gaits)
    speeds = Table(f"speed ({units})", "steps", "swing (ms)", "stance (ms)")
    for row in speeds_table(gait).to_dict("records"):
        cells = (f"{row[f'{of}_ms']:.1f} ± {row[f'{of}_sd']:.1f}" for of in ("swing", "stance"))
        speeds.add_row(f"{row['from']:.3g} to {row['to']:.3g}", str(row["steps"]), *cells)
    print_whole(animals, speeds)
