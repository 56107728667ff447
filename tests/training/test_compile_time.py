"""The time of compilers is counted apart from that of learning, each moment once."""

import json

import numpy as np
import pytest

from surrogates.training.compile_time import compile_time
from surrogates.training.configuration import TrainingConfig
from surrogates.training.model_kind import fit_model


def test_jax_says_what_it_compiles_and_nothing_the_second_time():
    jax = pytest.importorskip("jax")

    @jax.jit
    def unusual(x):
        return jax.numpy.sin(x) ** 7 + jax.numpy.cos(x * 3.25)

    seconds = []
    for _ in range(2):
        with compile_time() as found:
            unusual(np.arange(3.0)).block_until_ready()
        seconds.append(found.seconds)
    assert seconds[0] > 0
    assert seconds[1] == 0


def test_numba_says_what_it_compiles_within_another_once():
    import time

    from numba import njit

    inner = njit(lambda x: x * 1.5 + 2)
    outer = njit(lambda x: inner(x) - 0.25)
    started = time.perf_counter()
    with compile_time() as found:
        outer(1.0)
    assert 0 < found.seconds <= time.perf_counter() - started
    with compile_time() as again:
        outer(1.0)
    assert again.seconds == 0


def test_a_second_training_has_less_to_compile(linear_response):
    from surrogates.registry import model_kind

    kind, data = model_kind("gru"), linear_response(steps=20)
    config = TrainingConfig(epochs=2, engine="keras")
    first, second = (fit_model(kind, data, config, {"units": 3}, progress=False)[1] for _ in range(2))
    assert first.compile_seconds > 0
    assert first.seconds > 0
    assert second.seconds > 0


def test_the_folder_and_the_command_tell_it(linear_response, wormtwin, tmp_path):
    from datasets.store import save_dataset
    from surrogates.runs.result import load_result

    save_dataset(linear_response(steps=20), tmp_path / "d.h5")
    call = ("train", "--data", tmp_path / "d.h5", "--model", "gru", "--units", 3, "--epochs", 2, "--engine", "keras")
    status, out, error = wormtwin(*call, "--out", tmp_path / "run")
    assert status == 0, error
    record = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert record["compile_seconds"] > 0
    assert load_result(tmp_path / "run" / "scores.json").compile_seconds == record["compile_seconds"]
    assert ("s of compiling" in out) == (record["compile_seconds"] >= 0.1)
