"""Loads the connectome: the published network file, or the contacts of the c302 table placed by a rule."""

import functools
import os
from pathlib import Path

from connectome.as_run import as_run
from connectome.contact import Connectome, Contact, Neuron
from connectome.download import cached_network
from connectome.network_file import load_network_file
from connectome.placement import place_contacts
from neuron_models.foundation.errors import InputError

__all__ = ["NETWORK_VARIABLE", "Connectome", "Contact", "Neuron", "load_connectome"]

SOURCES = ("published", "placed", "as-run")
NETWORK_VARIABLE = "WORMTWIN_NETWORK"
"""The environment variable that may name the published network file, or be `placed` or `as-run`."""


def load_connectome(source: str | Path | None = None) -> Connectome:
    """Load the 302 neurons and 6,702 placed contacts.

    Args:
        source: a path to a NeuroML 1 network file; `"published"` for the one that `WORMTWIN_NETWORK` names or that
            `wormtwin connectome download` fetched; `"placed"` for the c302 table placed by `place_contacts`;
            `"as-run"` for the latter as the publication ran it (`as_run`); None for the
            published one where there is one, else the placed one. `Connectome.source` says which it became.

    Raises:
        InputError: the file is missing, truncated or no network, or `"published"` is asked for and not there.
    """
    named = os.environ.get(NETWORK_VARIABLE)
    if source is None and named in SOURCES[1:]:
        source = named
    if source == "placed":
        return _placed()
    if source == "as-run":
        return as_run(_placed())
    if source is None or source == "published":
        found = _published_path()
        if found is not None:
            return _published(found, found.stat().st_mtime_ns)
        if source is None:
            return _placed()
        raise InputError(
            f"the published network is neither in the cache nor named by {NETWORK_VARIABLE}: "
            "run `wormtwin connectome download`, or use --network placed"
        )
    path = Path(source)
    if not path.exists():
        raise InputError(f"there is no network {source!s}: give a path, or one of {', '.join(SOURCES)}")
    return load_network_file(path)


def _published_path() -> Path | None:
    named = os.environ.get(NETWORK_VARIABLE)
    path = Path(named).expanduser() if named and named not in SOURCES else None
    return path if path and _readable(path) else cached_network()


def _readable(path: Path) -> bool:
    if not path.is_file():
        raise InputError(f"{NETWORK_VARIABLE} names {path}, which is no file")
    return True


@functools.lru_cache(maxsize=2)
def _published(path: Path, _changed: int) -> Connectome:
    return load_network_file(path)


@functools.cache
def _placed() -> Connectome:
    return place_contacts()
