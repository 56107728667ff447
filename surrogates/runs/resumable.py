"""The files of a resumable benchmark: each run is JSON under its own name, and a claim says what all of them are of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.workers import Call, run_calls
from surrogates.runs.result import versions

_CLAIM_FILE = "claim.json"


def save_run(content: Any, path: Path) -> None:
    """Write a run, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content))


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


@dataclass(frozen=True)
class Planned:
    """A run: where its file lies, the call whose result it holds, and what the progress bar says of it."""

    path: Path
    call: Call
    text: str = ""


def finish_runs(plan: Mapping[Any, Planned], unit: str, out: Path, jobs: int) -> dict[Any, Any]:
    """The content of every run of a plan: read where it is on disk, else made, in the plan's order, and saved.

    Args:
        plan: the runs by whatever names them.
        unit: what the progress bar counts.
        out: the folder of all, for the message when a worker dies.
        jobs: processes.

    Raises:
        InputError: a file is damaged, or a worker died.
    """
    done = {name: load_run(each.path) for name, each in plan.items() if each.path.exists()}
    missing = [name for name in plan if name not in done]
    with (
        run_calls(
            [plan[name].call for name in missing], jobs=jobs, kept=f"the finished runs are kept in {out}"
        ) as found,
        progress_bar(len(plan), unit, len(done)) as bar,
    ):
        for index, content in found:
            name = missing[index]
            save_run(content, plan[name].path)
            done[name] = content
            bar.set_postfix_str(plan[name].text, refresh=False)
            bar.update()
    return done
