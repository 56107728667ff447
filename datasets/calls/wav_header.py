"""What the header of a WAV file says, and what the file holds."""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from neuron_models.foundation.errors import InputError, require

_SUBTYPES = {
    (1, 8): "PCM_U8",
    (1, 16): "PCM_16",
    (1, 24): "PCM_24",
    (1, 32): "PCM_32",
    (3, 32): "FLOAT",
    (3, 64): "DOUBLE",
}
_EXTENSIBLE = 0xFFFE
_STREAMED = (0, 0xFFFFFFFF, 0x7FFFFFFF)
"""Lengths of recorders that never came back to write them, or could not."""


@dataclass(frozen=True)
class WavHeader:
    """The layout of a WAV file.

    Attributes:
        subtype: of its samples, as libsndfile calls it.
        rate: samples a second.
        channels: their number.
        width: bytes of a sample of all channels.
        offset: where the samples begin, in bytes.
        stated: bytes of samples by the header.
        held: bytes that the file has from there on, or up to the next chunk.
    """

    subtype: str
    rate: int
    channels: int
    width: int
    offset: int
    stated: int
    held: int

    @property
    def honest(self) -> bool:
        """Whether header and file agree."""
        return self.stated == self.held

    @property
    def fault(self) -> str:
        """How they do not, in words; empty when they do."""
        if self.honest or self.stated in _STREAMED:
            return ""
        stated, held = (size / self.width / self.rate for size in (self.stated, self.held))
        return f"the header says {stated:.3f} s of sound and the file holds {held:.3f} s: all that it holds is read"


def read_wav_header(path: Path) -> WavHeader | None:
    """Read the header of a RIFF WAV file; None for files of other kinds.

    Raises:
        InputError: the header is broken or has no samples behind it.
    """
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return None
        try:
            file.seek(8)
            require(file.read(4) == b"WAVE", f"{path} is no WAV file: its first chunk is no WAVE")
            return _chunks(file, path)
        except struct.error:
            raise InputError(f"{path} is cut within its header: no sample is left") from None


def _chunks(file: BinaryIO, path: Path) -> WavHeader:
    size = os.fstat(file.fileno()).st_size
    layout = None
    while True:
        name, stated = struct.unpack("<4sI", file.read(8))
        begin = file.tell()
        if name == b"fmt ":
            layout = struct.unpack("<HHIIHH", file.read(16))
            code = struct.unpack("<8xH", file.read(10))[0] if layout[0] == _EXTENSIBLE else layout[0]
        if name == b"data":
            break
        require(
            begin + stated + stated % 2 <= size,
            f"{path} is cut or broken before its samples, in the chunk {name!r}",
        )
        file.seek(begin + stated + stated % 2)
    if layout is None:
        raise InputError(f"{path} has samples without a chunk that says what they are")
    _, channels, rate, _, width, bits = layout
    key = (code, bits)
    require(key in _SUBTYPES, f"{path}: samples of kind {code} with {bits} bits cannot be read: convert it to PCM WAV")
    require(channels > 0 and rate > 0, f"{path}: the header says {channels} channels at {rate} Hz")
    require(
        width == channels * bits // 8, f"{path}: the header says {width} bytes a sample of {channels} x {bits} bits"
    )
    held = _held(file, begin, stated, size)
    return WavHeader(_SUBTYPES[key], rate, channels, width, begin, stated, held // width * width)


def _held(file: BinaryIO, begin: int, stated: int, size: int) -> int:
    """Bytes of samples: what the header says if chunks follow to the end of the file, otherwise all that there is."""
    at = begin + stated + stated % 2
    if stated in _STREAMED or begin + stated > size:
        return size - begin
    while at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if not name.isascii() or not name.decode().isprintable() or at + 8 + length > size:
            return size - begin
        at += 8 + length + length % 2
    return stated
