"""What a model of key points must beat: the mean pose, and pieces of labelled frames found again by correlation."""

import numpy as np
from jaxtyping import Float, UInt8


def mean_pose(labels: Float[np.ndarray, "frame keypoint 2"], number: int) -> Float[np.ndarray, "number keypoint 2"]:
    """Every key point at its mean place in the labelled frames, for `number` new frames."""
    return np.repeat(np.nanmean(labels.astype(float), axis=0)[None], number, axis=0)


def template_match(
    images: UInt8[np.ndarray, "frame 1 height width"],
    labels: Float[np.ndarray, "frame keypoint 2"],
    new: UInt8[np.ndarray, "number 1 height width"],
    half: int = 8,
    reach: int = 14,
) -> Float[np.ndarray, "number keypoint 2"]:
    """Every key point where the mean of its surroundings in labelled frames correlates best with a new frame.

    Args:
        images: labelled frames.
        labels: their key points, px.
        new: the frames to find key points in.
        half: a template has 2 `half` + 1 px a side.
        reach: how far from its mean place a key point is sought, px.
    """
    from skimage.feature import match_template

    guesses = mean_pose(labels, len(new))
    margin = half + reach + 1
    padded = np.pad(new[:, 0].astype(np.float32), ((0, 0), (margin, margin), (margin, margin)), mode="edge")
    for keypoint in range(labels.shape[1]):
        template = _mean_surroundings(images[:, 0], labels[:, keypoint], half)
        x, y = np.round(guesses[0, keypoint]).astype(int) + margin
        span = half + reach
        for k, frame in enumerate(padded):
            scores = match_template(frame[max(y - span, 0) : y + span + 1, max(x - span, 0) : x + span + 1], template)
            row, column = np.unravel_index(scores.argmax(), scores.shape)
            guesses[k, keypoint] = np.array([max(x - span, 0) + column, max(y - span, 0) + row]) + half - margin
    return guesses


def _mean_surroundings(
    images: UInt8[np.ndarray, "frame height width"], positions: Float[np.ndarray, "frame 2"], half: int
) -> Float[np.ndarray, "side side"]:
    """The mean of the pixels about a key point, over the frames where it is labelled."""
    margin = half + 1
    total, number = np.zeros((2 * half + 1, 2 * half + 1)), 0
    for image, position in zip(images, positions, strict=True):
        if np.isnan(position).any():
            continue
        x, y = np.clip(np.round(position).astype(int), 0, (image.shape[1] - 1, image.shape[0] - 1)) + margin
        total += np.pad(image, margin, mode="edge")[y - half : y + half + 1, x - half : x + half + 1]
        number += 1
    return total / max(number, 1)
