"""Loads the connectome: the published network file, a published wiring by name, or a user's own."""

import functools
import os
from dataclasses import replace
from pathlib import Path

from connectome.as_run import as_run
from connectome.contact import Connectome, Contact, Neuron
from connectome.download import cached_network
from connectome.network_file import load_network_file
from connectome.placement import place_contacts
from connectome.wirings.named import FENYVES, WIRINGS, is_named, named_table
from connectome.wirings.neuroml2_file import is_neuroml2_file, load_neuroml2_wiring
from connectome.wirings.own_file import is_wiring_file, load_wiring_file
from connectome.wirings.placing import placed_table
from connectome.wirings.table import WiringTable, table_of
from neuron_models.foundation.errors import InputError

__all__ = ["NETWORK_VARIABLE", "Connectome", "Contact", "Neuron", "load_connectome", "load_table"]

SOURCES = ("published", "placed", "as-run", *WIRINGS)
"""The networks that have a name."""
NETWORK_VARIABLE = "WORMTWIN_NETWORK"
"""The environment variable that may name the published network file, or be another of `SOURCES`."""


def load_connectome(source: str | Path | None = None) -> Connectome:
    """Load neurons and placed contacts: 302 and 6,702 in the published network.

    Args:
        source: a path to a NeuroML 1 network file, or to a wiring as a table (.csv, .xlsx: see `load_wiring_file`) or
            as a NeuroML 2 network (.nml: see `load_neuroml2_wiring`), which `placed_table` places;
            one of `WIRINGS`, placed by `placed_table`; `"published"` for the one that `WORMTWIN_NETWORK` names or that
            `wormtwin connectome download` fetched; `"placed"` for the c302 table placed by `place_contacts`;
            `"as-run"` for the latter as the publication ran it (`as_run`); None for the
            published one where there is one, else the placed one. `Connectome.source` says which it became.

    Raises:
        InputError: the file is missing, truncated or no network, `"published"` is asked for and not there, or the
            package that holds a wiring is not installed.
    """
    named = os.environ.get(NETWORK_VARIABLE)
    if source is None and named in SOURCES[1:]:
        source = named
    table = _counted(source)
    if table is not None:
        return placed_table(table)
    if source == "placed":
        return _placed()
    if source == "as-run":
        return as_run(_placed())
    if source is None or source == "published":
        source_file = _published_path()
        if source_file is not None:
            return _published(source_file, source_file.stat().st_mtime_ns)
        if source is None:
            return _placed()
        raise InputError(
            f"the published network is neither in the cache nor named by {NETWORK_VARIABLE}: "
            "run `wormtwin connectome download`, or use --network placed"
        )
    path = Path(source)
    if not path.exists():
        raise InputError(
            f"there is no network {source!s}: give a path, or one of {', '.join(SOURCES)}; "
            f"{FENYVES!r} at a wiring's end takes predicted signs"
        )
    return load_network_file(path)


def load_table(source: str | Path | None = None) -> WiringTable:
    """Load a wiring as counts: those of a named wiring or a user's table before placement, else of placed contacts.

    Args:
        source: as for `load_connectome`.

    Raises:
        InputError: as `load_connectome`.
    """
    table = _counted(source)
    if table is not None:
        return table
    path = table_of(load_connectome(source))
    return replace(path, name=str(source or "default"))


def _counted(source: str | Path | None) -> WiringTable | None:
    """The wiring that a source names as counts; None where it names placed contacts."""
    if source is None:
        return None
    if is_named(str(source)):
        return named_table(str(source))
    path = Path(source)
    if is_neuroml2_file(path) and path.exists():
        return load_neuroml2_wiring(path)
    return load_wiring_file(path) if is_wiring_file(path) and path.exists() else None


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
