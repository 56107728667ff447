"""The files of a resumable benchmark: each run is JSON under its own name, and a claim says what all of them are of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuron_models.errors import InputError
from neuron_models.files import written_whole
from surrogates.result import versions

_CLAIM_FILE = "claim.json"


def save_run(content: Any, path: Path) -> None:
    """Write a run, whole or not at all."""
    with written_whole(path) as beside:
        beside.write_text(json.dumps(content))


def load_run(path: Path) -> Any:
    """Read a run.

    Raises:
        InputError: it is damaged.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        raise InputError(f"{path}: not a run of wormtwin: delete it and run again") from None


def claim_folder(folder: Path, facts: Mapping[str, Any]) -> None:
    """Say what a folder's runs are of, the versions included, or check that those in it are of the same.

    Raises:
        InputError: they are of something else.
    """
    mine = {**facts, **versions()}
    path = folder / _CLAIM_FILE
    if not path.exists():
        save_run(mine, path)
        return
    found = load_run(path)
    for what, value in mine.items():
        if found.get(what) != value:
            raise InputError(
                f"{folder} holds runs with another {what} ({str(found.get(what))[:12]} instead of {str(value)[:12]}): "
                "choose another --out"
            )


def kept_in(out: Path) -> str:
    """What a message says of finished runs."""
    return f"the finished runs are kept in {out}"
