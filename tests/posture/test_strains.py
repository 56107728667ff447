"""Strains told apart by numbers of their worms, whole individuals left out."""

import numpy as np
import pytest

from datasets.dataset import Trial
from datasets.posture.eigenworm_fit import fit_eigenworms
from datasets.posture.eigenworms import amplitudes_from, amplitudes_of, angles_from, mirrored, pooled_angles
from datasets.posture.generator.sample import SampleSettings, make_sample
from neuron_models.foundation.errors import InputError
from surrogates.posture.cells.cell_states import cell_state_model
from surrogates.posture.cells.strain_classification import (
    FeatureMatrix,
    Protocol,
    cell_features,
    chance,
    cross_validate,
    handmade_features,
    result,
    select_features,
)
from surrogates.posture.cells.strain_features import CELLS, strain_features
from surrogates.posture.network.networks import posture_lstm

QUICK = Protocol(folds=3, kept=2, trees=20)


def worms(apart, strains=3, individuals=6, recordings=2, noise=12, seed=0):
    """Two columns hold the strain, `apart` standard deviations between; an individual's recordings are alike."""
    rng = np.random.default_rng(seed)
    rows, names, groups = [], [], []
    for strain in range(strains):
        for individual in range(individuals):
            own = rng.normal(size=2 + noise)
            own[:2] += apart * np.array([strain, -strain])
            for _ in range(recordings):
                rows.append(own + 0.01 * rng.normal(size=2 + noise))
                names.append(f"strain {strain}")
                groups.append(f"worm {strain} {individual}")
    return FeatureMatrix(np.array(rows), tuple(f"f{i}" for i in range(2 + noise)), tuple(names), tuple(groups))


def test_strains_that_differ_are_reported_and_the_features_that_tell_are_kept():
    for found in cross_validate(worms(8.0), "cells", QUICK, progress=False):
        assert found.accuracy > 0.9
        assert found.low < found.accuracy <= found.high
        assert np.trace(found.confusion) == round(found.accuracy * 36)
        assert {"f0", "f1"} <= set(found.kept)


def test_strains_that_do_not_differ_are_guessed():
    # Each individual has two nearly equal recordings, and features are chosen among 60 that say nothing: folds that
    # divided individuals, or features chosen on all worms, would tell nearly all strains.
    shares = [
        each.accuracy for seed in range(3) for each in cross_validate(worms(0.0, noise=60, seed=seed), "", QUICK, False)
    ]
    assert np.mean(shares) < 0.33 + 3 * np.sqrt(0.33 * 0.67 / (3 * 18))


def test_cells_say_the_same_of_a_worm_and_of_its_mirror_image():
    made = make_sample(SampleSettings(strains=("N2", "trp-4"), worms=1, duration=40.0))
    shapes = fit_eigenworms(pooled_angles(made))
    worms = amplitudes_of(made, shapes)
    other = mirrored(worms)
    for worm, image in zip(worms, other, strict=True):
        bent = -angles_from(np.asarray(worm.x)[:, :-1], shapes)
        np.testing.assert_allclose(image.x[:, :-1], amplitudes_from(bent, shapes), atol=1e-9)
        np.testing.assert_array_equal(image.x[:, -1], -worm.x[:, -1])
    reader = cell_state_model(posture_lstm(7, 7, units=4))
    one, same = (strain_features(reader, each)[CELLS] for each in (worms, other))
    np.testing.assert_allclose(one.values, same.values, atol=1e-5)
    assert (one.names[0], one.names[-1]) == ("1.1 mean p10", "1.4 difference p90")
    assert one.values.shape == (2, 4 * 2 * 3)


def test_elimination_sees_what_it_is_given_alone():
    sample = worms(5.0)
    assert {0, 1} <= set(select_features(sample.values, np.array(sample.strains), QUICK))
    assert len(select_features(sample.values[:, :2], np.array(sample.strains), QUICK)) == 2


def test_percentiles_are_those_of_the_frames_that_count():
    memory = np.column_stack([np.arange(1051.0), -np.arange(1051.0)])
    memory[[0, 50]] = np.nan
    found = cell_features([(Trial("w", np.zeros((1051, 1)), group="a"), memory)], ("1.1", "1.2"), {"w": "N2"})
    counted = np.arange(101, 1051)
    assert found.values[0] == pytest.approx(
        [*np.percentile(counted, [10, 50, 90]), *-np.percentile(counted, [90, 50, 10])]
    )
    assert found.names == ("1.1 p10", "1.1 p50", "1.1 p90", "1.2 p10", "1.2 p50", "1.2 p90")
    assert (found.strains, found.individuals) == (("N2",), ("a",))


def test_counting():
    found = result(["a", "a", "b", "c"], ["a", "b", "b", "a"], "cells", "nearest neighbour")
    assert found.confusion.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert found.accuracy == 0.5
    assert chance(["a", "a", "b", "c"]) == 0.5


def test_hand_made_numbers_come_from_the_table():
    import pandas as pd

    table = pd.DataFrame({"worm": ["a", "b"], "strain": ["N2", "X"], "individual": ["", "i"], "speed": [1.0, np.nan]})
    found = handmade_features(table)
    assert found.values.tolist() == [[1.0], [0.0]]
    assert found.individuals == ("a", "i")


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (worms(1.0, individuals=1), "strain 0 has 1 individual, which cannot be left out in 3 folds; rec"),
        (worms(1.0, individuals=2), "has 2 individuals, .* give --folds 2 or fewer"),
        (worms(1.0, strains=1), "there is one strain only, strain 0"),
        (FeatureMatrix(np.zeros((2, 1)), ("f",), ("a", ""), ("w", "v")), "says no strain"),
    ],
)
def test_too_few_individuals_are_one_clear_line(made, text):
    with pytest.raises(InputError, match=text):
        cross_validate(made, "cells", QUICK, progress=False)
