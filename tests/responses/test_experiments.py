"""Experiments: shared runs, seeds, going on, tables, runs that diverge, the published figures."""

import contextlib
import errno
import io
import json
import math
import shutil
from dataclasses import replace

import pandas as pd
import pytest

import run_experiments
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write
from surrogates.responses.experiments.experiment_runs import run_all
from surrogates.responses.experiments.experiments import Entry, Experiment, Protocol, with_baselines
from surrogates.responses.experiments.summary import by_output, list_runs, print_summary, save_summary, summarise

PUBLISHED = {"train": 0.1, "validation": 0.2, "test": 0.3}
GRU = Entry("gru", {"units": 2}, PUBLISHED)
TINY = Experiment("1", "tiny", "toy", (GRU, Entry("linear", {"lags": 2})))
SHORT = Protocol(runs=2, epochs=3)
FILES = {"model.keras", "history.csv", "scores.json"}


@pytest.fixture(scope="session")
def toy(linear_response, tmp_path_factory):
    """The finished runs of the experiment above: their folder, the outcome, what was printed."""
    folder = tmp_path_factory.mktemp("toy")
    data = {("toy", 0.5): save_dataset(linear_response(), folder / "toy.h5")}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        (outcome,) = run_all([TINY], data, SHORT, folder / "out")
    return folder, outcome, printed.getvalue()


@pytest.fixture
def data(toy):
    return {("toy", 0.5): toy[0] / "toy.h5"}


@pytest.fixture
def out(toy, tmp_path):
    """A copy of the finished runs, to be spoiled."""
    return shutil.copytree(toy[0] / "out", tmp_path / "out")


@pytest.fixture
def runs(out):
    """Where the runs lie in it."""
    return out / "runs" / "toy" / "3-epochs"


@pytest.fixture
def input_a(monkeypatch):
    """A group of inputs of the toy dataset."""
    monkeypatch.setattr("surrogates.responses.experiments.experiments.INPUT_GROUPS", {"A": ("A",)})


def test_every_entry_runs_with_every_seed_and_is_kept(toy):
    folder, outcome, printed = toy
    assert (outcome.experiment, outcome.protocol) == (TINY, SHORT)
    assert [entry for entry, _ in outcome.runs] == list(TINY.entries)
    (first, second), (solved,) = (runs for _, runs in outcome.runs)
    assert [run.result.seed for run in (first, second, solved)] == [0, 1, 0]
    assert second.folder == folder / "out" / "runs" / "toy" / "3-epochs" / "GRU-2" / "seed-1"
    assert second.data == folder / "toy.h5"
    assert {path.name for path in second.folder.iterdir()} == FILES
    assert "2 runs of networks in" in printed
    assert "1 run of baselines in" in printed


def test_the_tables_hold_the_runs(toy, tmp_path):
    outcome = toy[1]
    results = [run.result for _, runs in outcome.runs for run in runs]
    gru, linear = (row for _, row in summarise(outcome).iterrows())
    assert (gru["model"], gru["runs"], gru["test_published"]) == ("GRU-2", 2, 0.3)
    assert gru["test"] == pytest.approx((results[0].rmse("test") + results[1].rmse("test")) / 2)
    assert gru["step_microseconds"] > 0
    assert math.isnan(linear["test_published"])
    outputs = by_output(outcome)
    assert list(outputs) == ["model", "runs", "P", "Q"]
    assert math.hypot(outputs["P"][1], outputs["Q"][1]) / math.sqrt(2) == pytest.approx(results[2].rmse("test"))
    assert outputs["P"][0] == pytest.approx(sum(each.scores["test"].rmse_by_output["P"] for each in results[:2]) / 2)
    assert list_runs(outcome)["folder"][0] == "runs/toy/3-epochs/GRU-2/seed-0"
    save_summary(outcome, tmp_path / "s")
    content = json.loads((tmp_path / "s" / "result.json").read_text())
    assert (len(content["runs"]), len(content["by_output"])) == (3, 2)
    assert content["table"][1]["test_published"] is None
    assert [len(pd.read_csv(tmp_path / "s" / f"{name}.csv")) for name in ("result", "runs", "by_output")] == [2, 3, 2]


def test_a_run_that_several_experiments_list_is_run_once(data, out, capsys):
    two, three = Entry("linear", {"lags": 2}, {"test": 0.1}), Entry("linear", {"lags": 3})
    experiments = [Experiment("1", "", "toy", (two, three)), Experiment("2", "", "toy", (three, GRU))]
    first, second = run_all(experiments, data, SHORT, out)
    assert capsys.readouterr().out.startswith("1 run of baselines in")
    assert first.runs[1][1] == second.runs[0][1]
    assert summarise(first)["test_published"][0] == 0.1


def test_finished_runs_are_not_repeated_and_missing_ones_are_made(data, toy, out, runs, capsys):
    first, second = (runs / "GRU-2" / f"seed-{seed}" / "scores.json" for seed in (0, 1))
    before = first.stat().st_mtime_ns
    second.unlink()
    (again,) = run_all([TINY], data, Protocol(runs=3, epochs=3), out)
    assert [run.result.seed for run in again.runs[0][1]] == [0, 1, 2]
    assert again.runs[0][1][1].result.scores == toy[1].runs[0][1][1].result.scores
    assert first.stat().st_mtime_ns == before
    assert capsys.readouterr().out.startswith("2 runs of networks in")


