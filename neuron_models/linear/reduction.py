"""What stimuli alone do, in few modes: the network's modes projected onto what its inputs can reach.

A rational Krylov space with one basis on both sides (Galerkin), so that the reduced system is symmetric, its poles real
and its gain at rest exact (Druskin, Knizhnerman and Simoncini 2011, "Analysis of the rational Krylov subspace method").
"""

import numpy as np
from jaxtyping import Float

System = tuple[Float[np.ndarray, " mode"], Float[np.ndarray, "clamp mode"], Float[np.ndarray, "site mode"]]
"""Rates of modes, what 1 nA does to each, and what each does to a potential."""
Small = tuple[Float[np.ndarray, " r"], Float[np.ndarray, "clamp r"], Float[np.ndarray, "site r"]]
"""The same, reduced."""

SHIFTS = 26
"""Frequencies, spread evenly over the logarithms of the rates, at which the reduced system answers as the whole."""
_DEPENDENT = 1e-13
"""Directions shorter than this part of the longest are left out."""
_FEW = 300
"""Systems of no more modes than this stay as they are."""


def reachable(
    rates: Float[np.ndarray, " mode"], drive: Float[np.ndarray, "clamp mode"]
) -> tuple[Float[np.ndarray, " r"], Float[np.ndarray, "mode r"]]:
    """A basis of what currents can reach, in which the system is diagonal again, and its rates.

    Those of a small system are its own.

    Args:
        rates: of the modes in 1/ms.
        drive: what 1 nA does to each mode.
    """
    if len(rates) <= _FEW:
        return rates, np.eye(len(rates))
    shifts = np.concatenate([[0.0], np.geomspace(rates.min(), rates.max(), SHIFTS)])
    answers = np.concatenate([drive / (rates + shift) for shift in shifts]).T
    lengths = np.linalg.norm(answers, axis=0)
    directions, strengths, _ = np.linalg.svd(answers[:, lengths > 0] / lengths[lengths > 0], full_matrices=False)
    basis = directions[:, strengths > _DEPENDENT * strengths.max(initial=0.0)]
    slower, turn = np.linalg.eigh((basis.T * rates) @ basis)
    return slower, basis @ turn


def worst_answer(whole: System, small: Small) -> Float[np.ndarray, " site"]:
    """The largest error of each potential's answer between the frequencies that are exact, over its largest answer."""
    shifts = np.geomspace(whole[0].min(), whole[0].max(), SHIFTS)
    error, size = np.zeros(len(whole[2])), np.zeros(len(whole[2]))
    for shift in np.sqrt(shifts[1:] * shifts[:-1]):
        wanted, found = (seen @ (drive / (rates + shift)).T for rates, drive, seen in (whole, small))
        error = np.maximum(error, np.abs(found - wanted).max(axis=1, initial=0.0))
        size = np.maximum(size, np.abs(wanted).max(axis=1, initial=0.0))
    return error / np.where(size > 0, size, 1.0)
