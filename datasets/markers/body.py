"""The animal that carries marks: its middle, and its snout, which is where the forepaws are."""

import numpy as np
from jaxtyping import Float, UInt8

from datasets.markers.fitting import MarkModel

POINTS = ("body", "snout")
"""What is added to the marks where the animal was clicked on."""
_STEP = 4
SECTORS = 24
_CONE = 3
"""Sectors to each side of the direction of the marks in which the snout is looked for: 45 degrees."""
_LEAST = 12
_NOTHING = np.full((1 + SECTORS, 2), np.nan)


def find_body(
    frame: UInt8[np.ndarray, "3 height width"],
    table: UInt8[np.ndarray, "cell column"],
    model: MarkModel,
    box: np.ndarray,
) -> Float[np.ndarray, "point 2"]:
    """The middle of the animal's outline, then its farthest place in each of 24 directions, px.

    The animal is the largest region that has its colours or a mark's. All are NaN where it was not clicked on, or is
    not there.
    """
    if not model.colours.animal.any():
        return _NOTHING
    from scipy.ndimage import binary_opening, label

    from datasets.markers.kernels.scanning import kinds_map

    body = model.colours.animal.copy()
    body[: len(model.marks)] = True  # paint lies on the animal
    part = (slice(-(-box[1] // _STEP), -(-box[3] // _STEP)), slice(-(-box[0] // _STEP), -(-box[2] // _STEP)))
    shown = body[kinds_map(frame, table, _STEP, len(model.marks))[part]]
    pieces, number = label(binary_opening(shown, np.ones((2, 2))))
    if number == 0:
        return _NOTHING
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    rows, columns = np.nonzero(pieces == sizes.argmax())
    if len(rows) < _LEAST:
        return _NOTHING
    outline = _STEP * (np.stack([columns, rows], axis=1) + np.array([part[1].start, part[0].start])).astype(float)
    return np.concatenate([outline.mean(axis=0)[None], _farthest(outline, outline.mean(axis=0))])


def _farthest(outline: Float[np.ndarray, "pixel 2"], middle: Float[np.ndarray, "2"]) -> Float[np.ndarray, "sector 2"]:
    away = outline - middle
    far = np.hypot(*away.T)
    sectors = _sector(away)
    found = np.full((SECTORS, 2), np.nan)
    order = np.argsort(far)
    found[sectors[order]] = outline[order]  # the farthest comes last and stays
    return found


def _sector(away: Float[np.ndarray, "*each 2"]) -> np.ndarray:
    angle = np.arctan2(away[..., 1], away[..., 0])
    return np.floor(angle / (2 * np.pi) * SECTORS).astype(int) % SECTORS


def body_and_snout(
    bodies: Float[np.ndarray, "frame animal point 2"], marks: Float[np.ndarray, "frame animal mark 2"]
) -> Float[np.ndarray, "frame animal 2 2"]:
    """The middle of each animal, and the farthest place of its outline within 45 degrees of where its marks are.

    Where no mark is seen, the direction is the last that was known, or the first to come.
    """
    middle = bodies[:, :, 0]
    seen = ~np.isnan(marks[..., 0])
    mean = np.nansum(marks, axis=2) / np.maximum(seen.sum(axis=2), 1)[..., None]
    ahead = np.where(seen.any(axis=2)[..., None], mean - middle, np.nan)
    found = np.full((*middle.shape[:2], 2, 2), np.nan)
    found[:, :, 0] = middle
    for animal in range(middle.shape[1]):
        known = np.flatnonzero(~np.isnan(ahead[:, animal, 0]))
        if not len(known):
            continue
        latest = known[np.clip(np.searchsorted(known, np.arange(len(middle)), side="right") - 1, 0, None)]
        sector = _sector(ahead[latest, animal])
        near = (sector[:, None] + np.arange(-_CONE, _CONE + 1)) % SECTORS
        places = np.take_along_axis(bodies[:, animal, 1:], near[..., None], axis=1)
        far = np.nan_to_num(np.hypot(*np.moveaxis(places - middle[:, animal, None], -1, 0)), nan=-1.0)
        found[:, animal, 1] = places[np.arange(len(places)), far.argmax(axis=1)]
    return found
