"""What is wrong with the sound of a recording."""

import numpy as np

from datasets.calls.recording import Recording


def quality_of(recording: Recording, channel: int = 1) -> str:
    """Peak, offset, clipping and silence of a channel in words; read a few seconds at a time."""
    peak = total = 0.0
    clipped = 0
    size = 2**21
    with recording.reader(channel) as reader:
        for start in range(0, recording.samples, size):
            block = reader.read(start, start + size)
            peak = max(peak, float(np.abs(block).max()))
            total += float(block.sum(dtype=float))
            clipped += int((np.abs(block) >= 0.9999).sum())
    if peak == 0:
        return "silent, every sample is 0"
    offset = total / recording.samples
    text = f"peak {20 * np.log10(peak):.1f} dB of full scale"
    text += f", offset {offset:.3g}" if abs(offset) > 0.01 * peak else ""
    return text + (f", {clipped} samples clipped" if clipped > 2 else "")
