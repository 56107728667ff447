"""Recordings of sound, read a stretch at a time."""

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.calls.wav_header import WavHeader, read_wav_header
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Hertz, Seconds


@dataclass(frozen=True)
class Recording:
    """A recording on the disk.

    Attributes:
        path: the file.
        rate: samples a second.
        channels: their number.
        samples: of each channel, that the file holds.
        kind: of its samples, as libsndfile calls it, such as PCM_16.
        fault: where the header lies, in words; empty where it does not.
        header: of a WAV file whose samples are read past its header.
    """

    path: Path
    rate: int
    channels: int
    samples: int
    kind: str
    fault: str = ""
    header: WavHeader | None = None

    @property
    def seconds(self) -> Seconds:
        return self.samples / self.rate

    @property
    def nyquist(self) -> Hertz:
        return self.rate / 2

    def require_channel(self, channel: int) -> None:
        """Raise an `InputError` unless there is such a channel, counted from 1."""
        require(1 <= channel <= self.channels, f"{self.path.name} has the channels 1 to {self.channels}, got {channel}")

    @contextlib.contextmanager
    def reader(self, channel: int = 1) -> Iterator["Reader"]:
        """Open it to read one channel, from 1."""
        self.require_channel(channel)
        with _opened(self.path, self.header) as file:
            yield Reader(self, file, channel - 1)

    def read(self, start: int = 0, stop: int | None = None, channel: int = 1) -> Float[np.ndarray, " sample"]:
        """Samples `start` to `stop` of a channel, from 1; full scale is 1."""
        with self.reader(channel) as reader:
            return reader.read(start, self.samples if stop is None else stop)


class Reader:
    """An open recording.

    Args:
        recording: what is read.
        file: of soundfile.
        channel: from 0.

    Attributes:
        no_numbers: how many samples were read that are no numbers.
    """

    def __init__(self, recording: Recording, file: Any, channel: int) -> None:
        self._recording, self._file, self._channel = recording, file, channel
        self.no_numbers = 0

    def read(self, start: int, stop: int) -> Float[np.ndarray, " sample"]:
        """Samples `start` to `stop`, full scale is 1; samples that are no numbers are 0.

        Raises:
            InputError: they cannot be decoded.
        """
        import soundfile

        start, stop = max(0, start), min(stop, self._recording.samples)
        try:
            self._file.seek(start)
            block = self._file.read(max(0, stop - start), dtype="float32", always_2d=True)[:, self._channel]
        except soundfile.LibsndfileError as error:
            raise InputError(
                f"{self._recording.path} is cut or damaged after {start / self._recording.rate:.3f} s: decode what it "
                f"holds with another program, such as `flac -d --decode-through-errors` ({reason(error)})"
            ) from None
        require(
            len(block) == stop - start,
            f"{self._recording.path} breaks off at {(start + len(block)) / self._recording.rate:.3f} s of "
            f"{self._recording.seconds:.3f} s: save it anew from the program that made it",
        )
        if "PCM" in self._recording.kind:
            return block
        wrong = ~np.isfinite(block)
        self.no_numbers += int(wrong.sum())
        return np.where(wrong, np.float32(0), block)


def open_recording(path: Path) -> Recording:
    """Look at a recording: WAV of any width, FLAC, and what else libsndfile reads.

    Raises:
        InputError: it is no recording, or holds no samples.
    """
    require_file(path, "a recording, such as a .wav or .flac file")
    header = read_wav_header(path)
    lying = header is not None and not header.honest
    with _opened(path, header if lying else None) as file:
        rate, channels, frames, kind = file.samplerate, file.channels, file.frames, file.subtype
    if lying and header is not None:
        frames, kind = header.held // header.width, header.subtype
    require(frames > 0, f"{path} holds no samples")
    fault = header.fault if lying and header is not None else ""
    return Recording(path, int(rate), int(channels), int(frames), str(kind), fault, header if lying else None)


@contextlib.contextmanager
def _opened(path: Path, header: WavHeader | None) -> Iterator[Any]:
    """A file of soundfile: past the header where one is given."""
    require_extra("soundfile", extra="calls", purpose="reading recordings")
    import soundfile

    try:
        with contextlib.ExitStack() as stack:
            if header is None:
                yield stack.enter_context(soundfile.SoundFile(path))
            else:
                part = stack.enter_context(_Part(path, header.offset, header.held))
                how = {"samplerate": header.rate, "channels": header.channels, "subtype": header.subtype}
                yield stack.enter_context(soundfile.SoundFile(part, format="RAW", endian="LITTLE", **how))
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path} is no recording that can be read: {reason(error)}") from None


class _Part(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self._file, self._offset, self._size = path.open("rb"), offset, size
        self._file.seek(offset)

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        return self._file.seek(self._offset + base + place) - self._offset

    def tell(self) -> int:
        return self._file.tell() - self._offset

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self.tell())
        return self._file.read(left if size < 0 else min(size, left))

    def readinto(self, buffer: Any) -> int:
        got = self.read(len(buffer))
        buffer[: len(got)] = got
        return len(got)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()
