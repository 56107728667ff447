"""What crawling loses by an ablation: the table, its margins and its command; and the published program's gait."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from connectome.c302_files import neurons
from datasets.posture.loop import lesions
from datasets.posture.loop.lesions import LESIONS, Lesion, lesion_table, lesions_of
from datasets.posture.loop.recorded import without_network
from datasets.posture.loop.settings import CrawlSettings, named_neurons
from run_experiments import run

pytestmark = pytest.mark.skipif(importlib.util.find_spec("cect") is None, reason="cect is not installed")
NAMES = tuple(neuron.name for neuron in neurons())


class Follower:
    """A network whose command neurons rise by 200 mV for each nA of current into them."""

    def __init__(self, settings):
        self.rest, self._into = np.full(len(NAMES), -65.0), settings.stimulated

    def step(self, currents):
        raised = dict(zip(self._into, 200.0 * currents, strict=False))
        return self.rest + np.array([raised.get(name, 0.0) for name in NAMES])

    def state(self):
        return {}

    def restore(self, state):
        pass


def circuit():
    return type("Cells", (), {"fingerprint": "f", "cells": [type("Cell", (), {"name": name}) for name in NAMES]})()


def test_the_table_says_what_each_worm_loses(tmp_path, monkeypatch):
    monkeypatch.setattr(lesions, "stepping_network", lambda _, __, settings: Follower(settings))
    lesions_ = (Lesion(), *(each for each in LESIONS if each.groups in (("AVB",), ("AVA",))), Lesion(("VB", "DB")))
    out = tmp_path / "t.csv"
    table = lesion_table(lesions_, CrawlSettings(2), circuit(), "a follower", out)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
    share = table.set_index(["lost", "driven"])["share"]
    assert share["none", "forward"] == share["none", "backward"] == 1
    assert abs(share["AVB", "forward"]) < 1e-6
    assert share["AVB", "backward"] == pytest.approx(1)
    assert share["AVA", "forward"] == pytest.approx(1)
    assert abs(share["AVA", "backward"]) < 1e-6
    assert abs(share["VB, DB", "forward"]) < 1e-6
    assert share["VB, DB", "backward"] == pytest.approx(1)
    assert (table[table["published"] != ""]["met"] == "yes").all()
    assert (table[table["published"] == ""]["met"] == "").all()
    read = pd.read_csv(out)
    np.testing.assert_allclose(read["speed"], table["speed"], rtol=1e-3, atol=1e-9)


def test_what_is_not_met_is_told():
    rows = [("none", way, 0.2, "") for way in ("forward", "backward")]
    rows += [("X", "forward", 0.1, "kept"), ("X", "backward", 0.1, "impaired"), ("Y", "forward", -0.2, "lost")]
    table = pd.DataFrame(rows, columns=["lost", "driven", "speed", "published"]).assign(share=np.nan, met="")
    assert lesions._judged(table)["met"].tolist() == ["", "", "no", "yes", "yes"]
    still = lesions._judged(table.assign(speed=[0.2, -0.1, 0.1, 0.1, 0.1]))
    assert still["met"].tolist() == ["", "", "no", lesions.UNKNOWN, "no"]
    assert still["share"].isna().tolist() == [False, True, False, True, False]


def test_a_worm_that_is_touched_is_driven_by_its_touch_neurons(tmp_path, monkeypatch, capsys):
    """Nobody stands between touch and command neurons in this network: no worm goes, and nothing is judged."""
    monkeypatch.setattr(lesions, "stepping_network", lambda _, __, settings: Follower(settings))
    base = CrawlSettings(1, through="touch")
    assert base.stimulated == ("PLML", "PLMR")
    assert lesions.lesioned(base, Lesion(), "backward").stimulated == ("ALML", "ALMR", "AVM")
    lesions_ = lesions_of("touch")
    assert {"PVC", "AVD"} <= {each.name for each in lesions_}
    table = lesion_table(
        (Lesion(), *(each for each in lesions_ if each.name == "PVC")), base, circuit(), "n", tmp_path / "t.csv"
    )
    assert table["met"].tolist() == ["", "", lesions.UNKNOWN, ""]
    lesions.print_lesions(table)
    shown = capsys.readouterr().out
    assert "Driven forward, the intact worm moves at -0.000 mm/s: it has nothing to lose there" in shown.replace(
        "+0", "-0"
    )
    assert "Met: 0 of 1" in shown


def test_every_published_ablation_names_neurons_that_there_are():
    assert all(named_neurons(each.groups) for each in LESIONS if each.groups)
    assert {group for each in LESIONS for group in each.groups} == {"AVB", "AVA", "DB", "VB", "DA", "VA", "D"}


@pytest.mark.slow
def test_the_gait_of_the_authors_own_program():
    """worm.cc of Boyle et al. 2012, compiled as it stands, 35 s on agar: 0.40 Hz, 0.68 L, 0.188 mm/s."""
    found = without_network(CrawlSettings(30), NAMES, (1.0, 0.0)).gait
    assert found.frequency == pytest.approx(0.40, rel=0.03)
    assert found.wavelength == pytest.approx(0.68, rel=0.03)
    assert found.speed == pytest.approx(0.188, rel=0.03)


def test_bad_input_is_one_line(tmp_path, capsys):
    given = ["posture", "crawl-ablations", "--out", str(tmp_path / "t.csv"), "--seconds", "3"]
    for more, word in (
        (["--ablate", "AVX"], "no neuron 'AVX'"),
        (["--ablate", "DB,VB,DA,VA"], "leaves no motor neuron"),
        (["--seconds", "0"], "1 to 36000"),
        (["--medium", "1"], "at least that of water"),
        (["--muscle", "hill"], "first-order, electrical"),
        (["--variant", "mine"], "no body 'mine'"),
        (["--simulator", "euler"], "linear or neuron"),
        (["--through", "muscles"], "command, interneurons, touch"),
        (["--jobs", "0"], "--jobs must be >= 1"),
        (["--out", str(tmp_path / "t.h5")], "ends in .csv"),
        (["--out", str(tmp_path)], "is a folder"),
    ):
        assert run([*given, *more]) == 2
        error = capsys.readouterr().err
        assert word in error, error
        assert len(error.splitlines()) == 1
    assert not list(tmp_path.iterdir())
