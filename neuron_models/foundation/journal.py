"""A journal that a kill cannot harm: one line a change, on the disk before the change counts, never rewritten.

A line is the CRC-32 of its text in eight hexadecimal digits, a space, and the change as JSON. A last line that is not
whole belongs to a change that nobody was promised as saved: it is cut off.
"""

import getpass
import json
import os
import socket
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.locks import try_lock

NAME = "journal.jsonl"
_LOCK = "in-use"


class Journal:
    """The journal of a folder, which belongs to this process until `close`.

    Args:
        folder: made when it is missing.
        use: what is done with the folder, as a verb and its participle, for messages.

    Raises:
        InputError: another process has it, or a line that is not the last is damaged.
    """

    def __init__(self, folder: Path, use: tuple[str, str] = ("label", "labelled")) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = _taken(folder / _LOCK, *use)
        try:
            self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self.entries, self._end = _read(folder / NAME)
            os.ftruncate(self._file, self._end)
            _sync_folder(folder)
        except BaseException:
            os.close(self._lock)
            raise

    def append(self, *entries: Mapping[str, Any]) -> None:
        """Write changes; they are on the disk when this returns.

        Raises:
            OSError: it cannot be written, such as on a full disk; the journal is as it was.
        """
        lines = b"".join(map(line_of, entries))
        try:
            done = 0
            while done < len(lines):
                done += os.pwrite(self._file, lines[done:], self._end + done)
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(lines)

    def close(self) -> None:
        """Give the folder back."""
        os.close(self._file)
        (self.folder / _LOCK).unlink(missing_ok=True)
        os.close(self._lock)


def line_of(entry: Mapping[str, Any]) -> bytes:
    """The line of a change."""
    text = json.dumps(entry, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return f"{zlib.crc32(text):08x} ".encode() + text + b"\n"


def has_journal(path: Path) -> bool:
    """Whether a path is the folder of a journal."""
    return (path / NAME).is_file()


def read_journal(folder: Path, what: str = "labels") -> list[dict[str, Any]]:
    """The changes of a folder, which another process may be at work on.

    Raises:
        InputError: it has none, or a line that is not the last is damaged.
    """
    require(has_journal(folder), f"{folder}: not a folder of {what}, there is no {NAME} in it")
    return _read(folder / NAME)[0]


def _read(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The changes, and where the last whole line ends."""
    lines = path.read_bytes().split(b"\n")
    entries, end = [], 0
    for number, line in enumerate(lines[:-1], start=1):
        entry = _entry(line)
        if entry is None:
            if number == len(lines) - 1 and not lines[-1]:
                break
            raise InputError(f"{path}: line {number} is damaged: take it out, or restore the file from a copy")
        entries.append(entry)
        end += len(line) + 1
    return entries, end


def _entry(line: bytes) -> dict[str, Any] | None:
    code, _, text = line.partition(b" ")
    if len(code) != 8 or code != f"{zlib.crc32(text):08x}".encode():
        return None
    entry = json.loads(text)
    return entry if isinstance(entry, dict) else None


def _taken(path: Path, verb: str, participle: str) -> int:
    lock = try_lock(path)
    if lock is None:
        owner = path.read_text(errors="replace").strip() if path.is_file() else ""
        text = f" by {owner}" if owner else ""
        raise InputError(f"{path.parent} is being {participle}{text}: wait until that has ended, or {verb} a copy")
    os.truncate(lock, 0)
    os.pwrite(lock, f"{_user()} on {socket.gethostname()}, process {os.getpid()}".encode(), 0)
    return lock


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _sync_folder(folder: Path) -> None:
    """Bring the folder's own list of files to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
