"""Models with a linear core: where they begin, what their steps are, how scales are folded, what training gives."""

from types import SimpleNamespace

import numpy as np
import pytest

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError
from surrogates.registry import MODELS, train_model
from surrogates.responses.models.modal import fit_modal
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.steps.layers import step_of
from surrogates.steps.running import resting, run_step
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import predict, score
from surrogates.training.scaling import Scales, fold

SIZES = {
    "lfr": {"order": 3, "units": 4},
    "residual_gru": {"order": 3, "units": 4},
    "lru": {"order": 3, "units": 4},
    "cfc": {"units": 4, "backbone": 5},
}
PLAIN = {"gru": {"units": 4}, "lstm": {"units": 4}, "rnn": {"units": 4}, "tdnn": {"units": 5, "input_lags": 3}}
PLAIN |= {"attention": {"units": 4, "heads": 2, "window": 30, "tokens": 6}}
PADDED = ("tdnn", "attention")


def drawn(kind: str):
    """A model of a kind with two inputs and three outputs, all of whose weights are drawn."""
    model, rng = MODELS[kind].build(2, 3, **(SIZES | PLAIN)[kind]), np.random.default_rng(1)
    model.set_weights([rng.normal(0, 0.4 / np.sqrt(max(w.shape)), w.shape) for w in model.get_weights()])
    return model


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(2, 80, 2)).astype(np.float32)


@pytest.mark.parametrize("kind", [*SIZES, *PLAIN])
def test_a_step_is_that_of_keras(kind, x):
    model = drawn(kind)
    step = step_of(model)
    found, last = run_step(step, x, resting(step, 2))
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-5)
    halves, states = [], resting(step, 2)
    for part in np.split(x, 2, axis=1):
        y, states = run_step(step, part, states)
        halves.append(y)
    np.testing.assert_allclose(np.concatenate(halves, axis=1), found, atol=1e-12)
    for name, each in states.items():
        np.testing.assert_allclose(each, last[name], atol=1e-12)


