"""The network on sequences: gaps, stretches, and the same answer whatever a recording is cut into."""

import numpy as np
import pytest

from datasets.behaviour.importing import ImportSettings, import_recordings, labels_of
from datasets.behaviour.windows import window_features, window_names
from datasets.dataset import Dataset, Trial
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.behaviour import evaluation
from surrogates.behaviour.evaluation import probabilities_of
from surrogates.behaviour.samples import WindowArray
from surrogates.behaviour.tcn import STRETCH, filled, stretches, tcn
from tests.behaviour.conftest import CLASSES


def behaviours(x, y, weight=None) -> Dataset:
    trial = Trial("r", x, y[:, None].astype(np.int32), weight, group="r", split="train")
    names = tuple(f"f{k}" for k in range(x.shape[1]))
    return Dataset("d", (trial,), 33.3, names, ("behaviour",), task="classification", extra={"behaviour": {}})


def test_gaps_are_bridged_and_unlabelled_frames_weigh_nothing():
    x = np.arange(600.0).reshape(300, 2)
    x[10:20, 0], x[:, 1] = np.nan, np.nan
    weight = np.ones(300)
    weight[:5] = 0
    dataset = filled(behaviours(x, np.arange(300) % 2, weight))
    np.testing.assert_allclose(dataset.trials[0].x[:, 0], np.arange(0, 600, 2.0))
    assert not dataset.trials[0].x[:, 1].any()
    cut = stretches(dataset)
    assert cut[0].shape == (2, STRETCH, 2)
    assert cut[2].sum() == 295
    np.testing.assert_array_equal(cut[1][0], np.r_[np.zeros(5), np.arange(5, STRETCH) % 2])


def test_a_recording_may_be_cut_anywhere(monkeypatch):
    rng = np.random.default_rng(0)
    trial = Trial("r", rng.normal(size=(500, 4)).astype(np.float32))
    model = tcn(4, 3, units=8, layers=3)
    whole = probabilities_of(model, trial)
    monkeypatch.setattr(evaluation, "_AT_ONCE", 70)
    np.testing.assert_allclose(probabilities_of(model, trial), whole, atol=1e-6)


def test_window_features_of_some_frames_are_those_of_all():
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(400, 3))
    array = WindowArray(frames, 10.0, len(window_names("abc")))
    rows = np.array([0, 3, 77, 78, 399])
    whole = window_features(frames, 10.0)
    np.testing.assert_allclose(array[rows], whole[rows], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(array[100:120], whole[100:120], rtol=1e-4, atol=1e-5)
    assert array[5:5].shape == (0, array.width)


def test_settings_out_of_range_are_refused():
    for settings, said in (({"layers": 0}, "layers must be 1 to 12"), ({"dropout": 1.0}, "dropout must be 0")):
        with pytest.raises(InputError, match=said):
            tcn(3, 2, **settings)


def test_it_learns_from_the_command_line(recordings, wormtwin, tmp_path):
    dataset = import_recordings(*recordings, ImportSettings(classes=CLASSES), "walkers")
    data = save_dataset(dataset.with_split(["train", "train", "train", "test"]), tmp_path / "walkers.h5")
    out = tmp_path / "tcn"
    call = ("train", "--data", data, "--model", "behaviour_tcn", "--epochs", 12, "--units", 16, "--layers", 4)
    status, _, error = wormtwin(*call, "--out", out)
    assert status == 0, error
    predicted = tmp_path / "predicted.h5"
    status, _, error = wormtwin("behaviour", "predict", data, "--model", out / "model.keras", "--out", predicted)
    assert status == 0, error
    from datasets.store import load_dataset

    true, given = (labels_of(load_dataset(path).trials[3]) for path in (data, predicted))
    assert (true == given).mean() > 0.9
