"""Exports a model file: the table of the exports, and the checks before them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable
from surrogates.export.capabilities import require_expressible
from surrogates.export.nmodl import mechanism_name, write_nmodl
from surrogates.export.numpy_code import write_numpy
from surrogates.export.onnx_file import require_onnx, write_onnx
from surrogates.runs.model_file import ModelSignature, load_model


def export_model(model_file: Path, to: str, out: Path, name: str | None = None) -> list[Path]:
    """Write a trained model in another form.

    Args:
        model_file: a `.keras` file with its channels, as `wormtwin train` writes it.
        to: one of `WRITERS`.
        out: the folder to write; files of an earlier export of the same name are replaced.
        name: what the NEURON mechanism is called; made from the model's name when None.

    Returns:
        The files, the one to open first in front.

    Raises:
        InputError: an unknown export, a model without channels or one that the export cannot express, a name that is
            none, a file in place of the folder, or a package that is missing.
    """
    if out.is_file() or out == Path():
        raise InputError(f"--out must name a folder of its own, got {str(out)!r}")
    require_writable(out)
    require(name is None or to == "nmodl", f"a name is the mechanism's: the export {to} has none")
    model, channels = load_model(model_file)
    require_expressible(model, to)
    if channels is None:
        raise InputError(
            f"{model_file} does not say which channels it has and how they are sampled: export a model that "
            "`wormtwin train` wrote"
        )
    if to == "onnx":
        require_onnx()
    if to == "nmodl":
        return write_nmodl(model, channels, out, mechanism_name(model.name) if name is None else name)
    return WRITERS[to](model, channels, out)


WRITERS: dict[str, Callable[[Any, ModelSignature, Path], list[Path]]] = {"onnx": write_onnx, "numpy": write_numpy}
