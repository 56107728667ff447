"""Plots of what worms do: speed over time with bouts, and how often which speed, bend and curvature occurs."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from datasets.dataset import contiguous_runs
from datasets.plots import COLOURS, MUTED, tidy
from datasets.posture.features import Features, measure
from datasets.posture.path_plots import shown_first
from datasets.posture.recording import PostureRecording

MOTION_COLOURS = {1: ("forward", COLOURS[5]), -1: ("backward", COLOURS[4]), 0: ("paused", "#9A9A9A")}
_OMEGA = COLOURS[3]
_SHOWN, _SECONDS = 3, 180.0
_DARK = COLOURS[:7]  # yellow is lost on a light ground


def plot_features(recordings: Sequence[PostureRecording], measured: Sequence[Features] | None = None) -> Figure:
    """Draw three worms' speeds over the first minutes, and histograms over all worms by strain.

    Args:
        recordings: of the worms.
        measured: their features, where they are there already.
    """
    measures = [measure(each) for each in recordings] if measured is None else measured
    shown = shown_first([each.strain for each in recordings], _SHOWN)
    figure = Figure(figsize=(10, 1.5 * len(shown) + 3.6), layout="constrained")
    grid = figure.add_gridspec(len(shown) + 1, 3, height_ratios=[1.0] * len(shown) + [1.8])
    axes = [figure.add_subplot(grid[row, :]) for row in range(len(shown))]
    for each, index in zip(axes, shown, strict=True):
        _draw_speed(each, measures[index])
        each.set_title(recordings[index].name, fontsize=9, loc="left")
    axes[-1].set_xlabel("time (s)")
    handles: list[Artist] = [Patch(color=colour, alpha=0.55, label=name) for name, colour in MOTION_COLOURS.values()]
    handles.append(Line2D([], [], color=_OMEGA, lw=4, label="omega turn"))
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    panels = [figure.add_subplot(grid[-1, column]) for column in range(3)]
    _draw_histograms(panels, recordings, measures)
    tidy([*axes, *panels])
    return figure


def _draw_speed(axes, features: Features) -> None:
    frames = min(len(features.speed), round(_SECONDS * features.fps))
    time = np.arange(frames) / features.fps
    for code, (_, colour) in MOTION_COLOURS.items():
        _shade(axes, features.motion[:frames] == code, features.fps, colour, 0.55)
    axes.axhline(0, color=MUTED, lw=0.6)
    axes.plot(time, features.relative_speed[:frames], color=COLOURS[6], lw=0.9)
    low, high = axes.get_ylim()
    for first, last in contiguous_runs(features.omega[:frames]):
        axes.plot([first / features.fps, last / features.fps], [high, high], color=_OMEGA, lw=4, solid_capstyle="butt")
    axes.set_ylim(low, high + 0.05 * (high - low))
    axes.set_xlim(0, max(frames / features.fps, 1))
    axes.set_ylabel("speed\n(lengths/s)", fontsize=8)


def _shade(axes, inside: Bool[np.ndarray, " frame"], fps: float, colour: str, alpha: float) -> None:
    for first, last in contiguous_runs(inside):
        axes.axvspan(first / fps, last / fps, color=colour, alpha=alpha, lw=0)


def _draw_histograms(panels, recordings: Sequence[PostureRecording], measured: Sequence[Features]) -> None:
    strains = list(dict.fromkeys(each.strain or "worms" for each in recordings))
    for axes, (label, low, high, values) in zip(panels, _QUANTITIES, strict=True):
        edges = np.linspace(low, high, 61)
        for index, strain in enumerate(strains):
            rows = [f for r, f in zip(recordings, measured, strict=True) if (r.strain or "worms") == strain]
            pooled = np.concatenate([values(features) for features in rows])
            share, _ = np.histogram(pooled[np.isfinite(pooled)], edges)
            look = {"color": _DARK[index % len(_DARK)], "ls": ("-", "--", ":")[index // len(_DARK) % 3]}
            axes.stairs(100 * share / max(share.sum(), 1), edges, lw=1.2, label=strain, **look)
        axes.set_xlabel(label, fontsize=9)
        axes.set_ylabel("frames (%)", fontsize=9)
    panels[-1].legend(fontsize=7, frameon=False, loc="upper right")


def _speeds(features: Features) -> Float[np.ndarray, " frame"]:
    return features.relative_speed


def _head_bends(features: Features) -> Float[np.ndarray, " frame"]:
    return features.bends[:, 0]


def _curvatures(features: Features) -> Float[np.ndarray, " frame"]:
    return np.abs(features.curvature).mean(axis=1)


_QUANTITIES = (
    ("midbody speed (lengths/s)", -0.5, 0.5, _speeds),
    ("head bend (rad)", -2.0, 2.0, _head_bends),
    ("mean curvature (rad/length)", 0.0, 14.0, _curvatures),
)
