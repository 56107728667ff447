"""Classical losses of neurons: the rows, and verdicts of circuits that are known; the fit to a made atlas."""

from dataclasses import replace

import numpy as np
import pytest

from connectome.ablations.facts import EXPECTATIONS, FACTS, MOTOR, members
from connectome.ablations.judgement import judge, passes_by_chance
from connectome.ablations.search import search_facts
from connectome.ablations.steady import steady_network
from connectome.atlas.fit import class_model, correlation, fit, halve
from connectome.atlas.fit_report import fit_atlas
from connectome.atlas.recordings import Atlas
from connectome.c302_files import neurons
from connectome.parameters import load_parameters
from connectome.wirings.table import Pair, WiringTable
from neuron_models.foundation.errors import InputError

_CLASSES = {each for fact in FACTS for group in (fact.stimulated, *fact.ablated) for each in group}
TOUCH = [name for each in _CLASSES for name in members(each)]
NAMES = tuple(sorted({*TOUCH, *MOTOR["A"], *MOTOR["B"]}))


def wiring(*paths: tuple[str, str, int]) -> WiringTable:
    """Classes joined by chemical contacts: (from, to, sign)."""

    def cells(name: str) -> tuple[str, ...]:
        return MOTOR[name] if name in MOTOR else members(name)

    pairs = {(a, b): sign for pre, post, sign in paths for a in cells(pre) for b in cells(post)}
    made = tuple(Pair(a, b, "chemical", 1.0, "Acetylcholine" if s > 0 else "GABA", s) for (a, b), s in pairs.items())
    return WiringTable("made", NAMES, made, "made for a test")


TEXTBOOK = (
    *((touch, "AVD", 1) for touch in ("ALM", "AVM", "DVA")),
    *(("AVD", "AVA", 1), ("ASH", "AVA", 1), ("AVA", "A", 1), ("AVB", "B", 1), ("PVC", "AVB", 1), ("PLM", "PVC", 1)),
)


def verdicts(*paths, parameters="kunert2014", facts=FACTS):
    found = judge(steady_network(wiring(*paths), load_parameters(parameters)), facts)
    return {verdict.fact.name: verdict for verdict in found}


def test_there_are_seventeen_rows_with_sources_and_margins():
    assert (len(FACTS), sum(fact.intact for fact in FACTS), sum(fact.by_construction for fact in FACTS)) == (17, 4, 3)
    assert len({fact.name for fact in FACTS}) == 17
    assert all(fact.source for fact in FACTS)
    assert {fact.expected for fact in FACTS if fact.expected} == set(EXPECTATIONS)


def test_a_textbook_circuit_shows_what_its_arrows_say():
    found = verdicts(*TEXTBOOK)
    for name in (
        *("anterior touch reverses", "posterior touch accelerates", "nose touch (ASH) reverses"),
        *("-AVA: anterior touch lost", "-AVD: anterior touch reduced", "-AVB: posterior touch lost"),
        *("-PVC: posterior touch lost", "-AVA: nose touch lost", "-AVM: anterior touch retained"),
    ):
        assert found[name].passed, found[name]
    assert found["-AVA: anterior touch lost"].left[0] == pytest.approx(0.0, abs=1e-9)


def test_a_wrong_direction_fails_every_loss():
    turned = [(pre, {"A": "B", "B": "A"}.get(post, post), sign) for pre, post, sign in TEXTBOOK]
    found = verdicts(*turned)
    assert not found["anterior touch reverses"].passed
    lost = found["-AVA: anterior touch lost"]
    assert not lost.passed
    assert np.isnan(lost.left).all()


def test_a_passive_set_has_gap_junctions_alone():
    assert all(not verdict.passed for verdict in verdicts(*TEXTBOOK, parameters="published2012").values())


def test_steady_answers_are_those_of_two_points_by_hand():
    names = ("AVAL", "AVAR")
    table = WiringTable("pair", names, (Pair(*names, "gap_junction", 2.0, "Generic"),), "two")
    found = steady_network(table, load_parameters("kunert2014")).responses([[0]])
    leak, gap = 0.01, 0.2
    own = (leak + gap) / (leak * (leak + 2 * gap))
    np.testing.assert_allclose(found[:, 0], [own, own * gap / (leak + gap)], rtol=1e-9)


