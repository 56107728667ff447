"""The signal propagation atlas: figures computed by others, and an atlas made here whose truth is known."""

import importlib.util

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import roc_auc_score

from connectome import atlas_files
from connectome.atlas.comparison import compare_with_atlas, save_scores
from connectome.atlas.predictors import PASSIVE, counts, passive_gap_network, predictions
from connectome.atlas.recordings import Atlas, load_atlas
from connectome.atlas.scores import area_under_curve, ceiling, correlate, ranks, score, shuffled
from connectome.c302_files import morphology
from connectome.parameters import load_parameters
from connectome.wirings.named import named_table
from connectome.wirings.table import Pair, WiringTable
from neuron_models.foundation.errors import InputError

with_atlas = pytest.mark.skipif(
    importlib.util.find_spec("wormneuroatlas") is None, reason="wormneuroatlas is not installed"
)
NAMES = ("AVAL", "AVAR", "AVBL", "AVBR", "DB1", "DB2", "VB1", "VB2", "RIML", "RIMR", "AVDL", "AVDR")


@pytest.fixture
def made():
    """Make an atlas of twelve neurons: a truth of unit variance, and trials with noise around it."""

    def make(noise=1.0, trials=10, truth=None, seed=0):
        rng, number = np.random.default_rng(seed), len(NAMES)
        truth = rng.normal(size=(number, number)) if truth is None else truth
        values = truth[..., None] + noise * rng.normal(size=(number, number, trials))
        q = np.where(truth > 1, 0.01, 0.9)
        count = np.full((number, number), trials)
        owners = np.repeat(np.arange(number**2), trials)
        return truth, Atlas("wt", NAMES, values.mean(-1), q, 1 - q, count, values.ravel(), owners)

    return make


@pytest.fixture(scope="module")
def measured():
    return load_atlas()


@pytest.mark.parametrize("seed", range(3))
def test_ranks_and_areas_are_those_of_other_libraries(seed):
    rng = np.random.default_rng(seed)
    values, positive = rng.integers(0, 9, 200).astype(float), rng.random(200) < 0.3
    assert np.array_equal(ranks(values), scipy.stats.rankdata(values))
    assert area_under_curve(values, positive) == pytest.approx(roc_auc_score(positive, values))
    assert np.isnan(area_under_curve(values, np.zeros(200, bool)))


def test_a_perfect_prediction_reaches_the_ceiling(made):
    truth, atlas = made(noise=2.0, trials=12)
    reliability = 1 / (1 + 4 / 12)
    assert ceiling(atlas, 8) == pytest.approx(np.sqrt(reliability), abs=0.06)
    found = correlate(atlas, truth, atlas.measured)
    assert found.pairs == 12 * 11
    assert found.r == pytest.approx(np.sqrt(reliability), abs=0.06)
    assert found.low < found.r < found.high
    x, y = truth[atlas.measured], atlas.mean[atlas.measured]
    assert found.rank_r == pytest.approx(scipy.stats.spearmanr(x, y).statistic)


def test_scores_leave_homologues_and_missing_neurons_out(made):
    truth, atlas = made()
    truth[0] = truth[:, 0] = np.nan
    found = score(atlas, "w", "p", truth)
    assert [each.pairs for each in found.with_homologues] == [110, 110, 0]
    assert [each.pairs for each in found.without_homologues] == [104, 104, 0]
    assert np.isnan(found.with_homologues[2].r)
    assert np.isnan(score(atlas, "w", "p", np.ones_like(truth)).with_homologues[0].r)
    mean, spread = shuffled(atlas, truth)
    assert abs(mean) < 0.05
    assert 0.01 < spread < 0.3


def test_two_cells_joined_by_a_gap_junction():
    table = WiringTable("x", ("AVAL", "DB1"), (Pair("AVAL", "DB1", "gap_junction", 2.0, "Generic"),), "x")
    found = passive_gap_network(table, ("AVAL", "DB1"), load_parameters())
    leak = [2.5e-5 * morphology(name).area * 1e-8 * 1e6 for name in ("AVAL", "DB1")]
    gap = 2e-4
    first = 1 / (leak[0] + gap * leak[1] / (gap + leak[1]))
    assert found[:, 0] == pytest.approx([first, first * gap / (gap + leak[1])])


