"""Forecasts of calcium traces: what is seen, linear models against closed forms, roll-outs, training, the benchmark."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from datasets.calcium.features import WINDOW, with_features
from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.calcium.forecasts.linear import (
    VARIATIONS,
    LinearChoice,
    Moments,
    Variation,
    choose_linear,
    forecast_linearly,
    inner_folds,
    solved_weights,
)
from surrogates.calcium.forecasts.models import TRAJECTORY_MODELS
from surrogates.calcium.forecasts.networks import autoregression, persistence, trajectory_mlp
from surrogates.calcium.forecasts.training import LearningBatches, Sampling, begin_linearly
from surrogates.calcium.forecasts.windows import HORIZON, TRAINED, arrays, errors_by_step, forecast, inputs_of
from surrogates.calcium.forecasts.windows import forecastable as ready
from surrogates.calcium.forecasts.windows import forecasts as cut_forecasts
from surrogates.registry import train_model
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.training.configuration import TrainingConfig

NEURONS = ("AVAL", "RIML", "AVBL")
TURN = np.array([[0.96, 0.2, 0.0], [-0.2, 0.96, 0.05], [0.0, 0.0, 0.9]])
"""A damped turn: x(t+1) = x(t) TURN, but for what is added."""
CELLS = ("calcium_trajectory_mlp", "calcium_trajectory_gnn_gru")
"""A model of either cell, one of them with a graph."""


def as_it_is(x: np.ndarray) -> Dataset:
    """A recording that is ready to forecast, its neurons in the units that they have."""
    names = tuple(f"c{i}" for i in range(x.shape[1]))
    return Dataset("made", (Trial("one", x, group="one"),), 330.0, names, x_units="of the range", task="next_step")


def walks(windows: int = 40, neurons: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What is seen of random walks, and what follows."""
    rng = np.random.default_rng(seed)
    frames = 0.5 + 0.2 * np.cumsum(rng.normal(size=(windows, WINDOW + HORIZON, neurons)), axis=1)
    return frames[:, :WINDOW].astype(np.float32), frames[:, WINDOW:].astype(np.float32)


def built(name: str, recordings) -> keras.Model:
    kind = TRAJECTORY_MODELS[name]
    return kind.for_data(ready(recordings(1)), **({} if kind.closed_form else {"units": 6, "seed": 1}))