def test_renamed_networks_pass_less_than_the_textbook_and_are_seeded():
    network = steady_network(wiring(*TEXTBOOK), load_parameters("kunert2014"))
    chance = passes_by_chance(network, number=5)
    np.testing.assert_array_equal(chance, passes_by_chance(network, number=5))
    assert chance.max() < sum(verdict.passed for verdict in judge(network))


def test_a_search_finds_signs_that_fit_and_beats_renamed_wirings():
    wrong = [(pre, post, -1 if pre == "PVC" else sign) for pre, post, sign in TEXTBOOK]
    network = steady_network(wiring(*wrong), load_parameters("kunert2014"))
    found = search_facts(network, shuffles=2, draws=24)
    assert found.real.fitted >= 3
    assert found.real.judged > max(each.judged for each in found.shuffles)


def test_a_wiring_without_motor_neurons_is_refused(wormtwin, monkeypatch, refused, tmp_path):
    table = wiring(*TEXTBOOK)
    brain = replace(table, neurons=tuple(sorted(set(TOUCH))), pairs=())
    monkeypatch.setattr("connectome.wiring.load_table", lambda source=None: brain)
    refused(wormtwin("validate", "ablations"), "every B-type motor neuron", "choose another --network")
    monkeypatch.setattr("connectome.wiring.load_table", lambda source=None: table)
    passive = ("--parameters", "published2012", "--search")
    refused(wormtwin("validate", "ablations", *passive), "--search needs a graded set")
    status, out, err = wormtwin("validate", "ablations", "--shuffles", 3, "--table", tmp_path / "rows.json")
    assert status == 0, err
    assert "FAILED" in out
    assert "of 17 passed" in out
    assert (tmp_path / "rows.json").exists()


@pytest.fixture
def recorded():
    """An atlas that a wiring of 30 neurons made, with constants that are known, and the wiring."""
    rng = np.random.default_rng(3)
    names = tuple(neuron.name for neuron in neurons()[:30])
    pairs = {tuple(sorted(rng.choice(30, 2, replace=False))) for _ in range(60)}
    gaps = tuple(Pair(names[a], names[b], "gap_junction", 1.0, "Generic") for a, b in sorted(pairs))
    synapses = tuple(Pair(names[b], names[a], "chemical", 2.0, "Glutamate", 1) for a, b in sorted(pairs))
    table = WiringTable("made", names, (*gaps, *synapses), "made for a test")
    model = class_model(table, names, load_parameters("published2012"))
    constants = np.array([1.0, -1.0, 0.5, 0.0, 0.05, 0.0, 0.0, 0.5])
    truth = model.predict(constants)
    trials = np.full((30, 30), 10)
    noise = rng.normal(0, 0.3 * truth[~np.eye(30, dtype=bool)].std(), (900, 10))
    values = truth.ravel()[:, None] + noise
    owners = np.repeat(np.arange(900), 10)
    mean = values.mean(1).reshape(30, 30)
    q = np.where(np.eye(30, dtype=bool), np.nan, 0.5)
    return Atlas("wt", names, mean, q, q, trials, values.ravel(), owners), table, model, constants


def test_halves_share_no_trial_and_make_up_the_whole(recorded):
    atlas = recorded[0]
    halves = halve(atlas)
    assert (halves.trials[0] == 5).all()
    np.testing.assert_allclose(sum(halves.means) / 2, atlas.mean)


def test_a_fit_finds_what_made_the_data(recorded):
    atlas, table, model, constants = recorded
    found = fit(model, atlas.mean, atlas.measured, model.start)
    assert correlation(model.predict(found), model.predict(constants), atlas.measured) > 0.99
    report = fit_atlas(atlas, table, halvings=1)
    assert report.before < report.after_other <= 1.0
    assert report.after > 0.98 * report.ceiling
    assert report.stable


def test_a_wiring_that_shares_too_little_is_told(recorded):
    atlas, table, *_ = recorded
    with pytest.raises(InputError, match="too few"):
        fit_atlas(replace(atlas, trials=np.full((30, 30), 7)), table)
