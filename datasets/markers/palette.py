"""Colours that are followed through a video: its light, and slowly each mark's own."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, UInt8

from datasets.markers.colour import level_colours, table_of
from datasets.markers.fitting import LIGHT_STEP, MarkModel, light_gain, relit
from neuron_models.foundation.units import Dimensionless, Pixels

_STIR: Dimensionless = 0.01
"""Light that has changed so much, as a share of L* + 16, asks for a new table."""
_FARTHEST: Dimensionless = 15.0
"""So far in Lab a mark's colour goes at most from that of the clicks."""
_NEW: Dimensionless = 1.0
"""A mark's colour that has moved so far in Lab asks for a new table."""


class Palette:
    """The table of colours as it is now, a row a mark and the ground's behind them."""

    def __init__(self, model: MarkModel, rate: Dimensionless) -> None:
        """Begin with the colours of the clicks.

        Args:
            model: as it was fitted.
            rate: the share of a mark's new colour that is taken over from one frame.
        """
        self.model, self.rate = model, rate
        self.gain: Dimensionless = 1.0
        """Light against the model's, the cube root."""
        self.shifts = np.zeros((len(model.marks), 3))
        """How far each mark's colour has moved in Lab under the model's light."""
        self.cells = level_colours().astype(float)
        self._made()

    def _made(self) -> None:
        colours = self.model.colours
        means = colours.means.copy()
        means[: len(self.shifts)] += self.shifts
        lit = replace(colours, means=relit(means, self.gain), covariances=colours.covariances * self.gain**2)
        self.table = table_of(lit, self.cells)
        self.paints = lit.means[: len(self.shifts)]
        self._of = (self.gain, self.shifts.copy())

    def see(self, frame: UInt8[np.ndarray, "3 height width"]) -> None:
        """Take over the light of a frame."""
        from datasets.markers.kernels.scanning import lightness

        found = light_gain(lightness(frame, self.cells, LIGHT_STEP), self.model.lightness)
        self.gain += 0.5 * (found - self.gain) if abs(found - self.gain) < 0.1 else found - self.gain
        if abs(self.gain / self._of[0] - 1) > _STIR or np.abs(self.shifts - self._of[1]).max() > _NEW:
            self._made()

    def learn(self, frame: UInt8[np.ndarray, "3 height width"], mark: int, x: Pixels, y: Pixels) -> None:
        """Take over a little of a mark's colour where it was found."""
        from datasets.markers.kernels.scanning import colour_at

        colour, number = colour_at(frame, self.table, self.cells, mark, x, y, self.model.radii[mark])
        if number < 0.3 * self.model.areas[mark]:
            return
        away = relit(colour, 1 / self.gain) - self.model.colours.means[mark]
        moved = self.shifts[mark] + self.rate * (away - self.shifts[mark])
        far = float(np.linalg.norm(moved))
        self.shifts[mark] = moved * min(1.0, _FARTHEST / max(far, 1e-9))

    def state(self) -> Float[np.ndarray, " value"]:
        """What another palette needs to go on: dimensionless gains, and shifts of colours in units of L*a*b*."""
        return np.concatenate([[self.gain, self._of[0]], self.shifts.ravel(), self._of[1].ravel()])

    def restore(self, state: Float[np.ndarray, " value"]) -> None:
        """Go on from another palette's state, table and all."""
        marks = len(self.shifts)
        shifts, of = state[2:].reshape(2, marks, 3)
        self.gain, self.shifts = float(state[1]), of.copy()
        self._made()
        self.gain, self.shifts = float(state[0]), shifts.copy()
