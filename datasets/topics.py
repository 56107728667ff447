"""The topics: each is a folder here, in `surrogates` and in `tests`, and a page of the documents.

What the rest of the project has to know of a topic stands in two modules, `datasets/<topic>/topic.py` and
`surrogates/<topic>/topic.py`; they are found by the names below, and nothing else names a topic.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from neuron_models.foundation.errors import InputError

if TYPE_CHECKING:
    from datasets.dataset import BodyShapes, Dataset, PointTracks

FOLDER = "folder"
TOPICS = ("responses", "calcium", "posture", "pose", "behaviour", "calls", "markers", "grimace", "identity")


def _no_details(dataset: "Dataset") -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class DataTopic:
    """What the commands on datasets have to know of a topic; `datasets/<topic>/topic.py` holds one as `TOPIC`.

    Attributes:
        owns: whether a dataset is one of this topic's.
        plot: draws some inputs (all when None) of a dataset; None where inputs and outputs are drawn as traces.
        print_details: prints what `dataset info` says beside its table.
        hidden: metadata that would fill the screen.
        details: what a model file keeps of a dataset of this topic beside names, units and sampling, as JSON has it.
        require_details: raises an `InputError` unless a dataset goes with a model's output names and details; where a
            topic has it, names and sampling are not compared.
        validate_details: raises an `InputError` where output names and details, read from a file, are not sound.
        divide_frames: divides frame by frame, of a dataset, the share of each split and a seed; None where frames
            follow one another.
        divide_blocks: cuts trials in time, of a dataset and the shares; None where `cut_in_time` does.
        read_tracks: reads the points that a file of this topic tracks; None, or an `InputError`, where it is none.
        write_tracks: writes points to a new file of a kind, by its name where the kind is empty; raises an `InputError`
            where there is no such kind.
        body_shapes: the shapes of bodies that a dataset of this topic holds.
        imports: the commands that make datasets, such as `calcium import`, and the endings of files that each reads,
            with "folder" among them where it reads one.
    """

    owns: Callable[["Dataset"], bool]
    plot: Callable[["Dataset", Any], Any] | None = None
    print_details: Callable[["Dataset"], None] | None = None
    hidden: tuple[str, ...] = ()
    details: Callable[["Dataset"], Mapping[str, Any]] = _no_details
    require_details: Callable[[tuple[str, ...], Mapping[str, Any], "Dataset"], None] | None = None
    validate_details: Callable[[tuple[str, ...], Mapping[str, Any]], None] | None = None
    divide_frames: Callable[["Dataset", Mapping[str, float], int], "Dataset"] | None = None
    divide_blocks: Callable[["Dataset", Mapping[str, float]], "Dataset"] | None = None
    read_tracks: Callable[[Path], tuple["PointTracks", ...] | None] | None = None
    write_tracks: Callable[["PointTracks", Path, str], None] | None = None
    body_shapes: Callable[["Dataset"], tuple["BodyShapes", ...]] | None = None
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_point_tracks(path: Path) -> tuple["PointTracks", ...]:
    """The points that a file tracks, read by the first topic that knows it, one entry a recording.

    Raises:
        InputError: no topic can read it; the message is that of the first one that tried.
    """
    first: InputError | None = None
    for module in topic_modules("datasets"):
        try:
            found = module.TOPIC.read_tracks(path) if module.TOPIC.read_tracks is not None else None
        except InputError as error:
            first = first or error
        else:
            if found is not None:
                return found
    raise first or InputError(f"{path}: no topic reads tracks of this kind")


def write_point_tracks(tracks: "PointTracks", out: Path, to: str = "") -> None:
    """Write points to a file of tracks, by the topic of tracks.

    Args:
        tracks: of one recording.
        out: the file.
        to: its kind, such as `slp`; by its name when empty.

    Raises:
        InputError: there is no such kind, or the file cannot be written.
    """
    (write,) = (module.TOPIC.write_tracks for module in topic_modules("datasets") if module.TOPIC.write_tracks)
    write(tracks, out, to)


def body_shapes_of(dataset: "Dataset") -> tuple["BodyShapes", ...] | None:
    """The shapes of bodies in a dataset, one entry a recording; None where it holds none."""
    hooks = [topic.body_shapes for topic in topics_of(dataset) if topic.body_shapes is not None]
    return hooks[0](dataset) if hooks else None


def how_to_import(path: Path) -> str:
    """The commands that make a dataset of a file of this kind, or of a folder, as the end of a message."""
    kind = FOLDER if path.is_dir() else path.suffix.lower()
    topics = [module.TOPIC for module in topic_modules("datasets")]
    commands = [name for topic in topics for name, kinds in topic.imports.items() if kind in kinds]
    if not commands:
        return "the import command of a topic makes one: `wormtwin --help` lists the topics"
    *others, last = (f"`wormtwin {name}`" for name in commands)
    return f"make one of it by {' or '.join(filter(None, (', '.join(others), last)))}"


def topics_of(dataset: "Dataset") -> Iterator[DataTopic]:
    """The topics that a dataset belongs to."""
    return (module.TOPIC for module in topic_modules("datasets") if module.TOPIC.owns(dataset))


def topic_modules(package: str, part: str = "topic", *, needed: bool = True) -> Iterator[ModuleType]:
    """The module of this name of every topic, in a package that has a folder for each.

    Args:
        package: `datasets` or `surrogates`.
        part: the module, such as `topic`.
        needed: whether every topic must have it; those without are left out when not, if they have their folder.

    Raises:
        InputError: a topic is listed, but it has no folder or no such module.
    """
    for topic in TOPICS:
        folder = f"{package}.{topic}"
        try:
            yield import_module(f"{folder}.{part}")
        except ModuleNotFoundError as error:
            if error.name not in (folder, f"{folder}.{part}"):
                raise
            if needed:
                raise _missing(topic, f"{package}/{topic}/{part}.py") from None
            if error.name == folder:
                raise _missing(topic, f"folder {package}/{topic}") from None


def _missing(topic: str, what: str) -> InputError:
    return InputError(f"the topic {topic!r} is listed in datasets/topics.py, but there is no {what}")
