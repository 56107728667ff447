"""The journal of a labelling: one line a change, on the disk before the change counts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neuron_models.foundation.journal import NAME, Journal, line_of, read_journal
from neuron_models.foundation.journal import has_journal as is_labelling

FORMAT, VERSION = "wormtwin-labelling", 1
__all__ = ["FORMAT", "NAME", "VERSION", "Journal", "is_labelling", "journal_changes", "line_of", "read_journal"]


def journal_changes(entries: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The changes of a journal without its head."""
    return (entry for entry in entries if entry.get("do") != "begin")
