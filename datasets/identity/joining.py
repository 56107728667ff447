"""Fragments joined to animals: one minimum-cost flow over time, with a layer for each animal.

A unit of flow goes through each layer from the beginning to the end of the video, through fragments and the links
between them, or waits beside them while its animal is not seen. A fragment is passed by one unit at most.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from datasets.identity.fragments import Fragments
from neuron_models.foundation.errors import InputError

_MARGIN = 9.0
"""Log odds below its best layer at which a fragment is not offered another."""
_SECONDS = 120.0


@dataclass(frozen=True, eq=False)
class _Arcs:
    """The arcs of the flow: from and to nodes, costs, the most that each carries."""

    ends: list[tuple[int, int]] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    def add(self, start: int, stop: int, cost: float, most: float) -> int:
        self.ends.append((start, stop))
        self.cost.append(cost)
        self.most.append(most)
        return len(self.cost) - 1


def join_fragments(
    fragments: Fragments,
    reward: Float[np.ndarray, "fragment layer"],
    links: Int[np.ndarray, "link 2"],
    odds: Float[np.ndarray, " link"],
    units: int = 1,
) -> tuple[Int[np.ndarray, " fragment"], Int[np.ndarray, "joined 2"]]:
    """Find the likeliest animals of all fragments at once.

    Args:
        fragments: those of one animal take part.
        reward: log odds that a fragment is seen in a layer; -inf forbids it.
        links: pairs of fragments of which the second may go on the first.
        odds: log odds of each by motion.
        units: of flow in every layer: 1 where a layer is an animal, or all animals in a single layer.

    Returns:
        The layer of each fragment, -1 where it belongs to none; and the links that are used.

    Raises:
        InputError: nothing satisfies what is forbidden.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_matrix

    arcs, seen, joined, number, supply = _network(fragments, reward, links, odds, units)
    ends = np.array(arcs.ends)
    count = len(ends)
    rows = np.concatenate([ends[:, 0], ends[:, 1]])
    signs = np.concatenate([np.ones(count), -np.ones(count)])
    balance = coo_matrix((signs, (rows, np.tile(np.arange(count), 2))), (number, count)).tocsr()
    sent = np.zeros(number)
    for node, amount in supply.items():
        sent[node] += amount
    shown = [(fragment, arc) for (fragment, _), arc in seen.items()]
    once = coo_matrix((np.ones(len(shown)), tuple(np.array(shown).T)), (len(fragments), count)).tocsr()
    result = milp(
        np.array(arcs.cost),
        constraints=[LinearConstraint(balance, sent, sent), LinearConstraint(once, -np.inf, 1.0)],
        bounds=Bounds(0, np.array(arcs.most)),
        integrality=(np.arange(count) >= 0).astype(int),
        options={"time_limit": _SECONDS, "mip_rel_gap": 1e-4},
    )
    if result.x is None:
        raise InputError(f"the fragments cannot be joined to animals ({result.message})")
    carried = result.x > 0.5
    layer = np.full(len(fragments), -1)
    for (fragment, which), arc in seen.items():
        if carried[arc]:
            layer[fragment] = which
    used = [pair for pair, arc in joined.items() if carried[arc]]
    return layer, np.array(sorted({pair[:2] for pair in used}), int).reshape(-1, 2)


def _network(
    fragments: Fragments, reward: np.ndarray, links: np.ndarray, odds: np.ndarray, units: int
) -> tuple[_Arcs, dict[tuple[int, int], int], dict[tuple[int, int, int], int], int, dict[int, float]]:
    """The arcs; which of them pass a fragment in a layer, or join two; the number of nodes; what enters and leaves."""
    arcs, seen, joined, supply = _Arcs(), {}, {}, {}
    gates: dict[tuple[int, int], tuple[int, int]] = {}
    node = 0
    for layer in range(reward.shape[1]):
        best = reward.max(axis=1)
        offered = np.flatnonzero((reward[:, layer] > best - _MARGIN) & np.isfinite(best) & fragments.single)
        times = np.unique(np.concatenate([fragments.first[offered], fragments.last[offered] + 1]))
        wait = {int(time): node + k for k, time in enumerate(times)}
        node += len(times)
        for before, after in pairwise(times.tolist()):
            arcs.add(wait[before], wait[after], 0.0, float(units))
        if not len(times):
            continue
        supply[wait[int(times[0])]], supply[wait[int(times[-1])]] = float(units), -float(units)
        for fragment in offered.tolist():
            gates[fragment, layer] = (node, node + 1)
            seen[fragment, layer] = arcs.add(node, node + 1, -float(reward[fragment, layer]), 1.0)
            arcs.add(wait[int(fragments.first[fragment])], node, 0.0, 1.0)
            arcs.add(node + 1, wait[int(fragments.last[fragment]) + 1], 0.0, 1.0)
            node += 2
        for (before, after), value in zip(links.tolist(), odds, strict=True):
            if (before, layer) in gates and (after, layer) in gates:
                ends = gates[before, layer][1], gates[after, layer][0]
                joined[before, after, layer] = arcs.add(*ends, -float(value), 1.0)
    return arcs, seen, joined, node, supply


def paths(
    layer: Int[np.ndarray, " fragment"], joined: Int[np.ndarray, "joined 2"], fragments: Fragments
) -> list[list[int]]:
    """Fragments of one layer as the chains that their links make, in the order in which they begin."""
    after = dict(joined.tolist())
    begins = set(np.flatnonzero(layer >= 0).tolist()) - set(after.values())
    chains = []
    for start in sorted(begins, key=lambda fragment: int(fragments.first[fragment])):
        chain = [start]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        chains.append(chain)
    return chains
