"""Fitting eigenworms: principal components, and the independent components that turn them."""

import warnings

import numpy as np
from jaxtyping import Float

from datasets.posture.eigenworms import COUNT, METHODS, Eigenworms
from neuron_models.errors import InputError, require

_MOST_STEPS = 1000
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
        InputError: fewer frames or segments than asked for, postures that do not differ, or no convergence.
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
    """The directions in which whitened amplitudes are least Gaussian; the search begins at the axes."""
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    search = FastICA(
        algorithm="deflation",
        fun="cube",
        whiten=False,
        w_init=np.eye(white.shape[1]),
        max_iter=_MOST_STEPS,
        tol=_TOLERANCE,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            return search.fit(white).components_
        except ConvergenceWarning:
            raise InputError(
                f"ICA of {len(white)} frames did not converge in {_MOST_STEPS} steps: give more frames, or ask for pca"
            ) from None


def _signed(shapes: Float[np.ndarray, "eigenworm segment"]) -> Float[np.ndarray, "eigenworm segment"]:
    """Shapes with the sign that makes a mean positive in which the head counts most."""
    weights = np.exp(-np.linspace(0, 3, shapes.shape[1]))
    return shapes * np.where(shapes @ weights < 0, -1.0, 1.0)[:, None]
