"""Loads compiled mechanisms into NEURON, and distinguishes its own from others of the same name."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neuron_models.foundation.cache import CACHE_VARIABLE
from neuron_models.foundation.errors import InputError, require
from neuron_models.mechanisms import compiled, declared, library
from neuron_models.session import source_of


def load_into(h: Any, sources: dict[str, str], options: tuple[str, ...] = ()) -> None:
    """Compile mechanisms, if that was not done before, and load those that NEURON does not hold yet.

    NEURON loads what the working folder holds compiled without being asked, so a name that it knows may be anybody's:
    its source says.

    Args:
        h: NEURON's.
        sources: the text of each .mod file.
        options: further arguments of `nrnivmodl`.

    Raises:
        InputError: they do not compile, NEURON cannot take them, or it holds something else of such a name.
    """
    new = {file: text for file, text in sources.items() if not _held(h, text)}
    if not new:
        return
    with written_in_ascii(library(compiled(new, *options), "libnrnmech")) as path:
        try:
            h.nrn_load_dll(path)
        except RuntimeError as error:
            raise InputError(f"NEURON cannot take {', '.join(new)}: {' '.join(str(error).split())}") from None
    for file, text in new.items():
        require(_held(h, text), f"NEURON did not load {file}: begin a new process in another folder")


def _held(h: Any, text: str) -> bool:
    """Whether NEURON holds all mechanisms of a source.

    Raises:
        InputError: it holds something else under such a name.
    """
    names = declared(text)
    held = [name for name in names if _holds(h, name)]
    for name in held:
        require(
            source_of(h, name) == text,
            f"NEURON holds another {name} in this process: give this one a name of its own, or begin a new process in "
            "another folder",
        )
    return held == names


def _holds(h: Any, name: str) -> bool:
    """Whether a name means something to NEURON: to its language, or to Python's view of it (h.Section)."""
    return bool(h.name_declared(name)) or hasattr(h, name)


@contextmanager
def written_in_ascii(path: Path) -> Iterator[str]:
    """A name of a file that NEURON takes, which has no letters beyond ASCII: its own, or that of a link to it.

    Raises:
        InputError: there is no folder for such a link.
    """
    if str(path).isascii():
        yield str(path)
        return
    indices = [index for index in (tempfile.gettempdir(), "/tmp") if index.isascii() and Path(index).is_dir()]
    require(
        bool(indices),
        f"NEURON takes no letters beyond ASCII, as in {path}: set {CACHE_VARIABLE} to a folder without such letters",
    )
    with tempfile.TemporaryDirectory(dir=indices[0], prefix="wormtwin-") as folder:
        link = Path(folder) / path.name
        link.symlink_to(path.absolute())
        yield str(link)
