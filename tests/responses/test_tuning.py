"""Tuning: it finds settings that learn, goes on where it was, and never sees a test trial."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.responses.search.search import load_without_test
from surrogates.responses.search.tuning import Tuning, ranked, tune

SHORT = Tuning("rnn", {"units": 3}, trials=14, epochs=8, seed=3)


@pytest.fixture
def data(linear_response, tmp_path):
    return save_dataset(linear_response(), tmp_path / "toy.h5")


def figures(trials):
    return [(trial.state.name, trial.params, trial.values) for trial in trials]


@pytest.fixture
def surface(monkeypatch):
    """Trainings of no time: their error is a known function of the settings, and some diverge."""
    import surrogates.responses.search.tuning
    from surrogates.training.configuration import Training

    def train_model(name, dataset, config, settings, progress):
        surface.calls += 1
        if surface.calls == surface.interrupt_at:
            raise KeyboardInterrupt
        if config.learning_rate > 0.05:
            raise FloatingPointError("diverged")
        error = abs(np.log10(config.learning_rate) + 2.3) + config.batch_size / 100
        error += (settings["activation"] != "elu") / 2 + config.seed / 1000
        return error, Training({}, 1, 0.1)

    def predict(error, dataset):
        return [np.asarray(trial.y) + error for trial in dataset]

    surface.calls, surface.interrupt_at = 0, 0
    monkeypatch.setattr(surrogates.responses.search.tuning, "fit_model", train_model)
    monkeypatch.setattr(surrogates.responses.search.tuning, "predict", predict)
    return surface


def test_the_best_settings_learn_and_the_worst_do_not(data, tmp_path):
    best, *_, worst = ranked(tune(data, Tuning("gru", {"units": 3}, trials=5, epochs=60), tmp_path / "t"))
    assert best.values[0] < 0.4 * worst.values[0]
    assert best.params["learning_rate"] > worst.params["learning_rate"]


def test_nothing_is_left_of_a_search_without_a_trial(linear_response, tmp_path):
    toy = linear_response()
    holes = [replace(trial, x=np.where(trial.x > 0.9, np.nan, trial.x)) for trial in toy]
    data = save_dataset(replace(toy, trials=tuple(holes)), tmp_path / "holes.h5")
    with pytest.raises(InputError, match="NaN in x"):
        tune(data, SHORT, tmp_path / "a" / "t")
    assert [each.name for each in tmp_path.iterdir()] == ["holes.h5"]


def test_the_search_comes_near_the_known_minimum(data, tmp_path, surface):
    tuning = replace(SHORT, trials=40)
    trials = tune(data, tuning, tmp_path / "t")
    best = ranked(trials)[0]
    assert (best.params["activation"], best.params["batch_size"]) == ("elu", 8)
    assert best.params["learning_rate"] == pytest.approx(10**-2.3, rel=0.3)
    assert {t.state.name for t in trials if t.params["learning_rate"] > 0.05} == {"FAIL"}
    assert len(trials) == 40


@pytest.mark.parametrize("call", [1, 7, 23])
def test_a_stopped_search_goes_on_as_if_it_had_not_been(data, tmp_path, surface, call):
    tuning = replace(SHORT, trials=25, seeds_per_trial=3)
    whole = tune(data, tuning, tmp_path / "whole")
    assert {trial.state.name for trial in whole} == {"COMPLETE", "PRUNED", "FAIL"}
    surface.calls, surface.interrupt_at = 0, call
    with pytest.raises(KeyboardInterrupt):
        tune(data, tuning, tmp_path / "stopped")
    surface.interrupt_at = 0
    journal = tmp_path / "stopped" / "journal.log"
    if journal.exists():  # a search that no trial of ended leaves nothing
        journal.write_bytes(journal.read_bytes() + b'{"op_code": 6, "wor')  # as a power cut leaves it
    assert figures(tune(data, replace(tuning, trials=10), tmp_path / "stopped")) == figures(whole)[:10]
    assert figures(tune(data, tuning, tmp_path / "stopped")) == figures(whole)
    calls = surface.calls
    assert figures(tune(data, tuning, tmp_path / "stopped")) == figures(whole)
    assert surface.calls == calls


def test_a_search_goes_on_where_a_killed_one_held_the_lock_of_its_journal(data, tmp_path, surface, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tune(data, SHORT, Path("t"))
    Path("t/journal.log.lock").symlink_to("t/journal.log")  # as a version with Optuna's lock left it: it leads nowhere
    Path("t/.best.json-abcdefgh").mkdir()
    more = replace(SHORT, trials=SHORT.trials + 1)
    assert figures(tune(data, more, Path("t"))) == figures(tune(data, more, Path("whole")))
    assert {each.name for each in Path("t").glob("journal*")} == {"journal.log"}


def test_a_left_temporary_file_makes_no_search_refuse(data, tmp_path, surface):
    left = tmp_path / "t" / ".manifest.json-abcdefgh.unfinished"
    left.mkdir(parents=True)
    (left / "manifest.json").write_text("{")
    tune(data, SHORT, tmp_path / "t")
    assert not left.exists()


def test_real_trainings_are_resumed_to_the_same_figures(data, tmp_path):
    tuning = replace(SHORT, trials=2, epochs=2)
    tune(data, replace(tuning, trials=1), tmp_path / "a")
    assert figures(tune(data, tuning, tmp_path / "a")) == figures(tune(data, tuning, tmp_path / "b"))


def test_test_trials_change_nothing(linear_response, data, tmp_path):
    dataset = linear_response()
    poison = [replace(t, y=np.full_like(t.y, np.nan)) if t.split == "test" else t for t in dataset]
    poisoned = save_dataset(replace(dataset, trials=tuple(poison)), tmp_path / "poison.h5")
    assert {trial.split for trial in load_without_test(poisoned)} == {"train", "validation"}
    tuning = replace(SHORT, trials=1, epochs=2)
    assert figures(tune(poisoned, tuning, tmp_path / "p")) == figures(tune(data, tuning, tmp_path / "d"))


def test_the_command_leaves_tables_pictures_and_the_line_that_trains(wormtwin, data, tmp_path):
    out = tmp_path / "t"
    call = ("tune", "--data", data, "--model", "gru", "--units", 2, "--trials", 3, "--epochs", 5, "--out", out)
    status, text, err = wormtwin(*call)
    assert status == 0, err
    pictures = {f"{name}.{suffix}" for name in ("history", "parameters") for suffix in ("png", "svg")}
    assert {p.name for p in out.iterdir()} >= {"trials.csv", "best.json", "manifest.json", "journal.log"} | pictures
    trials, best = pd.read_csv(out / "trials.csv"), json.loads((out / "best.json").read_text())
    assert best["validation_rmse"] == trials["validation_rmse"].min()
    assert trials["number"].tolist() == [1, 2, 3]
    assert "learning rate" in (out / "parameters.svg").read_text().replace("<!-- ", "")
    assert best["command"] in text
    before = (out / "trials.csv").read_bytes()
    assert wormtwin(*call)[0] == 0
    assert (out / "trials.csv").read_bytes() == before
    assert wormtwin(*shlex.split(best["command"])[1:])[0] == 0
    trained = json.loads((out / "best" / "scores.json").read_text())
    assert trained["scores"]["validation"]["rmse"] == pytest.approx(best["validation_rmse"], rel=1e-4)
    assert trained["settings"] == {"units": 2, "activation": best["settings"]["activation"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--trials", "-1"], "trials must be >= 1, got -1"),
        (["--epochs", "0"], "epochs must be >= 1, got 0"),
        (["--seeds-per-trial", "0"], "seeds per trial must be >= 1, got 0"),
        (["--seed", "-1"], "seed must be a whole number"),
        (["--units", "0"], "units must be >= 1, got 0"),
        (["--model", "linear"], "linear is solved at once and has nothing to tune"),
        (["--model", "gruu"], "there is no model 'gruu'"),
    ],
)
def test_wrong_searches_are_reported_before_anything_is_written(wormtwin, data, tmp_path, arguments, words):
    status, _, err = wormtwin("tune", "--data", data, "--out", tmp_path / "t", *arguments)
    assert (status, len(err.strip().splitlines())) == (2, 1)
    assert words in err
    assert not (tmp_path / "t").exists()


def test_folders_of_another_search_and_damaged_ones(data, linear_response, tmp_path, surface):
    out = tmp_path / "t"
    tune(data, SHORT, out)
    other = save_dataset(linear_response(seed=5), tmp_path / "other.h5")
    for wrong, message in (
        ((other, SHORT, out), "a search with another data"),
        ((data, replace(SHORT, seed=4), out), r"another seed \(3 instead of 4\): choose another --out"),
        ((data, replace(SHORT, settings={"units": 4}), out), "another settings"),
        ((data, SHORT, data), "must name a folder of its own"),
    ):
        with pytest.raises(InputError, match=message):
            tune(*wrong)
    journal = out / "journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:3], b"%%%\n", *lines[3:]]))
    with pytest.raises(InputError, match=r"journal\.log: damaged: delete"):
        tune(data, SHORT, out)
    (out / "manifest.json").write_text("[")
    with pytest.raises(InputError, match=r"manifest\.json is damaged"):
        tune(data, SHORT, out)


def test_data_without_validation_trials(linear_response, tmp_path):
    data = save_dataset(linear_response().with_split(["train"] * 16), tmp_path / "a.h5")
    with pytest.raises(InputError, match="has no validation trials: a search needs them"):
        tune(data, SHORT, tmp_path / "t")


def test_when_all_diverge_it_is_reported(wormtwin, data, tmp_path, surface, monkeypatch):
    monkeypatch.setattr("surrogates.responses.search.tuning.LEARNING_RATES", (0.06, 0.1))
    status, _, err = wormtwin("tune", "--data", data, "--trials", 3, "--out", tmp_path / "t")
    assert status == 2
    assert "all 3 trials diverged" in err
    assert (tmp_path / "t" / "trials.csv").read_text().count("diverged") == 3
