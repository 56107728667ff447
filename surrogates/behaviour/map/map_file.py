"""A map in a folder: `map.npz` places new frames, `map.json` says how they are measured, `names.csv` names regions."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from datasets.behaviour.mapping.density import Regions
from datasets.behaviour.mapping.measures import Measures, Recipe, Weights
from datasets.behaviour.mapping.wavelets import Wavelets
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.files import atomic_write, require_file
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from surrogates.behaviour.map.mapping import BehaviourMap

MAP, SETTINGS, NAMES = "map.npz", "map.json", "names.csv"
_VERSION = 1


@dataclass(frozen=True, eq=False)
class StoredMap:
    """A map, how its frames are measured, of which channels and motion, and the points and axis it was read with."""

    map: BehaviourMap
    recipe: Recipe
    channels: tuple[str, ...]
    measures: tuple[str, ...]
    reading: Mapping[str, Any]


def save_map(stored: StoredMap, folder: Path) -> None:
    """Write `map.npz` and `map.json`."""
    found, recipe = stored.map, stored.recipe
    arrays = {each.name: getattr(found.measures, each.name) for each in fields(Measures)}
    arrays |= {"learned": found.learned, "plane": found.plane, "strange": np.array(found.strange)}
    regions = found.regions
    arrays |= {"density": regions.density, "labels": regions.labels, "square": np.array([*regions.low, regions.side])}
    NAMED_ARRAYS_FORM.write(arrays, folder / MAP)
    content = {
        "format": "wormtwin-map",
        "version": _VERSION,
        "wavelets": vars(recipe.wavelets),
        "weights": vars(recipe.weights),
        "shortest": recipe.shortest,
        "channels": stored.channels,
        "measures": stored.measures,
        "reading": stored.reading,
    }
    with atomic_write(folder / SETTINGS) as temporary:
        temporary.write_text(json.dumps(content, indent=1))


def load_map(folder: Path) -> StoredMap:
    """Read a map that `wormtwin behaviour map` left in a folder.

    Raises:
        InputError: there is none, it is damaged, or of a later version.
    """
    require(folder.is_dir(), f"--apply {folder}: there is no such folder; name one that `wormtwin behaviour map` wrote")
    for name in (MAP, SETTINGS):
        require((folder / name).is_file(), f"{folder} holds no map ({name} is missing): was it finished?")
    arrays = NAMED_ARRAYS_FORM.read(folder / MAP)
    try:
        content = json.loads((folder / SETTINGS).read_text())
        version = content["version"]
        require(version == _VERSION, f"{folder / SETTINGS} is of version {version}; this wormtwin reads {_VERSION}")
        recipe = Recipe(Wavelets(**content["wavelets"]), Weights(**content["weights"]), float(content["shortest"]))
        stored = StoredMap(
            _map_of(arrays), recipe, tuple(content["channels"]), tuple(content["measures"]), dict(content["reading"])
        )
        _validate(stored)
    except InputError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise InputError(f"{folder}: the map is damaged ({type(error).__name__}: {error}): make it again") from None
    return stored


def _map_of(arrays: Mapping[str, np.ndarray]) -> BehaviourMap:
    low_x, low_y, side = arrays["square"].tolist()
    return BehaviourMap(
        Measures(**{each.name: arrays[each.name] for each in fields(Measures)}),
        arrays["learned"],
        arrays["plane"],
        Regions(arrays["density"], arrays["labels"].astype(int), (low_x, low_y), side),
        float(arrays["strange"]),
    )


def _validate(stored: StoredMap) -> None:
    """Whether the parts of a map go with each other."""
    found, recipe = stored.map, stored.recipe
    channels, moving = len(stored.channels), int(found.measures.moves.sum())
    scales = recipe.wavelets.scales if recipe.weights.rhythm > 0 else 0
    numbers = moving * (scales + 1) + len(stored.measures)
    components, templates = found.learned.shape[1], len(found.learned)
    shapes = {
        "middle": (found.measures.middle.shape, (channels,)),
        "spread": (found.measures.spread.shape, (channels,)),
        "moves": (found.measures.moves.shape, (channels,)),
        "motion": (found.measures.motion.shape, (2, len(stored.measures))),
        "mean": (found.measures.mean.shape, (numbers,)),
        "axes": (found.measures.axes.shape, (numbers, components)),
        "plane": (found.plane.shape, (templates, 2)),
        "labels": (found.regions.labels.shape, found.regions.density.shape),
    }
    for name, (shape, wanted) in shapes.items():
        require(shape == wanted, f"the map is damaged: {name} has the shape {shape}, not {wanted}: make it again")
    require(bool(found.regions.labels.min() >= 0), "the map is damaged: a cell has no region: make it again")


def region_names(path: Path, number: int, *, needed: bool = False) -> tuple[str, ...]:
    """The names that a file of two columns, region (from 1) and name, gives; `region 3` where it gives none.

    Args:
        path: the file.
        number: how many regions there are.
        needed: whether it must be there.

    Raises:
        InputError: it is no such file, names a region that is not there or one twice.
    """
    names = {index + 1: unnamed(index) for index in range(number)}
    if needed:
        require_file(path, "a table of region and name")
    if not path.is_file():
        return tuple(names.values())
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path} is no table of text: it has the columns region and name") from None
    given: list[str] = []
    for line, row in enumerate(rows, start=2):
        require("region" in row and "name" in row, f"{path} must have the columns region and name")
        region, name = str(row["region"] or "").strip(), str(row["name"] or "").strip()
        known = region.isdecimal() and 1 <= int(region) <= number
        require(known, f"{path}, line {line}: regions are 1 to {number}, got {region!r:.40}")
        given.append(region)
        if name:
            names[int(region)] = name
    require_distinct(given, f"{path} names a region")
    return tuple(names.values())


def unnamed(index: int) -> str:
    """What a region is called, given by its index, before somebody names it."""
    return f"region {index + 1}"


def save_names(names: Sequence[str], path: Path) -> None:
    """Write the names for people to change; a file that is there stays as it is."""
    if path.exists():
        return
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("region", "name"), *((index + 1, name) for index, name in enumerate(names))])
