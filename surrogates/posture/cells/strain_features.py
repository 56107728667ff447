"""Worms as numbers, for telling their strains: percentiles of cells, and hand-made features beside them."""

import numpy as np
from jaxtyping import Float32

from datasets.dataset import Dataset
from datasets.parts.external_test import aligned_with, require_unseen
from datasets.posture.eigenworms import mirrored, postures_of
from datasets.posture.feature_tables import worm_table
from datasets.posture.recording import TURN, recordings_of, strain_of
from neuron_models.foundation.errors import require
from surrogates.posture.cells.cell_states import Reader, read_cell_states
from surrogates.posture.cells.strain_classification import FeatureMatrix, cell_features, handmade_features

CELLS, HAND_MADE = "cells", "hand-made"


def strain_features(reader: Reader, dataset: Dataset, midlines: Dataset | None = None) -> dict[str, FeatureMatrix]:
    """The numbers of cells, and the hand-made features of the same recordings where midlines can be had.

    On which side a worm lies is chance and says nothing of its strain. So each cell reads a worm and its mirror image,
    where eigenworms and turns tell what that is, and the mean of its two cell states and half their difference count as
    two cells.

    Args:
        reader: of the network's cells.
        dataset: of amplitudes, with strains.
        midlines: the recordings that the amplitudes tell of; rebuilt when None, if they can be.

    Raises:
        InputError: a recording is missing from the midlines.
    """
    strains = {trial.name: strain_of(dataset, trial) for trial in dataset}
    bodies = TURN in dataset.x_names and "eigenworms" in dataset.extra
    read, names = read_cell_states(reader, dataset), reader.indices.names
    if bodies:
        other = (memory for _, memory in read_cell_states(reader, mirrored(dataset), progress=False))
        read = ((trial, _of_both_sides(memory, next(other))) for trial, memory in read)
        names = tuple(f"{name} {part}" for part in ("mean", "difference") for name in names)
    kinds = {CELLS: cell_features(read, names, strains)}
    if midlines is not None:
        known = {recording.name: recording for recording in recordings_of(midlines)}
        for name in strains:
            require(name in known, f"recording {name!r} of {dataset.name!r} is not among the midlines")
        kinds[HAND_MADE] = handmade_features(worm_table([known[name] for name in strains]))
    elif bodies:
        kinds[HAND_MADE] = handmade_features(worm_table(postures_of(dataset)))
    return kinds


def test_features(
    reader: Reader, dataset: Dataset, test: Dataset, midlines: Dataset | None
) -> dict[str, FeatureMatrix]:
    """The same numbers of the worms of a test file, whose channels are found by name.

    Args:
        reader: of the network's cells.
        dataset: what is learned from.
        test: other worms.
        midlines: the recordings that its amplitudes tell of.

    Raises:
        InputError: the file has other channels, holds a recording that is learned from, or a strain that is not.
    """
    aligned = aligned_with(dataset, test)
    require_unseen(dataset, aligned)
    known, labels = set(labels_of(dataset).strains), labels_of(aligned)
    require("" not in labels.strains, f"a recording of {test.name!r} says no strain: import with --strain")
    strange = ", ".join(sorted(set(labels.strains) - known))
    learned = ", ".join(sorted(known))
    require(not strange, f"strain {strange} of {test.name!r} is not among those that are learned: {learned}")
    return strain_features(reader, aligned, midlines)


def _of_both_sides(
    memory: Float32[np.ndarray, "frame cell"], mirror: Float32[np.ndarray, "frame cell"]
) -> Float32[np.ndarray, "frame part"]:
    return np.concatenate([(memory + mirror) / 2, np.abs(memory - mirror) / 2], axis=1)


def labels_of(dataset: Dataset) -> FeatureMatrix:
    """Strains and individuals without any numbers, to see whether folds can be made of them."""
    groups = tuple(trial.group or trial.name for trial in dataset)
    strains = tuple(strain_of(dataset, trial) for trial in dataset)
    return FeatureMatrix(np.zeros((len(dataset), 0)), (), strains, groups)
