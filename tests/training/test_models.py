"""Every model passes one contract; the linear one recovers a known system; scores are what they say."""

import json
import math
import zipfile
from dataclasses import asdict, replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.registry import MODELS, model_kind, train_model
from surrogates.responses.models.recurrent import ACTIVATIONS
from surrogates.runs.fitting import fit_and_save
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.training.configuration import CLASSIFICATION, Objective, TrainingConfig
from surrogates.training.metrics import predict, rmse_of_mean, score
from surrogates.training.model_kind import fit_model
from surrogates.training.trainer import train

TINY = {
    **{name: {"units": 3} for name in ("rnn", "lstm", "gru", "tdnn", "narx")},
    "linear": {"lags": 2},
    "state_space": {"order": 4},
    "modal": {"ridge": -8, "poles": 6},
    **{name: {"order": 4, "units": 3} for name in ("lfr", "residual_gru", "lru")},
    "cfc": {"units": 3, "backbone": 3},
    "attention": {"units": 4, "heads": 2, "window": 30, "tokens": 6},
}


@pytest.mark.parametrize(
    "name", [name for name, kind in MODELS.items() if kind.task == "regression" and not kind.recorded]
)
def test_every_model_keeps_the_contract(name, linear_response, tmp_path):
    dataset = linear_response()
    config = TrainingConfig(epochs=3, learning_rate=0.01, seed=4)
    model, training = train_model(name, dataset, config, TINY[name], progress=False)
    responses = predict(model, dataset)
    assert len(responses) == 16
    assert all(r.shape == (60, 2) and np.isfinite(r).all() for r in responses)
    scores = score(dataset, responses)
    assert set(scores) == {"train", "validation", "test"}
    again, _ = train_model(name, dataset, config, TINY[name], progress=False)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    # A later input never changes an earlier response.
    cut = replace(dataset, trials=tuple(replace(t, x=t.x[:30], y=t.y[:30]) for t in dataset))
    np.testing.assert_allclose(predict(model, cut)[0], responses[0][:30], atol=1e-6)
    save_model(model, tmp_path / "model.keras", ModelSignature.of(dataset))
    loaded, channels = load_model(tmp_path / "model.keras")
    assert channels == ModelSignature.of(dataset)
    np.testing.assert_allclose(predict(loaded, dataset)[3], responses[3], atol=1e-7)
    assert training.seconds > 0


@pytest.mark.parametrize(
    ("name", "settings", "parameters"),
    [
        ("rnn", {"units": 16}, 404),
        ("lstm", {"units": 8}, 452),
        ("gru", {"units": 8}, 372),
        ("rnn", {"units": 64}, 4676),
        ("lstm", {"units": 32}, 4868),
        ("tdnn", {}, 3683),
        ("narx", {}, 112 * (4 * 4 + 2 * 4 + 1) + 4 * 113 + 4),  # and the rest of the four outputs
    ],
)
def test_sizes_are_the_published_ones(name, settings, parameters):
    assert MODELS[name].build(4, 4, **settings).count_params() == parameters


def test_the_activation_is_the_candidates_alone():
    model = MODELS["gru"].build(1, 1, units=1, activation="relu")
    update, reset, candidate = 0.3, -0.2, 1.5
    zero = np.zeros((1, 3), np.float32)
    model.layers[0].set_weights([np.array([[update, reset, candidate]]), zero, np.zeros((2, 3))])
    model.layers[1].set_weights([np.ones((1, 1)), np.zeros(1)])
    x = 4.0
    by_hand = (1 - 1 / (1 + math.exp(-update * x))) * max(0.0, candidate * x)
    assert model.predict(np.full((1, 1, 1), x), verbose=0).item() == pytest.approx(by_hand, rel=1e-5)
    assert (model.name, MODELS["gru"].build(1, 1, units=4).name) == ("gru_1_relu", "gru_4")


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_one_of_keras(name, activation):
    layer = MODELS[name].build(2, 2, units=3, activation=activation).layers[0]
    assert layer.activation.__name__ == activation
    gate = getattr(layer, "recurrent_activation", None)
    assert (gate and gate.__name__) == (None if name == "rnn" else "sigmoid")


