"""Forecasts of calcium traces: what is seen, linear models against closed forms, roll-outs, training, the benchmark."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from datasets.calcium.features import WINDOW, with_features
from datasets.calcium.sample import SampleSettings, make_sample
from datasets.dataset import Dataset, Trial
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.calcium.forecasts.benchmark import ForecastEffort, benchmark_trajectories
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
from surrogates.calcium.forecasts.section import trajectory_section
from surrogates.calcium.forecasts.tables import runs_table, save_trajectory_tables, summary_table
from surrogates.calcium.forecasts.training import Sampling, begin_linearly, learning_batches
from surrogates.calcium.forecasts.windows import ASKED, TRAINED, arrays, asked, errors_by_step, forecast
from surrogates.calcium.forecasts.windows import forecastable as ready
from surrogates.calcium.forecasts.windows import forecasts as cut_forecasts
from surrogates.registry import train_model
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.training.configuration import TrainingConfig


@pytest.fixture(scope="module", autouse=True)
def _compiled_quickly():
    """Compiling takes far longer than computing here."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


NEURONS = ("AVAL", "RIML", "AVBL")
TURN = np.array([[0.96, 0.2, 0.0], [-0.2, 0.96, 0.05], [0.0, 0.0, 0.9]])
"""A damped turn: x(t+1) = x(t) TURN, but for what is added."""
CELLS = ("calcium_trajectory_mlp", "calcium_trajectory_gnn_gru")
"""A model of either cell, one of them with a graph."""


def recordings(worms: int = 3, frames: int = 90, noise: float = 0.05, seed: int = 0) -> Dataset:
    """Noisy damped turns of three neurons, a worm a trial, with states that a forecast does not need."""
    rng = np.random.default_rng(seed)
    trials = []
    for worm in range(worms):
        x = np.zeros((frames + 5 * worm, 3))
        x[0] = rng.normal(size=3)
        for t in range(1, len(x)):
            x[t] = x[t - 1] @ TURN + noise * rng.normal(size=3)
        trials.append(Trial(f"worm{worm + 1}", x, np.zeros((len(x), 1), dtype=int), group=f"worm{worm + 1}"))
    extra = {"states": ["forward"], "classes": ["forward"], "fps": {t.name: 3.0 for t in trials}}
    return Dataset("turns", tuple(trials), 330.0, NEURONS, ("state",), "dF/F", "class", "classification", extra=extra)


def as_it_is(x: np.ndarray) -> Dataset:
    """A recording that is ready to forecast, its neurons in the units that they have."""
    names = tuple(f"c{i}" for i in range(x.shape[1]))
    return Dataset("made", (Trial("one", x, group="one"),), 330.0, names, x_units="of the range", task="next_step")


