"""How alike two wirings are: the pairs that they share, and whether their counts go together."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from connectome.contact import Kind
from connectome.wirings.table import WiringTable
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write, require_figure_path
from neuron_models.foundation.units import Dimensionless

KINDS: tuple[Kind, ...] = ("chemical", "gap_junction")


@dataclass(frozen=True)
class Agreement:
    """Two wirings' pairs of one kind, over the neurons that both cover.

    `first` and `second` are the numbers of contacts of every pair that either has, zero where it lacks it; `pearson`
    and `spearman` are over the pairs that both have, NaN below three of them or where a side is constant.
    """

    kind: Kind
    first: Float[np.ndarray, " pair"]
    second: Float[np.ndarray, " pair"]

    @property
    def shared(self) -> int:
        """The number of pairs that both have."""
        return int(((self.first > 0) & (self.second > 0)).sum())

    @property
    def pearson(self) -> Dimensionless:
        """Correlation of the counts."""
        return self._correlation(ranked=False)

    @property
    def spearman(self) -> Dimensionless:
        """Rank correlation of the counts."""
        return self._correlation(ranked=True)

    def _correlation(self, ranked: bool) -> Dimensionless:
        from scipy.stats import rankdata

        both = (self.first > 0) & (self.second > 0)
        x, y = (rankdata(side[both]) if ranked else side[both] for side in (self.first, self.second))
        if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
            return float("nan")
        return float(np.corrcoef(x, y)[0, 1])


def compare_wirings(first: WiringTable, second: WiringTable) -> tuple[Agreement, ...]:
    """Compare two wirings, kind by kind, over the neurons that both cover.

    Raises:
        InputError: they have no neuron in common.
    """
    names = [name for name in first.neurons if name in second.neurons]
    require(bool(names), f"the wirings {first.name} and {second.name} have no neuron in common")
    agreements = []
    for kind in KINDS:
        a, b = first.matrix(kind, names), second.matrix(kind, names)
        if kind == "gap_junction":
            a, b = np.triu(a, 1), np.triu(b, 1)
        either = (a > 0) | (b > 0)
        agreements.append(Agreement(kind, a[either], b[either]))
    return tuple(agreements)


def plot_comparison(agreements: tuple[Agreement, ...], names: tuple[str, str], path: Path) -> None:
    """Draw the counts of one wiring against those of the other to a picture; a larger dot is more pairs."""
    require_figure_path(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * len(agreements), 4.0), layout="constrained")
    for axes, each in zip(figure.subplots(1, len(agreements), squeeze=False)[0], agreements, strict=True):
        counts = np.round(np.stack([each.first, each.second], axis=1), 2)
        points, number = np.unique(counts, axis=0, return_counts=True)
        axes.scatter(*_scaled(points).T, s=12 * np.sqrt(number), alpha=0.6, linewidths=0)
        ticks = np.array([0, 1, 2, 5, 10, 20, 50, 100, 200, 500])
        ticks = ticks[ticks <= max(1, counts.max(initial=1))]
        axes.set_xticks(_scaled(ticks), [str(tick) for tick in ticks])
        axes.set_yticks(_scaled(ticks), [str(tick) for tick in ticks])
        axes.set(xlabel=f"contacts in {names[0]}", ylabel=f"contacts in {names[1]}", aspect="equal")
        axes.set_title(f"{each.kind.replace('_', ' ')}: {each.shared} pairs shared, r = {each.pearson:.2f}", size=10)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=150)


def _scaled(counts: np.ndarray) -> np.ndarray:
    """Where a count is drawn: evenly for doublings, with room for zero."""
    return np.log2(1 + counts)
