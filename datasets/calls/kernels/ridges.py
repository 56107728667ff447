"""Means along short lines of a spectrogram, and the connected ridges that they make."""

import numpy as np

from neuron_models.foundation.kernels import compiled


@compiled
def along_lines(levels, shifts, out):
    """The largest mean of `levels` (frame, bin) along short lines through each point, into `out`.

    Args:
        levels: flattened.
        shifts: (line, 2 * half + 1) bins by which each line is off at the frames before, at and after the point.
        out: written; lines that leave the spectrogram count what is outside as 0.
    """
    frames, bins = levels.shape
    lines, length = shifts.shape
    half, reach = length // 2, np.abs(shifts).max()
    part, taps = np.float32(1.0 / length), -(-length // 4) * 4
    ring = np.zeros((length + 1, bins + 2 * reach), np.float32)  # frame t is in row t % length; the last stays zero
    places, offsets = np.full(taps, length), np.zeros((lines, taps), np.int64)
    offsets[:, :length] = shifts
    sums = np.empty(bins, np.float32)
    for t in range(min(half, frames)):
        ring[t, reach : reach + bins] = levels[t]
    for t in range(frames):
        if t + half < frames:
            ring[(t + half) % length, reach : reach + bins] = levels[t + half]
        else:
            ring[(t + half) % length] = np.float32(0.0)
        for d in range(length):
            places[d] = (t + d + half + 1) % length
        best = out[t]
        best[:] = -np.inf
        for s in range(lines):
            sums[:] = np.float32(0.0)
            for d in range(0, taps, 4):  # four at once: additions are few, loads and stores are not
                one = ring[places[d], reach + offsets[s, d] :]
                two = ring[places[d + 1], reach + offsets[s, d + 1] :]
                three = ring[places[d + 2], reach + offsets[s, d + 2] :]
                four = ring[places[d + 3], reach + offsets[s, d + 3] :]
                for b in range(bins):
                    sums[b] += (one[b] + two[b]) + (three[b] + four[b])
            for b in range(bins):
                best[b] = max(best[b], part * sums[b])


@compiled
def trace_ridges(levels, means, seed, grow, end):
    """The connected ridges of `means` above `grow` that reach `seed` somewhere, or that reach frame `end`.

    Args:
        levels: flattened, of single frames.
        means: along lines; ridges are blotted out of it.
        seed: what a ridge reaches somewhere.
        grow: it is what is above this, neighbours by corners too.
        end: a ridge that reaches this frame may go on in frames that are not here.

    Returns:
        bounds: (ridge, 3) first frame, frame after the last, and place of the first frame in the two next.
        tracks: bin of the largest level in each frame of each ridge.
        louds: that level.
        best: the largest mean of each ridge.
    """
    frames, bins = means.shape
    bounds, best = np.empty((64, 3), np.int64), np.empty(64, np.float32)
    tracks, louds = np.empty(4096, np.int64), np.empty(4096, np.float32)
    stack = np.empty(4096, np.int64)
    track, loud = np.zeros(frames, np.int64), np.full(frames, -np.inf, np.float32)
    number = used = 0
    for t in range(frames):
        for b in range(bins):
            if not (means[t, b] >= seed or (t >= end and means[t, b] > grow)):
                continue
            low, high, top = t, t, means[t, b]
            stack[0], size = t * bins + b, 1
            means[t, b] = -np.inf
            peak = top
            while size:
                size -= 1
                row, column = stack[size] // bins, stack[size] % bins
                low, high = min(low, row), max(high, row)
                if levels[row, column] > loud[row]:
                    loud[row], track[row] = levels[row, column], column
                if size + 8 >= len(stack):
                    stack = np.concatenate((stack, np.empty_like(stack)))
                for i in range(max(0, row - 1), min(frames, row + 2)):
                    for j in range(max(0, column - 1), min(bins, column + 2)):
                        if means[i, j] > grow:
                            peak = max(peak, means[i, j])
                            means[i, j] = -np.inf
                            stack[size] = i * bins + j
                            size += 1
            length = high + 1 - low
            while used + length > len(tracks):
                tracks = np.concatenate((tracks, np.empty_like(tracks)))
                louds = np.concatenate((louds, np.empty_like(louds)))
            if number == len(bounds):
                bounds = np.concatenate((bounds, np.empty_like(bounds)))
                best = np.concatenate((best, np.empty_like(best)))
            bounds[number, 0], bounds[number, 1], bounds[number, 2] = low, high + 1, used
            best[number] = peak
            tracks[used : used + length], louds[used : used + length] = track[low : high + 1], loud[low : high + 1]
            loud[low : high + 1] = -np.inf
            number, used = number + 1, used + length
    return bounds[:number], tracks[:used], louds[:used], best[:number]
