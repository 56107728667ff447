"""What is wrong with the sound of a recording."""

import numpy as np

from datasets.calls.recording import Recording

_SIZE = 2**21
"""Samples that are read at once."""


def no_numbers_in(recording: Recording, channel: int = 1) -> int:
    """How many samples of a channel are no numbers; those of integers are not looked at, which all are."""
    if "PCM" in recording.kind:
        return 0
    with recording.reader(channel) as reader:
        for start in range(0, recording.samples, _SIZE):
            reader.read(start, start + _SIZE)
        return reader.no_numbers


def quality_of(recording: Recording, channel: int = 1) -> str:
    """Peak, offset, clipping and silence of a channel in words; read a few seconds at a time."""
    peak = total = 0.0
    clipped = 0
    with recording.reader(channel) as reader:
        for start in range(0, recording.samples, _SIZE):
            block = reader.read(start, start + _SIZE)
            peak = max(peak, float(np.abs(block).max()))
            total += float(block.sum(dtype=float))
            clipped += int((np.abs(block) >= 0.9999).sum())
    if peak == 0:
        return "silent, every sample is 0"
    offset = total / recording.samples
    text = f"peak {20 * np.log10(peak):.1f} dB of full scale"
    text += f", offset {offset:.3g}" if abs(offset) > 0.01 * peak else ""
    return text + (f", {clipped} samples clipped" if clipped > 2 else "")
