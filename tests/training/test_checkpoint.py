"""A training that was stopped goes on, and ends as one that was not: the fast engine, one JAX program, and Keras."""

from dataclasses import replace

import numpy as np
import pytest

import surrogates.training.checkpoint as checkpoint_module
from datasets.calcium.sample import SampleSettings, make_sample
from datasets.calcium.states import apply_rule
from surrogates.registry import model_kind
from surrogates.runs.fitting import UNFINISHED, fit_and_save
from surrogates.training.checkpoint import Checkpoint, checkpoint_of, listed, unlisted
from surrogates.training.configuration import TrainingConfig


class StoppedError(Exception):
    """As a kill would be."""


@pytest.fixture
def stopped_at(monkeypatch):
    """Save after every epoch, and stop once so many states are kept."""
    monkeypatch.setattr(checkpoint_module, "EVERY", 0.0)

    def stop(number: int | None):
        kept, save = [], Checkpoint.save

        def counted(self, state):
            save(self, state)
            kept.append(self)
            if len(kept) == number:
                raise StoppedError

        monkeypatch.setattr(Checkpoint, "save", counted if number else save)
        return kept

    yield stop
    monkeypatch.undo()


def require_the_same(kind, dataset, settings, config, out, stopped_at):
    """Train without a stop, and with one; all numbers must be equal."""
    call = {"progress": False, "figures": False}
    whole = fit_and_save(kind, dataset, settings, config, out / "whole", **call)
    original = Checkpoint.save
    stopped_at(2)
    with pytest.raises(StoppedError):
        fit_and_save(kind, dataset, settings, config, out / "stopped", **call)
    assert [path.suffix for path in (out / "stopped" / UNFINISHED).iterdir()] == [".npz"]
    assert not (out / "stopped" / "scores.json").exists()
    Checkpoint.save = original
    began = []
    load = Checkpoint.load
    Checkpoint.load = lambda self: began.append(load(self)) or began[-1]
    try:
        again = fit_and_save(kind, dataset, settings, config, out / "stopped", **call)
    finally:
        Checkpoint.load = load
    assert began[0] is not None, "it began anew"
    assert not (out / "stopped" / UNFINISHED).exists()
    assert again.training.history == whole.training.history
    assert again.training.best_epoch == whole.training.best_epoch
    for one, other in zip(again.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_fast_engine_goes_on(linear_response, stopped_at, tmp_path):
    config = TrainingConfig(epochs=6, batch_size=3, engine="fast", seed=2)
    require_the_same(model_kind("gru"), linear_response(), {"units": 3}, config, tmp_path, stopped_at)


@pytest.mark.slow
def test_keras_goes_on(linear_response, stopped_at, tmp_path):
    config = TrainingConfig(epochs=5, batch_size=3, engine="keras", seed=2)
    require_the_same(model_kind("gru"), linear_response(steps=20), {"units": 3}, config, tmp_path, stopped_at)


@pytest.mark.slow
def test_keras_goes_on_with_batches_that_are_drawn(stopped_at, tmp_path):
    worms = make_sample(SampleSettings(worms=2, duration=200.0)).with_split(["train", "validation"])
    config = TrainingConfig(epochs=4, batch_size=64, learning_rate=0.001)
    kind = model_kind("calcium_trajectory_mlp")
    require_the_same(kind, worms, {"units": 4}, config, tmp_path, stopped_at)


@pytest.mark.slow
def test_one_program_goes_on(stopped_at, tmp_path):
    worms = apply_rule(make_sample(SampleSettings(worms=2, duration=200.0)), "two").with_split(["train", "validation"])
    config = TrainingConfig(epochs=12, learning_rate=0.01)
    require_the_same(model_kind("calcium_mlp"), worms, {"units": 4}, config, tmp_path, stopped_at)


def test_the_state_of_another_training_is_no_beginning(linear_response, stopped_at, tmp_path):
    kind, call = model_kind("gru"), {"progress": False, "figures": False}
    config = TrainingConfig(epochs=4, engine="fast")
    stopped_at(2)
    with pytest.raises(StoppedError):
        fit_and_save(kind, linear_response(), {"units": 3}, config, tmp_path, **call)
    stopped_at(None)
    for other in (replace(config, epochs=5), replace(config, seed=1), replace(config, learning_rate=0.01)):
        first = kind.for_data(linear_response(), units=3).get_weights()
        keys = {checkpoint_of(checkpoint_module.Checkpoints(tmp_path), "fast", first, each)._path
                for each in (config, other)}  # fmt: skip
        assert len(keys) == 2


def test_a_damaged_state_is_no_beginning(tmp_path):
    path = tmp_path / "state.npz"
    kept = Checkpoint(path)
    assert kept.load() is None
    kept.save(listed("weight", [np.zeros(2), np.ones(3)]))
    assert [each.shape for each in unlisted("weight", kept.load())] == [(2,), (3,)]
    path.write_bytes(path.read_bytes()[:50])
    assert kept.load() is None
