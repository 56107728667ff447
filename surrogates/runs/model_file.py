"""Models on disk: an ordinary `.keras` file that also says which channels it takes and gives."""

import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from datasets.topics import topic_modules, topics_of
from neuron_models.foundation.archives import require_unpacked
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import atomic_write, require_file
from neuron_models.foundation.hdf5 import require_own_bytes
from neuron_models.foundation.units import Milliseconds
from neuron_models.foundation.wording import counted
from surrogates.backend import keras, tensorflow_unseen
from surrogates.runs.bands import Bands, bands_from
from surrogates.runs.learned import Learned, learned_from
from surrogates.runs.stimuli import TrainedStimuli, stimuli_from

_MEMBER = "wormtwin.json"
RATE_TOLERANCE = 0.1
"""How far the frame interval may be from that of the recordings that a model has learned, as a share of it."""
_DETAILS_0_1 = ("size", "edges", "pairs")
_LISTS = ("x_names", "y_names", "classes")
_COUNTS = (("x_names", "input_shape"), ("y_names", "output_shape"))
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError),
    *(LookupError, ValueError, TypeError, RuntimeError, AttributeError, OverflowError),
)
"""What a damaged archive can make zipfile, h5py and Keras raise (NotImplementedError is a RuntimeError)."""

_LONGEST = 300
"""The most characters of a name, a unit or a scenario (which can be the path of a file)."""
_NAMED = 4
"""Names of a long list, of more than twice as many, that a message shows."""


@dataclass(frozen=True)
class ModelSignature:
    """What a model was trained on: names and units of its inputs and outputs, the sampling interval, the scenario.

    Of a model of recordings or images also its name in the table of models, of a classifier its classes, and in
    `details`, as JSON has it, what a topic needs to know of its data (`DataTopic.details`). `learned` lists the trials
    that it learned, and `stimuli` what drove those; None in files that do not say, such as those of version 0.1.
    `bands` are there once a model of responses is calibrated.
    """

    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    x_units: str
    y_units: str
    dt: Milliseconds
    scenario: str = ""
    model: str = ""
    classes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    learned: Learned | None = None
    stimuli: TrainedStimuli | None = None
    bands: Bands | None = None

    @classmethod
    def of(cls, dataset: Dataset, model: str = "") -> "ModelSignature":
        """The signature of a dataset; `model` is the name of a model of recordings or images that has learned it."""
        scenario = str(dataset.extra.get("scenario", dataset.name))
        units = dataset.x_units, dataset.y_units
        classes = tuple(dataset.extra.get("classes", ())) if model else ()
        details = {key: value for topic in topics_of(dataset) for key, value in topic.details(dataset).items()}
        return cls(dataset.x_names, dataset.y_names, *units, dataset.dt, scenario, model, classes, details)

    def validate(self) -> None:
        """Check that names, units and scenario are printable lines, and the sampling interval is > 0 ms.

        Raises:
            InputError: they are not; a model file that says so could not be read again.
        """
        _validate(asdict(self))

    def require_same(self, dataset: Dataset) -> None:
        """Check that a dataset has these channels.

        Raises:
            InputError: it has others; the message names both, of long lists what the other lacks.
        """
        for topic in topics_of(dataset):
            if topic.require_details is not None:
                topic.require_details(self.y_names, self.details, dataset)
                return
        for what, names, others in (
            ("inputs", self.x_names, dataset.x_names),
            ("outputs", self.y_names, dataset.y_names),
        ):
            require(
                names == others,
                f"the model was trained on the {what} {_apart(names, others)} (scenario {self.scenario}), "
                f"but dataset {dataset.name!r} has {_apart(others, names)}",
            )
        for what, mine, its in (
            ("inputs", self.x_units, dataset.x_units),
            ("outputs", self.y_units, dataset.y_units),
        ):
            require(mine == its, f"the model's {what} are in {mine!r}, those of dataset {dataset.name!r} in {its!r}")
        if self.model:
            self._require_recordings(dataset)
            return
        require(
            abs(self.dt - dataset.dt) < 1e-9,
            f"the model steps by {self.dt:g} ms, but dataset {dataset.name!r} is sampled every {dataset.dt:g} ms",
        )

    def _require_recordings(self, dataset: Dataset) -> None:
        """Check classes and frame rate, in which recordings of different worms differ by a few percent."""
        classes = tuple(dataset.extra.get("classes", ()))
        require(
            not self.classes or classes == self.classes,
            f"the model separates {', '.join(self.classes)}, but dataset {dataset.name!r} has the classes "
            f"{', '.join(classes) or 'none'}: apply the same state rule",
        )
        require(
            abs(self.dt - dataset.dt) <= RATE_TOLERANCE * self.dt,
            f"the model steps by {self.dt:.4g} ms, but dataset {dataset.name!r} is sampled every {dataset.dt:.4g} ms",
        )


def _apart(names: tuple[str, ...], others: tuple[str, ...]) -> str:
    """All names where they are few (or "none"); else the first that the others lack, and how many there are."""
    if len(names) <= 2 * _NAMED:
        return ", ".join(names) or "none"
    own = [name for name in names if name not in set(others)] or list(names)
    more = f" and {len(own) - _NAMED} more" if len(own) > _NAMED else ""
    return f"{', '.join(own[:_NAMED])}{more} of {len(names)}"


