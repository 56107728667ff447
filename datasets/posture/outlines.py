"""The shapes of worms as other topics take them: angles or amplitudes, without heading or place."""

import numpy as np
from jaxtyping import Float

from datasets.dataset import BodyShapes, Dataset
from datasets.posture.eigenworms import angles_from, eigenworms_of
from datasets.posture.midlines import midlines_of
from datasets.posture.recording import ANGLES, CENTROID, MEAN_ANGLE, TURN
from neuron_models.foundation.errors import InputError


def body_shapes(dataset: Dataset) -> tuple[BodyShapes, ...]:
    """The postures of a dataset of angles (rad) or of amplitudes, one entry a recording; NaN where there is none."""
    kept = [i for i, name in enumerate(dataset.x_names) if name not in (MEAN_ANGLE, TURN, *CENTROID)]
    channels = tuple(dataset.x_names[i] for i in kept)

    def outline(values: Float[np.ndarray, "frame channel"]) -> Float[np.ndarray, "frame point 2"]:
        """Midlines that lie along the page, the head above; a flat line where the eigenworms are not known."""
        midlines = midlines_of(_angles(dataset, values))
        return midlines[:, :, ::-1]

    return tuple(
        BodyShapes(
            trial.name,
            "" if trial.group in ("", trial.name) else trial.group,
            channels,
            np.where(trial.valid()[:, None], np.asarray(trial.x[:], dtype=float)[:, kept], np.nan),
            1000 / dataset.dt,
            outline,
        )
        for trial in dataset
    )


def _angles(dataset: Dataset, values: Float[np.ndarray, "frame channel"]) -> Float[np.ndarray, "frame segment"]:
    if dataset.extra.get("posture") == ANGLES:
        return values
    try:
        return angles_from(values, eigenworms_of(dataset))
    except InputError:
        return np.zeros((len(values), 16))
