"""Pictures of a gait: footfalls over time, and swing and stance by speed."""

import numpy as np
from matplotlib.figure import Figure

from datasets.dataset import contiguous_runs
from datasets.pose.gait.gaits import NOT_WALKING
from datasets.pose.gait.tables import Gait, speeds_table
from datasets.pose.gait.walking import Walk

COLOURS = ("#0072B2", "#E69F00", "#CC79A7")
"""Of the gaits in their order: Okabe and Ito 2008."""
_SHOWN = 2.5
"""Seconds of footfalls in a picture."""


def plot_footfalls(gait: Gait) -> Figure:
    """The longest walk: when each leg stands (bars, coloured by the gait), and the speed below."""
    index, (first, end) = _longest(gait)
    walk, states = gait.walks[index], gait.gaits.by_walk[index]
    end = min(end, first + round(_SHOWN * walk.fps))
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    feet, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    for state, colour in enumerate(COLOURS):
        _draw_stance(feet, walk, (states == state), first, end, colour)
    feet.set_yticks(range(len(walk.legs)), walk.legs)
    feet.set(ylim=(len(walk.legs) - 0.4, -0.6), title=f"{walk.animal}: legs that stand")
    for state, name in enumerate(gait.gaits.names):
        feet.plot([], [], lw=7, color=COLOURS[state], label=name)
    feet.legend(ncols=3, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1))
    time = (np.arange(first, end) - first) / walk.fps
    below.plot(time, walk.speed[first:end], color="#555555", lw=1.4)
    below.set(xlabel="time (s)", ylabel=f"speed ({walk.units})", ylim=(0, None))
    return figure


def plot_by_speed(gait: Gait) -> Figure:
    """Mean swing and stance by speed with their standard deviations, and how fast each gait is."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    table = speeds_table(gait)
    middle = (table["from"] + table["to"]) / 2
    for name, colour, marker in (("swing", "#009E73", "o"), ("stance", "#D55E00", "s")):
        mean, spread = table[f"{name}_ms"], table[f"{name}_sd"]
        left.errorbar(middle, mean, yerr=spread, color=colour, marker=marker, ms=5, capsize=2, label=name)
    units = gait.walks[0].units
    left.set(xlabel=f"speed ({units})", ylabel="duration (ms)", ylim=(0, None))
    left.legend(fontsize=8)
    speeds = np.concatenate([walk.speed[walk.walking] for walk in gait.walks])
    states = np.concatenate([s[s != NOT_WALKING] for s in gait.gaits.by_walk])
    edges = np.linspace(speeds.min(), np.quantile(speeds, 0.995), 40)
    for state, (name, line) in enumerate(zip(gait.gaits.names, ("-", "--", ":"), strict=True)):
        share = 100 * np.histogram(speeds[states == state], edges)[0] / len(speeds)
        right.plot((edges[:-1] + edges[1:]) / 2, share, line, color=COLOURS[state], lw=2, label=name)
    right.set(xlabel=f"speed ({units})", ylabel="walking frames (%)", ylim=(0, None))
    right.legend(fontsize=8)
    return figure


def _longest(gait: Gait) -> tuple[int, tuple[int, int]]:
    bouts = [(b - a, -index, (a, b)) for index, walk in enumerate(gait.walks) for a, b in walk.bouts()]
    _, index, bout = max(bouts)
    return -index, bout


def _draw_stance(axis, walk: Walk, mask: np.ndarray, first: int, end: int, colour: str) -> None:
    for row in range(len(walk.legs)):
        bars = [
            ((a - first) / walk.fps, (b - a) / walk.fps)
            for a, b in contiguous_runs(walk.stance[:, row] & mask)
            if b > first and a < end
        ]
        axis.broken_barh(bars, (row - 0.32, 0.64), facecolors=colour)
    axis.set_xlim(0, (end - first) / walk.fps)
