"""Model files of every kind that can be exported, and a stimulus."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from surrogates.backend import keras
from surrogates.registry import MODELS
from surrogates.runs.model_file import ModelSignature, save_model

CHANNELS = ModelSignature(("AVBL", "PLM-R"), ("DB1", "VB1", "PVR"), "nA", "V", 0.5, "toy")


STEPS = 1000  # 500 ms


def chain(*layers) -> keras.Model:
    return keras.Sequential([keras.Input((None, 2)), *layers], name="chain_2")


def layer(kind: str, units: int, **options) -> keras.Layer:
    """A layer that begins with zeros, which spares Keras the drawing: the tests draw all weights."""
    zeros = dict.fromkeys(("kernel_initializer", "recurrent_initializer"), "zeros")
    return getattr(keras.layers, kind)(units, return_sequences=True, **zeros, **options)


def recurrent(kind: str, units: int, **options) -> keras.Model:
    return chain(layer(kind, units, **options), keras.layers.Dense(3))


CASES = {
    "gru_8": lambda: MODELS["gru"].build(2, 3, units=8),
    "rnn_1": lambda: recurrent("SimpleRNN", 1),
    "rnn_16_softsign": lambda: recurrent("SimpleRNN", 16, activation="softsign"),
    "rnn_5_relu": lambda: recurrent("SimpleRNN", 5, activation="relu"),
    "lstm_8": lambda: recurrent("LSTM", 8),
    "lstm_3_elu": lambda: recurrent("LSTM", 3, activation="elu"),
    "lstm_2_linear": lambda: recurrent("LSTM", 2, activation="linear"),
    "gru_3_sigmoid": lambda: recurrent("GRU", 3, activation="sigmoid"),
    "gru_17_elu": lambda: recurrent("GRU", 17, activation="elu"),
    "reset_before": lambda: recurrent("GRU", 4, reset_after=False),
    "without_bias": lambda: recurrent("LSTM", 4, use_bias=False),
    "stacked": lambda: chain(
        layer("LSTM", 4),
        keras.layers.Dropout(0.5),
        layer("GRU", 3),
        keras.layers.Dense(4, activation="elu"),
        keras.layers.Dense(3, use_bias=False),
    ),
    "tdnn": lambda: MODELS["tdnn"].build(2, 3, units=20, input_lags=12),
    "linear_1": lambda: MODELS["linear"].build(2, 3, lags=1),
    "linear_4": lambda: MODELS["linear"].build(2, 3, lags=4),
    "state_space": lambda: MODELS["state_space"].build(2, 3, order=6),
    "narx": lambda: MODELS["narx"].build(2, 3, units=10, input_lags=3),
    "lfr": lambda: MODELS["lfr"].build(2, 3, order=3, units=4),
    "residual_gru": lambda: MODELS["residual_gru"].build(2, 3, order=3, units=4),
    "lru": lambda: MODELS["lru"].build(2, 3, order=3, units=4),
    "cfc": lambda: MODELS["cfc"].build(2, 3, units=4, backbone=5),
    "attention": lambda: MODELS["attention"].build(2, 3, units=6, heads=3, window=12, tokens=5),
    "selu": lambda: recurrent("GRU", 4, activation="selu"),
}


@pytest.fixture(scope="session")
def toy():
    """How the models of the cases are built, and what their files say of their channels."""
    return SimpleNamespace(chain=chain, recurrent=recurrent, signature=CHANNELS)


@pytest.fixture(scope="session", params=CASES)
def case(request):
    """The name of each case in turn."""
    return request.param


@pytest.fixture(scope="session")
def cases():
    """The names of all cases."""
    return tuple(CASES)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """Make the model file of a case, with weights (biases too) that are drawn, and not so large that it grows."""

    def make(case: str) -> Path:
        model, rng = CASES[case](), np.random.default_rng(7)
        model.set_weights([rng.normal(0, 0.5 / np.sqrt(max(w.shape)), w.shape) for w in model.get_weights()])
        return save_model(model, tmp_path_factory.mktemp("model") / "model.keras", CHANNELS)

    return make


@pytest.fixture(scope="module")
def stimulus():
    """Two trials of 500 ms in steps of 2.5 ms."""
    rng = np.random.default_rng(3)
    return np.repeat(rng.uniform(0, 2.3, (2, STEPS // 5, 2)), 5, axis=1).astype(np.float32)
