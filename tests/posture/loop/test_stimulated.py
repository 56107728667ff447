"""The loop as a system: random currents in, features of the crawl out, and a dataset that `train` takes."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectome.c302_files import neurons
from datasets.posture.loop import stimulated
from datasets.posture.loop.settings import CrawlSettings, named_neurons
from datasets.posture.loop.stimulated import FEATURES, StimulatedCrawls, features_of, stimulated_crawls
from datasets.posture.midlines import midlines_of
from datasets.store import load_dataset
from run_experiments import run

pytestmark = pytest.mark.skipif(importlib.util.find_spec("cect") is None, reason="cect is not installed")
NAMES = tuple(neuron.name for neuron in neurons())


class Follower:
    """A network whose AVB rises by 100 mV for each nA of current into it."""

    def __init__(self, settings):
        self.rest = np.full(len(NAMES), -65.0)
        self._into = [settings.stimulated.index(name) for name in named_neurons(["AVB"]) if name in settings.stimulated]
        self._avb = np.array([name.startswith("AVB") for name in NAMES])

    def step(self, currents):
        return self.rest + 100.0 * (currents[self._into].mean() if self._into else 0.0) * self._avb

    def state(self):
        return {}

    def restore(self, state):
        pass


def circuit():
    return type("Cells", (), {"fingerprint": "f", "cells": [type("Cell", (), {"name": name}) for name in NAMES]})()


@given(st.integers(0, 2**31 - 1), st.integers(1, 30), st.sampled_from((1.0, 4.0, 20.0, 50.0)))
def test_inputs_are_the_means_of_what_is_injected(seed, seconds, fps):
    crawls = StimulatedCrawls(("AVB", "PLM"), 3, seconds, 0.05, fps, seed)
    settings = crawls.settings(1, CrawlSettings())
    every = round(1000 / fps)
    injected = np.zeros((1000 * seconds, 2))
    for name, current in zip(settings.stimulated, settings.currents().T, strict=True):
        injected[:, 1 if name.startswith("PLM") else 0] = current
    means = injected.reshape(-1, every, 2).mean(axis=1)
    np.testing.assert_allclose(crawls.inputs(1), means, atol=1e-6)
    assert (crawls.inputs(1) >= 0).all()
    assert crawls.inputs(1).max() <= 0.05 + 1e-6


def test_trials_and_seeds_differ_and_more_trials_change_none():
    few, many = StimulatedCrawls(trials=3), StimulatedCrawls(trials=9)
    np.testing.assert_array_equal(few.inputs(2), many.inputs(2))
    assert not np.array_equal(few.inputs(0), few.inputs(1))
    assert not np.array_equal(few.inputs(0), StimulatedCrawls(trials=3, seed=1).inputs(0))


def test_features_of_a_worm_that_glides_in_an_arc_of_known_bend():
    """An arc of 0.9 rad that moves 0.2 mm/s along its mean direction, head first, and is 1 mm long."""
    along, times = (np.arange(48) + 0.5) / 48, np.arange(100) / 20
    lines = midlines_of(np.tile(0.9 * (along - 0.5), (100, 1)), centroid=np.column_stack([-0.2 * times, 0 * times]))
    found = features_of(lines, 20.0)
    np.testing.assert_allclose(found[20:-20, 0], 0.2, rtol=1e-4)
    np.testing.assert_allclose(found[:, 1:].sum(axis=1), 0.9 * 47 / 48, rtol=1e-4)
    np.testing.assert_allclose(found[:, 1:], 0.3, atol=0.02)
    assert features_of(lines[::-1], 20.0)[50, 0] == pytest.approx(-0.2, rel=1e-4)


@pytest.mark.slow
def test_a_dataset_whose_speed_follows_the_current_into_avb(tmp_path, monkeypatch):
    monkeypatch.setattr(stimulated, "stepping_network", lambda _, __, settings: Follower(settings))
    crawls = StimulatedCrawls(("AVB", "PLM"), 4, 6, 0.1)
    made = stimulated_crawls(crawls, CrawlSettings(), circuit(), "a follower", tmp_path / "loop.h5")
    stored = load_dataset(tmp_path / "loop.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["loop.h5"]
    assert (stored.x_names, stored.y_names, stored.task) == (("AVB", "PLM"), FEATURES, "regression")
    assert {trial.split for trial in stored} == {"train", "validation", "test"}
    for trial, again in zip(stored, made, strict=True):
        np.testing.assert_array_equal(trial.y[:], again.y)
    moving = np.concatenate([np.asarray(trial.y)[60:, 0] for trial in stored])
    driven = np.concatenate([np.convolve(np.asarray(trial.x)[:, 0], np.ones(20), "same")[60:] for trial in stored])
    assert moving[driven == 0].mean() < 0.3 * moving[driven > 0.3].mean()


def test_bad_input_is_one_line(tmp_path, capsys):
    given = ["posture", "crawl-responses", "--out", str(tmp_path / "c.h5"), "--seconds", "3"]
    for more, word in (
        (["--inputs", "AVX"], "no neuron 'AVX'"),
        (["--inputs", "AVB,AVBL"], "AVBL"),
        (["--inputs", ","], "names no neuron"),
        (["--trials", "2"], "one for each split"),
        (["--peak", "nan"], "--peak must be a finite number"),
        (["--seconds", "0"], "1 to 36000"),
        (["--fps", "33"], "divide a second"),
        (["--ablate", "AVB", "--inputs", "AVB"], "is ablated and cannot be stimulated"),
        (["--jobs", "0"], "--jobs must be >= 1"),
        (["--out", str(tmp_path / "c.csv")], "ends in .h5"),
    ):
        assert run([*given, *more]) == 2
        error = capsys.readouterr().err
        assert word in error, error
        assert len(error.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_surrogate_of_the_whole_loop(tmp_path):
    data, model = tmp_path / "loop.h5", tmp_path / "gru"
    assert run(["posture", "crawl-responses", "--trials", "3", "--seconds", "2", "--out", str(data)]) == 0
    train = ["train", "--data", str(data), "--model", "gru", "--units", "4", "--epochs", "5", "--out", str(model)]
    assert run(train) == 0
    assert run(["evaluate", "--data", str(data), "--model", str(model / "model.keras")]) == 0
