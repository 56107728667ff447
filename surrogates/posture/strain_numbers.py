"""Worms as numbers, for telling their strains: percentiles of cells, and hand-made features beside them."""

import numpy as np

from datasets.dataset import Dataset
from datasets.posture.eigenworms import postures_of
from datasets.posture.feature_tables import worm_table
from datasets.posture.recording import TURN, recordings_of, strain_of
from neuron_models.errors import require
from surrogates.posture.memories import Reader, read_memories
from surrogates.posture.strains import Worms, cell_numbers, hand_made

CELLS, HAND_MADE = "cells", "hand-made"


def both_kinds(reader: Reader, dataset: Dataset, midlines: Dataset | None = None) -> dict[str, Worms]:
    """The numbers of cells, and the hand-made features of the same recordings where midlines can be had.

    Args:
        reader: of the network's cells.
        dataset: of amplitudes, with strains.
        midlines: the recordings that the amplitudes tell of; rebuilt when None, if they can be.

    Raises:
        InputError: a recording is missing from the midlines.
    """
    strains = {trial.name: strain_of(dataset, trial) for trial in dataset}
    kinds = {CELLS: cell_numbers(read_memories(reader, dataset), reader.places.names, strains)}
    if midlines is not None:
        known = {recording.name: recording for recording in recordings_of(midlines)}
        for name in strains:
            require(name in known, f"recording {name!r} of {dataset.name!r} is not among the midlines")
        kinds[HAND_MADE] = hand_made(worm_table([known[name] for name in strains]))
    elif TURN in dataset.x_names and "eigenworms" in dataset.extra:
        kinds[HAND_MADE] = hand_made(worm_table(postures_of(dataset)))
    return kinds


def labels_of(dataset: Dataset) -> Worms:
    """Strains and individuals without any numbers, to see whether folds can be made of them."""
    groups = tuple(trial.group or trial.name for trial in dataset)
    strains = tuple(strain_of(dataset, trial) for trial in dataset)
    return Worms(np.zeros((len(dataset), 0)), (), strains, groups)
