"""The closed loop: the oscillator, its gates, and what silencing and ablating do."""

import importlib.util
import json

import numpy as np
import pytest

from connectome.c302_files import neurons
from datasets.posture.body.mechanics import WATER
from datasets.posture.loop import recorded
from datasets.posture.loop.crawling import Loop
from datasets.posture.loop.gait import gait
from datasets.posture.loop.oscillator import JUNCTIONS, STRETCH, Units, cord, neuron_of
from datasets.posture.loop.recorded import crawl, without_network
from datasets.posture.loop.settings import CrawlSettings, held, named_neurons
from datasets.posture.midlines import midlines_of
from neuron_models.foundation.errors import InputError
from run_experiments import run

pytestmark = pytest.mark.skipif(importlib.util.find_spec("cect") is None, reason="cect is not installed")
NAMES = tuple(neuron.name for neuron in neurons())
REST = np.full(len(NAMES), -65.0)


class Fake:
    """A network whose AVB is 10 mV above rest, or its AVA; its state is how often it was stepped."""

    def __init__(self, high="AVB"):
        self.rest, self.steps = REST, 0
        self._v = REST + 10.0 * np.array([name.startswith(high) for name in NAMES])

    def step(self, currents):
        assert np.isfinite(currents).all()
        self.steps += 1
        return self._v

    def state(self):
        return {"steps": np.array(self.steps)}

    def restore(self, state):
        self.steps = int(state["steps"])


def test_the_published_weights():
    np.testing.assert_allclose(STRETCH[:7] * 2, 0.65 * (0.4 + 0.08 * np.arange(7)))
    assert STRETCH[11] * 2 == pytest.approx(0.65 * 1.28 * np.sqrt(6))
    assert JUNCTIONS[1] == pytest.approx(0.7 * (1 - 0.6 * 2.5 / 48))
    assert JUNCTIONS[0] == pytest.approx((0.7 / 1.5 + 0.7 * (1 - 0.6 / 48)) / 2)
    assert (neuron_of("DB", 0), neuron_of("VA", 11), neuron_of("VB", 6)) == ("DB1", "VA12", "VB6")


def test_units_rest_while_the_gate_is_closed_and_switch_when_it_opens():
    units = Units(cord("B", ()), backward=False)
    straight = np.zeros((2, 48))
    assert not units.step(0.0, straight).any()
    places = units.step(0.675, straight)
    np.testing.assert_array_equal(units.on, [[0, 1]] * 12)  # ventral ones by their bias
    np.testing.assert_allclose(places[1], JUNCTIONS)
    np.testing.assert_allclose(places[0], -JUNCTIONS)


def test_ablated_classes_are_gone():
    gone = Units(cord("B", named_neurons(["VB"])), backward=False)
    assert not gone.step(0.675, np.zeros((2, 48)))[1].any()
    without = Units(cord("B", named_neurons(["D"])), backward=False)
    assert (without.step(0.675, np.zeros((2, 48)))[0] == 0).all()


@pytest.mark.parametrize(("gates", "sign"), [((1.0, 0.0), 1), ((0.0, 1.0), -1)])
def test_the_oscillator_crawls_forward_and_its_mirror_backward(gates, sign):
    found = without_network(CrawlSettings(4), NAMES, gates).gait
    assert sign * found.speed > 0.05
    assert sign * found.wavelength > 0.4


def test_silence_does_not_crawl():
    found = without_network(CrawlSettings(2), NAMES, (0.0, 0.0))
    assert found.gait.speed == pytest.approx(0, abs=1e-9)
    assert not found.muscles.any()


@pytest.mark.slow
def test_it_swims_faster_than_it_crawls():
    agar = without_network(CrawlSettings(8), NAMES, (1.0, 0.0)).gait
    water = without_network(CrawlSettings(4, medium=WATER), NAMES, (1.0, 0.0)).gait
    assert water.frequency > 2 * agar.frequency
    assert water.wavelength > agar.wavelength


@pytest.mark.parametrize(("high", "sign"), [("AVB", 1), ("AVA", -1)])
def test_potentials_of_command_neurons_open_the_gates(high, sign):
    loop = Loop(CrawlSettings(2), NAMES, REST, Fake(high))
    kept = list(loop.seconds(0, 2))
    assert kept[-1]["gates"][-1].tolist() == ([1.0, 0.0] if sign > 0 else [0.0, 1.0])
    cut = Loop(CrawlSettings(2).without(*named_neurons([high])), NAMES, REST, Fake(high))
    assert not np.concatenate([each["muscles"] for each in cut.seconds(0, 1)]).any()