def randomised(model: keras.Model) -> keras.Model:
    """The model with other weights than zeros everywhere, small enough that a free run stays near."""
    rng = np.random.default_rng(0)
    model.set_weights([0.05 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def test_traces_are_scaled_and_states_left_out(recordings):
    dataset = recordings(1)
    x = dataset.trials[0].x
    found = ready(dataset)
    assert (found.task, found.trials[0].y, found.x_names) == ("next_step", None, NEURONS)
    np.testing.assert_allclose(found.trials[0].x, (x - x.min(0)) / np.ptp(x, axis=0), atol=1e-12)
    assert ready(found) is found
    masked = replace(dataset, trials=(replace(dataset.trials[0], weight=np.zeros(len(x))),))
    assert ready(masked).trials[0].valid().all()  # a state rule's masks do not matter


@given(st.lists(st.integers(0, 119), min_size=0, max_size=3), st.integers(1, 5))
@settings(max_examples=20)
def test_no_window_crosses_a_gap(recordings, gaps, stride):
    dataset = recordings(1, 120)
    x = dataset.trials[0].x.copy()
    x[gaps, 1] = np.nan
    try:
        found = ready(replace(dataset, trials=(replace(dataset.trials[0], x=x),)))
    except InputError:
        edges = np.flatnonzero(np.isnan(np.concatenate([[np.nan], x[:, 1], [np.nan]])))
        assert np.diff(edges).max() - 1 < WINDOW + HORIZON
        return
    cut = cut_forecasts(found, HORIZON, stride)
    measured = np.isfinite(x).all(axis=1)
    for start, seen in zip(cut.start, cut.seen, strict=True):
        assert measured[start : start + WINDOW + HORIZON].all()
        np.testing.assert_allclose(seen, found.trials[0].x[start : start + WINDOW], atol=1e-6)


def test_persistence_is_the_last_frame():
    seen, future = walks()
    given_back = forecast(persistence(4, 0), seen)
    np.testing.assert_array_equal(given_back, np.repeat(seen[:, -1:], HORIZON, axis=1))
    found = errors_by_step(given_back, future)
    np.testing.assert_allclose(found, np.sqrt(((future - seen[:, -1:]) ** 2).mean((0, 2))), rtol=1e-5)


@pytest.mark.parametrize("lags", [1, 2, 8])
def test_ridge_is_that_of_scikit_learn(lags):
    seen, future = walks()
    cut = cut_forecasts(as_it_is(np.concatenate([seen[0], future[0], seen[1], future[1], seen[2]]).astype(float)))
    matrix, offset = Moments.of(cut).solve(LinearChoice(lags, 3.0))
    flat = cut.seen.reshape(len(cut), -1).astype(float) - 0.5
    known = Ridge(alpha=3.0).fit(flat[:, -4 * lags :], cut.future[:, 0] - cut.seen[:, -1])
    np.testing.assert_allclose(matrix[-4 * lags :], known.coef_.T, atol=1e-5)
    np.testing.assert_allclose(offset, known.intercept_, atol=1e-5)
    assert (matrix[: -4 * lags] == 0).all()


def test_varied_moments_are_the_mean_over_drawn_gains_and_shifts():
    seen, future = walks(6, 2)
    cut = cut_forecasts(as_it_is(np.concatenate([seen[0], future[0]]).astype(float)))
    variation, rng = Variation(0.3, 0.2), np.random.default_rng(1)
    expected = Moments.of(cut).varied(variation)
    frames = np.concatenate([cut.seen, cut.future], axis=1)
    drawn = variation.varied(np.repeat(frames, 10_000, axis=0), rng)
    found = Moments.of(replace(cut, seen=drawn[:, :WINDOW], future=drawn[:, WINDOW:]))
    for name in ("seen", "change", "seen_seen", "seen_change"):
        wanted = getattr(expected, name)
        np.testing.assert_allclose(getattr(found, name) / 10_000, wanted, atol=0.06 * np.abs(wanted).max())


def test_a_linear_system_is_recovered_and_run_freely():
    x = np.zeros((200, 3))
    x[0] = [1.0, -0.5, 0.8]
    for t in range(1, len(x)):
        x[t] = x[t - 1] @ (TURN * 0.995) + 0.01
    dataset = as_it_is(x)
    cut, choice = cut_forecasts(dataset), LinearChoice(1, 1e-9)
    matrix, offset = Moments.of(cut).solve(choice)
    np.testing.assert_allclose(np.eye(3) + matrix[-3:], TURN * 0.995, atol=1e-4)
    closed = [cut.seen[:, -1].astype(float)]
    for _ in range(HORIZON):
        closed.append(closed[-1] @ (TURN * 0.995) + 0.01)
    given_back = forecast_linearly(cut.seen, matrix, offset)
    np.testing.assert_allclose(given_back, np.stack(closed[1:], 1), atol=1e-3)
    model = autoregression(3, 0)
    model.set_weights(solved_weights(dataset, choice))
    np.testing.assert_allclose(forecast(model, cut.seen), given_back, atol=1e-4)


def test_what_helps_inside_the_training_worms_is_chosen(recordings):
    dataset = ready(recordings(3, noise=0.0))
    choice, error = choose_linear(dataset)
    worse = []
    for rest, held in inner_folds(dataset):
        cut = cut_forecasts(held)
        solved = Moments.of(cut_forecasts(rest)).solve(LinearChoice(1, 1000.0))
        worse.append(errors_by_step(forecast_linearly(cut.seen, *solved), cut.future).mean())
    assert choice.penalty < 1000
    assert error < np.mean(worse)


@pytest.mark.parametrize("varied", ["", "_varied"])
def test_a_linear_model_by_name_is_what_its_training_worms_choose(recordings, varied):
    dataset = ready(recordings(3)).with_split(["train", "train", "test"])
    name = f"calcium_trajectory_linear{varied}"
    model, training = train_model(name, dataset, TrainingConfig(), {}, progress=False)
    assert training.engine == "closed form"
    learned = dataset.by_split()["train"]
    choice, _ = choose_linear(learned, VARIATIONS if varied else VARIATIONS[:1])
    assert choice.variation in (VARIATIONS if varied else [Variation()])
    for found, wanted in zip(model.get_weights(), solved_weights(learned, choice), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_single_worm_is_divided_in_time(recordings):
    parts = list(inner_folds(ready(recordings(1, 120))))
    assert len(parts) == 3
    for rest, held in parts:
        assert not (rest.trials[0].valid() & held.trials[0].valid()).any()


def test_every_model_is_built_for_the_neurons_that_there_are(recordings):
    for name in TRAJECTORY_MODELS:
        model = built(name, recordings)
        assert model.input_shape == (None, None, 4)
        assert model.output_shape[-1] == 3


def test_scheduled_sampling_goes_from_all_to_none(recordings):
    x, y, _ = arrays(ready(recordings(1)))
    transform, rng = LearningBatches(Sampling(1.0, 2), Variation()), np.random.default_rng(0)
    shares = []
    for _ in range(3):
        frames, target, weight = transform(x, y, None, rng)
        np.testing.assert_allclose(frames[..., :-1], x[..., :-1], atol=1e-6)
        np.testing.assert_allclose(target, y, atol=1e-6)
        assert weight is None
        assert (frames[:, :WINDOW, -1] == 1).all()
        shares.append(frames[:, WINDOW:, -1].mean())
    assert shares[0] == 1.0
    assert 0.3 < shares[1] < 0.7
    assert shares[2] == 0.0


def test_what_follows_a_window_varies_with_it(recordings):
    x, y, _ = arrays(ready(recordings(1)))
    frames, target, _ = LearningBatches(Sampling(), Variation(0.3, 0.2))(x, y, None, np.random.default_rng(0))
    step = (x[:, 1] - x[:, 0])[:, :-1]
    known = np.abs(step) > 0.02
    gain = (frames[:, 1, :-1] - frames[:, 0, :-1])[known] / step[known]
    change = (target[:, -1] - frames[:, 0, :-1])[known] / gain
    np.testing.assert_allclose(change, (y[:, -1] - x[:, 0, :-1])[known], atol=2e-4)
    assert np.log(gain).std() == pytest.approx(0.3, rel=0.3)


@pytest.mark.parametrize("name", CELLS)
def test_a_network_begins_as_the_autoregression(recordings, name):
    seen, _ = walks(5, 3)
    model, dataset = built(name, recordings), ready(recordings(2))
    np.testing.assert_array_equal(forecast(model, seen), np.repeat(seen[:, -1:], HORIZON, axis=1))
    choice = LinearChoice(8, 1.0)
    begin_linearly(model, dataset, choice)
    linear = forecast_linearly(seen, *Moments.of(cut_forecasts(dataset)).solve(choice))
    np.testing.assert_allclose(forecast(model, seen), linear, atol=1e-3)


@pytest.mark.parametrize("name", CELLS)
def test_given_frames_are_taken_and_others_never_seen(recordings, name):
    model = randomised(built(name, recordings))
    seen, future = walks(5, 3)
    free = inputs_of(seen, 3)
    garbage = free.copy()
    garbage[:, WINDOW:, :-1] = 1e3
    run = model.predict(free, verbose=0)
    np.testing.assert_array_equal(model.predict(garbage, verbose=0), run)
    given_all = free.copy()
    given_all[:, WINDOW:, :-1], given_all[:, WINDOW:, -1] = future[:, :3], 1.0
    text = model.predict(given_all, verbose=0)
    np.testing.assert_allclose(text[:, 0], run[:, 0], atol=1e-6)
    assert np.abs(text[:, 1] - run[:, 1]).max() > 1e-3
    if name.endswith("mlp"):  # of the other, the rest of the past and the edges would be others
        moved = np.concatenate([seen[:, 1:], future[:, :1]], axis=1)
        np.testing.assert_allclose(text[:, 1], model.predict(inputs_of(moved, 1), verbose=0)[:, 0], atol=1e-5)


@pytest.mark.parametrize("name", [f"calcium_trajectory_{name}" for name in ("persistence", "connectome", "gnn_gru")])
def test_models_come_back_from_a_file(recordings, name, tmp_path):
    model, dataset = randomised(built(name, recordings)), ready(recordings(1))
    path = save_model(model, tmp_path / "model.keras", ModelSignature.of(dataset, name))
    again, channels = load_model(path)
    assert channels is not None
    assert channels.model == name
    channels.require_same(dataset)
    seen, _ = walks(5, 3)
    np.testing.assert_allclose(forecast(again, seen), forecast(model, seen), atol=1e-6)


def test_training_beats_the_linear_start_where_worms_are_not_linear():
    rng = np.random.default_rng(0)
    x = np.zeros((3, 300, 3))
    x[:, 0] = rng.uniform(0.2, 0.8, (3, 3))
    for t in range(1, 300):  # each neuron bends the next
        x[:, t] = x[:, t - 1] + 0.35 * np.sin(6 * np.roll(x[:, t - 1], 1, axis=-1)) * (0.5 - x[:, t - 1])
        x[:, t] += 0.02 * rng.normal(size=(3, 3))
    trials = tuple(Trial(f"w{i}", each, group=f"w{i}") for i, each in enumerate(x))
    dataset = ready(Dataset("bent", trials, 330.0, NEURONS, task="next_step"))
    parted = dataset.with_split(["train", "train", "validation"])
    config = TrainingConfig(epochs=4, batch_size=16, learning_rate=3e-3, seed=0)
    model, training = train_model("calcium_trajectory_mlp", parted, config, {"units": 32}, progress=False)
    assert training.best_epoch == int(np.argmin(training.history["val_loss"]))
    cut = cut_forecasts(dataset.select([2]), TRAINED)
    choice, _ = choose_linear(dataset.select([0, 1]))
    solved = Moments.of(cut_forecasts(dataset.select([0, 1]))).solve(choice)
    linear = forecast_linearly(cut.seen, *solved)[:, :TRAINED]
    mine = forecast(model, cut.seen, TRAINED)
    assert errors_by_step(mine, cut.future).mean() < 0.97 * errors_by_step(linear, cut.future).mean()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda recordings: ready(recordings(2, WINDOW + HORIZON - 1)), "worm1' is too short to forecast"),
        (lambda recordings: ready(with_features(recordings(2))), "know later frames"),
        (lambda _: Variation(-0.1), "gain must be >= 0"),
        (lambda _: Sampling(1.5), "probability must be from 0 to 1"),
        (lambda _: trajectory_mlp(6, 0, units=0), "units must be >= 1"),
        (lambda _: forecast(persistence(4, 0), np.zeros((2, WINDOW, 6), np.float32)), "forecasts 4 neurons"),
    ],
)
def test_bad_input_is_reported(make, message, recordings):
    with pytest.raises(InputError, match=message):
        make(recordings)


def test_unmeasured_recordings_are_reported(recordings):
    dataset = recordings(1)
    dataset = replace(dataset, trials=(replace(dataset.trials[0], x=np.full((90, 3), np.nan)),))
    with pytest.raises(InputError, match="too short to forecast"):
        ready(dataset)
