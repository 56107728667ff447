"""Reduction: the smallest model under a bound, found among few trainings and never by the test trials."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.responses.search.reduction import Reduction, count_parameters, kinds_with_size, reduce_model
from surrogates.responses.search.reduction_result import save_reduction
from surrogates.responses.search.size_search import LADDER, ladder_to, smallest_size
from surrogates.runs.result import Result, save_result
from surrogates.training.metrics import Score


@pytest.fixture
def data(linear_response, tmp_path):
    return save_dataset(linear_response(), tmp_path / "toy.h5")


@given(st.integers(1, 80), st.integers(1, 64), st.booleans())
def test_a_threshold_is_found_exactly(threshold, largest, climb):
    tried = []

    def enough(size):
        tried.append(size)
        return size >= threshold

    found = smallest_size(enough, ladder_to(largest), climb)
    assert found == (threshold if threshold <= largest else None)
    assert len(tried) == len(set(tried)) <= (len(LADDER) + 7 if climb else 11)
    assert max(tried) <= largest


def test_a_size_that_fails_by_noise_does_not_hide_a_smaller_one():
    assert smallest_size(lambda size: size >= 5 and size != 8, LADDER) == 5
    assert smallest_size(lambda size: size in (2, 9, 10, 11, 12, 16), LADDER, climb=True) == 2
    assert smallest_size(lambda size: size in (7, 9) or size >= 10, LADDER) == 7


GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def parameters(name, size, inputs, outputs):
    """By hand: weights and biases of the gates (two sets of biases for a GRU), then the dense layer."""
    if name == "linear":
        return size * outputs**2 + (size + 1) * inputs * outputs + 2 * outputs  # at rest, and an intercept
    biases = 2 if name == "gru" else 1
    return GATES[name] * size * (inputs + size + biases) + (size + 1) * outputs


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "linear"])
def test_parameters_are_those_counted_by_hand(name):
    assert count_parameters(name, 5, 3, 2) == parameters(name, 5, 3, 2)


@pytest.fixture
def curve(monkeypatch):
    """Runs of no time: their error falls with size by a known law, some diverge, the test error misleads."""
    import surrogates.runs.fitting

    def fit_and_save(kind, dataset, settings, config, out, **_):
        model = kind.name
        assert {trial.split for trial in dataset} == {"train", "validation"}
        curve.runs.append((model, *settings.values(), config.seed))
        if len(curve.runs) == curve.interrupt_at:
            raise KeyboardInterrupt
        (size,) = settings.values()
        if model == "lstm" and size >= 2 and config.seed == 1:
            raise FloatingPointError("diverged")
        error = {"rnn": 1.0, "lstm": 0.05, "gru": 0.1, "linear": 3.0}[model] / size * (1 + config.seed / 100)
        scores = {"validation": Score(error, 1.0, {"P": error}, {"P": 1.0})}
        result = Result("reduce", model, settings, config.seed, 1, scores, 0, 0.1, "toy")
        save_result(result, out)
        (out / "model.keras").write_bytes(b"")
        return result

    curve.runs, curve.interrupt_at = [], 0
    monkeypatch.setattr(surrogates.runs.fitting, "fit_and_save", fit_and_save)
    monkeypatch.setattr("surrogates.responses.search.reduction.count_parameters", parameters)
    return curve


def test_the_smallest_by_parameters_wins_over_kinds(data, tmp_path, curve):
    outcome = reduce_model(data, Reduction(0.0112, models=("rnn", "lstm", "gru", "linear"), runs=3), tmp_path / "r")
    assert (outcome.winner.model, outcome.winner.size) == ("gru", 10)
    assert outcome.winner.rmse == pytest.approx(0.01 * 1.01)
    assert outcome.winner.best.seed == 0
    assert all(c.rmse == math.inf for c in outcome.tried if c.model == "lstm" and c.size >= 2)
    assert {run[2] for run in curve.runs if run[0] == "linear"} == {0}
    assert len(curve.runs) == len(set(curve.runs))


def test_sizes_that_cannot_win_are_not_trained(data, tmp_path, curve):
    outcome = reduce_model(data, Reduction(0.11, models=("gru", "rnn"), runs=1), tmp_path / "r")
    assert (outcome.winner.model, outcome.winner.size) == ("gru", 1)
    assert max(c.parameters for c in outcome.tried if c.model == "rnn") < outcome.winner.parameters


def test_a_stopped_search_goes_on_and_other_bounds_share_its_runs(data, tmp_path, curve):
    reduction = Reduction(0.02, models=("gru", "rnn"), runs=2)
    whole = reduce_model(data, reduction, tmp_path / "whole")
    number = len(curve.runs)
    curve.runs, curve.interrupt_at = [], number // 2
    with pytest.raises(KeyboardInterrupt):
        reduce_model(data, reduction, tmp_path / "stopped")
    curve.interrupt_at = 0
    assert reduce_model(data, reduction, tmp_path / "stopped") == whole
    assert len(curve.runs) == number + 1  # the one that was interrupted
    looser = reduce_model(data, replace(reduction, max_rmse=0.03), tmp_path / "stopped")
    assert looser.winner.size < whole.winner.size
    assert len(curve.runs) < 2 * number


def test_the_two_lag_system_is_found_on_its_own_data(wormtwin, data, tmp_path):
    out = tmp_path / "r"
    call = ("reduce", "--data", data, "--models", "gru,linear", "--max-rmse", 1e-4, "--out", out)
    status, text, err = wormtwin(*call, "--max-units", 3, "--runs", 1, "--epochs", 3)
    assert status == 0, err
    best, tried = json.loads((out / "best.json").read_text()), pd.read_csv(out / "tried.csv")
    assert (best["found"], best["model"], best["settings"]) == (True, "linear", {"lags": 2})
    assert best["parameters"] == 2 * 2 * 2 + 3 * 2 * 2 + 2 * 2
    assert best["test_rmse"] < 1e-5
    assert tried[tried["under_bound"]]["size"].tolist() == [2]
    assert "Smallest: linear (lags 2; 24 parameters)" in text
    assert {"model.keras", "reduction.png", "reduction.svg", "manifest.json", "runs"} <= {p.name for p in out.iterdir()}
    assert f"{best['test_rmse']:.4g}" in text


def test_an_unreachable_bound_is_a_result(wormtwin, data, tmp_path, monkeypatch):
    monkeypatch.setattr("surrogates.responses.search.size_search.LADDER", (1, 2))
    out = tmp_path / "r"
    call = ("reduce", "--data", data, "--models", "linear", "--max-rmse", 1e-12, "--max-units", 60, "--out", out)
    status, text, err = wormtwin(*call)
    assert status == 0, err
    assert "No model is under the bound; the closest is linear (lags" in text
    best, tried = json.loads((out / "best.json").read_text()), pd.read_csv(out / "tried.csv")
    assert best["found"] is False
    assert "test_rmse" not in best
    assert best["validation_rmse"] == tried["validation_rmse"].min()
    assert "60 lags need trials longer than 60 samples" in tried["note"].iloc[-1]
    assert not (out / "model.keras").exists()


def test_test_trials_change_nothing(linear_response, data, tmp_path):
    dataset = linear_response()
    poison = [replace(t, y=np.full_like(t.y, 1e6)) if t.split == "test" else t for t in dataset]
    poisoned = save_dataset(replace(dataset, trials=tuple(poison)), tmp_path / "poison.h5")
    reduction = Reduction(1e-4, models=("linear",), max_units=4)
    outcomes = {path: reduce_model(path, reduction, tmp_path / path.stem) for path in (data, poisoned)}
    figures = [[(c.size, c.rmse) for c in outcome.tried] for outcome in outcomes.values()]
    assert figures[0] == figures[1]
    assert {c.model for c in outcomes[data].tried} == {"linear"}
    _, best = save_reduction(outcomes[poisoned], poisoned, reduction, tmp_path / "poison")
    assert best["test_rmse"] == pytest.approx(1e6, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--max-rmse", "0"], "the bound of the RMSE must be > 0, got 0"),
        (["--max-rmse", "nan"], "--max-rmse must be a finite number, got nan"),
        (["--max-rmse", "1", "--max-units", "0"], "max units must be >= 1, got 0"),
        (["--max-rmse", "1", "--runs", "-1"], "runs must be >= 1, got -1"),
        (["--max-rmse", "1", "--jobs", "0"], "jobs must be >= 1, got 0"),
        (["--max-rmse", "1", "--models", "gru,gruu"], "there is no model 'gruu'"),
        (["--max-rmse", "1", "--models", "gru,gru"], "a model is named twice"),
        (["--max-rmse", "1", "--models", ","], "--models ',' names no model"),
        ([], "--max-rmse"),
    ],
)
def test_wrong_searches_are_reported_before_anything_is_written(wormtwin, data, tmp_path, arguments, words):
    status, _, err = wormtwin("reduce", "--data", data, "--out", tmp_path / "t", *arguments)
    assert (status, len(err.strip().splitlines())) == (2, 1)
    assert words in err
    assert not (tmp_path / "t").exists()


def test_folders_of_another_search(data, linear_response, tmp_path):
    reduction = Reduction(1e-4, models=("linear",), max_units=1)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.keras").write_text("somebody's model")
    with pytest.raises(InputError, match="holds something else than a search"):
        reduce_model(data, reduction, tmp_path / "model")
    assert (tmp_path / "model" / "model.keras").read_text() == "somebody's model"
    reduce_model(data, reduction, tmp_path / "r")
    other = save_dataset(linear_response(seed=5), tmp_path / "other.h5")
    with pytest.raises(InputError, match="a search with another data"):
        reduce_model(other, reduction, tmp_path / "r")
    with pytest.raises(InputError, match="another epochs"):
        reduce_model(data, replace(reduction, epochs=7), tmp_path / "r")
    damaged = tmp_path / "r" / "runs" / "linear-1" / "seed-0" / "scores.json"
    damaged.write_text(damaged.read_text()[:40])
    with pytest.raises(InputError, match="not a result of wormtwin"):
        reduce_model(data, reduction, tmp_path / "r")


def test_data_that_no_model_can_learn_are_reported(linear_response, tmp_path):
    dataset = linear_response()
    broken = [replace(t, y=np.full_like(t.y, np.nan)) for t in dataset]
    data = save_dataset(replace(dataset, trials=tuple(broken)), tmp_path / "nan.h5")
    with pytest.raises(InputError, match="NaN in y: give such samples weight 0"):
        reduce_model(data, Reduction(1.0, models=("linear",), max_units=2), tmp_path / "r")


def test_every_recurrent_and_linear_kind_has_a_size():
    assert {"rnn", "lstm", "gru", "linear"} <= set(kinds_with_size())


def test_sizes_that_a_kind_cannot_have_are_passed_over(data, tmp_path):
    chosen = Reduction(1e-9, models=("attention",), max_units=4, runs=1, epochs=1)
    assert [each.size for each in reduce_model(data, chosen, tmp_path / "r").tried] == [4]  # four heads
    with pytest.raises(InputError, match="heads must divide the 2 units, got 4"):
        reduce_model(data, replace(chosen, max_units=2), tmp_path / "none")
