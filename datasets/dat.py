"""The published text form: one `.dat` file a sequence, each line `index time outputs... inputs...`."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import atomic_files
from neuron_models.foundation.text_files import read_json

NAMES_FILE = "names.json"


def export_dat(dataset: Dataset, folder: str | Path) -> list[Path]:
    """Write one file a trial, `<name>.dat`, and `names.json` with the channels' names, units and splits.

    Time is in seconds; outputs and inputs are in the dataset's units, with nine significant digits.

    Raises:
        InputError: a trial has no y, or the folder holds `.dat` files of other trials.
    """
    folder = Path(folder)
    for trial in dataset:
        plain = trial.name.isprintable() and "/" not in trial.name and not trial.name.startswith(".") and trial.name
        require(bool(plain), f"trial {trial.name!r} cannot be the name of a file: rename it")
    others = sorted({path.stem for path in folder.glob("*.dat")} - {trial.name for trial in dataset})
    require(not others, f"{folder} holds other .dat files ({others[0] if others else ''}.dat): choose an empty folder")
    with atomic_files(folder) as beside:
        for trial in dataset:
            np.savetxt(beside / f"{trial.name}.dat", *_table(trial, dataset.dt), delimiter=" ")
        (beside / NAMES_FILE).write_text(json.dumps(_described(dataset), indent=1))
    return [folder / f"{trial.name}.dat" for trial in dataset]


def _table(trial: Trial, dt: float) -> tuple[np.ndarray, list[str]]:
    """(time, column) of a trial's file, and the formats of its columns."""
    if trial.y is None:
        raise InputError(f"trial {trial.name!r} has no outputs: the .dat form needs them")
    index = np.arange(len(trial))
    table = np.column_stack([index, index * dt / 1000, trial.y[:], trial.x[:]])
    return table, ["%d"] + ["%.9g"] * (table.shape[1] - 1)


def _described(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "inputs": dataset.x_names,
        "outputs": dataset.y_names,
        "input_units": dataset.x_units,
        "output_units": dataset.y_units,
        "split": {trial.name: trial.split for trial in dataset},
    }


def import_dat(
    folder: str | Path, *, outputs: tuple[str, ...] = (), inputs: tuple[str, ...] = (), split: tuple[str, ...] = ()
) -> Dataset:
    """Read a folder of `.dat` files in the order of their names, in which numbers count as numbers.

    Args:
        folder: holds the files, and `names.json` unless the names are given.
        outputs: the names of the output columns; from `names.json` when empty.
        inputs: the names of the input columns; from `names.json` when empty.
        split: one of train, validation, test a file; from `names.json` when empty, else none.

    Raises:
        InputError: no files, unknown names, a line with another number of columns, or uneven time steps.
    """
    folder = Path(folder)
    files = sorted(folder.glob("*.dat"), key=_natural)
    require(len(files) > 0, f"{folder}: there is no .dat file in it")
    names = _names(folder)
    inputs, outputs = inputs or tuple(names.get("inputs", ())), outputs or tuple(names.get("outputs", ()))
    require(
        bool(inputs) and bool(outputs),
        f"{folder}: no {NAMES_FILE}: name the columns (--scenario, or --outputs and --inputs)",
    )
    require(not split or len(split) == len(files), f"{folder}: {len(split)} splits for {len(files)} files")
    splits = dict(zip((f.stem for f in files), split, strict=True)) if split else names.get("split", {})
    tables = [_read(path, len(outputs) + len(inputs)) for path in files]
    trials = tuple(
        Trial(
            path.stem,
            t[:, 2 + len(outputs) :],
            t[:, 2 : 2 + len(outputs)],
            group=path.stem,
            split=splits.get(path.stem, ""),
        )
        for path, t in zip(files, tables, strict=True)
    )
    units = names.get("input_units", "nA"), names.get("output_units", "V")
    steps = {round(float(table[1, 1] - table[0, 1]) * 1000, 6) for table in tables}
    require(len(steps) == 1, f"{folder}: the files have time steps of {', '.join(f'{s:g}' for s in sorted(steps))} ms")
    dt = steps.pop()
    return Dataset(
        names.get("name", folder.name), trials, dt, inputs, outputs, *units, source=f"imported from {folder.name}"
    )


def _natural(path: Path) -> list[tuple[int, str]]:
    """Orders seq_2 before seq_10."""
    return [(int(part or -1), text) for part, text in re.findall(r"(\d*)(\D*)", path.stem)]


def _names(folder: Path) -> dict:
    path = folder / NAMES_FILE
    names = read_json(path) if path.exists() else {}
    require(isinstance(names, dict), f"{path}: not a JSON object")
    return names


def _read(path: Path, channels: int) -> np.ndarray:
    require(path.stat().st_size > 0, f"{path}: the file is empty")
    try:
        table = np.loadtxt(path, ndmin=2)
    except ValueError as error:
        raise InputError(f"{path}: {reason(error)}") from None
    require(
        table.shape[1] == channels + 2,
        f"{path}: {table.shape[1]} columns, but index, time and {channels} channels make {channels + 2}",
    )
    require(len(table) >= 2, f"{path}: fewer than two samples")
    require(bool(np.isfinite(table).all()), f"{path}: holds numbers that are not finite")
    steps = np.diff(table[:, 1])
    require(bool(np.allclose(steps, steps[0], rtol=1e-3, atol=1e-9)), f"{path}: the time column is not evenly spaced")
    return table