def test_an_input_is_left_out(data, toy, out, input_a):
    without = Experiment("4", "without", "toy", (Entry("linear", {"lags": 2}, without=("A",)),))
    ((_, (run,)),) = run_all([without], data, SHORT, out)[0].runs
    assert run.without == ("A",)
    assert run.folder == out / "runs" / "toy-without-A" / "3-epochs" / "linear-2" / "seed-0"
    whole = toy[1].runs[1][1][0].result
    assert run.result.rmse("test") > 100 * whole.rmse("test")
    assert run.result.parameters == whole.parameters - 3 * 2


def test_a_half_written_run_is_reported_before_anything_is_run(data, out, runs):
    path = runs / "GRU-2" / "seed-0" / "scores.json"
    path.write_text(path.read_text()[:50])
    (runs / "linear-2" / "seed-0" / "scores.json").unlink()
    with pytest.raises(InputError, match=r"seed-0/scores\.json: not a result of wormtwin .*delete it"):
        run_all([TINY], data, SHORT, out)
    assert not (runs / "linear-2" / "seed-0" / "scores.json").exists()


def test_a_folder_of_other_data_or_versions_is_refused(data, linear_response, tmp_path, out, runs, monkeypatch):
    other = {("toy", 0.5): save_dataset(linear_response(seed=5), tmp_path / "other" / "toy.h5")}
    with pytest.raises(InputError, match=r"holds runs with another data .* choose another --out"):
        run_all([TINY], other, SHORT, out)
    with monkeypatch.context() as patch:
        patch.setattr("surrogates.responses.experiments.experiment_runs.versions", lambda: {"backend": "abacus"})
        with pytest.raises(InputError, match=r"another backend \(jax instead of abacus\)"):
            run_all([TINY], data, SHORT, out)
    (runs / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"manifest\.json is damaged: delete "):
        run_all([TINY], data, SHORT, out)


def test_a_diverged_run_is_marked_and_the_others_go_on(data, out, runs, monkeypatch):
    def diverge(*_, **__):
        raise FloatingPointError("diverged")

    monkeypatch.setattr("surrogates.runs.fitting.fit_and_save", diverge)
    (runs / "GRU-2" / "seed-1" / "scores.json").unlink()
    for _ in range(2):  # the second time from the disk
        (outcome,) = run_all([TINY], data, SHORT, out)
        row = summarise(outcome).iloc[0]
        assert (row["runs"], row["diverged"]) == (2, 1)
        assert row["test"] == outcome.runs[0][1][0].result.rmse("test")
        assert by_output(outcome)["runs"][0] == 1


def test_a_full_disk_takes_no_finished_run_away(data, toy, tmp_path, monkeypatch):
    def full(path):
        if path.parent.name == "seed-1":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return atomic_write(path)

    files = {"scores.json": (toy[1].runs[0][1][0].folder / "scores.json").read_bytes()}
    monkeypatch.setattr("surrogates.responses.experiments.experiment_runs.train_run", lambda *_: files)
    monkeypatch.setattr("neuron_models.foundation.result_forms.atomic_write", full)
    with pytest.raises(OSError, match="No space left"):
        run_all([TINY], data, SHORT, tmp_path / "new")
    assert [path.parent.name for path in (tmp_path / "new").rglob("scores.json")] == ["seed-0"]


def test_the_longest_runs_come_first(data, toy, tmp_path, monkeypatch):
    files = {"scores.json": (toy[1].runs[0][1][0].folder / "scores.json").read_bytes()}
    order = []

    def train(dataset, model, settings, *_):
        order.append((model, settings.get("units")))
        return files

    monkeypatch.setattr("surrogates.responses.experiments.experiment_runs.train_run", train)
    mixed = tuple(Entry("gru", {"units": units}) for units in (4, 64, 2, 16))
    run_all([Experiment("1", "", "toy", (Entry("linear"), *mixed))], data, Protocol(1, 3), tmp_path / "new")
    assert order == [("gru", 64), ("gru", 16), ("gru", 4), ("gru", 2), ("linear", None)]


@pytest.mark.slow
def test_runs_on_a_cluster_are_those_of_this_machine(cluster, data, toy, tmp_path):
    solved = Experiment("1", "tiny", "toy", TINY.entries[1:])
    ((_, (there,)),) = run_all([solved], data, SHORT, tmp_path / "there", cluster=cluster)[0].runs
    assert there.result.scores == toy[1].runs[1][1][0].result.scores
    assert {path.name for path in there.folder.iterdir()} == FILES


