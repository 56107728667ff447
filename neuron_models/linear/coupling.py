"""Cells in their slow modes, joined by gap junctions: one symmetric system, and its own modes.

What a current does to the fast modes of a cell it does at once (a residual resistance), so that the slow modes lose
nothing of what comes in by a gap junction: as attachment modes in structural dynamics (Craig and Chang 1977).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import lapack
from scipy.sparse import csr_array

from neuron_models.linear.contacts import Gaps
from neuron_models.linear.modes import CellModes


@dataclass(frozen=True, eq=False)
class Coupling:
    """The gap junctions between cells in their slow modes.

    Attributes:
        cells: the modes of each cell.
        kept: how many slow modes of each cell are kept.
        first: of each cell, the place of its first kept mode, and their number at the end.
        index: of each node, its cell; -1 of a node without membrane.
        row: of each node, its row in the shapes of its cell.
        gaps: the gap junctions.
        touching: of each cell, its gap junctions, the potential of each for each fast mode over that mode's rate.
        across: (gap, mode), the potential across each gap junction for each kept mode, in mV.
        g: conductances in uS, in series with what the fast modes resist.
        drive: `g` times `across`: the current through each gap junction for each kept mode.
    """

    cells: tuple[CellModes, ...]
    kept: Int[np.ndarray, " cell"]
    first: Int[np.ndarray, " cell_and_end"]
    index: Int[np.ndarray, " node"]
    row: Int[np.ndarray, " node"]
    gaps: Gaps
    touching: tuple[tuple[Int[np.ndarray, " _"], Float[np.ndarray, "_ _"]], ...]
    across: csr_array
    g: Float[np.ndarray, "gap gap"]
    drive: Float[np.ndarray, "gap mode"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_seen", {})

    @property
    def rates(self) -> Float[np.ndarray, " mode"]:
        """The rates of the kept modes of all cells, in 1/ms."""
        return np.concatenate([cell.rates[:kept] for cell, kept in zip(self.cells, self.kept, strict=True)])

    def slow(self, nodes: Int[np.ndarray, " node"]) -> Float[np.ndarray, "node mode"]:
        """The potential of compartments for each kept mode in mV."""
        matrix = np.zeros((len(nodes), self.first[-1]))
        for cell, here in self._by_cell(nodes):
            modes = slice(self.first[cell], self.first[cell + 1])
            matrix[here, modes] = self.cells[cell].shapes[self.row[nodes[here]], : self.kept[cell]]
        return matrix

    def fast(self, nodes: Int[np.ndarray, " node"], cell: int) -> Float[np.ndarray, "node fast"]:
        """The potential of compartments for each fast mode of a cell in mV; zero in other cells."""
        matrix = np.zeros((len(nodes), len(self.cells[cell].rates) - self.kept[cell]))
        here = self.index[nodes] == cell
        matrix[here] = self.cells[cell].shapes[self.row[nodes[here]], self.kept[cell] :]
        return matrix

    def seen(self, nodes: Int[np.ndarray, " node"]) -> tuple[Float[np.ndarray, "node mode"], csr_array]:
        """The potential in mV of compartments for each kept mode and the currents that it drives; their `residual`."""
        known: dict[bytes, tuple[np.ndarray, csr_array]] = self._seen  # type: ignore[attr-defined]
        if nodes.tobytes() not in known:
            residual = self.residual(nodes)
            known[nodes.tobytes()] = self.slow(nodes) - residual @ self.drive, residual
        return known[nodes.tobytes()]

    def residual(self, nodes: Int[np.ndarray, " node"]) -> csr_array:
        """(node, gap): what a current into a compartment does across gap junctions through fast modes, in megohms."""
        rows, columns, values = [], [], []
        for cell, here in self._by_cell(nodes):
            gaps, lag = self.touching[cell]
            fast = self.fast(nodes[here], cell) @ lag.T
            rows.append(np.repeat(here, len(gaps)))
            columns.append(np.tile(gaps, len(here)))
            values.append(fast.ravel())
        where = (np.concatenate(rows), np.concatenate(columns)) if rows else ([], [])
        return csr_array((np.concatenate(values) if rows else [], where), shape=(len(nodes), len(self.gaps.g)))

    def _by_cell(self, nodes: Int[np.ndarray, " node"]) -> list[tuple[int, Int[np.ndarray, " here"]]]:
        """Each cell with the places of its nodes."""
        if not len(nodes):
            return []
        cells = self.index[nodes]
        order = np.argsort(cells, kind="stable")
        numbers, starts = np.unique(cells[order], return_index=True)
        return [(int(cell), here) for cell, here in zip(numbers, np.split(order, starts[1:]), strict=True)]


def couple(cells: Sequence[CellModes], gaps: Gaps, fastest: float, nodes: int) -> Coupling:
    """Join cells by their gap junctions.

    Args:
        cells: the modes of each cell.
        gaps: the gap junctions.
        fastest: the rate in 1/ms up to which modes are kept.
        nodes: the number of nodes.
    """
    kept = np.array([cell.slower(fastest) for cell in cells], dtype=int)
    first = np.concatenate([[0], np.cumsum(kept)])
    index, row = np.full(nodes, -1), np.zeros(nodes, dtype=int)
    for number, cell in enumerate(cells):
        index[cell.nodes], row[cell.nodes] = number, np.arange(len(cell.nodes))
    across, resistance = np.zeros((len(gaps.g), first[-1])), np.diag(1 / gaps.g)
    touching = []
    for number, (cell, slow) in enumerate(zip(cells, kept, strict=True)):
        those = np.flatnonzero((gaps.cells == number).any(axis=1))
        modes = _differences(cell, row, gaps, those, number)
        lag = modes[:, slow:] / cell.rates[slow:]
        across[those, first[number] : first[number + 1]] = modes[:, :slow]
        resistance[np.ix_(those, those)] += lag @ modes[:, slow:].T
        touching.append((those, lag))
    sparse, g = csr_array(across), _inverse(resistance)
    return Coupling(tuple(cells), kept, first, index, row, gaps, tuple(touching), sparse, g, (sparse.T @ g).T)


def _inverse(matrix: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """The inverse of a symmetric positive definite matrix."""
    if not len(matrix):
        return matrix
    lower, _ = lapack.dpotrf(matrix, lower=True)
    inverse, _ = lapack.dpotri(lower, lower=True)
    return np.tril(inverse) + np.tril(inverse, -1).T


def _differences(
    cell: CellModes, row: Int[np.ndarray, " node"], gaps: Gaps, those: Int[np.ndarray, " touching"], number: int
) -> Float[np.ndarray, "touching mode"]:
    """What one cell's modes give across the gap junctions that touch it."""
    matrix = np.zeros((len(those), len(cell.rates)))
    for side, sign in ((0, 1.0), (1, -1.0)):
        here = gaps.cells[those, side] == number
        matrix[here] += sign * cell.shapes[row[gaps.nodes[those[here], side]]]
    return matrix


