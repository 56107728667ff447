"""Colours for departures from rest: grey at rest, blue below, yellow to red above, even steps to the eye.

Equal steps of the value are equal distances in Oklab (Ottosson 2020), a space made to be perceptually uniform. Blue
against orange keeps its meaning for the colour-blind, and the lightness alone shows how far from rest a value is.
"""

import numpy as np
from jaxtyping import Float, UInt8

LEVELS = 256

ANCHORS = {
    "light": (("#0b2f86", "#2f7fd0", "#bfc2c4"), ("#bfc2c4", "#e58a1f", "#b3240f", "#4a0512")),
    "dark": (("#b9dcff", "#3f8fe6", "#4a4f54"), ("#4a4f54", "#c2481f", "#f59a26", "#fff3a6")),
}
"""By the page's ground, the colours that the scale passes: from far below rest to rest, and on to far above."""

_LMS = np.array(
    (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
)
_LAB = np.array(
    (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
)
"""Linear sRGB to cone responses, and their cube roots to Oklab: Ottosson, "A perceptual color space", 2020."""


def colour_scale(ground: str) -> UInt8[np.ndarray, "level 3"]:
    """The scale on a `light` or a `dark` ground, as sRGB bytes (0 to 255) by the index of the level.

    Rest is in the middle.
    """
    below, above = (np.array([oklab(_bytes(colour)) for colour in side]) for side in ANCHORS[ground])
    half = LEVELS // 2
    return srgb(np.concatenate((_evenly(below, half), _evenly(above, half))))


def oklab(colour: UInt8[np.ndarray, "... 3"]) -> Float[np.ndarray, "... 3"]:
    """Lightness (0 to 1) and the two opponent colours, all dimensionless, of sRGB bytes (0 to 255)."""
    share = colour / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _LMS.T) @ _LAB.T


def srgb(colour: Float[np.ndarray, "... 3"]) -> UInt8[np.ndarray, "... 3"]:
    """The sRGB bytes (0 to 255) nearest to an Oklab colour (dimensionless); what no screen shows is cut."""
    linear = np.clip((colour @ np.linalg.inv(_LAB).T) ** 3 @ np.linalg.inv(_LMS).T, 0, 1)
    share = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * share).astype(np.uint8)


def _evenly(anchors: Float[np.ndarray, "anchor 3"], number: int) -> Float[np.ndarray, "level 3"]:
    """So many points along the polygon through the anchors, equally far apart."""
    lengths = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(anchors, axis=0), axis=1))))
    indices = np.linspace(0, lengths[-1], number)
    return np.stack([np.interp(indices, lengths, channel) for channel in anchors.T], axis=1)


def _bytes(colour: str) -> UInt8[np.ndarray, " 3"]:
    return np.frombuffer(bytes.fromhex(colour.removeprefix("#")), dtype=np.uint8)
