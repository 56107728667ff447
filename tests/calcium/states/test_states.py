"""Behaviour states from calcium: baselines against scikit-learn, folds that share nothing, nested choices."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from connectome.contact import Connectome, Contact, Neuron
from datasets.calcium.states import apply_rule
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.calcium.states.baselines import fit_logistic, fit_svm, logistic, svm
from surrogates.calcium.states.classification import class_score, confusion_of
from surrogates.calcium.states.folds import folds, shared_reach
from surrogates.calcium.states.inputs import Inputs, prepared
from surrogates.calcium.states.models import STATE_MODELS
from surrogates.calcium.states.networks import WINDOW, mlp
from surrogates.calcium.states.protocol import FoldTraining, Learner, evaluate_set, windows_for
from surrogates.calcium.states.reading import agreement, inferred_edges, occlusion
from surrogates.calcium.states.windows import AHEAD, BEFORE, correlations, label_windows, with_correlations
from surrogates.registry import MODELS
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.training.configuration import EarlyStopping
from surrogates.training.jax_program import CompiledTraining, compiled_training

NEURONS = ("AVAL", "AVBL", "RIML", "VB2")
QUICK = FoldTraining(folds=3, blocks=3, steps=20)


def test_windows_are_labelled_near_their_middle(two):
    dataset = prepared(two, Inputs())
    windows = label_windows(dataset)
    for row in (0, 17, len(windows) - 1):
        trial, at = dataset.trials[windows.trial[row]], windows.at[row]
        np.testing.assert_array_equal(windows.x[row], trial.x[at - BEFORE : at + AHEAD + 1].astype(np.float32))
        assert windows.y[row] == trial.y[at, 0]
        assert trial.weight[at] > 0
    # every labelled frame with a whole window around it is there
    counted = sum((trial.weight[BEFORE : len(trial) - AHEAD] > 0).sum() for trial in dataset)
    assert len(windows) == counted


def test_no_window_shows_a_frame_that_was_not_measured(worms):
    x = np.array(worms.trials[0].x)
    x[100:103] = np.nan
    gap = replace(worms, trials=(replace(worms.trials[0], x=x), *worms.trials[1:]))
    windows = label_windows(prepared(apply_rule(gap, "two"), Inputs(scaling="standard")))
    at = windows.at[windows.trial == 0]
    assert np.isfinite(windows.x).all()
    assert not ((at + AHEAD >= 100) & (at - BEFORE < 103)).any()


def test_correlations_stand_at_their_neuron(two):
    dataset = prepared(two, Inputs())
    windows = with_correlations(label_windows(dataset), dataset)
    assert windows.x.shape[1:] == (WINDOW + 4, 8)
    by_numpy = np.corrcoef(dataset.trials[0].x.T)
    np.testing.assert_allclose(correlations(dataset.trials[0], 4), by_numpy[:4], atol=1e-6)
    for neuron in range(4):
        rows = windows.x[0, WINDOW:, [neuron, 4 + neuron]]  # what the graph network gathers for this neuron
        np.testing.assert_allclose(rows, by_numpy[neuron].reshape(2, 4), atol=1e-5)


@pytest.mark.parametrize("rule", ["two", "seven"])
def test_logistic_regression_is_that_of_scikit_learn(worms, rule):
    dataset = prepared(apply_rule(worms, rule), Inputs())
    windows = label_windows(dataset)
    model = logistic(8, len(dataset.extra["classes"]))
    model.set_weights(fit_logistic(model, windows.x, windows.y))
    flat = windows.x.reshape(len(windows), -1)
    other = LogisticRegression(C=1.0, max_iter=1000, tol=1e-3).fit(flat, windows.y)
    given = model.predict(windows.x, verbose=0)
    np.testing.assert_allclose(given[:, other.classes_], other.predict_proba(flat), atol=1e-4)


@pytest.mark.parametrize("rule", ["two", "seven"])
def test_the_svm_is_that_of_scikit_learn(worms, rule):
    dataset = prepared(apply_rule(worms, rule), Inputs())
    windows = label_windows(dataset)
    model = svm(8, len(dataset.extra["classes"]), windows=len(windows))
    model.set_weights(fit_svm(model, windows.x, windows.y))
    flat = windows.x.reshape(len(windows), -1).astype(float)
    other = SVC(C=1.0, gamma="scale").fit(flat, windows.y)
    given = model.predict(windows.x, verbose=0).argmax(1)
    assert (given == other.predict(flat)).mean() > 0.998  # single precision decides a few on the border


def test_one_step_of_a_program_is_one_of_keras():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, WINDOW, 6)).astype(np.float32), rng.integers(0, 3, 50).astype(np.int32)
    model = mlp(6, 3, units=5)
    done = CompiledTraining(model).fit(
        model.get_weights(), (x, y, None), (x, y, None), epochs=1, batch_size=50, learning_rate=0.01
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    loss = model.train_on_batch(x, y)
    assert done.loss == pytest.approx([float(loss)], rel=1e-5)
    for mine, other in zip(done.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4)
    np.testing.assert_allclose(CompiledTraining(model).predict(done.weights, x), model.predict(x, verbose=0), atol=1e-4)
    checked = model.evaluate(x, y, verbose=0)
    assert done.validation == pytest.approx([float(checked)], rel=1e-4)


def test_a_program_stops_and_gives_the_best_epoch_back():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, WINDOW, 2)).astype(np.float32)
    y = (x[:, 0, 0] + rng.normal(size=90) > 0).astype(np.int32)
    model = mlp(2, 2, units=8)
    assert compiled_training(model) is compiled_training(mlp(2, 2, units=8, seed=5))
    learned, checked = (x[:60], y[:60], None), (x[60:], y[60:], None)
    done = compiled_training(model).fit(
        model.get_weights(),
        learned,
        checked,
        epochs=200,
        batch_size=20,
        learning_rate=0.02,
        stopping=EarlyStopping(rate_patience=3, patience=8),
    )
    assert done.best == int(np.argmin(done.validation))
    assert len(done.validation) == done.best + 8 + 1  # eight epochs without gain after it
    model.set_weights(done.weights)
    given = model.predict(x[60:], verbose=0)[np.arange(30), y[60:]]
    assert -np.log(given).mean() == pytest.approx(done.validation[done.best], rel=1e-4)


@settings(max_examples=25)
@given(number=st.integers(3, 8), smoothing=st.sampled_from([1, 5, 9]), frames=st.integers(200, 400))
def test_strict_folds_share_no_frame(recordings, number, smoothing, frames):
    dataset = prepared(apply_rule(recordings(2, frames), "two"), Inputs(smoothing))
    windows = label_windows(dataset)
    half = smoothing // 2 + 1  # frames beside a sample that its derivative knows
    tested = np.zeros(len(windows), dtype=int)
    for fold in folds(windows, dataset, "strict", number):
        tested += fold.test
        parts = [fold.train, fold.validation, fold.test]
        assert not (fold.train & fold.validation | fold.train & fold.test | fold.validation & fold.test).any()
        for trial in range(2):
            used = []
            for part in parts:
                at = windows.at[part & (windows.trial == trial)]
                used.append({f for a in at for f in range(a - BEFORE - half, a + AHEAD + half + 1)})
            assert not used[0] & used[1]
            assert not used[0] & used[2]
            assert not used[1] & used[2]
    assert (tested == 1).all()
    assert shared_reach(smoothing) == WINDOW - 1 + 2 * half


def test_the_papers_folds_ask_every_window_once(two):
    dataset = prepared(two, Inputs())
    windows = label_windows(dataset)
    parts = list(folds(windows, dataset, "paper", 5))
    assert (sum(fold.test.astype(int) for fold in parts) == 1).all()
    for fold in parts:
        assert (fold.train.astype(int) + fold.validation + fold.test == 1).all()
    with pytest.raises(InputError, match="protocol must be one of paper, strict, got 'fair'"):
        next(folds(windows, dataset, "fair"))


def test_standard_scaling_and_range_scaling(two):
    standard = prepared(two, Inputs(scaling="standard")).trials[0].x
    np.testing.assert_allclose(standard.std(axis=0), 0.25)
    np.testing.assert_allclose(standard.mean(axis=0), 0, atol=1e-12)
    plain = prepared(two, Inputs()).trials[0].x
    np.testing.assert_allclose(plain.min(axis=0), 0)
    np.testing.assert_allclose(plain.max(axis=0), 1)
    with pytest.raises(InputError, match="scaling must be one of range, standard, got 'rank'"):
        Inputs(scaling="rank")


@pytest.mark.parametrize("name", STATE_MODELS)
def test_every_model_of_states_comes_back_from_a_file(name, two, tmp_path, monkeypatch):
    wired = tuple(
        Contact(pre, post, "chemical", "GABA", 0, 0.5, 0, 0.5) for pre, post in itertools.permutations(NEURONS, 2)
    )
    small = Connectome(tuple(map(Neuron, NEURONS)), wired[::2], "by hand")
    monkeypatch.setattr("surrogates.calcium.graph.wiring.load_connectome", lambda: small)
    kind = MODELS[name]
    dataset = kind.prepare(two)
    x = kind.objective.arrays(dataset)[0][:20]
    model = kind.for_data(dataset)
    rng = np.random.default_rng(0)
    model.set_weights([weight + rng.uniform(0, 0.1, weight.shape) for weight in model.get_weights()])
    given = np.asarray(model(x))
    np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-5)
    save_model(model, tmp_path / "model.keras", ModelSignature.of(dataset, name))
    again, channels = load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(x), given, atol=1e-6)
    assert (channels.model, channels.classes) == (name, ("forward", "reverse"))
    channels.require_same(dataset)


def test_the_graph_network_learns_the_states(two):
    records = evaluate_set(two, "calcium_gnn", (0, 1), Inputs(), replace(QUICK, steps=200))
    strict = [record for record in records if record["protocol"] == "strict"]
    found = [np.trace(record["unseen"]["worm3"]) / np.sum(record["unseen"]["worm3"]) for record in strict]
    assert np.mean(found) > 0.9


def test_scores_are_counts():
    table = confusion_of(np.array([0, 0, 1, 1, 1, 0]), np.array([0, 1, 1, 1, 0, 0]), 3)
    np.testing.assert_array_equal(table, [[2, 1, 0], [1, 2, 0], [0, 0, 0]])
    score = class_score(table, ("a", "b", "c"))
    assert score.accuracy == pytest.approx(4 / 6)
    assert score.chance == pytest.approx(3 / 6)
    assert score.recall["a"] == pytest.approx(2 / 3)
    assert np.isnan(score.recall["c"])


def test_agreement_is_spearmans_and_its_test_permutes_neurons():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(7, 7)), rng.integers(0, 4, (7, 7)).astype(float)
    off = ~np.eye(7, dtype=bool)
    found = agreement(first, second, permutations=200)
    assert found.rho == pytest.approx(spearmanr(first[off], second[off]).statistic)
    assert found.p > 0.01
    same = agreement(first, first + 100 * np.eye(7), permutations=999)
    assert (same.rho, same.p) == (pytest.approx(1), pytest.approx(1 / 1000, abs=2e-3))
    with pytest.raises(InputError, match="no ranks"):
        agreement(first, np.ones((7, 7)))


def test_hiding_a_neuron_costs_what_it_told(two):
    dataset = prepared(two, Inputs())
    windows = label_windows(dataset)
    fold = next(folds(windows, dataset, "strict", 3))
    learner = Learner(STATE_MODELS["calcium_logistic"], dataset, QUICK)
    weights = learner.fit(windows, fold)
    weights = [np.where(np.arange(64)[:, None] % 4 == 0, weights[0], 0), weights[1]]  # AVAL alone
    lost = occlusion(learner, weights, windows, 4)
    whole, shares = (learner.predicted(weights, windows) == windows.y).mean(), np.bincount(windows.y) / len(windows.y)
    assert lost[0] in [pytest.approx(100 * (whole - share)) for share in shares]  # the same answer all the time
    assert lost[0] > 2
    assert lost[1:] == [0, 0, 0]
    graph = Learner(STATE_MODELS["calcium_gnn"], dataset, QUICK)
    edges = inferred_edges(graph.model, graph.model.get_weights(), windows_for(STATE_MODELS["calcium_gnn"], dataset).x)
    assert edges.shape == (4, 4)
    assert ((edges > 0) & (edges < 1)).all()
