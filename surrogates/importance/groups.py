"""Inputs taken together: named groups such as `AVB=AVBL+AVBR`."""

import hashlib
import re
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool

from connectome.contact import require_known
from neuron_models.foundation.errors import InputError, require, require_distinct

_PLAIN = "[A-Za-z0-9_-]{1,64}"

Groups = Mapping[str, tuple[str, ...]]
"""The inputs of each group, by its name, in the order of the inputs; together they are all inputs, each once."""


def parse_groups(text: str, inputs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read groups from text; inputs that it does not name stand alone, under their own name.

    >>> parse_groups("AVB=AVBL+AVBR", ("PLML", "AVBL", "AVBR"))
    {'PLML': ('PLML',), 'AVB': ('AVBL', 'AVBR')}

    Raises:
        InputError: a group has no name or no input, a name that another group has, or an input that is unknown, doubled
            or in two groups.
    """
    named = [_parse_group(part, text, inputs) for part in text.split(",")] if text.strip() else []
    require_distinct((name for name, _ in named), f"--groups {text!r} names a group")
    owner: dict[str, str] = {}
    for name, members in named:
        for member in members:
            require(
                member not in owner,
                f"--groups {text!r}: the groups {owner.get(member)} and {name} overlap: both hold {member}",
            )
            owner[member] = name
    together = dict(named)
    alone = [each for each in inputs if each not in owner]
    taken = [name for name in together if name in alone]
    require(not taken, f"--groups {text!r}: {' and '.join(taken)} is the name of an input outside that group")
    order = dict.fromkeys(owner.get(each, each) for each in inputs)
    return {name: together.get(name, (name,)) for name in order}


def _parse_group(part: str, text: str, inputs: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    name, equals, rest = (piece.strip() for piece in part.partition("="))
    if not equals or not re.fullmatch(_PLAIN, name):  # files are named after groups
        raise InputError(f"--groups looks like AVB=AVBL+AVBR,PLM=PLML+PLMR, with plain names, got {text!r}")
    members = tuple(member.strip() for member in rest.split("+") if member.strip())
    require(len(members) > 0, f"--groups {text!r}: the group {name} names no input")
    require_distinct(members, f"--groups {text!r}: the group {name} names an input")
    require_known(members, inputs, "input")
    return name, members


def plain_name(name: str) -> str:
    """A name that is safe in a path, another one for every name: inputs are called as a dataset's file says.

    >>> plain_name("AVBL"), plain_name("../AVBL")
    ('AVBL', '___AVBL-6eeb6a9e')
    """
    if re.fullmatch(_PLAIN, name):
        return name
    return f"{re.sub('[^A-Za-z0-9_-]', '_', name)[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def members_matrix(groups: Groups, inputs: Sequence[str]) -> Bool[np.ndarray, "group input"]:
    """Mask: whether an input belongs to a group."""
    return np.array([[name in members for name in inputs] for members in groups.values()])