def test_the_linear_model_recovers_the_system_that_made_the_data(linear_response):
    dataset = linear_response()
    model, _ = train_model("linear", dataset, TrainingConfig(), {"lags": 2}, progress=False)
    past, drive, rest, _ = model.layers[-1].cell.get_weights()
    np.testing.assert_allclose(rest, -0.065, atol=1e-7)
    np.testing.assert_allclose(past, np.vstack([1.6 * np.eye(2), -0.68 * np.eye(2)]), atol=1e-4)
    np.testing.assert_allclose(drive[:2], [[0.05, 0.01], [0.015, -0.025]], atol=1e-5)
    np.testing.assert_allclose(drive[2:4], 0.02 * np.eye(2), atol=1e-5)
    assert score(dataset, predict(model, dataset))["test"].rmse < 1e-5


def test_samples_of_weight_zero_teach_nothing(linear_response):
    dataset = linear_response()
    rng = np.random.default_rng(0)
    spoiled, weights = [], []
    for trial in dataset:
        weight = np.ones(60)
        weight[40:] = 0
        y = np.array(trial.y)
        y[40:] = rng.normal(size=(20, 2))
        spoiled.append(replace(trial, y=y, weight=weight))
        weights.append(replace(trial, weight=weight))
    config = TrainingConfig(epochs=3, learning_rate=0.01)
    losses = [
        train_model("gru", replace(dataset, trials=tuple(trials)), config, {"units": 3}, progress=False)[1].history
        for trials in (spoiled, weights)
    ]
    np.testing.assert_allclose(losses[0]["loss"], losses[1]["loss"], rtol=1e-6)
    np.testing.assert_allclose(losses[0]["val_loss"], losses[1]["val_loss"], rtol=1e-6)


def test_the_weights_are_those_of_the_best_validation_epoch(linear_response):
    dataset = linear_response()
    config = TrainingConfig(epochs=30, learning_rate=1.0, seed=1)
    model, training = train_model("gru", dataset, config, {"units": 4}, progress=False)
    losses = training.history["val_loss"]
    assert training.best_epoch == int(np.argmin(losses))
    assert training.best_epoch < 29
    found = score(dataset, predict(model, dataset))["validation"].rmse
    assert found == pytest.approx(math.sqrt(min(losses)), rel=1e-4)


def test_small_batches_and_transforms(linear_response):
    dataset, seen = linear_response(), []

    def halve(x, y, weight, rng):
        seen.append(x.shape)
        return x[:, :30], y[:, :30], weight

    model = MODELS["gru"].build(2, 2, units=3, seed=0)
    config = TrainingConfig(epochs=2, batch_size=3, learning_rate=0.01)
    history = train(model, dataset, config, Objective(transform=halve), progress=False).history
    assert len(history["loss"]) == 2
    assert {shape[0] for shape in seen} == {3, 2}


def test_a_classifier_is_trained_by_the_same_function(linear_response):
    from surrogates.backend import keras

    base = linear_response()
    trials = tuple(
        replace(t, y=(np.arange(60)[:, None] // 20 % 2).astype(int) * 0 + (t.x[:, :1] > 0.5).astype(int)) for t in base
    )
    dataset = Dataset("labels", trials, 0.5, ("A", "B"), ("state",), task="classification")
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.Dense(2, activation="softmax")])
    history = train(
        model, dataset, TrainingConfig(epochs=150, learning_rate=0.1), CLASSIFICATION, progress=False
    ).history
    assert "rmse" not in history
    assert history["val_sparse_categorical_accuracy"][-1] > 0.9


def test_labels_of_weight_zero_do_not_count_in_the_accuracy():
    from surrogates.backend import keras

    rng, trials = np.random.default_rng(0), []
    for index in range(8):
        x, weight = rng.normal(size=(30, 1)), np.repeat([1.0, 0.0], 15)
        labels = np.where(weight[:, None] > 0, x > 0, x <= 0).astype(int)
        trials.append(Trial(f"t{index}", x, labels, weight, split="train" if index < 5 else "validation"))
    dataset = Dataset("labels", tuple(trials), 1.0, ("a",), ("state",), task="classification")
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.Dense(2, activation="softmax")])
    config = TrainingConfig(epochs=100, learning_rate=0.1)
    history = train(model, dataset, config, CLASSIFICATION, progress=False).history
    assert history["val_sparse_categorical_accuracy"][-1] > 0.9


def test_a_diverging_training_is_reported(linear_response):
    dataset = linear_response()
    with pytest.raises(FloatingPointError, match="never finite"):
        train_model("gru", dataset, TrainingConfig(epochs=2, learning_rate=1e30), {"units": 2}, progress=False)


