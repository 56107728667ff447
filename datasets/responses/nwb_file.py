"""Responses to stimuli in Neurodata Without Borders: series with units, stimuli, a table of trials and one of cells."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from connectome.c302_files import neurons
from connectome.places import cells_of
from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write, require_space

_SI = {"V": ("volts", 1.0), "mV": ("volts", 1e-3), "nA": ("amperes", 1e-9), "mM": ("molar", 1e-3)}
"""The unit and the factor by which NWB counts what a dataset holds."""
_SERIES = {"volts": "potential", "amperes": "current", "molar": "calcium"}
_MODULE = "misc"
_ROOM = 2**20
"""Bytes for what NWB says of itself."""
_SPECIES = "Caenorhabditis elegans"


def save_responses_nwb(dataset: Dataset, path: Path, began: datetime, began_by: str) -> Path:
    """Write a dataset of responses, whole or not at all.

    Trials follow each other without a pause, in the dataset's order, in series of one unit each; the table of trials
    says when each begins and ends, and its split. Channels are named, with their neurons, in the table `channels`.

    Args:
        dataset: whose inputs and outputs are in V, mV, nA or mM, all channels recorded.
        path: the .nwb file.
        began: the session's start, which every NWB file has.
        began_by: where that time comes from, in words.

    Raises:
        InputError: a unit that NWB's does not follow from, or trials without responses.
    """
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.file import Subject

    units = _units(dataset)
    x, y = _joined(dataset, "x"), _joined(dataset, "y")
    file = NWBFile(
        f"{dataset.name}: {dataset.source or 'responses to stimuli'}. The session's start is {began_by}; trials follow "
        "each other without a pause, though each began at rest",
        path.stem,
        began,
        experiment_description="responses of neurons to injected stimuli, sequence by sequence",
        keywords=["C. elegans", "connectome", "misc"],
        institution="simulated with wormtwin",
        experimenter=["wormtwin, simulator"],
        subject=Subject(subject_id="simulated-worm", species=_SPECIES, sex="XX", age="P3D", description="a model worm"),
    )
    module = file.create_processing_module(_MODULE, "what was recorded, and the cells it was recorded from")
    for name, series in _series(dataset.y_names, y, dataset.dt, [units[n] for n in dataset.y_names], "recorded"):
        module.add(_time_series(name, *series))
    for name, series in _series(dataset.x_names, x, dataset.dt, [units[n] for n in dataset.x_names], "stimulus"):
        file.add_stimulus(_time_series(name, *series))
    module.add(_channels(dataset, units))
    module.add(_cells(dataset))
    _add_trials(file, dataset)
    with atomic_write(path) as temporary:
        require_space(temporary, x.nbytes + y.nbytes + _ROOM)  # HDF5 can crash on a full disk
        with NWBHDF5IO(str(temporary), "w") as io:
            io.write(file)
    return path


def session_start(given: str, data: Path) -> tuple[datetime, str]:
    """When a session began, and who says so: as it was given, else when the dataset file was last written.

    Raises:
        InputError: what was given is no time in ISO 8601.
    """
    if not given:
        return datetime.fromtimestamp(data.stat().st_mtime, UTC), "when the dataset file was last written"
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise InputError(f"--session-start is a time such as 2024-05-31T14:30, got {given!r}") from None
    return found if found.tzinfo else found.astimezone(), "as it was given"


def _units(dataset: Dataset) -> dict[str, str]:
    """The unit of every channel by its name."""
    stored = dataset.extra.get("units", {})
    found = {name: stored.get(name, dataset.x_units) for name in dataset.x_names}
    found |= {name: stored.get(name, dataset.y_units) for name in dataset.y_names}
    strange = sorted({unit for unit in found.values() if unit not in _SI})
    require(
        not strange,
        f"dataset {dataset.name!r} is in {', '.join(map(repr, strange))}: NWB takes {', '.join(_SI)} from here",
    )
    return found


def _joined(dataset: Dataset, side: str) -> Float[np.ndarray, "time channel"]:
    arrays = [getattr(trial, side) for trial in dataset]
    if any(array is None for array in arrays):
        raise InputError(f"dataset {dataset.name!r} has trials without responses: there is nothing to export")
    return np.concatenate([np.asarray(array[:], dtype=float) for array in arrays])


def _series(
    names: Sequence[str], values: Float[np.ndarray, "time channel"], dt: float, units: Sequence[str], what: str
) -> list[tuple[str, tuple]]:
    """One series for each unit: its name, and what it is made of."""
    found = []
    for unit in dict.fromkeys(units):
        columns = [index for index, each in enumerate(units) if each == unit]
        si, factor = _SI[unit]
        about = f"{what}, a column each: {', '.join(names[index] for index in columns)}"
        found.append((f"{what}_{_SERIES[si]}", (values[:, columns], si, factor, 1000.0 / dt, about)))
    return found


def _time_series(name: str, values: np.ndarray, unit: str, factor: float, rate: float, about: str) -> Any:
    from hdmf.backends.hdf5 import H5DataIO
    from pynwb import TimeSeries

    data = H5DataIO(values, compression="gzip", shuffle=True)
    return TimeSeries(
        name=name, data=data, unit=unit, conversion=factor, rate=rate, starting_time=0.0, description=about
    )


def _channels(dataset: Dataset, units: dict[str, str]) -> Any:
    from hdmf.common import DynamicTable, VectorData

    names = (*dataset.x_names, *dataset.y_names)
    kinds = ["stimulus"] * len(dataset.x_names) + ["recorded"] * len(dataset.y_names)
    columns = {
        "channel": ("the place and the quantity, as the scenario names them", names),
        "neuron": ("the cell", cells_of(names)),
        "kind": ("whether it drives or is recorded", kinds),
        "unit": ("the unit of the dataset; the series tells its own", [units[name] for name in names]),
    }
    made = [VectorData(name=name, description=about, data=list(data)) for name, (about, data) in columns.items()]
    return DynamicTable(name="channels", description="what each column of the series is, in their order", columns=made)


def _cells(dataset: Dataset) -> Any:
    from hdmf.common import DynamicTable, VectorData

    driven, read = set(cells_of(dataset.x_names)), set(cells_of(dataset.y_names))
    lost = set(dataset.extra.get("ablated", ()))
    roles = {neuron.name: neuron.role for neuron in neurons()}
    names = sorted(driven | read | lost)
    columns = {
        "cell": ("its name", names),
        "role": ("sensory, interneuron, motor, polymodal or unknown", [roles.get(name, "unknown") for name in names]),
        "stimulated": ("whether a stimulus drives it", [name in driven for name in names]),
        "recorded": ("whether something of it was recorded", [name in read for name in names]),
        "ablated": ("whether it was cut off", [name in lost for name in names]),
    }
    made = [VectorData(name=name, description=about, data=data) for name, (about, data) in columns.items()]
    return DynamicTable(name="cells", description="the neurons that the data are of", columns=made)


def _add_trials(file: Any, dataset: Dataset) -> None:
    file.add_trial_column("sequence", "the stimulus sequence")
    file.add_trial_column("split", "whether it trains, validates or tests; none where that is open")
    begin = 0.0
    for trial in dataset:
        end = begin + len(trial) * dataset.dt / 1000
        file.add_trial(start_time=begin, stop_time=end, sequence=trial.name, split=trial.split or "none")
        begin = end
