"""`wormtwin crawl` as a user meets it: stopped and gone on, bad input in one line."""

import importlib.util

import h5py
import numpy as np
import pytest

from connectome.c302_files import neurons
from datasets.posture.loop import recorded
from run_experiments import run
from surrogates.posture.crawl import cli

pytestmark = pytest.mark.skipif(importlib.util.find_spec("cect") is None, reason="cect is not installed")
NAMES = tuple(neuron.name for neuron in neurons())


class Network:
    """A network whose AVB is 10 mV above its rest, and whose other potentials drift; it stops a crawl when told."""

    stop_at = None

    def __init__(self):
        self.rest, self._steps = np.full(len(NAMES), -65.0), np.zeros(1)
        self._avb = 10.0 * np.array([name.startswith("AVB") for name in NAMES])

    def step(self, currents):
        if self._steps[0] == Network.stop_at:
            raise KeyboardInterrupt
        self._steps += 1
        return self.rest + self._avb + 0.001 * self._steps * np.arange(len(NAMES)) / 302 + currents.sum()

    def state(self):
        return {"steps": self._steps.copy()}

    def restore(self, state):
        self._steps = state["steps"].copy()


@pytest.fixture
def drawn_network(monkeypatch):
    """Crawl with the network above instead of one that takes seconds to build."""
    cells = [type("Cell", (), {"name": name}) for name in NAMES]
    circuit = type("Cells", (), {"fingerprint": "f", "cells": cells})()
    monkeypatch.setattr(cli, "network_of", lambda *_: (circuit, "a drawn network"))
    monkeypatch.setattr(recorded, "stepping_network", lambda *_: Network())
    monkeypatch.setattr(Network, "stop_at", None)


@pytest.mark.usefixtures("drawn_network")
def test_a_stopped_crawl_ends_in_the_bytes_of_a_whole_one(tmp_path, monkeypatch, capsys):
    given = ["crawl", "--seconds", "2", "--pulse", "ALM=0.01@0.5-1", "--out"]
    whole, stopped = tmp_path / "whole" / "worm.h5", tmp_path / "stopped" / "worm.h5"
    assert run([*given, str(whole), "--wcon", str(whole.with_suffix(".wcon"))]) == 0
    monkeypatch.setattr(Network, "stop_at", 1500)
    given_again = [*given, str(stopped), "--wcon", str(stopped.with_suffix(".wcon"))]
    assert run(given_again) == 130
    assert not stopped.exists()
    monkeypatch.setattr(Network, "stop_at", None)
    capsys.readouterr()
    assert run(given_again) == 0
    files = sorted(path.name for path in whole.parent.iterdir())
    assert files == ["worm.activity.h5", "worm.h5", "worm.wcon"]
    assert sorted(path.name for path in stopped.parent.iterdir()) == files
    for name in files:
        assert (stopped.parent / name).read_bytes() == (whole.parent / name).read_bytes(), name
    with h5py.File(whole.with_suffix(".activity.h5")) as file:
        assert file["neurons"][-1, -1] > file["neurons"][10, -1] + 1


@pytest.mark.usefixtures("drawn_network")
def test_a_scenario_longer_than_the_crawl_is_refused(tmp_path, capsys):
    toml, out = tmp_path / "mine.toml", tmp_path / "c.h5"
    assert run(["scenario", "new", "--out", str(toml), "--like", "fcm"]) == 0
    text = toml.read_text()
    duration = next(line for line in text.splitlines() if line.startswith("duration"))
    toml.write_text(text.replace(duration, "duration = 2500.0"))
    capsys.readouterr()
    assert run(["crawl", "--seconds", "2", "--scenario", str(toml), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert "lasts 2.5 s, longer than the crawl of 2 s: give more --seconds" in error, error
    assert len(error.splitlines()) == 1
    assert not out.exists()