@pytest.mark.parametrize("kind", [*SIZES, *PLAIN])
def test_scales_are_folded(kind, x):
    shift = np.zeros(2) if kind in PADDED else np.array([0.3, -2.0])
    scales = Scales(shift, np.array([2.0, 0.1]), np.array([1.0, 0.0, -3.0]), 0.25)
    model = drawn(kind)
    scaled = ((x - scales.x_shift) / scales.x_scale).astype(np.float32)
    wanted = scales.y_shift + scales.y_scale * model.predict(scaled, verbose=0)
    fold(model, scales)
    np.testing.assert_allclose(model.predict(x, verbose=0), wanted, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", SIZES)
def test_every_kind_learns_and_comes_back_from_its_file(kind, linear_response, tmp_path):
    dataset = linear_response(steps=200, number=8)
    sizes = {**SIZES[kind], "order": 4} if "order" in SIZES[kind] else SIZES[kind]
    model, training = train_model(kind, dataset, TrainingConfig(20, learning_rate=0.003, polish=20), sizes, False)
    assert training.history["val_rmse"][training.best_epoch] == min(training.history["val_rmse"])
    predicted = predict(model, dataset)
    found = score(dataset, predicted)["validation"].rmse
    assert found == pytest.approx(training.history["val_rmse"][training.best_epoch], rel=1e-2, abs=1e-5)
    path = save_model(model, tmp_path / "model.keras", ModelSignature.of(dataset))
    np.testing.assert_allclose(predict(load_model(path)[0], dataset), predicted, atol=1e-7)


@pytest.mark.parametrize("kind", ["lfr", "residual_gru"])
def test_a_linear_core_begins_as_the_state_space(kind, linear_response):
    dataset = linear_response(steps=200, number=8)
    model, _ = train_model(kind, dataset, TrainingConfig(1, learning_rate=1e-9), {"order": 4, "units": 3}, False)
    linear, _ = train_model("state_space", dataset, TrainingConfig(), {"order": 4})
    np.testing.assert_allclose(predict(model, dataset), predict(linear, dataset), atol=2e-5)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model(linear_response):
    dataset = linear_response(steps=200, number=8)
    config = TrainingConfig(3, learning_rate=0.003, polish=2, seed=4)
    one, other = (train_model("lfr", dataset, config, {"order": 2, "units": 3}, False)[0] for _ in range(2))
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def three_poles() -> Dataset:
    """The answers of a system of three real poles, two inputs and one output, that begins at rest."""
    rng, trials = np.random.default_rng(5), []
    rates = np.exp(-1 / np.geomspace(80.0, 0.5, 24)[[0, 7, 15]])
    for number, split in enumerate(("train", "train", "validation")):
        u = rng.normal(size=(500, 2))
        u[0] = 0.0
        states, y = np.zeros((3, 2)), np.zeros((500, 1))
        for step in range(500):
            y[step] = (states * [[1.0, -0.5], [0.3, 2.0], [-1.0, 0.1]]).sum() - 0.065
            states = rates[:, None] * states + u[step]
        trials.append(Trial(f"t{number}", u, y, split=split))
    return Dataset("three", tuple(trials), 0.5, ("A", "B"), ("P",), "nA", "V")


def test_modal_finds_a_system_of_three_poles():
    dataset = three_poles()
    model, _ = train_model("modal", dataset, TrainingConfig(), {})
    step = step_of(model)
    for trial, run in zip(dataset, predict(model, dataset), strict=True):
        np.testing.assert_allclose(run, trial.y, atol=1e-5)
    poles = np.diag(step.arrays["A"])
    assert ((poles > 0) & (poles < 1)).all()


def test_residues_of_modal_are_exact():
    """In double precision, before they become the numbers of a file."""
    dataset = three_poles()
    fitted = []

    class Kept:
        ridge = -18

        def __init__(self, model):
            self.layers = [SimpleNamespace(cell=SimpleNamespace(get_weights=model.layers[-1].cell.get_weights))]
            self.layers[0].cell.set_weights = fitted.extend

    model = MODELS["modal"].build(2, 1, ridge=-18)
    fit_modal(dataset)(Kept(model))
    a, b, c, d, rest, _ = (np.asarray(each, float) for each in fitted)
    u, state = dataset.trials[2].x, np.zeros(48)
    for step in range(500):
        assert abs(c @ state + d @ u[step] + rest - dataset.trials[2].y[step])[0] < 1e-6
        state = a @ state + b @ u[step]


@pytest.mark.parametrize(("kind", "sizes"), [("lfr", {"order": 0}), ("lru", {"units": 0}), ("cfc", {"backbone": 0})])
def test_sizes_below_one_are_refused(kind, sizes):
    with pytest.raises(InputError, match="must be >= 1, got 0"):
        MODELS[kind].build(1, 1, **sizes)


@pytest.mark.parametrize("kind", ["modal", "linear", "state_space"])
def test_samples_of_weight_zero_change_nothing(kind, linear_response):
    """Whatever is recorded where nothing counts, the model is the same to the last bit."""
    from dataclasses import replace

    dataset, sizes = linear_response(steps=200, number=8), {"modal": {"ridge": -8, "poles": 4}, "linear": {"lags": 2}}
    weight = np.ones(200)
    weight[150:] = 0

    def learned(spoiled: float):
        trials = []
        for trial in dataset:
            y = np.array(trial.y)
            y[150:] += spoiled
            trials.append(replace(trial, y=y, weight=weight))
        part = replace(dataset, trials=tuple(trials))
        return train_model(kind, part, TrainingConfig(), sizes.get(kind, {"order": 2}))[0].get_weights()

    for one, other in zip(learned(0.0), learned(5.0), strict=True):
        np.testing.assert_array_equal(one, other)
