"""The fast engine does what Keras does: responses, gradients, losses; from the same first weights."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.registry import MODELS
from surrogates.training.configuration import Objective, TrainingConfig
from surrogates.training.fast.algebra import TANH
from surrogates.training.fast.cells import GRU, LSTM, SIMPLE
from surrogates.training.fast.engine import Trainer, respond
from surrogates.training.fast.layout import Layout, layout_of
from surrogates.training.trainer import train

KINDS = ("rnn", "lstm", "gru")


def noise(trials, steps, inputs, outputs, seed=0):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(trials, steps, inputs)).astype(np.float32),
        rng.normal(0.0, 0.3, size=(trials, steps, outputs)).astype(np.float32),
    )


def keras_gradients(model, x, y, weight=None):
    """The gradient of the mean squared error by JAX."""
    import jax

    def loss(weights):
        found, _ = model.stateless_call(weights, [each.value for each in model.non_trainable_variables], x)
        squares = (found - y) ** 2
        return (squares if weight is None else squares * weight[..., None]).mean()

    return jax.grad(loss)([each.value for each in model.trainable_variables])


def require_equal(gradients, others):
    """Every number within 1e-4 of its own size, or of the largest of its kind."""
    for mine, theirs in zip(gradients, map(np.asarray, others), strict=True):
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("units", "trials", "steps", "inputs", "outputs"), [
    (1, 1, 1, 1, 1), (5, 17, 33, 3, 2), (13, 37, 21, 10, 28),
    *(pytest.param(*size, marks=pytest.mark.slow) for size in ((2, 3, 9, 4, 4), (8, 20, 70, 4, 4), (64, 33, 19, 4, 5))),
])  # fmt: skip
def test_responses_and_gradients_are_those_of_keras(kind, units, trials, steps, inputs, outputs):
    x, y = noise(trials, steps, inputs, outputs)
    model = MODELS[kind].build(inputs, outputs, units=units, seed=2)
    layout = layout_of(model)
    np.testing.assert_allclose(respond(model, layout, x), model.predict(x, verbose=0), atol=3e-6)
    trainer = Trainer(model, layout, (x, y, None), (x[:3], y[:3], None), 0.05, 64)
    require_equal(trainer.gradients(), keras_gradients(model, x, y))


@pytest.mark.parametrize("kind", KINDS)
def test_weighted_samples_have_their_share_of_the_gradient(kind):
    x, y = noise(5, 12, 2, 3)
    weight = np.random.default_rng(1).uniform(0, 2, (5, 12)).astype(np.float32)
    model = MODELS[kind].build(2, 3, units=4, seed=0)
    trainer = Trainer(model, layout_of(model), (x, y, weight), (x, y, weight), 0.05, 64)
    require_equal(trainer.gradients(), keras_gradients(model, x, y, weight))


def both(dataset, kind, units, config):
    """The losses of both engines from the same first weights."""
    histories = []
    for engine in ("fast", "keras"):
        model = MODELS[kind].build(len(dataset.x_names), len(dataset.y_names), units=units, seed=config.seed)
        training = train(model, dataset, replace(config, engine=engine), progress=False)
        assert training.engine == engine
        histories.append(training.history)
    return histories


def agree(dataset, kind, units, **settings):
    config = TrainingConfig(epochs=20, learning_rate=MODELS[kind].learning_rate, **settings)
    mine, theirs = both(dataset, kind, units, config)
    for key in ("loss", "val_loss", "rmse", "val_rmse"):
        np.testing.assert_allclose(mine[key], theirs[key], rtol=1e-4, err_msg=f"{kind} {units} {key}")


@pytest.mark.parametrize(("kind", "units", "batch"), [("rnn", 3, 32), ("lstm", 8, 3), ("gru", 5, 5)])
def test_losses_of_twenty_epochs_are_those_of_keras(linear_response, kind, units, batch):
    agree(linear_response(steps=45, number=16), kind, units, batch_size=batch, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("units", [1, 2, 8, 32, 64])
def test_losses_agree_at_the_published_length(linear_response, kind, units):
    agree(linear_response(steps=1000, number=40), kind, units)


def test_weighted_losses_are_those_of_keras(linear_response):
    dataset = linear_response(steps=30)
    rng = np.random.default_rng(3)
    trials = tuple(replace(t, weight=(rng.uniform(size=30) > 0.3).astype(float)) for t in dataset)
    agree(replace(dataset, trials=trials), "gru", 4)


@pytest.mark.parametrize(
    "activation", ["sigmoid", *(pytest.param(a, marks=pytest.mark.slow) for a in ("relu", "linear"))]
)
@pytest.mark.parametrize("layer", ["SimpleRNN", "LSTM", "GRU"])
def test_other_activations(layer, activation):
    x, y = noise(6, 15, 3, 2)
    recurrent = getattr(keras.layers, layer)(7, activation=activation, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), recurrent, keras.layers.Dense(2)])
    layout = layout_of(model)
    np.testing.assert_allclose(respond(model, layout, x), model.predict(x, verbose=0), atol=1e-5)
    trainer = Trainer(model, layout, (x, y, None), (x, y, None), 0.05, 64)
    require_equal(trainer.gradients(), keras_gradients(model, x, y))


@pytest.mark.parametrize("first", [
    lambda: keras.layers.Dense(9, activation="tanh"),
    lambda: keras.layers.Conv1D(21, 2, padding="causal", activation="tanh"),
    lambda: keras.layers.Conv1D(3, 5, padding="causal", activation="relu"),
])  # fmt: skip
def test_networks_without_memory(first):
    x, y = noise(18, 23, 3, 5)
    model = keras.Sequential([keras.Input((None, 3)), first(), keras.layers.Dense(5)])
    layout = layout_of(model)
    np.testing.assert_allclose(respond(model, layout, x), model.predict(x, verbose=0), atol=3e-6)
    trainer = Trainer(model, layout, (x, y, None), (x, y, None), 0.05, 64)
    require_equal(trainer.gradients(), keras_gradients(model, x, y))
    for one, other in zip(trainer.weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@given(
    st.sampled_from([SIMPLE, LSTM, GRU]), st.integers(1, 40), st.integers(1, 12), st.integers(1, 30), st.integers(0, 99)
)
def test_packed_weights_come_back(kind, units, inputs, outputs, seed):
    layout = Layout(kind, TANH, inputs, units, outputs)
    gates = {SIMPLE: 1, LSTM: 4, GRU: 3}[kind] * units
    bias = (2, gates) if kind == GRU else (gates,)
    shapes = ((inputs, gates), (units, gates), bias, (units, outputs), (outputs,))
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    for one, other in zip(layout.unpack(*layout.pack(weights)), weights, strict=True):
        np.testing.assert_array_equal(one, other)


def two_layers():
    return keras.Sequential([
        keras.Input((None, 2)), keras.layers.GRU(3, return_sequences=True), keras.layers.GRU(3, return_sequences=True),
        keras.layers.Dense(2),
    ])  # fmt: skip


def with_layer(layer, **options):
    return keras.Sequential([keras.Input((None, 2)), layer(3, return_sequences=True, **options), keras.layers.Dense(2)])


@pytest.mark.parametrize("make", [
    two_layers,
    lambda: with_layer(keras.layers.GRU, reset_after=False),
    lambda: with_layer(keras.layers.GRU, dropout=0.5),
    lambda: with_layer(keras.layers.LSTM, activation="elu"),
    lambda: with_layer(keras.layers.LSTM, recurrent_activation="hard_sigmoid"),
    lambda: with_layer(keras.layers.SimpleRNN, kernel_regularizer="l2"),
    lambda: with_layer(keras.layers.SimpleRNN, use_bias=False),
    lambda: with_layer(keras.layers.SimpleRNN, go_backwards=True),
    lambda: keras.Sequential([keras.Input((None, 2)), keras.layers.Conv1D(3, 2), keras.layers.Dense(2)]),
])  # fmt: skip
def test_models_beyond_it_are_left_to_keras(linear_response, make):
    model = make()
    assert layout_of(model) is None
    config = TrainingConfig(epochs=1, learning_rate=0.01, engine="fast")
    with pytest.raises(InputError, match="use the engine keras"):
        train(model, linear_response(), config, progress=False)


def test_a_transform_is_left_to_keras(linear_response):
    model = MODELS["gru"].build(2, 2, units=2)
    objective = Objective(transform=lambda x, y, weight, rng: (x, y, weight))
    assert train(model, linear_response(), TrainingConfig(epochs=1), objective, progress=False).engine == "keras"
    assert train(model, linear_response(), TrainingConfig(epochs=1), progress=False).engine == "fast"


def test_an_unknown_engine_is_reported():
    with pytest.raises(InputError, match="engine must be one of auto, fast, keras, got 'gpu'"):
        TrainingConfig(engine="gpu")


def test_trial_order_does_not_matter_to_a_response():
    x, _ = noise(70, 11, 3, 2)
    model = MODELS["lstm"].build(3, 2, units=6, seed=0)
    layout = layout_of(model)
    order = np.random.default_rng(0).permutation(70)
    np.testing.assert_allclose(respond(model, layout, x)[order], respond(model, layout, x[order]), atol=1e-6)


def test_what_is_not_finite_in_one_trial_stays_there():
    x, y = noise(40, 12, 3, 2)
    for kind in KINDS:
        model = MODELS[kind].build(3, 2, units=5, seed=0)
        layout = layout_of(model)
        whole = respond(model, layout, x)
        x[7, 3] = np.nan
        spoiled = respond(model, layout, x)
        assert np.isnan(spoiled[7, 4:]).all()
        np.testing.assert_array_equal(np.delete(spoiled, 7, axis=0), np.delete(whole, 7, axis=0))
        x[7, 3] = 0.0
    x[0] = np.nan
    trainer = Trainer(model, layout, (x[1:20], y[1:20], None), (x[:1], y[:1], None), 0.05, 64)
    require_equal(trainer.gradients(), keras_gradients(model, x[1:20], y[1:20]))


def test_trials_of_another_length_are_validated_by_keras(linear_response):
    short, long = linear_response(steps=40), linear_response(steps=60)
    trials = (*short.by_split()["train"], *long.by_split()["validation"])
    dataset = replace(short, trials=trials)
    config = TrainingConfig(epochs=2, learning_rate=0.01)
    model = MODELS["gru"].build(2, 2, units=2)
    assert train(model, dataset, config, progress=False).engine == "keras"
    with pytest.raises(InputError, match="validation trials as long as the training trials"):
        train(model, dataset, replace(config, engine="fast"), progress=False)