def test_the_error_of_the_mean_by_hand():
    x, weight = np.zeros((2, 1)), np.array([1.0, 0.0])
    train = Trial("a", x, np.array([[1.0], [3.0]]), split="train")
    validation_data = Trial("b", x, np.array([[5.0], [99.0]]), weight, split="validation")
    dataset = Dataset("d", (train, validation_data), 1.0, ("a",), ("p",))
    assert rmse_of_mean(dataset, "train") == pytest.approx(1.0)
    assert rmse_of_mean(dataset, "validation") == pytest.approx(3.0)
    assert math.isnan(rmse_of_mean(dataset, "test"))


def test_scores_by_hand():
    x, y = np.zeros((3, 1)), np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    weight = np.array([1.0, 1.0, 0.0])
    dataset = Dataset("d", (Trial("t", x, y, weight),), 1.0, ("a",), ("p", "q"))
    found = score(dataset, [y + np.array([[3.0, 0.0], [4.0, 1.0], [99.0, 99.0]])])["all"]
    assert found.rmse_by_output == {"p": pytest.approx(math.sqrt(12.5)), "q": pytest.approx(math.sqrt(0.5))}
    assert found.rmse == pytest.approx(math.sqrt((9 + 16 + 0 + 1) / 4))
    assert found.relative_by_output["p"] == pytest.approx(math.sqrt(12.5) / 2.0)
    assert math.isnan(found.relative_by_output["q"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda d: model_kind("gruu"),
            "no model 'gruu'; there are rnn, lstm, gru, linear, state_space, tdnn, modal",
        ),
        (lambda d: train_model("gru", d, TrainingConfig(), {"lags": 2}), "gru has no setting 'lags'; it has units"),
        (lambda d: MODELS["gru"].build(2, 2, units=0), "units must be >= 1, got 0"),
        (lambda d: MODELS["rnn"].build(2, 2, activation="step"), "activation must be one of tanh, relu.*got 'step'"),
        (lambda d: MODELS["linear"].build(2, 2, lags=0), "lags must be >= 1, got 0"),
        (lambda d: MODELS["state_space"].build(2, 2, order=0), "order must be >= 1, got 0"),
        (lambda d: MODELS["tdnn"].build(2, 2, input_lags=-1), "input_lags must be >= 0, got -1"),
        (lambda d: MODELS["narx"].build(2, 2, output_lags=0), "output_lags must be >= 1, got 0"),
        (lambda d: TrainingConfig(epochs=0), "^epochs must be >= 1, got 0"),
        (lambda d: TrainingConfig(batch_size=0), "^batch size must be >= 1, got 0"),
        (lambda d: TrainingConfig(learning_rate=-1.0), "^learning rate must be > 0, got -1"),
        (lambda d: train_model("gru", d.with_split([""] * 16), TrainingConfig(), {}), "no training trials"),
        (lambda d: ModelSignature.of(d.without_inputs(["A"])).require_same(d), "trained on the inputs B .*has A, B"),
        (lambda d: ModelSignature.of(replace(d, dt=1.0)).require_same(d), "steps by 1 ms, .* every 0.5 ms"),
        (lambda d: predict(MODELS["gru"].build(3, 2, units=2), d), "takes 3 inputs and dataset 'oscillator' has 2"),
    ],
)
def test_wrong_models_and_settings(linear_response, call, message):
    with pytest.raises(InputError, match=message):
        call(linear_response())


def test_a_damaged_model_file(tmp_path):
    (tmp_path / "m.keras").write_text("no zip")
    with pytest.raises(InputError, match=r"not a whole \.keras model"):
        load_model(tmp_path / "m.keras")
    with pytest.raises(InputError, match="no such file"):
        load_model(tmp_path / "n.keras")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"y_units": 'V"""\nprint(1)'}, "y_units: a text must be one printable line"),
        ({"x_names": ("A", "B\x1b[2J")}, "x_names: a text must be one printable line"),
        ({"y_names": ("P", "")}, "y_names holds an empty name"),
        ({"y_names": ("P",)}, "y_names lists 1 channel, the model has 2"),
        ({"x_names": "AB"}, "x_names must be a list of names, got 'AB'"),
        ({"x_names": ("A", 2)}, "x_names: a text must be .*got 2"),
        ({"scenario": "s" * 301}, "scenario: a text must be .* of at most 300 characters"),
        ({"dt": "0.5"}, "dt must be a number > 0 ms, got '0.5'"),
        ({"dt": float("nan")}, "dt must be a number > 0 ms, got nan"),
        ({"more": 1}, "does not list channels"),
        (["no", "channels"], "does not list channels"),
    ],
)
def test_a_model_file_with_channels_that_cannot_be(linear_response, tmp_path, changed, words):
    text = asdict(ModelSignature.of(linear_response()))
    path = tmp_path / "m.keras"
    MODELS["gru"].build(2, 2, units=1).save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("wormtwin.json", json.dumps(text | changed if isinstance(changed, dict) else changed))
    with pytest.raises(InputError, match=words) as refusal:
        load_model(path)
    assert len(str(refusal.value).splitlines()) == 1


