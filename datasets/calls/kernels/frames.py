"""Power of sine tapers from one transform a frame, and what stands out of a frame."""

import numpy as np

from neuron_models.foundation.kernels import compiled


@compiled
def taper_power(transforms, first, weights, out):
    """Sum the power of sine tapers into `out` (frame, bin).

    Args:
        transforms: (frame, 2 * bins + 1) Fourier transforms of untapered frames of N + 1 samples, of which tapers
            leave the first out, padded to 2 (N + 1).
        first: the first bin that is wanted.
        weights: of each taper.
        out: written.
    """
    bins = out.shape[1]
    for t in range(out.shape[0]):
        row = out[t]
        row[:] = np.float32(1e-12)
        for k in range(1, len(weights) + 1):
            below = transforms[t, 2 * first - k :]
            above = transforms[t, 2 * first + k :]
            for b in range(bins):
                difference = below[2 * b] - above[2 * b]
                row[b] += weights[k - 1] * (difference.real * difference.real + difference.imag * difference.imag)


@compiled
def flatten(levels, floor, block, bend):
    """Take the floor of each bin off `levels` (frame, bin) in place, then what a whole stretch of a frame shares.

    What is shared is Huber's location of each block of bins where it is above the floor, drawn on a line from block to
    block: clicks and noise of the cage lift all bins, a tone lifts few.

    Args:
        levels: in dB; changed.
        floor: (bin,) in dB.
        block: bins.
        bend: where Huber's function bends, in dB.
    """
    frames, bins = levels.shape
    number = max(1, bins // block)
    shared = np.zeros(number, np.float32)
    for t in range(frames):
        row = levels[t]
        for b in range(bins):
            row[b] -= floor[b]
        lifted = False
        for n in range(number):
            part = row[n * block : bins if n == number - 1 else (n + 1) * block]
            shared[n] = max(np.float32(0.0), _location(part, bend))
            lifted = lifted or shared[n] > np.float32(0.0)
        if not lifted:
            continue
        for b in range(bins):
            place = np.float32(b + 0.5) / np.float32(block) - np.float32(0.5)
            place = min(max(place, np.float32(0.0)), np.float32(number - 1))
            left = int(place)
            right = min(left + 1, number - 1)
            share = place - np.float32(left)
            row[b] -= (np.float32(1.0) - share) * shared[left] + share * shared[right]


@compiled
def _location(part, bend):
    """Huber's location of some levels, from their mean on."""
    size = np.float32(len(part))
    place = np.float32(0.0)
    for i in range(len(part)):
        place += part[i]
    place /= size
    for _ in range(4):
        change = np.float32(0.0)
        for i in range(len(part)):
            change += min(max(part[i] - place, -bend), bend)
        place += change / size
    return place
