"""Where a model of grimace looks."""

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.figure import Figure

from datasets.grimace.units import NOT_ESTABLISHED


def plot_occlusion(
    face: UInt8[np.ndarray, "3 side side"], falls: Float[np.ndarray, "fields fields"], output: str
) -> Figure:
    """Draw a face, and over it how much the score (0 to 2) of an output falls where it is covered."""
    figure = Figure(figsize=(7.5, 4), layout="constrained")
    plain, heat = figure.subplots(1, 2)
    side, most = face.shape[1], max(float(np.abs(falls).max()), 1e-6)
    for ax in (plain, heat):
        ax.imshow(np.moveaxis(face, 0, -1), extent=(0, side, side, 0))
        ax.set_axis_off()
    shown = heat.imshow(falls, extent=(0, side, side, 0), cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.6)
    figure.colorbar(shown, ax=heat, label=f"fall of {output.replace('_', ' ')} when covered")
    figure.suptitle(NOT_ESTABLISHED, fontsize=6, wrap=True)
    return figure
