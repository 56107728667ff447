"""`wormtwin behaviour map`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datasets.behaviour.cli import behaviour_app
from datasets.options import parse_names
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.behaviour.mapping.bodies import Bodies
    from surrogates.behaviour.map.results import MapResults


@behaviour_app.command("map")
def map_(
    tracks: Annotated[
        list[Path], typer.Argument(help="Tracks, as `pose import` reads them, or datasets of worm postures (.h5).")
    ],
    out: Annotated[Path, typer.Option(help="The folder for the map, its tables and its page.")],
    apply: Annotated[Path | None, typer.Option(help="Place these animals on the map in this folder instead.")] = None,
    names: Annotated[
        Path | None, typer.Option(help="A table (.csv) of region and name; names.csv of the map when not given.")
    ] = None,
    points: Annotated[str, typer.Option(help="The points of tracks to use; all when empty.")] = "",
    axis: Annotated[str, typer.Option(help="Two points of the body, from behind to ahead, such as abdomen,head.")] = "",
    centre: Annotated[str, typer.Option(help="The point at the origin; the middle of the axis when empty.")] = "",
    fps: Annotated[float | None, typer.Option(help="Frames a second; the file's own when not given.")] = None,
    fill: Annotated[
        float, typer.Option(max=60, help="Fill gaps of points up to this long by straight lines, s.")
    ] = 0.0,
    lowest: Annotated[float | None, typer.Option(help="The lowest frequency, Hz [a fiftieth of the highest].")] = None,
    highest: Annotated[
        float | None, typer.Option(help="The highest frequency, Hz [50, or half the frame rate if that is lower].")
    ] = None,
    scales: Annotated[int | None, typer.Option(max=1000, help="How many frequencies [25].")] = None,
    rhythm: Annotated[float | None, typer.Option(help="How much the amplitudes of movements count [1].")] = None,
    posture: Annotated[
        float | None, typer.Option(help="How much the posture itself counts; 0 as published [1.5].")
    ] = None,
    motion: Annotated[
        float | None, typer.Option(help="How much speed, turning and the nearest other animal count [0].")
    ] = None,
    shortest: Annotated[
        float | None, typer.Option(max=1e6, help="Stretches without a gap that are shorter are left out, s [0.5].")
    ] = None,
    templates: Annotated[
        int | None, typer.Option(max=1_000_000, help="Frames that the map is learned from [3000].")
    ] = None,
    perplexity: Annotated[float | None, typer.Option(help="Of t-SNE: how many neighbours count [30].")] = None,
    iterations: Annotated[int | None, typer.Option(max=1_000_000, help="Of t-SNE [500].")] = None,
    width: Annotated[
        float | None, typer.Option(help="How far the density is smoothed; the map's radius is 1 [0.08].")
    ] = None,
    merge: Annotated[
        float | None, typer.Option(help="Join hills whose pass is higher than this share of the lower [0.95].")
    ] = None,
    changes: Annotated[
        float | None,
        typer.Option(help="Join regions with more changes a second between them than this [10]."),
    ] = None,
    regions: Annotated[int | None, typer.Option(help="The most regions [as many as are found].")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random draws [0].")] = None,
) -> None:
    """Map what animals do without labels: like frames lie together, and hills of the map are its regions."""
    settled = {
        "points": parse_names(points) or None, "axis": _axis(axis), "centre": centre or None, "lowest": lowest,
        "highest": highest, "scales": scales, "rhythm": rhythm, "posture": posture, "motion": motion,
        "shortest": shortest, "templates": templates, "perplexity": perplexity, "iterations": iterations,
        "width": width, "merge": merge, "changes": changes, "regions": regions, "seed": seed,
    }  # fmt: skip
    given = {name: value for name, value in settled.items() if value is not None}
    _map(tuple(tracks), out, apply, {"names": names, "fps": fps, "fill": fill}, given)


def _map(
    tracks: tuple[Path, ...], out: Path, apply: Path | None, reading: dict[str, Any], settled: dict[str, Any]
) -> None:
    from neuron_models.foundation.bad_parts import left_out_parts
    from surrogates.behaviour.map.command import MapRequest, run_map

    require(not out.is_file(), f"--out {out} is a file: name a folder")
    require_writable(out / "map.html")
    if apply is not None:
        for name in settled:
            raise InputError(f"--{name} belongs to the map in {apply}: leave it out with --apply")
        require(out.resolve() != apply.resolve(), f"--out {out} is the map itself: choose another folder")
    with left_out_parts() as left_out:
        results = run_map(MapRequest(tracks, out, apply, **reading, **settled))
    _print(results, results.bodies, out)
    for line in left_out:
        print(f"Left out: {line}")


def _axis(text: str) -> tuple[str, str] | None:
    ends = parse_names(text)
    if not ends:
        return None
    if len(ends) != 2:
        raise InputError(f"--axis names two points, from behind to ahead, such as abdomen,head, got {text!r}")
    return ends[0], ends[1]


def _print(results: "MapResults", bodies: "Bodies", out: Path) -> None:
    from rich.table import Table

    from neuron_models.foundation.numerals import significant
    from neuron_models.foundation.printing import print_whole
    from surrogates.behaviour.map.results import animals_table, regions_table

    table = Table("region", "name", "share of time", "bouts", "median bout (s)", "stands out at (Hz)")
    for row in regions_table(results).itertuples():
        numbers = (row.share, row.bouts, row.median_bout_s, row.stands_out_hz)
        table.add_row(str(row.region), str(row.name), *(significant(each) for each in numbers))
    print_whole(table)
    animals = animals_table(results)
    frames, on, unlike = (int(animals[column].sum()) for column in ("frames", "on_map", "unlike"))
    print(f"{counted(len(animals), 'animal')}, {counted(frames, 'frame')}, {on} of them on the map")
    if on < frames:
        print(f"{counted(frames - on, 'frame')} left out: a point is not known, or the stretch is too short")
    if bodies.filled:
        print(f"{counted(bodies.filled, 'frame')} with points that were filled in")
    if unlike:
        print(f"{counted(unlike, 'frame')} unlike all that the map was learned from: `unlike` in frames.csv")
    print(f"Page: {out / 'map.html'}; tables beside it; names to change: {out / 'names.csv'}")
