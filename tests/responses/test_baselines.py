"""The baselines: what they are fitted to, how settings are chosen, what a free run is."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.signal import dlsim

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError
from surrogates.registry import MODELS, train_model
from surrogates.responses.models.deviations import deviations_from, training_deviations
from surrogates.responses.models.narx import one_step_arrays, open_loop
from surrogates.responses.models.table import MODELS as RESPONSE_MODELS
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import predict, score
from surrogates.training.selection import parameter_grid, select_on_validation

REST = np.array([-0.065, 0.2])
POLES = np.array([0.95, 0.8, 0.9 * np.exp(0.3j), 0.9 * np.exp(-0.3j)])


def system() -> tuple:
    """A, B, C, D of a system of order four, two inputs and two outputs, in no special coordinates."""
    turn = 0.9 * np.array([[math.cos(0.3), math.sin(0.3)], [-math.sin(0.3), math.cos(0.3)]])
    rng = np.random.default_rng(5)
    basis = rng.normal(size=(4, 4))
    a = basis @ block_diag(0.95, 0.8, turn) @ np.linalg.inv(basis)
    return a, rng.normal(size=(4, 2)), rng.normal(size=(2, 4)), rng.normal(size=(2, 2))


def answers(matrices: tuple, x: np.ndarray) -> np.ndarray:
    """What a system answers from rest, by SciPy."""
    return dlsim((*matrices, 1.0), x)[1] + REST


@pytest.fixture(scope="module")
def four() -> Dataset:
    """Trials of the system of order four; a first sample without input, so that all begin at rest."""
    rng, trials = np.random.default_rng(0), []
    for index, split in enumerate(["train"] * 8 + ["validation"] * 3 + ["test"] * 3):
        x = rng.normal(size=(120, 2))
        x[0] = 0
        trials.append(Trial(f"t{index}", x, answers(system(), x), split=split))
    return Dataset("four", tuple(trials), 1.0, ("a", "b"), ("p", "q"))


def fitted(name: str, dataset: Dataset, **settings):
    model, training = train_model(name, dataset, TrainingConfig(epochs=2), settings, progress=False)
    return model.layers[-1].cell, model, training


def test_the_state_space_model_recovers_poles_and_impulse_response(four):
    cell, _, _ = fitted("state_space", four, order=4)
    a, b, c, d, rest, _ = (np.asarray(weight, float) for weight in cell.get_weights())
    np.testing.assert_allclose(np.sort_complex(np.linalg.eigvals(a)), np.sort_complex(POLES), atol=1e-4)
    np.testing.assert_allclose(rest, REST, atol=1e-7)
    np.testing.assert_allclose(d, system()[3], atol=1e-4)
    true = system()
    for k in range(20):
        markov = true[2] @ np.linalg.matrix_power(true[0], k) @ true[1]
        np.testing.assert_allclose(c @ np.linalg.matrix_power(a, k) @ b, markov, atol=1e-3)


def test_the_state_space_cell_runs_as_scipy_does(four):
    model = MODELS["state_space"].build(2, 2, order=4)
    model.layers[-1].cell.set_weights([*system(), REST, np.zeros(4)])
    for response, trial in zip(predict(model, four), four, strict=True):
        np.testing.assert_allclose(response, answers(system(), trial.x), atol=1e-4)


@pytest.fixture(scope="module")
def measured() -> Dataset:
    """Records of y(t) = 0.95 y(t-1) + 0.1 x(t) - 3.25 that begin anywhere, as measured ones do."""
    rng, trials = np.random.default_rng(1), []
    for index, split in enumerate(["train"] * 6 + ["validation"] * 2 + ["test"] * 2):
        x, y = np.repeat(rng.normal(size=(30, 1)), 20, axis=0) * 20, np.zeros((600, 1))
        y[0] = -65 + rng.normal() * 8
        for t in range(1, 600):
            y[t] = 0.95 * y[t - 1] + 0.1 * x[t] - 3.25
        trials.append(Trial(f"t{index}", x, y, split=split))
    return Dataset("measured", tuple(trials), 0.5, ("a",), ("p",))


def by_numpy(dataset: Dataset) -> float:
    """The test RMSE of NumPy's least squares with an intercept, in free run from the mean first sample of training."""
    parts = dataset.by_split()
    pairs = [(np.column_stack([t.y[:-1], t.x[1:], np.ones(len(t) - 1)]), t.y[1:]) for t in parts["train"]]
    solved, *_ = np.linalg.lstsq(*map(np.concatenate, zip(*pairs, strict=True)), rcond=None)
    errors, (a, b, c) = [], solved[:, 0]
    for trial in parts["test"]:
        free = np.full(len(trial), np.mean([t.y[0] for t in parts["train"]]))
        for k in range(1, len(trial)):
            free[k] = a * free[k - 1] + b * trial.x[k, 0] + c
        errors.append((free - trial.y[:, 0]) ** 2)
    return float(np.sqrt(np.mean(errors)))