def save_model(model: keras.Model, path: str | Path, signature: ModelSignature) -> Path:
    """Write a model and its signature to a `.keras` file, whole or not at all."""
    path = Path(path)
    require(path.suffix == ".keras", f"a model file ends in .keras, got {path.name!r}")
    with atomic_write(path) as temporary:
        with tensorflow_unseen():
            model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(_MEMBER, json.dumps(asdict(signature)))
    return path


def load_model(path: str | Path) -> tuple[keras.Model, ModelSignature | None]:
    """Read a model and its signature (None for a `.keras` file that another program wrote).

    Raises:
        InputError: the file is missing, damaged or no Keras model, or its signature is not the model's, or texts that
            are not a printable line.
    """
    path = Path(path)
    require_file(path, f"the model file, such as {path / 'model.keras'}")
    list(topic_modules("surrogates"))  # they register the Keras classes that a file may name
    try:
        with zipfile.ZipFile(path) as archive:
            _require_own_weights(archive, path)
            content = json.loads(archive.read(_MEMBER)) if _MEMBER in archive.namelist() else None
        model = keras.saving.load_model(path)
    except InputError:
        raise
    except _DAMAGE as error:
        raise InputError(f"{path}: not a whole .keras model ({reason(error)})") from None
    try:
        _require_text(model.name, "the model's name")
        for each in getattr(model, "inputs", None) or ():
            require(each.shape[0] is None, f"the model takes batches of {each.shape[0]} alone: save it without")
        return model, None if content is None else _signature(content, model)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _require_own_weights(archive: zipfile.ZipFile, path: Path) -> None:
    """Check that what an archive holds fits into the memory, and that its weights are its own and of no other file."""
    require_unpacked(archive, path)
    for name in archive.namelist():
        if name.endswith((".h5", ".hdf5")):
            require_own_bytes(archive.read(name), f"{path}: {name}")


def _signature(content: Any, model: keras.Model) -> ModelSignature:
    """What a model file says of its model, once it is known to be of the kind that `save_model` writes."""
    fields = {"x_names", "y_names", "x_units", "y_units", "dt"}
    extra = {"scenario", "model", "classes", "details", "learned", "stimuli", "bands"}
    if isinstance(content, dict):
        content = _as_now(content)
    require(isinstance(content, dict) and fields <= set(content) <= fields | extra, f"{_MEMBER} does not list channels")
    require(
        isinstance(content.get("details", {}), dict), f"details must be a table, got {content.get('details')!r:.60}"
    )
    lists = [what for what in _LISTS if what in content]
    for what in lists:
        require(isinstance(content[what], list), f"{what} must be a list of names, got {content[what]!r:.60}")
    counts: tuple[tuple[str, str], ...] = _COUNTS
    if content.get("classes"):  # it makes its inputs (derivatives, windows) of the channels
        counts = (("classes", "output_shape"),)
    elif content.get("model") and not content.get("details"):  # it forecasts its inputs, with whether a frame is given
        counts = (("x_names", "output_shape"),)
    for what, shape in counts:
        names, has = len(content[what]), getattr(model, shape, None)
        has = has[-1] if isinstance(has, tuple) else None
        require(has == names, f"{what} lists {counted(names, 'channel')}, the model has {has}")
    _validate(content)
    read = content | {what: tuple(content[what]) for what in lists}
    for module in topic_modules("datasets"):
        if module.TOPIC.validate_details is not None:
            module.TOPIC.validate_details(read["y_names"], read.get("details", {}))
    stimuli = stimuli_from(read.get("stimuli"), len(read["x_names"]))
    bands = bands_from(read.get("bands"), len(read["y_names"]))
    return ModelSignature(**{**read, "learned": learned_from(read.get("learned")), "stimuli": stimuli, "bands": bands})


def _as_now(content: dict[str, Any]) -> dict[str, Any]:
    """What a file of version 0.1 says, as it is said now: it had the details of images beside the names."""
    details = {name: content[name] for name in _DETAILS_0_1 if content.get(name)}
    kept = {name: value for name, value in content.items() if name not in _DETAILS_0_1}
    return {**kept, "details": details} if details else kept


def _validate(text: Mapping[str, Any]) -> None:
    """Check what a stranger's file may say, before anything is made of it."""
    for what in _LISTS:
        for name in text.get(what, ()):
            _require_text(name, what)
            require(name != "", f"{what} holds an empty name")
    for what in ("x_units", "y_units", "scenario", "model"):
        _require_text(text.get(what, ""), what)
    dt = text["dt"]
    number = isinstance(dt, int | float) and not isinstance(dt, bool)
    require(number and math.isfinite(dt) and dt > 0, f"dt must be a number > 0 ms, got {dt!r:.60}")


def _require_text(text: Any, what: str) -> None:
    require(
        isinstance(text, str) and text.isprintable() and len(text) <= _LONGEST,
        f"{what}: a text must be one printable line of at most {_LONGEST} characters, got {text!r:.60}",
    )
