"""Images with their background blacked out, as Pereira et al. 2019 compare them with whole ones."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, UInt8

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.units import Fraction

_MARGIN: Fraction = 0.03
"""How far the mask reaches beyond the animal, as a fraction of the image's side."""


def without_background(dataset: Dataset) -> Dataset:
    """The dataset with all but the animal black in every image."""
    return replace(dataset, trials=tuple(map(_masked, dataset)))


def _masked(trial: Trial) -> Trial:
    images = np.array(trial.x[:])
    for image in images:
        image[:, ~animal_mask(image)] = 0
    return replace(trial, x=images)


def animal_mask(image: UInt8[np.ndarray, "colour height width"]) -> Bool[np.ndarray, "height width"]:
    """Where the animal is: what differs most from the border's shade, of its parts those that reach the middle.

    The threshold is Otsu's, between the differences of the background and those of the animal.
    """
    from scipy.ndimage import binary_dilation, binary_fill_holes, label
    from skimage.filters import gaussian, threshold_otsu

    grey = image.mean(axis=0)
    border = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    differing = np.abs(gaussian(grey, 1.0, preserve_range=True) - border)
    if differing.max() == differing.min():
        return np.ones(grey.shape, bool)
    parts, number = label(differing > 0.7 * threshold_otsu(differing))
    if number == 0:
        return np.ones(grey.shape, bool)
    largest = 1 + np.bincount(parts.ravel())[1:].argmax()
    reach = max(1, round(_MARGIN * max(grey.shape)))
    return binary_dilation(binary_fill_holes(parts == largest), iterations=reach)
