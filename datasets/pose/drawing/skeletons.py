"""Skeletons drawn into images: a colour a side, that people see who do not tell red from green."""

import numpy as np
from jaxtyping import Float, UInt8

from datasets.pose.skeleton import Skeleton

Colour = tuple[int, int, int]
# Okabe and Ito, "Color Universal Design" (2008).
MIDDLE: Colour = (240, 228, 66)
LEFT: Colour = (86, 180, 233)
RIGHT: Colour = (213, 94, 0)
ANIMALS: tuple[Colour, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (240, 228, 66),
    (0, 114, 178),
)


def keypoint_colours(skeleton: Skeleton) -> tuple[Colour, ...]:
    """Blue for left key points, vermilion for right ones, yellow for those in the middle."""
    left = {pair[0] for pair in skeleton.pairs}
    right = {pair[1] for pair in skeleton.pairs}
    return tuple(
        LEFT if keypoint in left else RIGHT if keypoint in right else MIDDLE for keypoint in skeleton.keypoints
    )


def draw_skeletons(
    image: UInt8[np.ndarray, "channel height width"],
    xy: Float[np.ndarray, "animal keypoint 2"],
    skeleton: Skeleton,
    *,
    radius: float = 2.0,
    by_animal: bool = False,
) -> UInt8[np.ndarray, "height width 3"]:
    """An image with the key points and edges of its animals, in colour.

    Args:
        image: grey or red, green, blue.
        xy: (animal, keypoint, 2) in pixels of the image; what is NaN is not drawn.
        skeleton: which key points are connected, and which are left or right.
        radius: of a key point's dot in pixels.
        by_animal: a colour an animal instead of a side.
    """
    from PIL import Image, ImageDraw

    planes = np.repeat(image, 3, axis=0) if len(image) == 1 else image
    picture = Image.fromarray(np.ascontiguousarray(planes.transpose(1, 2, 0)))
    pen = ImageDraw.Draw(picture)
    edges = skeleton.edge_places()
    for index, animal in enumerate(np.asarray(xy, float)):
        colours = (ANIMALS[index % len(ANIMALS)],) * len(skeleton) if by_animal else keypoint_colours(skeleton)
        seen = ~np.isnan(animal).any(axis=-1)
        for a, b in edges:
            if seen[a] and seen[b]:
                line = [tuple(animal[a]), tuple(animal[b])]
                pen.line(line, fill=colours[b], width=max(1, round(0.6 * radius)))
        for keypoint in np.flatnonzero(seen):
            x, y = animal[keypoint]
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colours[keypoint], outline=(0, 0, 0))
    return np.asarray(picture)
