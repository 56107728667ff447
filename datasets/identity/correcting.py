"""Identities corrected by a person: two animals exchanged from a frame on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from datasets.identity.trajectories import Trajectories
from neuron_models.foundation.errors import InputError, require


@dataclass(frozen=True)
class Exchange:
    """Two animals, by their names, that are exchanged from a frame (counted from 0) on."""

    first: str
    second: str
    frame: int

    @property
    def text(self) -> str:
        """As the command line takes it.

        >>> Exchange("ann", "bob", 120).text
        'ann,bob,120'
        """
        return f"{self.first},{self.second},{self.frame}"


def exchange_of(text: str) -> Exchange:
    """Read what the command line gives, such as `ann,bob,120`.

    Raises:
        InputError: it is not two names and a frame.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 3 or not all(parts) or not parts[2].isdecimal():
        raise InputError(f"--exchange is two animals and a frame, such as animal1,animal2,120; got {text!r}")
    return Exchange(parts[0], parts[1], int(parts[2]))


def correct(
    tracks: Trajectories, arrays: Mapping[str, np.ndarray], exchanges: Sequence[Exchange]
) -> tuple[Trajectories, dict[str, np.ndarray]]:
    """Apply exchanges, one after the other: to the trajectories (px), and to what the page draws beside them.

    Raises:
        InputError: there is no such animal or frame, or an animal is exchanged with itself.
    """
    arrays = dict(arrays)
    for exchange in exchanges:
        first, second = (_place(tracks, name) for name in (exchange.first, exchange.second))
        require(first != second, f"{exchange.text}: an animal cannot be exchanged with itself")
        require(
            0 < exchange.frame < len(tracks.xy),
            f"{exchange.text}: there is no frame {exchange.frame} after the first of {len(tracks.xy)}",
        )
        tracks = _exchanged(tracks, exchange, first, second)
        _exchange_arrays(arrays, exchange.frame, first, second)
    return tracks, arrays


def _place(tracks: Trajectories, name: str) -> int:
    require(name in tracks.names, f"there is no animal {name!r}: they are {', '.join(tracks.names)}")
    return tracks.names.index(name)


def _exchanged(tracks: Trajectories, exchange: Exchange, first: int, second: int) -> Trajectories:
    other = {first: second, second: first}
    crossings = tuple(
        replace(each, animals=tuple(sorted(other.get(who, who) for who in each.animals)))
        if each.first >= exchange.frame
        else each
        for each in tracks.crossings
    )
    note = f"{exchange.first} and {exchange.second} exchanged from frame {exchange.frame} on, by hand"
    changed = tracks.exchanged(exchange.frame, first, second)
    return replace(changed, crossings=crossings, notes=(*tracks.notes, note))


def _exchange_arrays(arrays: dict[str, np.ndarray], frame: int, first: int, second: int) -> None:
    if "point_animal" in arrays:
        after = arrays["point_frame"] >= frame
        arrays["point_animal"] = np.where(
            after, _swapped(arrays["point_animal"], first, second), arrays["point_animal"]
        )
    if "fragments" in arrays:
        table = arrays["fragments"]
        through = (table[:, 0] < frame) & (table[:, 1] >= frame) & np.isin(table[:, 2], (first, second))
        rest = table[through].copy()
        rest[:, 0] = frame
        table = table.copy()
        table[through, 1] = frame - 1
        table = np.concatenate([table, rest])
        after = table[:, 0] >= frame
        table[after, 2] = _swapped(table[after, 2], first, second)
        arrays["fragments"] = table[np.argsort(table[:, 0], kind="stable")]


def _swapped(animal: Int[np.ndarray, "..."], first: int, second: int) -> Int[np.ndarray, "..."]:
    return np.where(animal == first, second, np.where(animal == second, first, animal))
