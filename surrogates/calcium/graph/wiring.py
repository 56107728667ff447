"""The physical connectome between some neurons as weights of a graph network, and a shuffled one as its control."""

import functools
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from connectome.contact import Connectome, require_known
from connectome.wiring import load_connectome
from neuron_models.foundation.errors import InputError, require_seed

Contacts = Literal["chemical", "gap", "both"]
CONTACTS: tuple[str, ...] = ("chemical", "gap", "both")
_SWAPS = 20
"""Exchanges tried for each contact; ten are enough for a random graph (Milo et al. 2003, arXiv:cond-mat/0312028)."""


def signed_counts(
    connectome: Connectome, neurons: Sequence[str], contacts: str = "both"
) -> Int[np.ndarray, "pre post"]:
    """The number of contacts between some neurons; a chemical one that releases GABA counts as -1.

    Args:
        connectome: the wiring.
        neurons: rows and columns, in this order.
        contacts: chemical, gap (junctions, symmetric) or both, which adds the two.

    Raises:
        InputError: an unknown kind of contacts, or a neuron that the connectome lacks.
    """
    if contacts not in CONTACTS:
        raise InputError(f"contacts must be one of {', '.join(CONTACTS)}, got {contacts!r}")
    index = {name: i for i, name in enumerate(require_known(neurons, connectome.names))}
    counts = np.zeros((len(index), len(index)), dtype=int)
    for contact in connectome.contacts:
        if contact.pre not in index or contact.post not in index:
            continue
        ends = index[contact.pre], index[contact.post]
        if contact.kind == "chemical" and contacts != "gap":
            counts[ends] += -1 if contact.transmitter == "GABA" else 1
        if contact.kind == "gap_junction" and contacts != "chemical":
            counts[ends] += 1
            counts[ends[::-1]] += 1
    return counts


@functools.cache
def connectome_weights(
    neurons: tuple[str, ...], contacts: str = "both", shuffled_by: int | None = None
) -> tuple[tuple[float, ...], ...]:
    """The weights (pre, post) of messages over the project's connectome; a seed shuffles it, each kind by itself.

    Raises:
        InputError: an unknown kind of contacts, or a neuron that the connectome lacks.
    """
    connectome, kinds = load_connectome(), ("chemical", "gap") if contacts == "both" else (contacts,)
    parts = [signed_counts(connectome, neurons, kind) for kind in kinds]
    if shuffled_by is not None:
        parts = [shuffled(part, shuffled_by) for part in parts]
    return tuple(map(tuple, message_weights(np.sum(parts, axis=0)).tolist()))


def message_weights(counts: Int[np.ndarray, "pre post"]) -> Float[np.ndarray, "pre post"]:
    """Weights for a step of messages: what comes in to a neuron adds up to 1 in size, and it keeps its own signal.

    A neuron without a contact in the graph keeps its own signal alone. Counts are numbers of contacts, weights
    dimensionless.
    """
    incoming = np.abs(counts).sum(axis=0)
    return counts / np.maximum(incoming, 1) + np.eye(len(counts))


def shuffled(counts: Int[np.ndarray, "pre post"], seed: int = 0) -> Int[np.ndarray, "pre post"]:
    """Rewire at random and keep every neuron's number of partners before and after it, and its outgoing weights.

    Two edges a to b and c to d become a to d and c to b, as often as that makes neither a double edge nor one from a
    neuron to itself (Maslov and Sneppen 2002). A symmetric matrix, of gap junctions, stays symmetric.

    Raises:
        InputError: an invalid seed.
    """
    require_seed(seed, "the seed of a shuffled connectome")
    rng, wired = np.random.default_rng(seed), counts.copy()
    symmetric = bool((counts == counts.T).all())
    rows, columns = np.nonzero(np.triu(wired, 1) if symmetric else wired)
    edges = list(zip(rows.tolist(), columns.tolist(), strict=True))
    for _ in range(_SWAPS * len(edges)):
        first, second = rng.integers(len(edges), size=2)
        (a, b), (c, d) = edges[first], edges[second]
        if symmetric and rng.random() < 0.5:
            c, d = d, c
        if a in (b, d) or c in (b, d) or wired[a, d] or wired[c, b]:
            continue
        moves = [(a, b, a, d), (c, d, c, b)]
        _move(wired, [*moves, *((y, x, v, u) for x, y, u, v in moves)] if symmetric else moves)
        edges[first], edges[second] = (a, d), (c, b)
    return wired


def _move(wired: np.ndarray, moves: Sequence[tuple[int, int, int, int]]) -> None:
    """Give entries new places, all at once."""
    values = [wired[x, y] for x, y, _, _ in moves]
    for x, y, _, _ in moves:
        wired[x, y] = 0
    for (_, _, u, v), value in zip(moves, values, strict=True):
        wired[u, v] = value
