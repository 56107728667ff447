"""Parts of one recording: WCON files whose `files` name each other (`current`, `next`, `prev`)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets.posture.formats.wcon_file import wcon_content
from neuron_models.foundation.errors import InputError

_WCON = (".wcon", ".json", ".zip")


def linked_parts(paths: Sequence[Path]) -> list[list[Path]]:
    """The same files, those that are parts of one recording together; each list in the order they were given.

    Only files that are given count: a part that is named and not given is no part.

    A file that cannot be read has no parts.
    """
    parts = [[path] for path in paths]
    if sum(path.suffix.lower() in _WCON for path in paths) < 2:
        return parts
    home = {path.absolute(): index for index, path in enumerate(paths)}
    for path in paths:
        for other in _named(path) if path.suffix.lower() in _WCON else ():
            here, there = home[path.absolute()], home.get(other, home[path.absolute()])
            if here != there:
                first, second = sorted((here, there))
                home = {each: first if index == second else index for each, index in home.items()}
    groups: dict[int, list[Path]] = {}
    for index, path in enumerate(paths):
        groups.setdefault(home[path.absolute()] if paths.count(path) == 1 else -index - 1, []).append(path)
    return list(groups.values())


def _named(path: Path) -> list[Path]:
    """The files that a file names as its other parts: their names differ where `current` stands in its own."""
    try:
        content = wcon_content(path)
    except InputError:
        return []  # it is reported when it is read
    files: Any = content.get("files") if isinstance(content, dict) else None
    current = files.get("current") if isinstance(files, dict) else None
    if not isinstance(current, str) or not current or current not in path.name:
        return []
    before, _, after = path.name.rpartition(current)
    listed = [files.get(key) or [] for key in ("prev", "next")]
    others = [other for each in listed for other in (each if isinstance(each, list) else [each])]
    return [path.absolute().with_name(before + o + after) for o in others if isinstance(o, str) and o and "/" not in o]