@dataclass(frozen=True, eq=False)
class NetworkModes:
    """The modes of the joined cells, some of them cut off.

    Attributes:
        coupling: the cells and what joins them.
        rates: decay rates in 1/ms, slowest first.
        turn: from these modes to the kept modes of the cells.
        lost: the gap junctions that conduct nothing.
    """

    coupling: Coupling
    rates: Float[np.ndarray, " mode"]
    turn: Float[np.ndarray, "kept mode"]
    lost: Int[np.ndarray, " lost"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_seen", {})

    def seen(self, nodes: Int[np.ndarray, " node"]) -> Float[np.ndarray, "node mode"]:
        """The potentials in mV of compartments for each mode; transposed, what a current in nA there drives."""
        kept: dict[bytes, np.ndarray] = self._seen  # type: ignore[attr-defined]
        if nodes.tobytes() not in kept:
            kept[nodes.tobytes()] = self.by_cell(nodes) @ self.turn
        return kept[nodes.tobytes()]

    def by_cell(self, nodes: Int[np.ndarray, " node"]) -> Float[np.ndarray, "node kept"]:
        """The potentials in mV of compartments for each kept mode of the cells, and the currents that it drives."""
        potentials, residual = self.coupling.seen(nodes)
        if len(self.lost):
            return potentials + (residual @ self.coupling.g[:, self.lost]) @ _released(self.coupling, self.lost)
        return potentials


def network_modes(coupling: Coupling, ablated: Collection[int] = ()) -> NetworkModes:
    """The modes of the network when some cells are ablated: no gap junction of theirs conducts.

    Ablating changes the matrix by one rank for each gap junction that is lost, so that nothing is inverted anew.
    """
    lost = np.flatnonzero(~coupling.gaps.conducting(ablated))
    matrix = coupling.across.T @ coupling.drive
    if len(lost):
        matrix -= coupling.drive[lost].T @ _released(coupling, lost)
    matrix = (matrix + matrix.T) / 2
    matrix[np.diag_indices(len(matrix))] += coupling.rates
    return NetworkModes(coupling, *np.linalg.eigh(matrix), lost)


def _released(coupling: Coupling, lost: Int[np.ndarray, " lost"]) -> Float[np.ndarray, "lost kept"]:
    """The potentials that open across gap junctions that conduct no more, for each kept mode."""
    return np.linalg.solve(coupling.g[np.ix_(lost, lost)], coupling.drive[lost])
