"""Models beside a forest, the prior and people; what to label next."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datasets.behaviour.importing import ImportSettings, import_recordings
from datasets.store import load_dataset, save_dataset
from surrogates.behaviour.suggestion import pieces, proposed
from tests.behaviour.conftest import CLASSES


@pytest.fixture(scope="module")
def learned(recordings, tmp_path_factory):
    """A folder with a divided dataset and a model of it."""
    from surrogates.behaviour.models import BEHAVIOUR_MODELS
    from surrogates.runs.fitting import fit_and_save
    from surrogates.training.configuration import TrainingConfig

    folder = tmp_path_factory.mktemp("learned")
    dataset = import_recordings(*recordings, ImportSettings(classes=CLASSES), "walkers")
    dataset = dataset.with_split(["train", "train", "train", "test"])
    save_dataset(dataset, folder / "data.h5")
    kind = BEHAVIOUR_MODELS["behaviour_boost"]
    fit_and_save(kind, dataset, {"rounds": 15}, TrainingConfig(), folder / "boost", progress=False, figures=False)
    return folder


def test_models_forest_prior_and_people_stand_in_one_table(learned, recordings, wormtwin, refused):
    call = ("behaviour", "evaluate", learned / "data.h5", "--model", learned / "boost" / "model.keras")
    status, printed, error = wormtwin(*call, "--rater", recordings[1][3])
    assert status == 0, error
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if "│" in line]
    rows = {row[0]: row for row in cells if len(row) == 6}
    assert {"behaviour_forest", "prior", "walk3"} <= set(rows)
    assert rows["walk3"][1:5] == ["1.000"] * 4
    assert float(rows["prior"][2]) == 0.0  # kappa
    refused(wormtwin(*call, "--rater", learned / "no.txt"), "there is no such file")


def test_people_label_one_recording(learned, recordings, wormtwin, refused, tmp_path):
    dataset = load_dataset(learned / "data.h5").with_split(["train", "train", "test", "test"])
    data = save_dataset(dataset, tmp_path / "two.h5")
    call = ("behaviour", "evaluate", data, "--rater", recordings[1][3])
    refused(wormtwin(*call), "labels one recording, 2 recordings are judged")


@pytest.mark.parametrize("seed", range(5))
def test_every_predicted_behaviour_is_met_at_once_where_chance_needs_many_pieces(seed):
    kinds = np.repeat([0, 1, 2], [280, 15, 5])
    np.random.default_rng(seed).shuffle(kinds)
    first = proposed(kinds, 30, seed)
    assert list(kinds[first[:3]]) == [2, 1, 0]
    assert np.bincount(kinds[first]).tolist() == [12, 13, 5]  # in turn, until the five rare ones are through
    by_chance = np.random.default_rng(seed).permutation(kinds)
    assert max(np.flatnonzero(by_chance == kind)[0] for kind in range(3)) > 3


def test_no_piece_comes_twice_and_a_seed_gives_the_same_again():
    kinds = np.random.default_rng(0).integers(0, 3, 200)
    every = proposed(kinds, 1000, 4)
    assert sorted(every) == list(range(200))
    np.testing.assert_array_equal(every[:20], proposed(kinds, 20, 4))
    assert set(every[:20]) != set(proposed(kinds, 20, 5)[:20])


def test_draws_spread_over_the_pieces_of_one_behaviour():
    recording = np.repeat(np.arange(10), 30)
    for seed in range(5):
        assert len(set(recording[proposed(np.zeros(300, int), 150, seed)])) == 10


def test_pieces_hold_all_free_frames_once():
    free = np.array([True] * 7 + [False] * 2 + [True] * 3)
    assert list(pieces(free, 3)) == [(0, 3), (3, 6), (6, 7), (9, 12)]


def test_pieces_that_nobody_labelled_are_suggested(learned, wormtwin, refused, tmp_path):
    dataset = load_dataset(learned / "data.h5")
    last = dataset.trials[3]
    weight = np.ones(len(last))
    weight[500:1000] = 0
    data = save_dataset(replace(dataset, trials=(replace(last, weight=weight),)), tmp_path / "part.h5")
    model = learned / "boost" / "model.keras"
    call = ("behaviour", "suggest", data, "--model", model, "--number", 5, "--out", tmp_path / "s.csv")
    status, _, error = wormtwin(*call)
    assert status == 0, error
    table = pd.read_csv(tmp_path / "s.csv")
    assert len(table) == 4  # all there are: 500 frames in pieces of 150
    assert table["first_frame"].min() == 500
    assert table["end_frame"].max() <= 1000
    assert (table["end_s"] - table["start_s"]).max() < 5.001
    assert list(table)[:6] == ["recording", "behaviour", "first_frame", "end_frame", "probability", "share"]
    assert table["probability"].between(1 / 3, 1).all()
    refused(wormtwin(*call, "--seed", -1), "--seed")
    whole = ("behaviour", "suggest", learned / "data.h5", "--model", model, "--out", tmp_path / "t.csv")
    refused(wormtwin(*whole), "every frame of dataset 'walkers' is labelled")


@pytest.mark.slow
def test_the_demo_judges_a_pair_that_was_not_learned(wormtwin, refused, tmp_path):
    status, printed, error = wormtwin("behaviour", "demo", "--frames", "600", "--out", tmp_path / "demo")
    assert status == 0, error
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if "│" in line]
    accuracy = {row[0]: float(row[1]) for row in cells if len(row) == 6}
    model = next(name for name in accuracy if name not in ("prior", "behaviour_forest"))
    assert accuracy[model] > accuracy["prior"] + 0.1
    made = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"pairs.h5", "predicted.h5", "ethogram.png", "boost"} <= made
    predicted = load_dataset(tmp_path / "demo" / "predicted.h5")
    assert len(predicted.trials[0].y) == 600
    refused(wormtwin("behaviour", "demo", "--frames", "10", "--out", tmp_path / "few"), "--frames must be >= 200")
