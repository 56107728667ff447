"""Where compiled and downloaded files are kept from one run to the next."""

import hashlib
import json
import os
from pathlib import Path

import platformdirs

from neuron_models.foundation.errors import InputError

CACHE_VARIABLE = "WORMTWIN_CACHE"
"""The environment variable that may name the folder."""
_SEAL = "checksums.json"


def cache_folder(*parts: str) -> Path:
    """A folder of the cache, which may not be there yet: that which `WORMTWIN_CACHE` names, or the user's own."""
    named = os.environ.get(CACHE_VARIABLE)
    return (Path(named).expanduser() if named else platformdirs.user_cache_path("wormtwin")).joinpath(*parts)


def made_cache_folder(*parts: str) -> Path:
    """A folder of the cache, made when it is missing, in which files can be written.

    Raises:
        InputError: it cannot be made or written; the message names the variable to set.
    """
    folder = cache_folder(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _closed(folder, error.strerror or str(error)) from None
    if not os.access(folder, os.W_OK):
        raise _closed(folder, "no permission to write")
    return folder


def _closed(folder: Path, why: str) -> InputError:
    return InputError(f"{folder} cannot be written ({why}): set {CACHE_VARIABLE} to a folder that can")


def seal(folder: Path) -> None:
    """Note the checksum of every file below a folder, so that `is_whole` says later whether one is damaged."""
    (folder / _SEAL).write_text(json.dumps(_checksums(folder)))


def is_whole(folder: Path) -> bool:
    """Whether a sealed folder is there with all its files as they were."""
    try:
        return json.loads((folder / _SEAL).read_text()) == _checksums(folder)
    except (OSError, ValueError):
        return False


def _checksums(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _SEAL)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