def walks(windows: int = 40, neurons: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What is seen of random walks, and what follows."""
    rng = np.random.default_rng(seed)
    frames = 0.5 + 0.2 * np.cumsum(rng.normal(size=(windows, WINDOW + ASKED, neurons)), axis=1)
    return frames[:, :WINDOW].astype(np.float32), frames[:, WINDOW:].astype(np.float32)


def built(name: str) -> keras.Model:
    kind = TRAJECTORY_MODELS[name]
    return kind.for_data(ready(recordings(1)), **({} if kind.closed_form else {"units": 6, "seed": 1}))


def randomised(model: keras.Model) -> keras.Model:
    """The model with other weights than zeros everywhere, small enough that a free run stays near."""
    rng = np.random.default_rng(0)
    model.set_weights([0.05 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def test_traces_are_scaled_and_states_left_out():
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
def test_no_window_crosses_a_gap(gaps, stride):
    dataset = recordings(1, 120)
    x = dataset.trials[0].x.copy()
    x[gaps, 1] = np.nan
    try:
        found = ready(replace(dataset, trials=(replace(dataset.trials[0], x=x),)))
    except InputError:
        edges = np.flatnonzero(np.isnan(np.concatenate([[np.nan], x[:, 1], [np.nan]])))
        assert np.diff(edges).max() - 1 < WINDOW + ASKED
        return
    cut = cut_forecasts(found, ASKED, stride)
    measured = np.isfinite(x).all(axis=1)
    for start, seen in zip(cut.start, cut.seen, strict=True):
        assert measured[start : start + WINDOW + ASKED].all()
        np.testing.assert_allclose(seen, found.trials[0].x[start : start + WINDOW], atol=1e-6)


def test_persistence_is_the_last_frame():
    seen, future = walks()
    given_back = forecast(persistence(4, 0), seen)
    np.testing.assert_array_equal(given_back, np.repeat(seen[:, -1:], ASKED, axis=1))
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
    for _ in range(ASKED):
        closed.append(closed[-1] @ (TURN * 0.995) + 0.01)
    given_back = forecast_linearly(cut.seen, matrix, offset)
    np.testing.assert_allclose(given_back, np.stack(closed[1:], 1), atol=1e-3)
    model = autoregression(3, 0)
    model.set_weights(solved_weights(dataset, choice))
    np.testing.assert_allclose(forecast(model, cut.seen), given_back, atol=1e-4)


def test_what_helps_inside_the_training_worms_is_chosen():
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
def test_a_linear_model_by_name_is_what_its_training_worms_choose(varied):
    dataset = ready(recordings(3)).with_split(["train", "train", "test"])
    name = f"calcium_trajectory_linear{varied}"
    model, training = train_model(name, dataset, TrainingConfig(), {}, progress=False)
    assert training.engine == "closed form"
    learned = dataset.by_split()["train"]
    choice, _ = choose_linear(learned, VARIATIONS if varied else VARIATIONS[:1])
    assert varied or choice.variation == Variation()
    for found, wanted in zip(model.get_weights(), solved_weights(learned, choice), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_single_worm_is_divided_in_time():
    parts = list(inner_folds(ready(recordings(1, 120))))
    assert len(parts) == 3
    for rest, held in parts:
        assert not (rest.trials[0].valid() & held.trials[0].valid()).any()


def test_every_model_is_built_for_the_neurons_that_there_are():
    for name in TRAJECTORY_MODELS:
        model = built(name)
        assert model.input_shape == (None, None, 4)
        assert model.output_shape[-1] == 3


def test_scheduled_sampling_goes_from_all_to_none():
    x, y, _ = arrays(ready(recordings(1)))
    transform, rng = learning_batches(Sampling(1.0, 2), Variation()), np.random.default_rng(0)
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


def test_what_follows_a_window_varies_with_it():
    x, y, _ = arrays(ready(recordings(1)))
    frames, target, _ = learning_batches(Sampling(), Variation(0.3, 0.2))(x, y, None, np.random.default_rng(0))
    step = (x[:, 1] - x[:, 0])[:, :-1]
    known = np.abs(step) > 0.02
    gain = (frames[:, 1, :-1] - frames[:, 0, :-1])[known] / step[known]
    change = (target[:, -1] - frames[:, 0, :-1])[known] / gain
    np.testing.assert_allclose(change, (y[:, -1] - x[:, 0, :-1])[known], atol=2e-4)
    assert np.log(gain).std() == pytest.approx(0.3, rel=0.3)


@pytest.mark.parametrize("name", CELLS)
def test_a_network_begins_as_the_autoregression(name):
    seen, _ = walks(5, 3)
    model, dataset = built(name), ready(recordings(2))
    np.testing.assert_array_equal(forecast(model, seen), np.repeat(seen[:, -1:], ASKED, axis=1))
    choice = LinearChoice(8, 1.0)
    begin_linearly(model, dataset, choice)
    linear = forecast_linearly(seen, *Moments.of(cut_forecasts(dataset)).solve(choice))
    np.testing.assert_allclose(forecast(model, seen), linear, atol=1e-3)


@pytest.mark.parametrize("name", CELLS)
def test_given_frames_are_taken_and_others_never_seen(name):
    model = randomised(built(name))
    seen, future = walks(5, 3)
    free = asked(seen, 3)
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
        np.testing.assert_allclose(text[:, 1], model.predict(asked(moved, 1), verbose=0)[:, 0], atol=1e-5)


@pytest.mark.parametrize("name", [f"calcium_trajectory_{name}" for name in ("persistence", "connectome", "gnn_gru")])
def test_models_come_back_from_a_file(name, tmp_path):
    model, dataset = randomised(built(name)), ready(recordings(1))
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


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A benchmark of two short worms."""
    out = tmp_path_factory.mktemp("benchmark")
    names, training = ("persistence", "linear", "mlp"), ForecastEffort(epochs=1, batch_size=64)
    return benchmark_trajectories(recordings(2), out, models=names, training=training), out


def test_the_table_of_persistence_is_its_formula(measured):
    runs = runs_table(measured[0])
    assert len(runs) == 3 * 2 * ASKED
    cut = cut_forecasts(ready(recordings(2)).select([1]))
    kept = runs[(runs["model"].str.endswith("persistence")) & (runs["unseen"] == "worm2")]
    wanted = np.sqrt(((cut.future - cut.seen[:, -1:]).astype(float) ** 2).mean((0, 2)))
    np.testing.assert_allclose(kept["rmse"], wanted, rtol=1e-6)
    np.testing.assert_allclose(kept["ahead"], 0.33 * np.arange(1, ASKED + 1))


def test_the_summary_counts_the_cases_below_persistence_and_autoregression(measured):
    benchmark, _ = measured
    summary = summary_table(runs_table(benchmark))
    rows = summary[(summary["training_worms"] == 1) & (summary["step"] == 3)].set_index("model")
    assert (rows["cases"] == 2).all()
    found = {
        name: [
            errors[2]
            for (model, worms), unseen in benchmark.runs.items()
            if model == name and len(worms) == 1
            for errors in unseen.values()
        ]
        for name in benchmark.models
    }
    best = np.min([found[name] for name in benchmark.models if not name.endswith("mlp")], axis=0)
    mine = np.array(found["calcium_trajectory_mlp"])
    assert rows["below"]["calcium_trajectory_mlp"] == (mine < best).sum()
    assert rows["mean"]["calcium_trajectory_mlp"] == pytest.approx(mine.mean())
    assert rows["sd"]["calcium_trajectory_mlp"] == pytest.approx(mine.std(ddof=1))


def test_a_benchmark_goes_on_where_it_stopped(measured):
    benchmark, out = measured
    stopped = out / "trajectories" / "calcium_trajectory_mlp" / "1.json"
    record = json.loads(stopped.read_text())
    kept = out / "trajectories" / "calcium_trajectory_linear" / "1.json"
    before = kept.stat().st_mtime_ns
    stopped.unlink()
    again = {"models": ("linear", "mlp"), "sizes": (1,), "effort": benchmark.training}
    benchmark_trajectories(recordings(2), out, **again)
    assert kept.stat().st_mtime_ns == before
    assert json.loads(stopped.read_text()) == record
    renamed = replace(recordings(2), x_names=recordings(2).x_names[::-1])
    with pytest.raises(InputError, match="another data"):
        benchmark_trajectories(renamed, out, **again)


def test_tables_and_section_are_written(measured, tmp_path):
    runs, summary = save_trajectory_tables(measured[0], tmp_path)
    assert (tmp_path / "trajectories.csv").read_text().startswith("model,training_worms,trained_on,unseen,step,ahead")
    section = trajectory_section(runs, summary)
    said = [block.text for block in section.blocks if type(block).__name__ == "Note"]
    mean = summary.pivot(index="step", columns="model", values="mean")
    mean.columns = [name.removeprefix("calcium_trajectory_") for name in mean.columns]
    below = mean["mlp"] < mean[["persistence", "linear"]].min(axis=1)
    assert ("not at the last step" in said[0]) == (not below[ASKED])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ready(recordings(2, WINDOW + ASKED - 1)), "worm1' is too short to forecast"),
        (lambda: ready(with_features(recordings(2))), "know later frames"),
        (lambda: Variation(-0.1), "gain must be >= 0"),
        (lambda: Sampling(1.5), "probability must be from 0 to 1"),
        (lambda: trajectory_mlp(6, 0, units=0), "units must be >= 1"),
        (lambda: forecast(persistence(4, 0), np.zeros((2, WINDOW, 6), np.float32)), "forecasts 4 neurons"),
    ],
)
def test_bad_input_is_told(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("worms", "options", "message"),
    [
        (1, {}, "two worms or more"),
        (2, {"models": ("mlp", "calcium_trajectory_mlp")}, "named twice"),
        (2, {"models": ("crystal",)}, "no model of trajectories 'crystal'"),
        (2, {"sizes": (2,)}, "from 1 to 1, got 2"),
        (2, {"jobs": 0}, "--jobs must be >= 1"),
    ],
)
def test_a_benchmark_that_cannot_be_is_told(worms, options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        benchmark_trajectories(recordings(worms), tmp_path, **options)


def test_unmeasured_recordings_are_told():
    dataset = recordings(1)
    dataset = replace(dataset, trials=(replace(dataset.trials[0], x=np.full((90, 3), np.nan)),))
    with pytest.raises(InputError, match="too short to forecast"):
        ready(dataset)


def test_the_commands_train_and_evaluate_forecasts(wormtwin, tmp_path):
    dataset = recordings(3).with_split(["train", "validation", "test"])
    data = save_dataset(dataset, tmp_path / "worms.h5")
    out, name = tmp_path / "out", "calcium_trajectory_linear"
    status, printed, text = wormtwin("train", "--data", data, "--model", name, "--out", out)
    assert status == 0, text
    assert "step 16" in printed
    scores = json.loads((out / "scores.json").read_text())["scores"]
    assert set(scores) == {"train", "validation", "test"}
    assert (out / "errors.png").exists()
    arguments = ("evaluate", "--data", data, "--model", out / "model.keras", "--plot", tmp_path / "e.png")
    status, again, text = wormtwin(*arguments)
    assert status == 0, text
    assert f"{scores['test']['model'][15]:.4f}" in again
    other = save_dataset(replace(dataset, x_names=("AVAL", "RIML", "VB2")), tmp_path / "other.h5")
    status, _, text = wormtwin("evaluate", "--data", other, "--model", out / "model.keras")
    assert (status, text.count("\n")) == (2, 1)
    assert "AVAL, RIML, AVBL" in text


def test_a_recording_too_short_is_told_by_the_command(wormtwin, tmp_path):
    data = save_dataset(recordings(3, 20).with_split(["train", "validation", "test"]), tmp_path / "worms.h5")
    status, _, text = wormtwin("train", "--data", data, "--model", "calcium_trajectory_mlp", "--out", tmp_path / "out")
    assert (status, len(text.strip().splitlines())) == (2, 1)
    assert "too short to forecast" in text


def test_the_benchmark_names_wrong_models_of_trajectories_first(wormtwin, tmp_path):
    data = save_dataset(make_sample(SampleSettings(worms=2, duration=60.0)), tmp_path / "worms.h5")
    out = tmp_path / "out"
    status, _, text = wormtwin("calcium", "benchmark", data, "--out", out, "--trajectories", "crystal")
    assert (status, text.count("\n")) == (2, 1)
    assert "no model of trajectories 'crystal'; there are persistence, linear" in text
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.shared
def test_forecasts_of_real_worms_are_below_persistence_and_autoregression(shared, tmp_path):
    from datasets.calcium.recordings import load_npz

    dataset = load_npz(shared / "data" / "calcium" / "kato2015_worms1-4.npz")
    names = ("persistence", "linear", "mlp")
    summary = summary_table(runs_table(benchmark_trajectories(dataset, tmp_path, models=names)))
    mean = summary.pivot(index="step", columns="model", values="mean")
    persisting, linear, network = (mean[f"calcium_trajectory_{name}"] for name in names)
    assert (network < np.minimum(persisting, linear)).loc[3:].all()
