"""Statistics of a window that slides along columns: sums that run along, and the window's values kept in order."""

import numpy as np

from neuron_models.foundation.kernels import compiled


@compiled
def place_of(ordered, number, value):
    """The first of the first `number` places of an ordered array whose value is not less."""
    low, high = 0, number
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def enter(ordered, number, value):
    """Put a value into the first `number` of an ordered array, at its place."""
    low = place_of(ordered, number, value)
    for k in range(number, low, -1):
        ordered[k] = ordered[k - 1]
    ordered[low] = value


@compiled
def leave(ordered, number, value):
    """Take a value out of the first `number` of an ordered array."""
    low = place_of(ordered, number, value)
    for k in range(low, number - 1):
        ordered[k] = ordered[k + 1]


@compiled
def quantile(ordered, number, share):
    """The value that a share of the first `number` of an ordered array lies below, between two of them by length."""
    at = share * (number - 1)
    low = int(at)
    if low + 1 >= number:
        return ordered[number - 1]
    return ordered[low] + (at - low) * (ordered[low + 1] - ordered[low])


@compiled
def slide(values, radius, shares, swings, out):
    """Fill `out` (statistic, frame, column) with the statistics of the window around each frame.

    In order: mean, standard deviation, least, most, mean after less mean before, the quantiles of `shares`, and the
    amplitudes of 1 to `swings` swings in the window. NaN where no value is known.
    """
    ordered = np.empty(2 * radius + 1)
    for c in range(values.shape[1]):
        column, level, known = values[:, c].copy(), 0.0, 0
        for value in column:
            if not np.isnan(value):
                level, known = level + value, known + 1
        level = level / known if known else 0.0
        column -= level  # so that sums of squares lose no digits
        _in_order(column, radius, shares, ordered, out[:, :, c])
        _moments(column, radius, out[:, :, c])
        for k in range(swings):
            _swing(column, radius, k + 1, out[5 + len(shares) + k, :, c])
        for row in range(5 + len(shares)):
            if row not in (1, 4):
                out[row, :, c] += level


@compiled
def _in_order(column, radius, shares, ordered, out):
    """Least, most and quantiles, of the window's values in order."""
    frames, number = len(column), 0
    for t in range(-radius, frames):
        gone, come = t - radius - 1, t + radius
        if gone >= 0 and not np.isnan(column[gone]):
            leave(ordered, number, column[gone])
            number -= 1
        if come < frames and not np.isnan(column[come]):
            enter(ordered, number, column[come])
            number += 1
        if t >= 0:
            out[2, t] = ordered[0] if number else np.nan
            out[3, t] = ordered[number - 1] if number else np.nan
            for k in range(len(shares)):
                out[5 + k, t] = quantile(ordered, number, shares[k]) if number else np.nan


@compiled
def _moments(column, radius, out):
    """Mean, standard deviation, and the mean after less the mean before, from sums that run along."""
    frames = len(column)
    numbers, sums, squares = np.zeros(frames + 1), np.zeros(frames + 1), np.zeros(frames + 1)
    for t in range(frames):
        value = 0.0 if np.isnan(column[t]) else column[t]
        numbers[t + 1] = numbers[t] + (0.0 if np.isnan(column[t]) else 1.0)
        sums[t + 1], squares[t + 1] = sums[t] + value, squares[t] + value * value
    for t in range(frames):
        low, high = max(0, t - radius), min(frames, t + radius + 1)
        number = numbers[high] - numbers[low]
        mean = (sums[high] - sums[low]) / number if number > 0 else np.nan
        spread = (squares[high] - squares[low]) / number - mean * mean if number > 0 else np.nan
        out[0, t] = mean
        out[1, t] = np.sqrt(max(spread, 0.0)) if out[3, t] != out[2, t] and number > 0 else spread * 0.0
        afters, earlier = numbers[high] - numbers[t + 1], numbers[t] - numbers[low]
        both = afters > 0 and earlier > 0
        out[4, t] = (sums[high] - sums[t + 1]) / afters - (sums[t] - sums[low]) / earlier if both else np.nan


@compiled
def _swing(column, radius, swings, out):
    """The amplitude of so many swings in the window, of its values less their mean."""
    frames, length = len(column), 2 * radius + 1
    sums = np.zeros((frames + 1, 6))  # of the number, the value, both turned by the swing
    for t in range(frames):
        sums[t + 1] = sums[t]
        if not np.isnan(column[t]):
            angle = 2 * np.pi * ((swings * t) % length) / length
            real, imaginary = np.cos(angle), np.sin(angle)
            sums[t + 1, 0] += 1.0
            sums[t + 1, 1] += column[t]
            sums[t + 1, 2] += real
            sums[t + 1, 3] += imaginary
            sums[t + 1, 4] += column[t] * real
            sums[t + 1, 5] += column[t] * imaginary
    for t in range(frames):
        inside = sums[min(frames, t + radius + 1)] - sums[max(0, t - radius)]
        mean = inside[1] / inside[0] if inside[0] > 0 else np.nan
        turned = np.hypot(inside[4] - mean * inside[2], inside[5] - mean * inside[3])
        out[t] = 2 * turned / inside[0] if inside[0] > 0 else np.nan