def test_counts_and_hops():
    pairs = (
        Pair("AVAL", "DB1", "chemical", 3.0, "GABA", -1),
        Pair("AVBL", "DB1", "gap_junction", 2.0, "Generic"),
    )
    table = WiringTable("x", ("AVAL", "AVBL", "DB1", "VB1"), pairs, "x")
    found = counts(table, table.neurons)
    assert found["signed chemical contacts"][2, 0] == -3
    assert found["all contacts"][2].tolist() == [3, 2, 0, 0]
    assert found["fewer hops"][:, 0].tolist() == [3, 1, 2, 0]  # AVBL is two hops from AVAL, VB1 out of reach


@with_atlas
def test_the_atlas_holds_what_others_counted(measured):
    pairs = measured.measured
    assert (pairs.sum(), pairs.any(axis=0).sum(), pairs.any(axis=1).sum()) == (23901, 173, 207)
    assert [(pairs & (measured.trials >= least)).sum() for least in (4, 8, 16)] == [10215, 3942, 819]
    assert (measured.q_eq[pairs] < 0.05).sum() == 13387
    assert "AWCL" in measured.names


@with_atlas
def test_the_passive_gap_network_of_2012(measured):
    found = compare_with_atlas(measured, ["table2012"])
    passive = next(each for each in found.scores if each.predictor == PASSIVE)
    assert [each.r for each in passive.with_homologues] == pytest.approx([0.06, 0.340, 0.471], abs=0.01)
    assert [each.r for each in passive.without_homologues][1:] == pytest.approx([0.283, 0.376], abs=0.01)
    eight = passive.without_homologues[1]
    assert (eight.low, eight.high) == pytest.approx((0.19, 0.37), abs=0.02)
    assert passive.auc == pytest.approx(0.61, abs=0.01)
    limits = [found.ceilings[least, both] for both in (True, False) for least in (8, 16)]
    assert limits == pytest.approx([0.76, 0.86, 0.72, 0.83], abs=0.015)
    mean, spread = found.shuffles["table2012"]
    assert abs(mean) < 0.01
    assert spread < 0.03


@with_atlas
@pytest.mark.skipif(importlib.util.find_spec("cect") is None, reason="cect is not installed")
def test_the_consensus_of_four(measured):
    sets = load_parameters(), load_parameters("kunert2014")
    found = predictions(named_table("randi2023"), measured.names, *sets)
    scores = {label: score(measured, "randi2023", label, prediction) for label, prediction in found.items()}
    own = scores[f"{PASSIVE} / own"]
    assert [each.r for each in own.with_homologues] == pytest.approx([0.07, 0.340, 0.441], abs=0.01)
    assert own.without_homologues[1].r == pytest.approx(0.255, abs=0.01)
    expected = {"gap junctions": 0.228, "all contacts": 0.088}
    for label, r in expected.items():
        assert scores[label].with_homologues[1].r == pytest.approx(r, abs=0.01)


@with_atlas
def test_the_command(wormtwin, refused, tmp_path, shown_whole):
    call = ("validate", "atlas", "--network", "table2012", "--table", tmp_path / "s.csv", "--page", tmp_path / "a.html")
    status, out, error = wormtwin(*call)
    assert status == 0, error
    assert "0.340" in out
    assert "neurons renamed at random" in out
    assert (tmp_path / "s.csv").read_text().startswith("wiring,predictor,pairs_1_all,r_1_all")
    assert "table2012" in (tmp_path / "a.html").read_text()
    assert (tmp_path / "figures" / "matrices-table2012.csv").is_file()
    shown_whole(tmp_path / "a.html")
    refused(wormtwin("validate", "atlas", "--strain", "n2"), "no strain of the atlas 'n2'")
    refused(wormtwin("validate", "atlas", "--table", "x.txt"), "does not end in .csv")


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(atlas_files.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"wormneuroatlas, which is not installed: pip install 'wormtwin\[atlas\]'"):
        load_atlas()


def test_scores_are_written(made, tmp_path):
    _, atlas = made(trials=20)
    found = compare_with_atlas(atlas, ["table2012"], "published2012")
    save_scores(found, tmp_path / "s.csv")
    lines = (tmp_path / "s.csv").read_text().splitlines()
    assert len(lines) == 1 + len(found.scores)
