"""Models beside a forest, the prior and people; what to label next."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datasets.behaviour.importing import ImportSettings, import_recordings
from datasets.store import load_dataset, save_dataset
from surrogates.behaviour.suggestion import entropy_of, proposed
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


def test_what_is_sure_common_and_known_comes_last():
    unsure, rare = np.array([0.9, 0.1, 0.9, 0.9]), np.array([0.8, 0.8, 0.1, 0.8])
    features = np.array([[5.0], [5.0], [5.0], [0.1]])
    rows, distances, scores = proposed(unsure, rare, features, np.zeros((1, 1)), 4)
    assert rows[0] == 0
    assert sorted(rows) == [0, 1, 2, 3]
    assert (np.diff(scores) <= 0).all()
    assert distances[0] == 1.0
    np.testing.assert_allclose(entropy_of(np.array([[0.5, 0.5], [1.0, 0.0]])), [1, 0], atol=1e-9)


def test_bouts_that_nobody_labelled_are_suggested(learned, wormtwin, refused, tmp_path):
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
    assert len(table) == 5
    assert table["first_frame"].min() >= 500
    assert table["end_frame"].max() <= 1000
    assert (table["end_s"] - table["start_s"]).max() < 5.001
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
