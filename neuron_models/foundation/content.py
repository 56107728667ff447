"""What files hold, whatever they are called and whenever they were written."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from neuron_models.foundation.files import require_file


def files_checksum(paths: Iterable[Path]) -> str:
    """The SHA-256 of the contents of some files, in this order; names and times do not count.

    Raises:
        InputError: one of them is not there.
    """
    digest = hashlib.sha256()
    for path in paths:
        require_file(path, "the file")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
