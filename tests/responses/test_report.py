"""The report of the experiments: its tables, sentences and figures against what was run."""

import dataclasses
import json
import math

import numpy as np
import pandas as pd
import pytest

from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.pages import blocks
from surrogates.registry import model_kind
from surrogates.responses.experiments import plots as experiment_plots
from surrogates.responses.experiments.experiments import Entry, Experiment, Protocol
from surrogates.responses.experiments.input_groups import carried
from surrogates.responses.experiments.outcome import Outcome, Run
from surrogates.responses.experiments.page import write_report
from surrogates.responses.experiments.sections import experiment_section, loss_curves
from surrogates.responses.experiments.tables import best_run, entries_table, frontier, outputs_table, runs_table
from surrogates.responses.experiments.trained_models import hidden_states
from surrogates.runs.fitting import fit_and_save
from surrogates.runs.result import MODEL_FILE, load_result
from surrogates.training.configuration import TrainingConfig

PUBLISHED = {"train": 0.01, "test": 0.02}


def outcome_of(name, entries, runs) -> Outcome:
    return Outcome(
        Experiment(name, f"part {name}", "toy", entries), Protocol(2, 3), tuple(zip(entries, runs, strict=True))
    )


@pytest.fixture(scope="module")
def outcomes(linear_response, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("surrogates.responses.experiments.experiments.INPUT_GROUPS", {"AA": ("A",), "BB": ("B",)})
        yield _outcomes(linear_response, tmp_path_factory)


def _outcomes(linear_response, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    dataset = linear_response()
    data = save_dataset(dataset, out / "toy.h5")

    def run(entry: Entry, seed: int = 0) -> Run:
        folder = out / f"{entry.model}-{'-'.join(entry.without)}-{seed}"
        seen = dataset.without_inputs(entry.unseen_inputs)
        config = TrainingConfig(3, seed=seed)
        fit_and_save(model_kind(entry.model), seen, entry.settings, config, folder, progress=False)
        result = load_result(folder / "scores.json")
        return Run(folder, data, entry.without, dataclasses.replace(result, step_microseconds=1.5))

    gru, linear = Entry("gru", {"units": 2}, PUBLISHED), Entry("linear", {"lags": 2})
    blind = [Entry("gru", {"units": 2}, {}, 0.5, (name,)) for name in ("AA", "BB")]
    first = run(gru)
    other = {split: dataclasses.replace(s, rmse=1.5 * s.rmse) for split, s in first.result.scores.items()}
    second = dataclasses.replace(first, result=dataclasses.replace(first.result, seed=1, scores=other))
    failed = dataclasses.replace(second.result, scores={}, diverged=True, seconds=math.nan)
    rnn = (Entry("rnn", {"units": 2}), (dataclasses.replace(second, result=failed),))
    one = outcome_of("1", (gru, linear, rnn[0]), ((first, second), (run(linear),), rnn[1]))
    return one, outcome_of("2", tuple(blind), tuple((run(entry),) for entry in blind))


@pytest.fixture(scope="module")
def report(outcomes, tmp_path_factory):
    return write_report(outcomes, tmp_path_factory.mktemp("report"))


@pytest.mark.slow
def test_nothing_of_the_report_is_cut(report, shown_whole):
    shown_whole(report)


def test_the_tables_say_what_the_runs_say(outcomes):
    table = entries_table(outcomes[0])
    gru, linear, rnn = table.to_dict("records")
    errors = [run.result.rmse("test") for run in outcomes[0].runs[0][1]]
    assert (gru["label"], gru["network"], gru["test"]) == ("GRU-2", True, pytest.approx(np.mean(errors)))
    assert (gru["test_sd"], gru["test_published"]) == (pytest.approx(np.std(errors, ddof=1)), 0.02)
    assert not linear["network"]
    assert (rnn["diverged"], rnn["runs"], math.isnan(rnn["test"])) == (1, 1, True)
    assert list(entries_table(outcomes[1])["variant"]) == ["without AA", "without BB"]
    assert len(runs_table(outcomes[0])) == 4
    assert set(outputs_table(outcomes[0])["output"]) == {"P", "Q"}


def test_the_best_run_is_chosen_by_validation(outcomes):
    runs = outcomes[0].runs[0][1]
    assert best_run(runs).result.rmse("validation") == min(run.result.rmse("validation") for run in runs)
    assert best_run(outcomes[0].runs[2][1]) is None


def test_the_frontier_is_who_no_smaller_one_beats():
    table = pd.DataFrame({"parameters": [50, 80, 80, 300, 400], "test": [3.0, 1.0, 2.0, 1.5, 0.5]})
    assert list(frontier(table).index) == [0, 1, 4]


def test_what_an_input_carries():
    """AVB carries DB1 and VB1, PLM carries LUAL and PVR (Barbulescu et al. 2023, figures of experiment 4)."""
    errors = pd.DataFrame(
        {"no AVB": [20.4, 2.35, 3.62, 22.9], "no PLM": [5.0, 23.3, 22.2, 6.0]}, index=["DB1", "LUAL", "PVR", "VB1"]
    )
    first, second = carried(errors, {"no AVB": ("AVBL", "AVBR"), "no PLM": ("PLM",)})
    assert first.startswith("AVBL and AVBR carry VB1 and DB1: without them the error is 22.9 % and 20.4 % of range")
    assert second.startswith("PLM carries LUAL and PVR: without it")
    equal = errors.assign(**{"no PLM": errors["no AVB"]})
    assert "no output that the others do not carry" in carried(equal, {"no AVB": ("AVB",)})[0]
    assert carried(errors[["no AVB"]], {"no AVB": ("AVB",)}) == []


def test_loss_curves_are_of_models_with_epochs(outcomes):
    curves = loss_curves(outcomes[0])
    assert list(curves["epoch"]) == [1, 2, 3]
    assert set(curves["model"]) == {"gru"}
    assert (curves["low"] <= curves["median"]).all()


def test_hidden_states_give_the_response(outcomes):
    """The dense layer over the hidden states is the model's output."""
    from datasets.store import load_dataset
    from surrogates.runs.model_file import load_model

    run = outcomes[0].runs[0][1][0]
    dataset, (model, _) = load_dataset(run.data), load_model(run.folder / MODEL_FILE)
    states = hidden_states(run.folder / MODEL_FILE, dataset)
    kernel, bias = model.layers[-1].get_weights()
    response = model.predict(np.asarray(dataset.trials[0].x, np.float32)[None], verbose=0)[0]
    np.testing.assert_allclose(states @ kernel + bias, response, atol=1e-5)


def test_sections_of_an_experiment(outcomes):
    first, second = map(experiment_section, outcomes)
    names = ["Scores", "Error against size", "Loss", "Traces", "Error by output", "Activity"]
    assert [section.title for section in first.sections] == names
    assert "What each input carries" in [section.title for section in second.sections]
    figures = [block for section in first.sections for block in section.blocks if isinstance(block, blocks.FigureBlock)]
    assert all(figure.table is not None and len(figure.table) for figure in figures)


def test_the_report_is_one_page_with_its_data_beside(report, outcomes):
    text = report.read_text()
    assert len(text) < 5_000_000
    found = entries_table(outcomes[0]).iloc[1]["test"] * 1000
    assert f"{found:.3g}" in text
    assert "nan" not in text.lower().replace("nanoampere", "")
    assert "1 diverged" in text
    assert {path.name for path in report.parent.iterdir()} == {
        *("report.html", "report.json", "runs.csv", "outputs.csv", "figures")
    }
    content = json.loads((report.parent / "report.json").read_text())
    assert [row["experiment"] for row in content["summary"]] == ["1", "2, without AA", "2, without BB"]
    assert list(content["data"]) == ["toy.h5"]
    assert len(pd.read_csv(report.parent / "runs.csv")) == 6


def test_a_report_of_nothing_is_refused(tmp_path):
    with pytest.raises(InputError, match="at least one experiment"):
        write_report((), tmp_path)


@pytest.mark.parametrize(("low", "high"), [(1e-3, 2e2), (5.0, 9.0), (30.0, 250.0), (2.11, 2.14)])
def test_logarithmic_axes_have_labels(low, high):
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    axes.set_xscale("log")
    experiment_plots.log_ticks(axes.xaxis, low, high)
    ticks = axes.xaxis.get_major_locator()()
    assert 2 <= len(ticks) <= 9
    assert all(low <= tick <= high for tick in ticks)
