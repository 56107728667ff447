"""The work of `wormtwin behaviour map`: a new map, or animals placed on one that is there."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from datasets.behaviour.mapping.bodies import Bodies, BodySettings, read_bodies
from datasets.behaviour.mapping.measures import Recipe, Weights
from datasets.behaviour.mapping.wavelets import wavelets_for
from datasets.plots import save_figure
from neuron_models.foundation.content import files_checksum
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from neuron_models.foundation.resumable import Work, resumable_folder
from neuron_models.foundation.units import DataUnits, Dimensionless, Fraction, Hertz, Seconds
from surrogates.behaviour.map.embedding import EmbeddingSettings
from surrogates.behaviour.map.map_file import (
    MAP,
    NAMES,
    SETTINGS,
    StoredMap,
    load_map,
    region_names,
    save_map,
    save_names,
)
from surrogates.behaviour.map.mapping import MapSettings, Placed, make_map, place_all, require_rates, without_motion
from surrogates.behaviour.map.page import write_map_page
from surrogates.behaviour.map.plots import plot_ethogram, plot_map
from surrogates.behaviour.map.results import MapResults, save_tables, summarise

_STEPS = "steps"


@dataclass(frozen=True)
class MapRequest:
    """The settings of the command; fields are its options."""

    tracks: tuple[Path, ...]
    out: Path
    apply: Path | None = None
    names: Path | None = None
    points: tuple[str, ...] = ()
    axis: tuple[str, str] | None = None
    centre: str = ""
    fps: Hertz | None = None
    fill: Seconds = 0.0
    lowest: Hertz | None = None
    highest: Hertz | None = None
    scales: int = 25
    rhythm: Dimensionless = 1.0
    posture: Dimensionless = 1.5
    motion: Dimensionless = 0.0
    shortest: Seconds = 0.5
    templates: int = 3000
    perplexity: Dimensionless = 30.0
    iterations: int = 500
    width: DataUnits = 0.08
    merge: Fraction = 0.95
    changes: Hertz = 10.0
    regions: int | None = None
    seed: int = 0

    def reading(self) -> BodySettings:
        """How the tracks are read."""
        return BodySettings(self.fps, self.points, self.axis, self.centre, self.fill)


def run_map(request: MapRequest) -> MapResults:
    """Make a map or place animals on one, and write tables, pictures and the page; stopped, it continues where it was.

    Raises:
        InputError: something of the request cannot be used.
    """
    for package in ("openTSNE", "skimage"):
        require_extra(package, extra="map", purpose="a map of behaviours")
    if request.names is not None:
        require(request.names.is_file(), f"--names {request.names}: there is no such file")
    stored, bodies, placed = _new_map(request) if request.apply is None else _applied(request, request.apply)
    own = request.out / NAMES
    beside = own if request.apply is None or own.is_file() else request.apply / NAMES
    names = region_names(request.names or beside, stored.map.regions.number, needed=request.names is not None)
    results = summarise(stored, bodies, placed, names)
    save_names(names, own)
    save_tables(results, request.out)
    save_figure(plot_map(results), request.out / "map.png")
    save_figure(plot_ethogram(results), request.out / "ethogram.png")
    write_map_page(results, request.out / "map.html")
    return results


def _new_map(request: MapRequest) -> tuple[StoredMap, Bodies, list[Placed]]:
    weights = Weights(request.rhythm, request.posture, request.motion)
    bodies = read_bodies(request.tracks, request.reading())
    if weights.motion == 0:
        bodies = without_motion(bodies)
    elif not bodies.measures:
        raise InputError("--motion counts where animals go, and these postures are without places: leave it out")
    wavelets = wavelets_for(min(body.fps for body in bodies.each), request.lowest, request.highest, request.scales)
    require(0 <= request.shortest < np.inf, f"--shortest must be 0 s or more, got {request.shortest}")
    recipe = Recipe(wavelets, weights, request.shortest)
    require_rates(bodies, recipe)
    settings = MapSettings(
        recipe,
        request.templates,
        embedding=EmbeddingSettings(request.perplexity, request.iterations, request.seed),
        width=request.width,
        merge=request.merge,
        changes=request.changes,
        regions=request.regions,
    )
    facts = {"tracks": files_checksum(request.tracks), "reading": asdict(request.reading()), **settings.steps_facts()}
    with resumable_folder(request.out / _STEPS, Work("map", facts), NAMED_ARRAYS_FORM, request.out) as steps:
        found, placed = make_map(bodies, settings, steps)
    reading = {"points": request.points, "axis": request.axis, "centre": request.centre}
    stored = StoredMap(found, recipe, bodies.channels, bodies.measures, reading)
    _set_aside_names(request.out, stored)
    save_map(stored, request.out)
    return stored, bodies, placed


def _set_aside_names(out: Path, stored: StoredMap) -> None:
    """Names of other regions than those that are now found must not go to these."""
    if not (out / NAMES).is_file():
        return
    earlier = NAMED_ARRAYS_FORM.read(out / MAP)["labels"] if NAMED_ARRAYS_FORM.is_whole(out / MAP) else None
    if earlier is None or not np.array_equal(earlier, stored.map.regions.labels):
        (out / NAMES).replace(out / f"earlier-{NAMES}")
        print(f"The regions are not those that {out / NAMES} named: it is now {out / f'earlier-{NAMES}'}")


def _applied(request: MapRequest, folder: Path) -> tuple[StoredMap, Bodies, list[Placed]]:
    stored = load_map(folder)
    kept = stored.reading
    settings = replace(
        request.reading(),
        points=tuple(kept["points"]),
        axis=None if kept["axis"] is None else (kept["axis"][0], kept["axis"][1]),
        centre=kept["centre"],
    )
    bodies = read_bodies(request.tracks, settings)
    bodies = bodies if stored.measures else without_motion(bodies)
    for what, mine, wanted in (
        ("points", bodies.channels, stored.channels),
        ("motion", bodies.measures, stored.measures),
    ):
        lacking = ", ".join([each for each in wanted if each not in mine][:4]) or "others in its place"
        require(mine == wanted, f"the map in {folder} was made of other {what} than these animals have: {lacking}")
    facts = {
        "tracks": files_checksum(request.tracks),
        "reading": asdict(settings),
        "map": files_checksum([folder / MAP, folder / SETTINGS]),
    }
    with resumable_folder(request.out / _STEPS, Work("map", facts), NAMED_ARRAYS_FORM, request.out) as steps:
        placed = place_all(bodies, stored.map, stored.recipe, steps)
    return stored, bodies, placed