def test_the_gait_of_a_known_wave():
    times, along = np.arange(400) / 20, (np.arange(48) + 0.5) / 48
    angles = 0.6 * np.cos(2 * np.pi * (along / 0.7 - 0.4 * times[:, None]))
    found = gait(midlines_of(angles, centroid=np.column_stack([-0.2 * times, 0 * times])), 20.0)
    assert found.frequency == pytest.approx(0.4, abs=0.01)
    assert found.wavelength == pytest.approx(0.7, rel=0.03)
    assert found.speed == pytest.approx(0.2, rel=1e-6)


def test_a_stopped_crawl_goes_on_from_its_last_second(tmp_path, monkeypatch):
    fakes = []

    def fake(*_):
        fakes.append(Fake())
        return fakes[-1]

    cells = type("Cells", (), {"fingerprint": "f", "cells": [type("Cell", (), {"name": name}) for name in NAMES]})
    monkeypatch.setattr(recorded, "stepping_network", fake)
    whole = crawl(CrawlSettings(4), cells(), "n", tmp_path / "a.h5")
    done = []

    def stop():
        done.append(1)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crawl(CrawlSettings(4), cells(), "n", tmp_path / "b.h5", stop)
    again = crawl(CrawlSettings(4), cells(), "n", tmp_path / "b.h5")
    np.testing.assert_array_equal(again.midlines, whole.midlines)
    assert fakes[-1].steps == 4000
    with pytest.raises(InputError, match="another crawl"):
        crawl(CrawlSettings(5), cells(), "n", tmp_path / "b.h5")


def test_bad_input_is_one_line(tmp_path, capsys):
    given = ["crawl", "--out", str(tmp_path / "c.h5"), "--seconds", "3"]
    for more, word in (
        (["--ablate", "AVX"], "no neuron 'AVX'"),
        (["--ablate", "DB,VB,DA,VA"], "leaves no motor neuron"),
        (["--medium", "0.5"], "at least that of water"),
        (["--pulse", "ALM=1@2-9"], "after the crawl"),
        (["--pulse", "ALM:1"], "a pulse is like"),
        (["--pulse", "ALX=1@1-2"], "no neuron 'ALX'"),
        (["--scenario", "mine"], "no scenario"),
        (["--seconds", "0"], "1 to 36000"),
        (["--muscle", "hill"], "first-order, electrical"),
        (["--simulator", "euler"], "linear or neuron"),
        (["--fps", "33"], "divide a second"),
        (["--page", "p.txt"], ".html"),
        (["--direction", "up"], "forward, backward, none"),
    ):
        assert run([*given, *more]) == 2
        error = capsys.readouterr().err
        assert word in error, error
        assert len(error.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_scenario_longer_than_the_crawl_is_refused():
    from dataclasses import replace

    from connectome.scenario import load_scenario

    long = replace(load_scenario("fcm").select([1]), duration=3000.0)
    with pytest.raises(InputError, match="lasts 3 s, longer than the crawl of 2 s"):
        CrawlSettings(2, scenario=long)


def test_stimuli_are_held_where_they_are_told():
    settings = CrawlSettings(3, held=(held("ALM,AVM=0.05@1-2"),), ablated=("ALMR",))
    currents = dict(zip(settings.stimulated, settings.currents().T, strict=True))
    assert "ALMR" not in currents
    assert currents["AVM"].nonzero()[0][[0, -1]].tolist() == [1000, 1999]
    np.testing.assert_allclose(currents["AVBL"], 0.05)


def test_the_page_holds_what_it_plays(tmp_path):
    from surrogates.posture.crawl.page import write_page

    found = without_network(CrawlSettings(2), NAMES, (1.0, 0.0))
    text = write_page(found, {"silent": found}, tmp_path / "p.html").read_text()
    assert "https:" not in text.replace("https://www.w3.org", "")
    facts = json.loads(text.split('id="facts">')[1].split("</script>")[0])
    assert facts["midlines"]["shape"] == [40, 25, 2]
    assert len(facts["neurons"]) == 302
    assert sum(map(len, facts["rows"])) == 95


@pytest.mark.slow
def test_the_whole_command(tmp_path, capsys):
    out = tmp_path / "crawl.h5"
    assert run(["crawl", "--seconds", "2", "--out", str(out), "--page", str(tmp_path / "p.html")]) == 0
    shown = capsys.readouterr().out
    assert "Boyle, Berri and Cohen" in shown
    assert "network silenced" in shown
    assert {path.name for path in tmp_path.iterdir()} == {"crawl.h5", "crawl.activity.h5", "p.html"}
