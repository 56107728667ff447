"""What a camera sees beside the animal: an uneven, dirty ground, a lamp that flickers, noise."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from neuron_models.foundation.units import Dimensionless, Fraction


@dataclass(frozen=True)
class Camera:
    """How a recording is spoilt.

    `noise` is the standard deviation at a shade of 1; shades of frames vary by `flicker` (standard deviation of the
    logarithm of their brightness), the ground by `uneven`.
    """

    noise: Fraction = 0.025
    flicker: Dimensionless = 0.06
    uneven: Fraction = 0.10


def ground(width: int, height: int, camera: Camera, rng: np.random.Generator) -> Float[np.ndarray, "height width"]:
    """The arena without animals: light falls unevenly, with blotches, scratches and dust.

    `width` and `height` are in px; shades run from 0 (black) to 1 (white).
    """
    from scipy.ndimage import gaussian_filter

    shape = (height, width)
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    tilt = rng.uniform(-1, 1, 2)
    light = rng.uniform(0.68, 0.8) + 0.5 * camera.uneven * (tilt[0] * x + tilt[1] * y - 0.8 * (x * x + y * y))
    for scale, size in ((24.0, 0.35), (6.0, 0.16), (1.2, 0.08)):
        blotches = gaussian_filter(rng.standard_normal(shape), scale, mode="wrap")
        light = light + camera.uneven * size * blotches / (blotches.std() + 1e-9)
    specks = rng.random(shape) < 3e-4
    dust = gaussian_filter(specks * rng.uniform(0.5, 1.5, shape), rng.uniform(0.7, 1.2))
    return np.clip(light - 2.5 * camera.uneven * dust / max(dust.max(), 1e-9), 0.05, 1.0).astype(np.float32)


def expose(
    light: Float[np.ndarray, "frame height width"], brightness: Float[np.ndarray, " frame"], camera: Camera, seeds: list
) -> UInt8[np.ndarray, "frame height width"]:
    """Turn light into grey values: noise grows with the square root of light, brighter than white is white.

    Args:
        light: shades, 0 for black and 1 for white.
        brightness: by which each frame's light is multiplied, dimensionless.
        camera: its noise.
        seeds: one for each frame, so that a frame is the same whichever others are made with it.

    Returns:
        Grey values from 0 to 255.
    """
    pixels = np.empty(light.shape, dtype=np.uint8)
    for k, seed in enumerate(seeds):
        seen = light[k] * np.float32(brightness[k])
        noise = np.random.default_rng(seed).standard_normal(seen.shape, dtype=np.float32)
        seen = seen + np.float32(camera.noise) * np.sqrt(np.maximum(seen, np.float32(0.02))) * noise
        pixels[k] = np.clip(255 * seen + np.float32(0.5), 0, 255)
    return pixels
