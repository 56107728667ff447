"""Pictures of a map: its density and regions, and which region each animal is in over time."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from datasets.behaviour.mapping.regions_table import OFF, RegionBout
from datasets.plots import COLOURS, INK, MUTED
from surrogates.behaviour.map.results import MapResults

PALETTE = tuple(colour for colour in COLOURS if colour != INK)
"""Of the regions in their order, again and again; numbers tell apart what has one colour."""
_ROWS = 12
"""Animals in one ethogram."""
_NAMED = 12
"""Regions with a line in the legend."""


def region_summits(results: MapResults) -> list[tuple[float, float]]:
    """Where each region is highest, x and y on the map."""
    regions = results.stored.map.regions
    summits = []
    for region in range(regions.number):
        height = np.where(regions.labels == region, regions.density, -1.0)
        column, row = np.unravel_index(int(height.argmax()), height.shape)
        step = regions.side / len(regions.labels)
        summits.append((float(regions.low[0] + (column + 0.5) * step), float(regions.low[1] + (row + 0.5) * step)))
    return summits


def plot_map(results: MapResults) -> Figure:
    """The regions in their colours, darker where animals spend more time, with their numbers and names."""
    regions = results.stored.map.regions
    figure = Figure(figsize=(7.2, 5.4), layout="constrained")
    axes = figure.subplots()
    colours = np.array([to_rgb(PALETTE[k % len(PALETTE)]) for k in range(regions.number)])
    strength = np.sqrt(regions.density / regions.density.max())[..., None]
    picture = 1 - strength * (1 - colours[regions.labels])
    ends = (regions.low[0], regions.low[0] + regions.side, regions.low[1], regions.low[1] + regions.side)
    axes.imshow(picture.transpose(1, 0, 2), origin="lower", extent=ends, interpolation="bilinear")
    cells = [np.linspace(ends[k], ends[k + 1], len(regions.labels)) for k in (0, 2)]
    low = np.log10(np.maximum(regions.density / regions.density.max(), 1e-9))
    inside = np.where(low > -3, regions.labels, -1).T
    for region in range(regions.number):
        axes.contour(*cells, (inside == region).astype(float), levels=[0.5], colors=MUTED, linewidths=0.6)
    for region, (x, y) in enumerate(region_summits(results)):
        axes.text(x, y, str(region + 1), ha="center", va="center", fontsize=9, weight="bold")
    share = results.total_shares()
    for region in range(min(regions.number, _NAMED)):
        text = f"{results.labels[region]}, {100 * share[region]:.0f} %"
        axes.plot([], [], lw=7, color=PALETTE[region % len(PALETTE)], label=text)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    axes.set(xticks=[], yticks=[], aspect="equal")
    return figure


def plot_ethogram(results: MapResults) -> Figure:
    """Which region each animal (the first dozen) is in over time; white where it is not on the map."""
    animals = results.bodies.each[:_ROWS]
    figure = Figure(figsize=(9, 1.2 + 0.34 * len(animals)), layout="constrained")
    axes = figure.subplots()
    for row, body in enumerate(animals):
        mine = [bout for bout in results.bouts if bout.body == row]
        for region in range(len(results.names)):
            _draw_bouts(axes, [bout for bout in mine if bout.region == region], row, body.fps)
    for region in range(min(len(results.names), _NAMED)):
        axes.plot([], [], lw=7, color=PALETTE[region % len(PALETTE)], label=results.labels[region])
    axes.legend(ncols=6, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    axes.set_yticks(range(len(animals)), [body.name for body in animals], fontsize=8)
    longest = max(len(body.values) / body.fps for body in animals)
    axes.set(xlabel="time (s)", ylim=(len(animals) - 0.5, -0.5), xlim=(0, longest))
    return figure


def _draw_bouts(axes: Axes, bouts: list[RegionBout], row: int, fps: float) -> None:
    if bouts and bouts[0].region != OFF:
        bars = [(bout.start / fps, len(bout) / fps) for bout in bouts]
        axes.broken_barh(bars, (row - 0.4, 0.8), facecolors=PALETTE[bouts[0].region % len(PALETTE)])
