"""`wormtwin dataset import-io`: recorded inputs and outputs of any system."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.options import OutOption, one_of, parse_names
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.wording import counted


def import_io(
    file: Annotated[Path, typer.Argument(help="A table (.csv, .mat, .npz); a folder for some recipes.")],
    out: OutOption,
    inputs: Annotated[str, typer.Option(help="Names of the input columns, such as V1.")] = "",
    outputs: Annotated[str, typer.Option(help="Names of the output columns.")] = "",
    dt_ms: Annotated[float | None, typer.Option(help="Sampling interval in ms.")] = None,
    time: Annotated[str, typer.Option(help="A column of times in s, instead of --dt-ms.")] = "",
    train: Annotated[list[str] | None, typer.Option(help="Samples that train, A:B, B not included.")] = None,
    validation: Annotated[list[str] | None, typer.Option(help="Those that validate; else the last quarter.")] = None,
    test: Annotated[list[str] | None, typer.Option(help="Those of a test, NAME=A:B; may be given again.")] = None,
    warm_up: Annotated[int | None, typer.Option(help="Samples of a test that do not count: 50 by default.")] = None,
    window: Annotated[int | None, typer.Option(help="Samples of a training trial; 0: all. 1000 by default.")] = None,
    overlap: Annotated[
        int | None, typer.Option(help="Samples before them that do not count; --warm-up by default.")
    ] = None,
    start: Annotated[str, typer.Option(help="Free runs start at 'rest', or at a state by 'fit' to the warm-up.")] = "",
    units: Annotated[str, typer.Option(help="Of inputs and outputs, such as V,mm.")] = "",
    recipe: Annotated[
        str,
        typer.Option(help="A benchmark: silverbox, wiener-hammerstein, cascaded-tanks, f16 or bouc-wen."),
    ] = "",
) -> None:
    """Read recorded inputs and outputs into a dataset: windows that train and validate, whole stretches that test."""
    from dataclasses import replace

    from datasets.responses.recorded.recipes import read_recipe
    from datasets.store import save_dataset

    require(not out.is_dir(), f"--out {out} is a folder: give a file name that ends in .h5")
    require_writable(out)
    columns = {"--inputs": inputs, "--outputs": outputs, "--time": time, "--units": units}
    parts = {"--train": train, "--validation": validation, "--test": test, "--dt-ms": dt_ms}
    windows = {"--warm-up": warm_up, "--window": window, "--overlap": overlap, "--start": start or None}
    if start:
        one_of("--start", start, ("rest", "fit"))
    if recipe:
        given = [name for name, value in {**columns, **parts, **windows}.items() if value not in ("", None, [])]
        require(not given, f"--recipe {recipe} says {', '.join(given)} itself: leave that out")
        dataset = read_recipe(recipe, file)
    else:
        dataset = _read(file, columns, parts, windows)
    dataset = replace(dataset, name=dataset.name or out.stem)
    save_dataset(dataset, out)
    tests = ", ".join(dataset.extra["tests"]) or "none"
    found = {name: len(part) for name, part in dataset.by_split().items() if name != "test"}
    numbers = ", ".join(f"{counted(number, 'trial')} of {name}" for name, number in found.items())
    print(f"{numbers}; tests: {tests}; in {out}")


def _read(file: Path, columns: dict[str, str], parts: dict, windows: dict):
    from datasets.responses.recorded.columns import chosen, even_interval, read_columns
    from datasets.responses.recorded.parts import Record, Stretch, parse_range, recorded_dataset

    x_names, y_names = parse_names(columns["--inputs"]), parse_names(columns["--outputs"])
    require(bool(x_names) and bool(y_names), "name the columns by --inputs and --outputs, or give a --recipe")
    require(not set(x_names) & set(y_names), f"{x_names[0]!r} is an input and an output: name it once")
    require(bool(parts["--train"]), "no samples train: name them by --train A:B")
    windowing = _windowing(windows)
    table = read_columns(file)
    dt = parts["--dt-ms"]
    if columns["--time"]:
        found = even_interval(chosen(table, (columns["--time"],), str(file))[:, 0], f"{file}, {columns['--time']}")
        require(dt is None or abs(dt - found) <= 1e-3 * found, f"--dt-ms is {dt}, but the times are {found:g} ms apart")
        dt = found
    if dt is None:
        raise InputError("give the sampling interval by --dt-ms, or a column of times by --time")
    record = Record(file.stem, chosen(table, x_names, str(file)), chosen(table, y_names, str(file)))
    stretches = [Stretch(record, *parse_range(each, "--train"), "train") for each in parts["--train"]]
    for each in parts["--validation"] or ():
        stretches.append(Stretch(record, *parse_range(each, "--validation"), "validation"))
    for each in parts["--test"] or ():
        name, equals, samples = each.partition("=")
        require(bool(equals) and bool(name), f"--test must be NAME=A:B, such as arrow=100:4000, got {each!r}")
        stretches.append(Stretch(record, *parse_range(samples, f"--test {name}"), "test", name))
    units = _units(columns["--units"])
    return recorded_dataset(file.stem, stretches, windowing, dt, x_names, y_names, units, f"imported from {file.name}")


def _windowing(given: dict):
    from datasets.responses.recorded.parts import Windowing

    warm_up = 50 if given["--warm-up"] is None else given["--warm-up"]
    window = 1000 if given["--window"] is None else given["--window"]
    overlap = warm_up if given["--overlap"] is None else given["--overlap"]
    return Windowing(warm_up, window, overlap, given["--start"] or "rest")


def _units(text: str) -> tuple[str, str]:
    """The units of inputs and outputs; one for both."""
    names = parse_names(text) or ("", "")
    require(len(names) <= 2, f"--units names the unit of the inputs and that of the outputs, got {text!r}")
    return names[0], names[-1]
