"""A surrogate as plain numpy: its weights, and the loop that runs them."""

from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np

from neuron_models.foundation.files import atomic_write
from surrogates.export.activations import ACTIVATIONS
from surrogates.export.templating import write_filled
from surrogates.runs.bands import Bands
from surrogates.runs.model_file import ModelSignature
from surrogates.steps.layers import step_of
from surrogates.steps.step import Affine, Statement, applied

WEIGHTS_FILE = "weights.npz"
CODE_FILE = "model.py"


def write_numpy(model: Any, channels: ModelSignature, out: Path) -> list[Path]:
    """Write `weights.npz` and `model.py` into a folder."""
    step = step_of(model)
    with atomic_write(out / WEIGHTS_FILE) as temporary:
        np.savez(temporary, **dict(step.arrays))  # type: ignore[arg-type]
    code = write_filled(
        "model.py.jinja",
        out / CODE_FILE,
        facts=_facts(model.name, channels),
        channels=channels,
        step=step,
        arrays=[f'{name} = weights["{name}"]' for name in step.arrays],
        activations=[{"name": name, "numpy": ACTIVATIONS[name].numpy} for name in step.activations],
        statements=[_line(statement) for statement in step.statements],
        bands=_bands(channels.bands),
    )
    return [code, out / WEIGHTS_FILE]


def _facts(name: str, channels: ModelSignature) -> list[str]:
    """What the model file says, as literals of Python: a text from there must never be read as code."""
    text = {"name": name, **{field: getattr(channels, field) for field in ("x_names", "x_units", "y_names", "y_units")}}
    return [f"{field} = {pformat(value, width=108, compact=True)}" for field, value in text.items()]


def _bands(bands: Bands | None) -> dict[str, Any] | None:
    """The numbers of a calibrated model's bands, as literals of Python."""
    if bands is None:
        return None
    arrays = {name: f"np.array({list(getattr(bands, name))!r})" for name in ("floor", "slope", "rest")}
    return {"coverage": f"{100 * bands.coverage:g}", "trials": bands.trials, "factor": repr(bands.factor), **arrays}


def _line(statement: Statement) -> str:
    """A statement in Python."""
    if isinstance(statement, Affine):
        terms = [f"{vector} @ {matrix}" for vector, matrix in statement.terms] + [statement.bias] * bool(statement.bias)
        return f"{statement.target} = {applied(statement.activation, ' + '.join(terms))}"
    return f"{statement.target} = {statement.expression}"
