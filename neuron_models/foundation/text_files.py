"""Text files that a user gave, read with one line of error."""

import json
from pathlib import Path
from typing import Any

from neuron_models.foundation.errors import InputError


def read_text(path: Path) -> str:
    """The text of a file that a user gave, without the byte order mark that some editors write.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text in UTF-8 (byte {error.start}): is it of another kind?") from None


def read_json(path: Path) -> Any:
    """What a JSON file that a user gave holds.

    Raises:
        InputError: it is not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from None
    except RecursionError:
        raise InputError(f"{path}: not JSON that can be read: it is nested too deeply") from None
