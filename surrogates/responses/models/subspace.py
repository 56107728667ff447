"""Identifies a linear state-space model from many trials: x(k+1) = A x(k) + B u(k), y(k) = C x(k) + D u(k), x(0) = 0.

A and C come from the past-output variant of MOESP (PO-MOESP: Verhaegen 1994, Automatica 30; Van Overschee and De Moor
1996, "Subspace identification for linear systems", chapter 4). B and D then minimise the error of the free run, which
is linear in them (Verhaegen and Verdult 2007, "Filtering and system identification", section 9.6).
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Complex, Float
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import lfilter

from datasets.dataset import contiguous_runs
from neuron_models.foundation.errors import require
from surrogates.responses.models.deviations import BaselineSubtracted

_SIZE = 640
"""At most so many rows of past and future together, which bounds the time that their factorisation takes."""
_ENOUGH = 2
"""Stretches for each row of past and future together, where samples do not count or trials do not begin at rest."""
_CUT = 1e-12
"""Directions of the normal equations below this part of the strongest are noise."""
_INSIDE = 1 - 1e-6
"""The largest size of a pole."""


@dataclass(frozen=True, eq=False)
class Subspace:
    """An extended observability matrix (C, CA, CA^2 ... below each other): its directions, and how strong each is."""

    directions: Float[np.ndarray, "future direction"]
    strengths: Float[np.ndarray, " direction"]
    outputs: int

    @property
    def most(self) -> int:
        """The largest order that it determines."""
        return min(len(self.directions) - self.outputs, int((self.strengths > 0).sum()))

    def poles_and_modes(
        self, order: int
    ) -> tuple[Complex[np.ndarray, " order"], Complex[np.ndarray, "output order"], Complex[np.ndarray, "order order"]]:
        """Dimensionless poles of a step, C in the modes' coordinates, and the modes; A is modes diag(poles) modes^-1.

        Poles on or outside the unit circle are mirrored into it, so that no free run grows without bound.

        Raises:
            InputError: the order is above what the trials tell.
        """
        require(
            order <= self.most, f"state_space: the training trials tell an order of at most {self.most}, not {order}"
        )
        seen = self.directions[:, :order] * np.sqrt(self.strengths[:order])
        step = np.linalg.lstsq(seen[: -self.outputs], seen[self.outputs :], rcond=None)[0]
        poles, modes = np.linalg.eig(step.astype(complex))
        return _mirrored(poles), seen[: self.outputs] @ modes, modes


def _mirrored(poles: Complex[np.ndarray, " order"]) -> Complex[np.ndarray, " order"]:
    """Poles on or outside the unit circle mirrored into it, at the same angle."""
    size = np.maximum(np.abs(poles), 1e-12)
    return np.where(size < _INSIDE, poles, poles / size * np.minimum(1 / size, _INSIDE))


def find_subspace(data: BaselineSubtracted) -> Subspace:
    """Find the directions in which future outputs answer the past, by PO-MOESP.

    The block Hankel matrices of all trials stand side by side; before its first sample, a trial is at rest; those
    that begin elsewhere are taken from their first sample on, and a constant is taken away from them. Their triangular
    factor is updated trial by trial, so that they never are in memory together.

    Raises:
        InputError: the trials are too short or too few.
    """
    rows, inputs, outputs = _block_rows(data), data.x.shape[-1], data.y.shape[-1]
    constant, at_rest = int(not data.begins_at_rest), data.begins_at_rest
    ahead, size = rows * inputs, constant + 2 * rows * (inputs + outputs)
    triangle, samples = np.zeros((0, size)), 0
    for x, y, weight in zip(data.x, data.y, data.weight, strict=True):
        counts = _windows((weight > 0)[:, None], rows, fill=at_rest).all(axis=1)
        u, v = (_windows(series, rows)[counts] for series in (x, y))
        still = np.ones((len(u), constant))
        block = np.concatenate([still, u[:, ahead:], u[:, :ahead], v], axis=1)  # inputs to come, past ones, outputs
        triangle = np.asarray(np.linalg.qr(np.concatenate([triangle, block]), mode="r"))
        samples += int(counts.sum())
    require(
        samples >= size, f"state_space: {samples} stretches of {2 * rows} samples that count are too few: {size} needed"
    )
    answered = triangle[constant + ahead : size - rows * outputs, size - rows * outputs :]
    directions, strengths, _ = np.linalg.svd(answered.T, full_matrices=False)
    return Subspace(directions, strengths, outputs)


def _block_rows(data: BaselineSubtracted) -> int:
    """Samples of past and of future that are looked at: few enough for the time that it takes and for the trials."""
    channels, (number, steps) = data.x.shape[-1] + data.y.shape[-1], data.weight.shape
    rows = min(max(2, _SIZE // (2 * channels)), steps // 3, number * steps // (4 * channels))
    require(rows >= 2, f"state_space: {number} training trials of {steps} samples are too few for {channels} channels")
    if data.begins_at_rest:
        return rows
    runs = np.concatenate([np.diff(contiguous_runs(counts))[:, 0] for counts in data.weight > 0])
    while rows > 2 and np.maximum(runs - 2 * rows + 1, 0).sum() < _ENOUGH * 2 * rows * channels:
        rows -= 1
    return rows


def _windows(series: np.ndarray, rows: int, fill: bool | float = 0.0) -> np.ndarray:
    """Every stretch of 2 x rows samples, laid out flat; before its first sample the series holds `fill`."""
    before = np.full((rows, series.shape[1]), fill, series.dtype)
    contiguous_runs = sliding_window_view(np.concatenate([before, series]), 2 * rows, axis=0)
    return contiguous_runs.transpose(0, 2, 1).reshape(-1, 2 * rows * series.shape[1])


def fit_drive(
    data: BaselineSubtracted, poles: Complex[np.ndarray, " order"], seen: Complex[np.ndarray, "output order"]
) -> tuple[
    Complex[np.ndarray, "order input"],
    Float[np.ndarray, "output input"],
    Complex[np.ndarray, " order"],
    Float[np.ndarray, " output"],
]:
    """Find what moves the state and the outputs so that the free run comes closest, given the poles and C.

    Args:
        data: in the units of the dataset.
        poles: dimensionless, of one sample to the next.
        seen: C in the coordinates of the modes, in units of the outputs.

    Returns:
        B (in the coordinates of the modes) and D; then the same of a constant, zero for trials that begin at rest. D,
        and C times B, are in units of the outputs over those of the inputs.
    """
    if data.begins_at_rest:
        return *_fit_inputs(data, poles, seen), np.zeros(len(poles), complex), np.zeros(len(seen))
    inputs, still = data.x.shape[-1], np.ones((*data.x.shape[:2], 1))
    known = np.concatenate([data.x, still, *([_kicks(data)] if data.free else [])], axis=-1)
    b, d = _fit_inputs(replace(data, x=known), poles, seen)
    return b[:, :inputs], d[:, :inputs], b[:, inputs], d[:, inputs]


def _kicks(data: BaselineSubtracted) -> Float[np.ndarray, "trial time kicked"]:
    """An input for each trial whose first sample counts, which kicks it there into the state that it begins in."""
    rows = np.flatnonzero(data.weight[:, 0] > 0)
    kicks = np.zeros((*data.weight.shape, len(rows)))
    kicks[rows, 0, np.arange(len(rows))] = 1.0
    return kicks


def _fit_inputs(
    data: BaselineSubtracted, poles: Complex[np.ndarray, " order"], seen: Complex[np.ndarray, "output order"]
) -> tuple[Complex[np.ndarray, "order input"], Float[np.ndarray, "output input"]]:
    """Find B (in the coordinates of the modes) and D.

    A mode's answer to an input of its own is that input through a filter of one pole; the free run is a sum of such
    answers, and the normal equations of that sum are made of their products over time.
    """
    order, inputs, outputs = len(poles), data.x.shape[-1], seen.shape[0]
    counts = data.weight > 0
    root = np.sqrt(data.weight[counts])[:, None]
    answers = [lfilter([0, 1], [1, -pole], data.x, axis=1)[counts] for pole in poles]
    w = np.stack(answers, axis=1).reshape(len(root), order * inputs) * root
    u, y = data.x[counts] * root, data.y[counts] * root
    past = np.einsum("oi,ok->ik", seen.conj(), seen)
    among = np.einsum("ik,ijkl->ijkl", past, (w.conj().T @ w).reshape(order, inputs, order, inputs))
    across = np.einsum("oi,ijl->ijol", seen.conj(), (w.conj().T @ u).reshape(order, inputs, inputs))
    through = np.kron(np.eye(outputs), u.T @ u)
    free = np.einsum("oi,ijo->ij", seen.conj(), (w.conj().T @ y).reshape(order, inputs, outputs))
    split, whole = order * inputs, (order + outputs) * inputs
    normal = np.zeros((whole, whole), complex)
    normal[:split, :split] = among.reshape(split, split)
    normal[:split, split:] = across.reshape(split, -1)
    normal[split:, :split] = normal[:split, split:].conj().T
    normal[split:, split:] = through
    solution = _solve(normal, np.concatenate([free.ravel(), (y.T @ u).ravel()]))
    return solution[:split].reshape(order, inputs), solution[split:].real.reshape(outputs, inputs)


def _solve(normal: Complex[np.ndarray, "n n"], right: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
    """Solve normal equations by least squares, every unknown measured in its own scale."""
    scale = np.sqrt(np.abs(np.diag(normal)))
    scale[scale == 0] = 1.0
    return np.linalg.lstsq(normal / np.outer(scale, scale), right / scale, rcond=_CUT)[0] / scale