def test_a_model_whose_own_name_is_no_line(linear_response, tmp_path):
    layers = [keras.Input((None, 2)), keras.layers.Dense(2)]
    model = keras.Sequential(layers, name='m"""\nprint(1)')
    save_model(model, tmp_path / "m.keras", ModelSignature.of(linear_response()))
    with pytest.raises(InputError, match="the model's name: a text must be one printable line"):
        load_model(tmp_path / "m.keras")


def test_names_that_no_model_file_may_hold_are_reported_before_training(linear_response, tmp_path):
    dataset = replace(linear_response(), y_units="V\n")
    with pytest.raises(InputError, match="y_units: a text must be one printable line"):
        fit_and_save(model_kind("gru"), dataset, {"units": 1}, TrainingConfig(epochs=1), tmp_path)
    assert not list(tmp_path.iterdir())


def test_losses_of_masked_data_are_those_of_the_samples_that_count(linear_response):
    dataset = linear_response()
    weight = np.repeat([1.0, 0.0, 1.0], 20)
    holes = np.where(weight[:, None] > 0, 0.0, np.nan)
    dataset = replace(dataset, trials=tuple(replace(t, weight=weight, x=t.x + holes, y=t.y + holes) for t in dataset))
    model, training = train_model("gru", dataset, TrainingConfig(epochs=3), {"units": 2}, progress=False)
    found = score(dataset, predict(model, dataset))["validation"].rmse
    assert found == pytest.approx(math.sqrt(min(training.history["val_loss"])), rel=1e-4)


def test_the_linear_model_skips_what_does_not_count(linear_response):
    dataset = linear_response()
    weight = np.ones(60)
    weight[20:25] = 0
    holed = [replace(t, weight=weight, y=np.where(weight[:, None] > 0, t.y, np.nan)) for t in dataset]
    model, _ = train_model("linear", replace(dataset, trials=tuple(holed)), TrainingConfig(), {"lags": 2})
    np.testing.assert_allclose(model.layers[-1].cell.get_weights()[0][:2], 1.6 * np.eye(2), atol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.with_split(["test"] * 16), "no training trials"),
        (
            lambda d: replace(d, trials=tuple(replace(t, x=t.x[:30], y=t.y[:30]) for t in d)),
            "30 lags need trials longer",
        ),
    ],
)
def test_data_that_the_linear_model_cannot_learn(linear_response, change, message):
    with pytest.raises(InputError, match=message):
        train_model("linear", change(linear_response()), TrainingConfig(), {"lags": 30})


def test_nan_that_counts_is_reported(linear_response):
    broken = replace(
        linear_response().select([0]), trials=(replace(linear_response().trials[0], y=np.full((60, 2), np.nan)),)
    )
    with pytest.raises(InputError, match="NaN in y"):
        train_model("gru", broken, TrainingConfig(epochs=1), {"units": 2}, progress=False)


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_seeds_are_checked(seed):
    with pytest.raises(InputError, match=f"whole number from 0 to 2147483647, got {seed}"):
        TrainingConfig(seed=seed)


def test_a_model_of_one_batch_size_is_reported(tmp_path):
    layers = [keras.Input(batch_shape=(1, None, 2)), keras.layers.GRU(2, stateful=True, return_sequences=True)]
    keras.Sequential(layers).save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="the model takes batches of 1 alone"):
        load_model(tmp_path / "model.keras")


def test_what_is_solved_at_once_is_solved_in_one_thread(linear_response, monkeypatch):
    """Other numbers of processes give linear algebra other numbers of threads, and so other last bits."""
    seen = []

    def solve(dataset):
        seen.append(threadpool_info())
        return lambda model: seen.append(threadpool_info())

    kind = replace(MODELS["linear"], solve=solve)
    fit_model(kind, linear_response(), TrainingConfig(), {"lags": 1}, progress=False)
    threads = [[each["num_threads"] for each in info if each["user_api"] == "blas"] for info in seen]
    assert len(threads) == 2
    assert all(each and set(each) == {1} for each in threads)
