"""The public benchmarks of system identification, divided as they are published.

Splits and warm-ups are those of nonlinearbenchmark.org as its loader has them (`nonlinear_benchmarks` 1.0.1); which
training samples validate is chosen as in `identibench` 0.4.0. The data stay with their authors: name their files.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.dataset import Dataset
from datasets.responses.recorded.columns import Columns, chosen, read_columns
from datasets.responses.recorded.parts import Record, Stretch, Windowing, recorded_dataset
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Milliseconds

Stretches = list[Stretch]


@dataclass(frozen=True)
class Recipe:
    """How one benchmark is read and divided.

    Attributes:
        wanted: the file or folder to name.
        stretches: reads them from there.
        dt: sampling interval.
        inputs: names of the inputs.
        outputs: names of the outputs.
        units: of inputs and outputs.
        windowing: how stretches become trials.
        source: where it was published.
    """

    wanted: str
    stretches: Callable[[Path], Stretches]
    dt: Milliseconds
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    units: tuple[str, str]
    windowing: Windowing
    source: str


def read_recipe(name: str, path: Path) -> Dataset:
    """Read a benchmark from the file, or the folder, of its authors.

    Raises:
        InputError: there is no such recipe, or the file is not the benchmark's.
    """
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}; there are {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder: the recipe {name} reads {recipe.wanted}")
    stretches = recipe.stretches(path)
    return recorded_dataset(
        name, stretches, recipe.windowing, recipe.dt, recipe.inputs, recipe.outputs, recipe.units, recipe.source
    )


def _record(path: Path, inputs: Sequence[str], outputs: Sequence[str], columns: Columns | None = None) -> Record:
    columns = read_columns(path) if columns is None else columns
    return Record(path.stem, chosen(columns, inputs, str(path)), chosen(columns, outputs, str(path)))


def _whole(record: Record, split: str, name: str = "") -> Stretch:
    return Stretch(record, 0, len(record.u), split, name)


def _silverbox(path: Path) -> Stretches:
    record = _record(path, ("V1",), ("V2",))
    _require_length(path, record, 131_072)
    return [
        Stretch(record, 40_650, 90_650, "train"),
        Stretch(record, 90_650, 105_712, "validation"),
        Stretch(record, 105_712, 127_400, "test", "multisine"),
        Stretch(record, 100, 40_575, "test", "arrow"),
        Stretch(record, 100, 32_100, "test", "arrow, no extrapolation"),
    ]


def _wiener_hammerstein(path: Path) -> Stretches:
    record = _record(path, ("uBenchMark",), ("yBenchMark",))
    _require_length(path, record, 188_000)
    return [
        Stretch(record, 5_200, 85_200, "train"),
        Stretch(record, 85_200, 105_200, "validation"),
        Stretch(record, 105_200, 184_000, "test", "test"),
    ]


def _cascaded_tanks(path: Path) -> Stretches:
    columns = read_columns(path)
    learned = _record(path, ("uEst",), ("yEst",), columns)
    tested = _record(path, ("uVal",), ("yVal",), columns)
    _require_length(path, learned, 1_024)
    return [
        Stretch(learned, 160, 1_024, "train"),
        Stretch(learned, 0, 160, "validation"),
        _whole(tested, "test", "test"),
    ]


def _f16(path: Path) -> Stretches:
    """Every multisine and sweep of the folder, of which those called Validation test."""
    require(path.is_dir(), f"{path} is no folder: the recipe f16 reads the folder of F16Data_*.mat or .csv")
    files = [each for each in sorted(path.iterdir()) if each.name.startswith("F16Data") and "Special" not in each.name]
    stretches = []
    for each in files:
        columns = read_columns(each)
        outputs = [name for name in columns if name.startswith("Acceleration")]
        require(len(outputs) == 3, f"{each}: {len(outputs)} columns of acceleration, not 3")
        record = _record(each, ("Force",), outputs, columns)
        test = "Validation" in each.name
        stretches.append(_whole(record, "test" if test else "train", each.stem if test else ""))
    require(bool(stretches), f"{path}: there is no F16Data_*.mat in it")
    return stretches


def _bouc_wen(path: Path) -> Stretches:
    """The two published tests; training data are simulated by everybody, from the published equations."""
    from datasets.responses.recorded.twins import simulated_bouc_wen

    require(path.is_dir(), f"{path} is no folder: the recipe bouc-wen reads the folder of uval_multisine.mat")
    force, displacement = simulated_bouc_wen(5, seed=0)
    trained = Record("simulated", force[:, None], displacement[:, None])
    stretches = [_whole(trained, "train")]
    for name in ("multisine", "sinesweep"):
        columns = {key: each for what in "uy" for key, each in read_columns(path / f"{what}val_{name}.mat").items()}
        record = _record(path / name, (f"uval_{name}",), (f"yval_{name}",), columns)
        stretches.append(_whole(record, "test", name))
    return stretches


def _require_length(path: Path, record: Record, samples: int) -> None:
    found = len(np.asarray(record.u))
    require(found == samples, f"{path}: {found} samples, but the benchmark has {samples}: it is another file")


RECIPES: dict[str, Recipe] = {
    "silverbox": Recipe(
        "SNLS80mV.csv or .mat",
        _silverbox,
        1000 / 610.35,
        ("V1",),
        ("V2",),
        ("V", "V"),
        Windowing(50, 2000, 300, "fit"),
        "Wigren and Schoukens 2013, Three free data sets for nonlinear system identification (ECC)",
    ),
    "wiener-hammerstein": Recipe(
        "WienerHammerBenchMark.mat",
        _wiener_hammerstein,
        1 / 51.2,
        ("u",),
        ("y",),
        ("V", "V"),
        Windowing(50, 1000, 200, "rest"),
        "Schoukens, Suykens and Ljung 2009, Wiener-Hammerstein benchmark (SYSID)",
    ),
    "cascaded-tanks": Recipe(
        "dataBenchmark.csv or .mat",
        _cascaded_tanks,
        4000.0,
        ("u",),
        ("y",),
        ("V", "V"),
        Windowing(50, 0, 0, "fit"),
        "Schoukens, Mattsson, Wigren and Noel 2016, Cascaded tanks benchmark",
    ),
    "f16": Recipe(
        "the folder of F16Data_*.mat",
        _f16,
        2.5,
        ("Force",),
        ("Acceleration 1", "Acceleration 2", "Acceleration 3"),
        ("N", "m/s2"),
        Windowing(50, 2000, 500, "rest"),
        "Noel and Schoukens 2017, F-16 aircraft benchmark based on ground vibration test data",
    ),
    "bouc-wen": Recipe(
        "the folder of uval_multisine.mat and its like",
        _bouc_wen,
        1000 / 750,
        ("u",),
        ("y",),
        ("N", "m"),
        Windowing(50, 2000, 500, "rest"),
        "Noel and Schoukens 2016, Hysteretic benchmark with a dynamic nonlinearity",
    ),
}
"""The benchmarks by name."""
