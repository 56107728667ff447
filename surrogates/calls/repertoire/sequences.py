"""Sequences of calls, and what follows what."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from datasets.calls.call import Call, in_order
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Seconds


def sequences_of(calls: Sequence[Call], pause: Seconds = 0.25) -> list[tuple[Call, ...]]:
    """Cut the calls of each channel where none lasts or begins for `pause`."""
    require(0 < pause <= 60, f"pause must be > 0 and at most 60 s, got {pause:g}")
    out: list[list[Call]] = []
    for call in in_order(calls):
        if out and out[-1][-1].channel == call.channel and call.start - max(c.stop for c in out[-1]) < pause:
            out[-1].append(call)
        else:
            out.append([call])
    return [tuple(each) for each in out]


def transition_table(sequences: Sequence[Sequence[Call]]) -> pd.DataFrame:
    """How often each class (row) is followed by each (column) within a sequence."""
    names = sorted({call.label for each in sequences for call in each})
    place = {name: index for index, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), int)
    for each in sequences:
        for one, other in pairwise(each):
            counts[place[one.label], place[other.label]] += 1
    return pd.DataFrame(counts, index=pd.Index(names, name="from"), columns=names)