@pytest.mark.parametrize(("name", "settings"), [("linear", {"lags": 1}), ("state_space", {"order": 1})])
def test_records_that_do_not_begin_at_rest_get_an_intercept(measured, name, settings):
    _, model, _ = fitted(name, measured, **settings)
    found = score(measured, predict(model, measured))["test"].rmse
    assert 0.85 * by_numpy(measured) < found < 1.01 * by_numpy(measured)  # several times as much without an intercept


def test_records_that_begin_at_rest_have_none(four):
    for name, settings in (("linear", {"lags": 4}), ("state_space", {"order": 4})):
        assert not fitted(name, four, **settings)[0].get_weights()[-1].any()


def test_the_order_is_chosen_on_validation_and_recorded(four, monkeypatch):
    monkeypatch.setitem(MODELS["state_space"].chosen, "order", (1, 2, 4, 9999))
    _, model, training = fitted("state_space", four)
    assert training.settings == {"order": 4}
    assert score(four, predict(model, four))["test"].rmse < 1e-4


def test_lags_that_do_not_fit_the_trials_cannot_win(linear_response):
    short = replace(linear_response(), trials=tuple(replace(t, x=t.x[:6], y=t.y[:6]) for t in linear_response().trials))
    _, _, training = fitted("linear", short)
    assert 1 <= training.settings["lags"] <= 5


def test_poles_outside_the_unit_circle_are_mirrored():
    x, trials = np.zeros((60, 1)), []
    for index in range(6):
        x = np.random.default_rng(index).normal(size=(60, 1))
        x[0] = 0
        y = dlsim((np.array([[1.05]]), np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1)), 1.0), x)[1]
        trials.append(Trial(f"t{index}", x, y, split="train"))
    dataset = Dataset("growing", tuple(trials), 1.0, ("a",), ("p",))
    cell, _, _ = fitted("state_space", dataset, order=1)
    assert cell.get_weights()[0][0, 0] == pytest.approx(1 / 1.05, rel=1e-3)


@pytest.mark.parametrize("name", ["linear", "state_space"])
def test_trials_of_different_length_and_samples_that_do_not_count(four, name):
    settings = {"linear": {"lags": 4}, "state_space": {"order": 4}}[name]
    trials = []
    for index, trial in enumerate(four.trials):
        end, weight = 120 - 3 * index, np.ones(120)
        weight[80:90] = 0
        y = np.where(weight[:, None] > 0, trial.y, np.nan)
        trials.append(replace(trial, x=trial.x[:end], y=y[:end], weight=weight[:end]))
    ragged = replace(four, trials=tuple(trials))
    _, model, _ = fitted(name, ragged, **settings)
    assert score(four, predict(model, four))["test"].rmse < 2e-3


def test_collinear_outputs_and_inputs_are_no_trouble(four):
    twice = tuple(replace(t, x=np.tile(t.x, (1, 2)), y=np.tile(t.y, (1, 3))) for t in four)
    dataset = replace(four, trials=twice, x_names=tuple("abcd"), y_names=tuple("pqrstu"))
    for name, settings in (("linear", {"lags": 4}), ("state_space", {"order": 4})):
        _, model, _ = fitted(name, dataset, **settings)
        assert score(dataset, predict(model, dataset))["test"].rmse < 1e-3


def test_the_time_delay_network_sees_its_lags_and_no_more():
    model = MODELS["tdnn"].build(1, 1, units=5, input_lags=2)
    x = np.zeros((1, 9, 1), np.float32)
    quiet = model.predict(x, verbose=0)
    x[0, 3] = 1.0
    (changed,) = np.nonzero((model.predict(x, verbose=0) != quiet)[0, :, 0])
    assert changed.tolist() == [3, 4, 5]


