"""Experiments: seeds, resuming, tables, runs that diverge."""

import json
import math

import pytest

import run_experiments
from datasets.store import save_dataset
from neuron_models.errors import InputError
from surrogates.experiments import Entry, Experiment, Protocol, run_experiment, save_summary, summarise
from surrogates.result import load_result

TINY = Experiment("t", "tiny", "toy", 0.5, (Entry("gru", {"units": 2}, (0.1, 0.2, 0.3)), Entry("linear", {"lags": 2})))
SHORT = Protocol(runs=2, epochs=3)


@pytest.fixture
def data(linear_response, tmp_path):
    return save_dataset(linear_response(), tmp_path / "toy.h5")


def test_every_entry_runs_with_every_seed_and_is_kept(data, tmp_path):
    results = run_experiment(TINY, data, SHORT, tmp_path / "out")
    assert [(r.model, r.seed) for r in results] == [("gru", 0), ("gru", 1), ("linear", 0)]
    table = summarise(TINY, results)
    gru = table.iloc[0]
    assert (gru["model"], gru["runs"], gru["test_published"]) == ("GRU-2", 2, 0.3)
    assert gru["test"] == pytest.approx((results[0].rmse("test") + results[1].rmse("test")) / 2)
    assert math.isnan(table.iloc[1]["test_published"])
    save_summary(TINY, table, results, SHORT, tmp_path / "out")
    content = json.loads((tmp_path / "out" / "result.json").read_text())
    assert len(content["runs"]) == 3
    assert content["table"][1]["test_published"] is None
    assert (tmp_path / "out" / "result.csv").read_text().count("\n") == 3


def test_finished_runs_are_not_repeated_and_missing_ones_are_made(data, tmp_path):
    run_experiment(TINY, data, SHORT, tmp_path / "out")
    first, second = (tmp_path / "out" / "runs" / "GRU-2" / f"seed-{seed}" / "scores.json" for seed in (0, 1))
    before, content = first.stat().st_mtime_ns, load_result(second)
    second.unlink()
    again = run_experiment(TINY, data, SHORT, tmp_path / "out")
    assert first.stat().st_mtime_ns == before
    assert again[1].scores == content.scores


def test_a_half_written_run_is_told(data, tmp_path):
    run_experiment(TINY, data, SHORT, tmp_path / "out")
    path = tmp_path / "out" / "runs" / "GRU-2" / "seed-0" / "scores.json"
    path.write_text(path.read_text()[:50])
    with pytest.raises(InputError, match="not a result of wormtwin"):
        run_experiment(TINY, data, SHORT, tmp_path / "out")


def test_a_folder_of_other_data_or_length_is_refused(data, linear_response, tmp_path):
    run_experiment(TINY, data, SHORT, tmp_path / "out")
    other = save_dataset(linear_response(seed=5), tmp_path / "other.h5")
    with pytest.raises(InputError, match="another data"):
        run_experiment(TINY, other, SHORT, tmp_path / "out")
    with pytest.raises(InputError, match="another epochs"):
        run_experiment(TINY, data, Protocol(2, 4), tmp_path / "out")


def test_a_diverged_run_is_marked_and_the_others_go_on(data, tmp_path, monkeypatch):
    import surrogates.fitting

    whole = surrogates.fitting.fit_and_score

    def sometimes(dataset, model, settings, config, out, **rest):
        if config.seed == 1:
            raise FloatingPointError("diverged")
        return whole(dataset, model, settings, config, out, **rest)

    monkeypatch.setattr(surrogates.fitting, "fit_and_score", sometimes)
    results = run_experiment(TINY, data, SHORT, tmp_path / "out")
    row = summarise(TINY, results).iloc[0]
    assert (row["runs"], row["diverged"]) == (2, 1)
    assert row["test"] == pytest.approx(results[0].rmse("test"))


def test_the_command_prints_measured_beside_published(wormtwin, data, tmp_path, monkeypatch):
    monkeypatch.setattr(run_experiments, "EXPERIMENTS", {"1": TINY})
    monkeypatch.setattr(run_experiments, "_simulated", lambda *_: data)
    status, out, err = wormtwin("experiments", "--runs", 1, "--epochs", 2, "--out", tmp_path / "r")
    assert status == 0, err
    assert "GRU-2" in out
    assert "0.3" in out
    (folder,) = (tmp_path / "r").glob("experiment-1-2-epochs-*")
    assert {"result.json", "result.csv", "summary.png", "summary.svg", "runs"} <= {p.name for p in folder.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["9"], "there is no experiment '9'; there are 1"),
        (["--runs", 0], "runs must be >= 1, got 0"),
        (["--epochs", -5], "epochs must be >= 1, got -5"),
        (["--jobs", 0], "--jobs must be >= 1, got 0"),
    ],
)
def test_wrong_experiments(wormtwin, tmp_path, arguments, message):
    status, _, err = wormtwin("experiments", "--out", tmp_path / "r", *arguments)
    assert status == 2
    assert message in err
    assert not (tmp_path / "r").exists()


def test_the_table_of_experiments_is_the_published_one():
    entries = run_experiments.EXPERIMENTS["1"].entries
    assert [e.label for e in entries] == ["RNN-16", "LSTM-8", "GRU-8", "RNN-64", "LSTM-32", "GRU-32", "linear-2"]
