"""A model knows what it has learned: parts are named by that, and comparisons are its own."""

import json
from dataclasses import replace

import numpy as np
import pytest

from datasets.dataset import Dataset
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.registry import model_kind
from surrogates.runs.fitting import evaluate, fit
from surrogates.runs.learned import ROLE, as_learned, learned_from, told_parts
from surrogates.runs.model_file import load_model, save_model
from surrogates.training.configuration import TrainingConfig

QUICK = TrainingConfig(epochs=2)


@pytest.fixture(scope="module")
def learned(linear_response):
    """A GRU that has learned some trials."""
    return fit(model_kind("gru"), linear_response(), {"units": 2}, QUICK, progress=False)


def parts_of(done, dataset: Dataset) -> dict[str, int]:
    found = as_learned(done.kind, done.signature.learned, dataset)
    return {part: len(indices) for part, indices in found.by_part().items()}


def test_the_same_file_is_reported_as_it_was_learned(learned, linear_response):
    assert parts_of(learned, linear_response()) == {"train": 8, "validation": 4, "test": 4}
    again = evaluate(learned.kind, learned.model, learned.signature, linear_response())
    assert {s: v.rmse for s, v in again.scores.items()} == {s: v.rmse for s, v in learned.evaluation.scores.items()}


def test_what_was_learned_stays_so_under_other_names_and_splits(learned, linear_response):
    dataset = linear_response()
    trials = tuple(replace(t, name=f"new {i}", split="test") for i, t in enumerate(dataset))
    renamed = replace(dataset, trials=trials)
    assert parts_of(learned, renamed) == {"train": 8, "validation": 4, "test": 4}
    assert parts_of(learned, renamed.select(range(4))) == {"train": 4}


def test_a_file_that_was_never_learned_is_unseen(learned, linear_response, wormtwin, tmp_path):
    other = linear_response(seed=5)
    assert parts_of(learned, other) == {"unseen": 16}
    assert as_learned(learned.kind, learned.signature.learned, other).extra[ROLE] == "none"
    model = save_model(learned.model, tmp_path / "model.keras", learned.signature)
    status, text, _ = wormtwin("evaluate", "--model", model, "--data", save_dataset(other, tmp_path / "other.h5"))
    assert status == 0
    assert "the model has learned none of these trials; trial_00, trial_01" in text
    assert "unseen" in text
    assert "validation" not in text


def test_a_test_file_of_its_own(learned, linear_response, wormtwin, refused, tmp_path):
    data = save_dataset(linear_response(), tmp_path / "data.h5")
    other = save_dataset(replace(linear_response(seed=5), name="other"), tmp_path / "other.h5")
    call = ("train", "--data", data, "--units", 2, "--epochs", 2, "--out", tmp_path / "run")
    status, text, _ = wormtwin(*call, "--test-data", other)
    assert status == 0
    assert "the test part is other.h5: 4 test trials of data.h5 left out" in text
    assert "trial_00, trial_01, trial_02, trial_03, trial_04, ...: in both files" in text
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())["scores"]
    model = tmp_path / "run" / "model.keras"
    status, text, _ = wormtwin("evaluate", "--model", model, "--test-data", other)
    assert status == 0
    assert f"{scores['test']['rmse']:.4g}" in text
    refused(wormtwin("evaluate", "--model", model, "--test-data", data), "trial 'trial_00' of", "was learned")
    refused(wormtwin(*call, "--test-data", data), "is trial 'trial_00' of the training data")
    refused(wormtwin("evaluate", "--model", model), "name the data by --data")


def test_a_file_that_does_not_say_is_reported_so(learned, linear_response):
    assert "what the model learned is unknown" in told_parts(None, linear_response())
    found = as_learned(learned.kind, None, linear_response())
    assert {part: len(indices) for part, indices in found.by_part().items()} == {"train": 8, "validation": 4, "test": 4}


def test_a_model_file_says_what_was_learned(learned, linear_response, tmp_path):
    path = save_model(learned.model, tmp_path / "model.keras", learned.signature)
    found = load_model(path)[1]
    assert found.learned == learned.signature.learned
    assert [trial.name for trial in found.learned.trials] == [t.name for t in linear_response()][:12]


@pytest.mark.parametrize(
    "text",
    [
        [],
        {"trials": [{"name": "a", "split": "train"}]},
        {"trials": [{"name": "a", "split": "no", "checksum": "0" * 64}]},
        {"trials": [{"name": "a", "split": "train", "checksum": "xyz"}]},
        {"trials": [], "seed": "1"},
        {"trials": [], "select": []},
    ],
)
def test_a_strangers_file_may_not_say_anything_else(text):
    with pytest.raises(InputError, match="what the model learned"):
        learned_from(text)


def test_a_dataset_without_training_trials_names_the_command(linear_response, wormtwin, refused, tmp_path):
    dataset = linear_response()
    data = save_dataset(dataset.with_split([""] * len(dataset)), tmp_path / "data.h5")
    call = ("train", "--data", data, "--units", 2, "--out", tmp_path / "run")
    refused(wormtwin(*call), "`wormtwin dataset split FILE --fractions 0.7,0.15,0.15`")


@pytest.mark.slow
def test_drawn_frames_are_known_again(tmp_path):
    """Images without splits are divided by the seed, and so they are when the model is evaluated on the same file."""
    from datasets.pose.generator.sample import SampleSettings, make_sample

    sample = make_sample(SampleSettings(frames=20, size=32, animals=2))
    sample = sample.with_split([""] * len(sample))
    kind = model_kind("pose_small")
    settings = {"filters": 4}
    objective = replace(kind.objective, batches=2)
    done = fit(replace(kind, objective=objective), sample, settings, QUICK, progress=False)
    again = as_learned(done.kind, done.signature.learned, sample)
    assert [(t.name, t.split) for t in again] == [(t.name, t.split) for t in done.dataset]
    np.testing.assert_array_equal(again.trials[0].y, done.dataset.trials[0].y)
    assert parts_of(done, make_sample(SampleSettings(frames=20, size=32, animals=2, seed=9))) == {"unseen": 2}