def test_the_closed_loop_is_the_open_one_fed_with_its_own_outputs(linear_response):
    dataset = linear_response()
    cell, model, _ = fitted("narx", dataset, units=6, input_lags=3, output_lags=2)
    opened = open_loop(cell)
    opened.set_weights(cell.get_weights()[:4])
    x, y = dataset.trials[0].x, predict(model, dataset)[0]
    rest = cell.get_weights()[4]
    np.testing.assert_allclose(rest, [-0.065, -0.065], atol=1e-7)
    own = replace(dataset, trials=(Trial("own", x, y.astype(float)),))
    regressors, _, weight = one_step_arrays(deviations_from(own, rest.astype(float)), 3, 2)
    assert weight is None
    np.testing.assert_allclose(opened.predict(regressors, verbose=0)[0] + rest, y, atol=1e-5)


def test_what_a_sample_is_predicted_from(linear_response):
    dataset = linear_response()
    data = training_deviations(dataset)
    regressors, target, _ = one_step_arrays(data, 2, 1)
    x, y = dataset.trials[0].x, np.asarray(dataset.trials[0].y) + 0.065
    np.testing.assert_allclose(regressors[0, 10], np.concatenate([y[9], x[9], x[8]]), atol=1e-12)
    np.testing.assert_allclose(regressors[0, 0], 0.0)
    np.testing.assert_allclose(target[0], y, atol=1e-12)
    weight = np.ones((8, 60))
    weight[:, 20] = 0
    counts = one_step_arrays(replace(data, weight=weight), 2, 1)[2]
    assert np.flatnonzero(counts[0] == 0).tolist() == [20, 21, 22]


def test_a_free_run_that_grows_without_bound_is_reported(four):
    model = MODELS["linear"].build(2, 2, lags=1)
    model.layers[-1].cell.set_weights([9.0 * np.eye(2), np.ones((4, 2)), np.zeros(2), np.zeros(2)])
    with pytest.raises(FloatingPointError, match="trial 't0': the free run is not finite from sample"):
        score(four, predict(model, four))
    with pytest.raises(FloatingPointError):
        select_on_validation(lambda settings: (model, None), four, [{"lags": 1}, {"lags": 2}])
    good = fitted("linear", four, lags=4)[1]
    models = {1: model, 4: good}
    (best, _), settings = select_on_validation(lambda s: (models[s["lags"]], None), four, [{"lags": 1}, {"lags": 4}])
    assert best is good
    assert settings == {"lags": 4}


def test_without_validation_trials_the_training_trials_choose(linear_response, monkeypatch):
    monkeypatch.setitem(MODELS["linear"].chosen, "lags", (1, 2))
    dataset = linear_response()
    dataset = dataset.with_split([t.split.replace("validation", "") for t in dataset])
    assert fitted("linear", dataset)[2].settings == {"lags": 2}


def test_every_combination_of_what_is_open():
    assert list(parameter_grid({"a": None, "b": 2}, {"a": (1, 3), "b": (5,)})) == [{"a": 1, "b": 2}, {"a": 3, "b": 2}]
    solved = [name for name, kind in RESPONSE_MODELS.items() if kind.closed_form]
    assert solved == ["linear", "state_space", "modal"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.with_split([""] * len(d)), "no training trials"),
        (lambda d: replace(d, trials=tuple(replace(t, x=t.x[:5], y=t.y[:5]) for t in d)), "are too few for 4 channels"),
        (lambda d: replace(d, trials=tuple(replace(t, y=None) for t in d)), "no outputs to learn"),
        (
            lambda d: replace(d, trials=tuple(replace(t, weight=np.zeros(120)) for t in d)),
            "no sample of training counts",
        ),
        (lambda d: replace(d, trials=tuple(replace(t, x=t.x * np.nan) for t in d)), "NaN in x"),
    ],
)
def test_data_that_the_state_space_model_cannot_learn(four, change, message):
    with pytest.raises(InputError, match=message):
        train_model("state_space", change(four), TrainingConfig(), {"order": 1})
