"""The Keras backends agree."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.backend import require_backend, require_precision
from surrogates.registry import MODELS
from surrogates.runs.model_file import ModelSignature, save_model
from surrogates.training.configuration import TrainingConfig
from surrogates.training.trainer import train

CODE = """
import json, sys
from datasets.store import load_dataset
from surrogates.backend import keras
from surrogates.runs.model_file import load_model
from surrogates.registry import MODELS
from surrogates.training.configuration import TrainingConfig
from surrogates.training.trainer import train
dataset = load_dataset(sys.argv[1])
found = {"backend": keras.backend.backend()}
for path in sys.argv[2:]:
    model = load_model(path)[0]
    rate = MODELS[model.layers[0].name].learning_rate
    found[model.name] = train(model, dataset, TrainingConfig(epochs=20, learning_rate=rate), progress=False).history
print(json.dumps(found))
"""


def histories(backend, data, models):
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    if backend != "default":
        environment["KERAS_BACKEND"] = backend
    call = [sys.executable, "-c", CODE, str(data), *map(str, models)]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def agree(dataset, units, names, folder):
    """From the same first weights, both backends give the same losses for 20 epochs."""
    data = save_dataset(dataset, folder / "toy.h5")
    models = [
        save_model(MODELS[name].build(2, 2, units=units, seed=0), folder / f"{name}.keras", ModelSignature.of(dataset))
        for name in names
    ]
    jax, tensorflow = (histories(backend, data, models) for backend in ("default", "tensorflow"))
    assert (jax.pop("backend"), tensorflow.pop("backend")) == ("jax", "tensorflow")
    for name, history in jax.items():
        for key in ("loss", "val_loss"):
            np.testing.assert_allclose(tensorflow[name][key], history[key], rtol=1e-4, err_msg=f"{name} {key}")


@pytest.mark.slow
def test_jax_is_the_default_and_tensorflow_gives_the_same_losses(linear_response, tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    agree(linear_response(), 3, ["gru"], tmp_path)


@pytest.mark.slow
def test_the_backends_agree_at_the_published_size(linear_response, tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    agree(linear_response(steps=1000, number=40), 8, ["rnn", "lstm", "gru"], tmp_path)


def test_backends_and_precisions_that_cannot_be_are_reported(monkeypatch):
    with pytest.raises(InputError, match="KERAS_BACKEND must be one of jax, tensorflow, torch, got 'mxnet'"):
        require_backend("mxnet")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="KERAS_BACKEND is torch, which is not installed"):
        require_backend("torch")
    with pytest.raises(InputError, match=r"Keras computes in float16 by default: set floatx in .*keras\.json"):
        require_precision("float16")


def test_a_wrong_backend_is_one_line_of_the_command_line(tmp_path):
    code = "import sys; from run_experiments import run; sys.exit(run(sys.argv[1:]))"
    call = [sys.executable, "-c", code, "models"]
    environment = {**os.environ, "KERAS_BACKEND": "mxnet", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("wormtwin: KERAS_BACKEND must be one of")
    assert len(done.stderr.splitlines()) == 1


def test_without_compiled_kernels_keras_trains(linear_response, monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    model = MODELS["gru"].build(2, 2, units=2)
    with pytest.raises(InputError, match="unset NUMBA_DISABLE_JIT"):
        train(model, linear_response(), TrainingConfig(epochs=1, engine="fast"), progress=False)
    assert train(model, linear_response(), TrainingConfig(epochs=1), progress=False).engine == "keras"
