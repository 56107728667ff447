"""Models on disk: an ordinary `.keras` file that also says which channels it takes and gives."""

import json
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from neuron_models.errors import InputError, require
from neuron_models.files import require_file, written_whole
from neuron_models.units import Milliseconds
from surrogates import layers as _registered_on_import  # noqa: F401
from surrogates.backend import keras, tensorflow_unseen

_MEMBER = "wormtwin.json"
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, KeyError, ValueError, TypeError, RuntimeError)
"""What a damaged archive can make zipfile, h5py and Keras raise (NotImplementedError is a RuntimeError)."""


@dataclass(frozen=True)
class Channels:
    """What a model was trained on: names and units of its inputs and outputs, the sampling interval, the scenario."""

    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    x_units: str
    y_units: str
    dt: Milliseconds
    scenario: str = ""

    @classmethod
    def of(cls, dataset: Dataset) -> "Channels":
        """The channels of a dataset."""
        scenario = str(dataset.extra.get("scenario", dataset.name))
        return cls(dataset.x_names, dataset.y_names, dataset.x_units, dataset.y_units, dataset.dt, scenario)

    def require_same(self, dataset: Dataset) -> None:
        """Check that a dataset has these channels.

        Raises:
            InputError: it has others; the message names both.
        """
        for what, names, others in (
            ("inputs", self.x_names, dataset.x_names),
            ("outputs", self.y_names, dataset.y_names),
        ):
            require(
                names == others,
                f"the model was trained on the {what} {', '.join(names)} (scenario {self.scenario}), "
                f"but dataset {dataset.name!r} has {', '.join(others)}",
            )
        for what, mine, its in (
            ("inputs", self.x_units, dataset.x_units),
            ("outputs", self.y_units, dataset.y_units),
        ):
            require(mine == its, f"the model's {what} are in {mine!r}, those of dataset {dataset.name!r} in {its!r}")
        require(
            abs(self.dt - dataset.dt) < 1e-9,
            f"the model steps by {self.dt:g} ms, but dataset {dataset.name!r} is sampled every {dataset.dt:g} ms",
        )


def save_model(model: keras.Model, path: str | Path, channels: Channels) -> Path:
    """Write a model and its channels to a `.keras` file, whole or not at all."""
    path = Path(path)
    require(path.suffix == ".keras", f"a model file ends in .keras, got {path.name!r}")
    with written_whole(path) as beside:
        with tensorflow_unseen():
            model.save(beside)
        with zipfile.ZipFile(beside, "a") as archive:
            archive.writestr(_MEMBER, json.dumps(asdict(channels)))
    return path


def load_model(path: str | Path) -> tuple[keras.Model, Channels | None]:
    """Read a model and its channels (None for a `.keras` file that another program wrote).

    Raises:
        InputError: the file is missing, damaged or no Keras model.
    """
    path = Path(path)
    require_file(path, f"the model file, such as {path / 'model.keras'}")
    try:
        with zipfile.ZipFile(path) as archive:
            found: dict[str, Any] = json.loads(archive.read(_MEMBER)) if _MEMBER in archive.namelist() else {}
        model = keras.saving.load_model(path)
        found.update({key: tuple(found[key]) for key in ("x_names", "y_names") if found})
        return model, Channels(**found) if found else None
    except _DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise InputError(f"{path}: not a whole .keras model ({reason})") from None
