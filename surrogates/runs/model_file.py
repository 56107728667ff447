"""Models on disk: an ordinary `.keras` file that also says which channels it takes and gives."""

import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset
from datasets.pose.labelled import skeleton_of
from datasets.pose.skeleton import Skeleton, require_same_joints
from datasets.topics import topic_modules
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file, written_whole
from neuron_models.foundation.units import Milliseconds
from neuron_models.foundation.wording import counted
from surrogates.backend import keras, tensorflow_unseen

_MEMBER = "wormtwin.json"
RATE_TOLERANCE = 0.1
"""How far the frame interval may be from that of the recordings that a model has learned, as a share of it."""
_LISTS = ("x_names", "y_names", "classes")
_COUNTS = (("x_names", "input_shape"), ("y_names", "output_shape"))
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, KeyError, ValueError, TypeError, RuntimeError)
"""What a damaged archive can make zipfile, h5py and Keras raise (NotImplementedError is a RuntimeError)."""

_LONGEST = 300
"""The most characters of a name, a unit or a scenario (which can be the path of a file)."""


@dataclass(frozen=True)
class Channels:
    """What a model was trained on: names and units of its inputs and outputs, the sampling interval, the scenario.

    Of a model of recordings also its name in the table of models, and of a classifier its classes; of a network that
    finds joints its name, height and width of the images, and which joints are connected and which are left and right
    of one another.
    """

    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    x_units: str
    y_units: str
    dt: Milliseconds
    scenario: str = ""
    model: str = ""
    classes: tuple[str, ...] = ()
    size: tuple[int, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, dataset: Dataset, model: str = "") -> "Channels":
        """The channels of a dataset; `model` is the name of a model of recordings or images that has learned them."""
        scenario = str(dataset.extra.get("scenario", dataset.name))
        units = dataset.x_units, dataset.y_units
        if dataset.task == "keypoints":
            skeleton, size = skeleton_of(dataset), tuple(dataset.trials[0].x.shape[2:])
            plain = cls(dataset.x_names, dataset.y_names, *units, dataset.dt, scenario, model)
            return replace(plain, size=size, edges=skeleton.edges, pairs=skeleton.pairs)
        classes = tuple(dataset.extra.get("classes", ())) if model else ()
        return cls(dataset.x_names, dataset.y_names, *units, dataset.dt, scenario, model, classes)

    @property
    def skeleton(self) -> Skeleton:
        """The joints that the model finds, and how they are connected."""
        return Skeleton(self.y_names, self.edges, self.pairs)

    def require_sound(self) -> None:
        """Check that names, units and scenario are printable lines, and the sampling interval is > 0 ms.

        Raises:
            InputError: they are not; a model file that says so could not be read again.
        """
        _require_sound(asdict(self))

    def require_same(self, dataset: Dataset) -> None:
        """Check that a dataset has these channels.

        Raises:
            InputError: it has others; the message names both.
        """
        if self.size:
            require_same_joints(self.skeleton, skeleton_of(dataset), f"dataset {dataset.name!r}")
            return
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
        if self.model:
            self._require_recordings(dataset)
            return
        require(
            abs(self.dt - dataset.dt) < 1e-9,
            f"the model steps by {self.dt:g} ms, but dataset {dataset.name!r} is sampled every {dataset.dt:g} ms",
        )

    def _require_recordings(self, dataset: Dataset) -> None:
        """Check classes and frame rate, in which recordings of different worms differ by a few percent."""
        found = tuple(dataset.extra.get("classes", ()))
        require(
            not self.classes or found == self.classes,
            f"the model tells {', '.join(self.classes)} apart, but dataset {dataset.name!r} has the classes "
            f"{', '.join(found) or 'none'}: apply the same state rule",
        )
        require(
            abs(self.dt - dataset.dt) <= RATE_TOLERANCE * self.dt,
            f"the model steps by {self.dt:.4g} ms, but dataset {dataset.name!r} is sampled every {dataset.dt:.4g} ms",
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
        InputError: the file is missing, damaged or no Keras model, or its channels are not the model's, or texts that
            are not a printable line.
    """
    path = Path(path)
    require_file(path, f"the model file, such as {path / 'model.keras'}")
    list(topic_modules("surrogates"))  # they register the Keras classes that a file may name
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read(_MEMBER)) if _MEMBER in archive.namelist() else None
        model = keras.saving.load_model(path)
    except _DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise InputError(f"{path}: not a whole .keras model ({reason})") from None
    try:
        _require_text(model.name, "the model's name")
        return model, None if found is None else _channels(found, model)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _channels(found: Any, model: keras.Model) -> Channels:
    """What a model file says of its channels, once it is known to be of the kind that `save_model` writes."""
    fields = {"x_names", "y_names", "x_units", "y_units", "dt"}
    extra = {"scenario", "model", "classes", "size", "edges", "pairs"}
    require(isinstance(found, dict) and fields <= set(found) <= fields | extra, f"{_MEMBER} does not tell channels")
    lists = [what for what in _LISTS if what in found]
    for what in lists:
        require(isinstance(found[what], list), f"{what} must be a list of names, got {found[what]!r:.60}")
    counts: tuple[tuple[str, str], ...] = _COUNTS
    if found.get("classes"):  # it makes its inputs (derivatives, windows) of the channels
        counts = (("classes", "output_shape"),)
    elif found.get("model") and not found.get("size"):  # it forecasts its inputs, told whether a frame is given
        counts = (("x_names", "output_shape"),)
    for what, shape in counts:
        names, has = len(found[what]), getattr(model, shape, None)
        has = has[-1] if isinstance(has, tuple) else None
        require(has == names, f"{what} tells {counted(names, 'channel')}, the model has {has}")
    _require_sound(found)
    read = found | {what: tuple(found[what]) for what in lists} | _pose(found)
    if read.get("size"):
        Skeleton(read["y_names"], read["edges"], read["pairs"])
    return Channels(**read)


def _pose(found: Mapping[str, Any]) -> dict[str, tuple]:
    """What a model file says of images and joints, checked but for the names of joints."""
    size, links = found.get("size", []), {what: found.get(what, []) for what in ("edges", "pairs")}
    whole = isinstance(size, list) and all(type(side) is int and side > 0 for side in size)
    require(whole and len(size) in (0, 2), f"size must be height and width, got {size!r:.60}")
    for what, pairs in links.items():
        names = isinstance(pairs, list) and all(isinstance(p, list) and len(p) == 2 for p in pairs)
        require(
            names and all(isinstance(name, str) for pair in pairs for name in pair),
            f"{what} must be pairs of joints, got {pairs!r:.60}",
        )
    return {"size": tuple(size), **{what: tuple(map(tuple, pairs)) for what, pairs in links.items()}}


def _require_sound(told: Mapping[str, Any]) -> None:
    """Check what a stranger's file may say, before anything is made of it."""
    for what in _LISTS:
        for name in told.get(what, ()):
            _require_text(name, what)
            require(name != "", f"{what} holds an empty name")
    for what in ("x_units", "y_units", "scenario", "model"):
        _require_text(told.get(what, ""), what)
    dt = told["dt"]
    number = isinstance(dt, int | float) and not isinstance(dt, bool)
    require(number and math.isfinite(dt) and dt > 0, f"dt must be a number > 0 ms, got {dt!r:.60}")


def _require_text(text: Any, what: str) -> None:
    require(
        isinstance(text, str) and text.isprintable() and len(text) <= _LONGEST,
        f"{what}: a text must be one printable line of at most {_LONGEST} characters, got {text!r:.60}",
    )