def test_the_command_prints_measured_beside_published(wormtwin, data, out, small, kick, monkeypatch):
    monkeypatch.setattr(run_experiments, "EXPERIMENTS", {"1": TINY, "2": TINY})
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda source=None: small)
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick)

    def simulated(scenario, connectome, path, **_):
        path.parent.mkdir(exist_ok=True)
        shutil.copy(data["toy", 0.5], path)

    monkeypatch.setattr("datasets.responses.simulation.simulate_dataset", simulated)
    status, printed, err = wormtwin("experiments", "1", "--runs", 2, "--epochs", 3, "--out", out)
    assert status == 0, err
    assert "GRU-2" in printed
    assert "(0.3)" in printed
    files = {"result.json", "result.csv", "runs.csv", "by_output.csv", "summary.png", "summary.svg"}
    assert {path.name for path in (out / "experiment-1").iterdir()} == files
    report = {"report.html", "report.json", "runs.csv", "outputs.csv", "figures", "data"}
    assert {path.name for path in out.iterdir()} == {"experiment-1", "runs", *report}


def test_errors_by_output_are_printed_where_inputs_are_missing(toy, capsys, input_a):
    outcome = toy[1]
    print_summary(outcome)
    assert "by output" not in capsys.readouterr().out
    print_summary(replace(outcome, runs=tuple((replace(entry, without=("A",)), runs) for entry, runs in outcome.runs)))
    printed = capsys.readouterr().out
    assert "Test RMSE in V by output" in printed
    assert f"{by_output(outcome)['Q'][0]:.4f}" in printed


def test_the_command_simulates_each_dataset_once(wormtwin, small, kick, toy, monkeypatch, tmp_path):
    monkeypatch.setattr("surrogates.responses.experiments.page.write_report", lambda outcomes, out: out / "report.html")
    files = {"scores.json": (toy[1].runs[0][1][0].folder / "scores.json").read_bytes()}
    monkeypatch.setattr("surrogates.responses.experiments.experiment_runs.train_run", lambda *_: files)
    entries = tuple(Entry("linear", {"lags": 2}, sampling=sampling) for sampling in (0.5, 0.1))
    chosen = {name: Experiment(name, "", "kick", entries) for name in ("1", "2")}
    monkeypatch.setattr(run_experiments, "EXPERIMENTS", chosen)
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda source=None: small)
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick)
    status, out, err = wormtwin("experiments", "--quick", "--out", tmp_path)
    assert status == 0, err
    assert out.count("4 simulations in") == 2
    found = {path.name.rpartition("-")[0]: load_dataset(path) for path in (tmp_path / "data").iterdir()}
    assert {name: len(dataset.trials[0]) for name, dataset in found.items()} == {"kick-0.5ms": 40, "kick-0.1ms": 200}
    assert "2 runs of baselines" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["9"], "there is no experiment '9'; there are 1, 2, 3, 4, 5"),
        (["--runs", 0], "runs must be >= 1, got 0"),
        (["--epochs", -5], "epochs must be >= 1, got -5"),
        (["--jobs", 0], "--jobs must be >= 1, got 0"),
        (["--cluster", "localhost"], "--cluster is an address such as tcp://host:8786, got 'localhost'"),
        (["--quick", "--runs", 3], "--quick sets --runs and --epochs"),
    ],
)
def test_wrong_experiments(wormtwin, tmp_path, arguments, message):
    status, _, err = wormtwin("experiments", "--out", tmp_path / "r", *arguments)
    assert status == 2
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "r").exists()


def test_wrong_entries():
    with pytest.raises(InputError, match=r"no group of inputs \['AVA'\]; there are AVB, PLM"):
        Entry("gru", without=("AVA",))
    with pytest.raises(InputError, match=r"no split \['best'\]"):
        Entry("gru", published={"best": 1.0})


def labels(number):
    return [entry.label for entry in run_experiments.EXPERIMENTS[number].entries if not entry.baseline]


def test_the_table_of_experiments_is_the_published_one():
    assert labels("1") == ["RNN-16", "LSTM-8", "GRU-8", "RNN-64", "LSTM-32", "GRU-32"]
    assert labels("2") == [f"{kind}-{units}" for kind in ("GRU", "LSTM") for units in (2, 4, 8, 16, 32, 64)]
    assert labels("3") == ["GRU-4", "GRU-8", "GRU-4 0.1 ms", "GRU-8 0.1 ms"]
    assert labels("4")[::5] == ["LSTM-8 without AVB", "GRU-32 without AVB", "GRU-16 without PLM"]
    assert labels("5") == ["LSTM-8", "LSTM-16", "LSTM-32", "GRU-8", "GRU-16", "GRU-32"]
    different = {
        (each.scenario, entry.label)
        for each in run_experiments.EXPERIMENTS.values()
        for entry in each.entries
        if not entry.baseline
    }
    assert len(different) == 34


def test_every_source_of_data_has_its_baselines():
    found = {
        number: [e.label for e in each.entries if e.model == "linear"]
        for number, each in run_experiments.EXPERIMENTS.items()
    }
    assert found["1"] == found["2"] == found["5"] == ["linear"]
    assert found["3"] == ["linear", "linear 0.1 ms"]
    assert found["4"] == ["linear without AVB", "linear without PLM"]
    assert with_baselines(TINY, ()) == TINY
