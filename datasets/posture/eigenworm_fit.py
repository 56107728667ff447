"""Fitting eigenworms: principal components, and the independent components that turn them."""

import numpy as np
from jaxtyping import Float

from datasets.posture.eigenworms import COUNT, METHODS, Eigenworms
from neuron_models.foundation.errors import InputError, require

FIXED_POINT_STEPS = 200
"""Of FastICA's fixed point, before the search climbs the kurtosis instead."""
_CLIMBING = 500
_TOLERANCE = 1e-12


def fit_eigenworms(
    angles: Float[np.ndarray, "frame segment"], count: int = COUNT, method: str = "ica", source: str = ""
) -> Eigenworms:
    """Fit eigenworms on frames of any number of worms; nothing is drawn at random.

    PCA takes the leading eigenvectors of the covariance. ICA (FastICA, deflation, cubic) turns these, scaled to
    variance 1, so that the amplitudes are as independent as it finds: the same variance, otherwise divided.

    Args:
        angles: tangent angles without their mean, rad; frames with NaN are left out.
        count: how many.
        method: one of `METHODS`.
        source: kept with them.

    Raises:
        InputError: fewer frames or segments than asked for, or postures that do not differ.
    """
    require(method in METHODS, f"eigenworms are fitted by {' or '.join(METHODS)}, not by {method!r}")
    kept = angles[np.isfinite(angles).all(axis=1)]
    segments = angles.shape[1]
    require(1 <= count <= segments, f"there can be 1 to {segments} eigenworms of {segments} segments, not {count}")
    require(len(kept) > count, f"{count} eigenworms need more than {count} frames, there are {len(kept)}")
    mean = kept.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(kept, rowvar=False, bias=True))
    values, axes = values[::-1][:count], _signed(vectors.T[::-1][:count])
    if not values[-1] > 1e-12 * max(values[0], 1e-12):
        raise InputError(f"the postures do not differ in {count} ways: ask for fewer eigenworms")
    loadings = axes * np.sqrt(values)[:, None]
    if method == "ica":
        loadings = _rotation((kept - mean) @ axes.T / np.sqrt(values)) @ loadings
    share = (loadings**2).sum(axis=1) / kept.var(axis=0).sum()
    order = np.argsort(-share, kind="stable")
    norms = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    return Eigenworms(_signed((loadings / norms)[order]), mean, method, share[order], source)


def _rotation(white: Float[np.ndarray, "frame axis"]) -> Float[np.ndarray, "eigenworm axis"]:
    """The orthogonal directions in which whitened amplitudes are least Gaussian, one after the other (FastICA, cubic).

    Each search begins at the axis that the directions found before tell least. Where the fixed-point step does not
    settle, which it does not where two amplitudes are nearly Gaussian, the search begins anew and climbs; where that
    finds no summit either, as among amplitudes that are all Gaussian, the axis itself is the direction.
    """
    vectors = np.zeros((0, white.shape[1]))
    while len(vectors) < white.shape[1]:
        left = np.eye(white.shape[1]) - vectors.T @ vectors
        start = left[np.argmax(np.round(np.diag(left), 6))]
        start = start / np.linalg.norm(start)
        best = _least_gaussian(white, vectors, start, climbing=False)
        best = _least_gaussian(white, vectors, start, climbing=True) if best is None else best
        vectors = np.vstack([vectors, start if best is None else best])
    return vectors


def _least_gaussian(
    white: Float[np.ndarray, "frame axis"],
    known: Float[np.ndarray, "found axis"],
    start: Float[np.ndarray, " axis"],
    climbing: bool,
) -> Float[np.ndarray, " axis"] | None:
    """A direction orthogonal to the known ones where the kurtosis is extreme, or None when the search does not settle.

    The fixed point of Hyvarinen and Oja (1997), or climbing: the same vector as a gradient, in steps that shrink with
    the fourth moment.
    """
    here = start
    for _ in range(_CLIMBING if climbing else FIXED_POINT_STEPS):
        along = white @ here
        step = (along**3) @ white / len(white) - 3 * here
        step -= known.T @ (known @ step)
        kurtosis, size = step @ here, np.linalg.norm(step)
        if size - abs(kurtosis) <= _TOLERANCE * size:
            return here
        if climbing:
            step = here + np.sign(kurtosis) * (step - kurtosis * here) / (kurtosis + 6)
            step -= known.T @ (known @ step)
        here = step / np.linalg.norm(step)
    return None


def _signed(shapes: Float[np.ndarray, "eigenworm segment"]) -> Float[np.ndarray, "eigenworm segment"]:
    """Shapes with the sign that makes a mean positive in which the head counts most."""
    weights = np.exp(-np.linspace(0, 3, shapes.shape[1]))
    return shapes * np.where(shapes @ weights < 0, -1.0, 1.0)[:, None]
