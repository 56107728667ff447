"""`wormtwin importance`: its files, its page in a browser, and what it says to wrong input."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from connectome.scenario import Scenario
from datasets.responses.simulation import simulate_dataset
from datasets.store import load_dataset, save_dataset
from neuron_models.stimulus import Pulse
from surrogates.importance.storage import load_importance
from surrogates.registry import model_kind
from surrogates.runs.fitting import fit_and_save
from surrogates.training.configuration import TrainingConfig

METHODS = ["occlusion", "permutation", "saliency", "integrated-gradients", "shapley", "retraining"]


@pytest.fixture(scope="module")
def trained(linear_response, tmp_path_factory):
    """A folder with data.h5 and a model on them."""
    folder = tmp_path_factory.mktemp("importance")
    save_dataset(linear_response(), folder / "data.h5")
    fit_and_save(
        model_kind("gru"), linear_response(), {"units": 3}, TrainingConfig(epochs=5), folder / "gru", figures=False
    )
    return folder


@pytest.fixture
def prepare_attribution(wormtwin, trained, tmp_path):
    """Run the command on the model, with more options."""

    def call(*more):
        given = ("--model", trained / "gru" / "model.keras", "--data", trained / "data.h5", "--out", tmp_path / "out")
        return wormtwin("importance", *given, *more)

    return call


def test_all_methods_at_once(prepare_attribution, tmp_path):
    status, printed, error = prepare_attribution("--seeds", 2)
    assert status == 0, error
    tables = load_importance(tmp_path / "out" / "importance.h5")
    assert [table.method for table in tables] == METHODS
    assert all(np.isfinite(table.values).all() for table in tables)
    assert tables[-1].about["epochs"] == 5  # those of the model
    frame = pd.read_csv(tmp_path / "out" / "importance.csv")
    assert list(frame.method.unique()) == METHODS
    assert len(frame) == 6 * 4
    page = (tmp_path / "out" / "report.html").read_text()
    assert all(f">{name}<" in page for name in METHODS)
    assert "Against each other" in page
    assert "Against the simulator" not in page
    assert "report.html" in printed
    figures = {path.stem for path in (tmp_path / "out" / "figures").glob("*.png")}
    assert figures == {"tables", "matrix", "over-response", "over-stimulus"}


def test_chosen_methods_and_groups(prepare_attribution, tmp_path):
    status, _, error = prepare_attribution(
        "--method", "shapley,occlusion", "--groups", "both=A+B", "--baseline", "trial"
    )
    assert status == 0, error
    shapley, occlusion = load_importance(tmp_path / "out" / "importance.h5")
    assert (shapley.method, occlusion.inputs) == ("shapley", ("both",))
    np.testing.assert_allclose(shapley.values, occlusion.values, rtol=1e-5)
    assert occlusion.about["baseline"] == "trial"


@pytest.fixture
def pair(small, tmp_path, monkeypatch):
    """The options that name a simulated dataset, a linear model of it and where the answer goes."""
    monkeypatch.setattr("datasets.responses.resimulation.load_connectome", lambda source: small)
    rows = tuple((2.3 * Pulse(4.0, 1.0), 0.5 * Pulse(float(width), 2.0)) for width in (2, 4, 6, 8))
    split = ("train", "validation", "test", "test")
    scenario = Scenario("pair", ("AVBL", "VB1"), ("DB1", "VB1"), ("a", "b", "c", "d"), rows, split, duration=20.0)
    data = simulate_dataset(scenario, small, tmp_path / "pair.h5")
    fit_and_save(model_kind("linear"), data, {"lags": 1}, TrainingConfig(), tmp_path / "linear", figures=False)
    model, out = tmp_path / "linear" / "model.keras", tmp_path / "out"
    return "--model", model, "--data", tmp_path / "pair.h5", "--out", out, "--simulator"


@pytest.mark.slow
def test_another_baseline_than_the_simulator_s_is_another_question(wormtwin, pair, tmp_path):
    status, _, error = wormtwin("importance", *pair, "--method", "occlusion,shapley", "--baseline", "mean")
    assert status == 0, error
    found = pd.read_csv(tmp_path / "out" / "agreement.csv")
    assert found.difference.isna().all()
    assert found.measure.isna().all()
    assert "the baseline mean in an input&#39;s place" in (tmp_path / "out" / "report.html").read_text()
    assert not (tmp_path / "out" / "figures" / "values.png").exists()


def test_another_simulation_is_reported_before_anything_is_computed(wormtwin, refused, pair, tmp_path, monkeypatch):
    data = load_dataset(tmp_path / "pair.h5")
    moved = replace(data, trials=tuple(replace(trial, y=trial.y[:] + 0.01) for trial in data))
    monkeypatch.setattr("datasets.store.load_dataset", lambda _: moved)
    status, _, error = wormtwin("importance", *pair, "--method", "occlusion")
    refused((status, "", error), "simulated anew, differs")
    assert not (tmp_path / "out" / "importance.h5").exists()


def test_tables_are_kept_when_the_simulator_fails(wormtwin, pair, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise OSError("stopped")

    monkeypatch.setattr("surrogates.importance.against_simulator.silenced_datasets", stopped)
    status, _, error = wormtwin("importance", *pair, "--method", "occlusion,shapley")
    assert (status, "stopped" in error) == (2, True)
    assert [table.method for table in load_importance(tmp_path / "out" / "importance.h5")] == ["occlusion", "shapley"]


@pytest.mark.slow
def test_the_simulator_is_asked_too(wormtwin, pair, tmp_path, browser, shown_whole):
    status, printed, error = wormtwin("importance", *pair, "--method", "occlusion,saliency,shapley")
    assert status == 0, error
    assert "Against the simulator" in printed
    tables = load_importance(tmp_path / "out" / "importance.h5")
    assert [table.method for table in tables] == ["simulator", "occlusion", "saliency", "shapley"]
    agreement = pd.read_csv(tmp_path / "out" / "agreement.csv").set_index("method")
    expected = tables[1].values - tables[0].values
    assert agreement.loc["occlusion", "difference"] == pytest.approx(np.sqrt((expected**2).mean()))
    assert np.isnan(agreement.loc["saliency", "difference"])
    assert agreement.loc[["occlusion", "shapley"], "measure"].tolist() == ["same", "shares"]
    assert set(agreement.over_cells_by) <= {"BCa", "percentile"}
    assert "definition included" in (tmp_path / "out" / "report.html").read_text()
    figures = {path.stem for path in (tmp_path / "out" / "figures").glob("*.png")}
    assert {"trust", "ranks", "values"} < figures
    messages: list[str] = []
    for width, scheme in ((390, "light"), (1400, "dark")):
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
        tab = context.new_page()
        tab.on("console", lambda message: messages.append(message.text))
        tab.on("pageerror", lambda fault: messages.append(str(fault)))
        tab.goto((tmp_path / "out" / "report.html").as_uri())
        assert messages == []
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
        assert len(tab.locator("figure svg").all()) == len(figures)
        context.close()
    shown_whole(tmp_path / "out" / "report.html")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--method", "magic"), "there is no method 'magic'; there are occlusion"),
        (("--method", ","), "names no method"),
        (("--groups", "both=A+B"), "retraining without both leaves no input"),
        (("--groups", "G="), "the group G names no input"),
        (("--groups", "G=C"), "there is no input 'C'"),
        (("--groups", "G=A+A"), "the group G names an input more than once: A"),
        (("--groups", "G=A,H=A"), "the groups G and H overlap: both hold A"),
        (("--simulator",), "dataset 'oscillator' was not simulated"),
        (("--split", "tests"), "--split must be one of"),
        (("--baseline", "one"), "--baseline must be one of"),
        (("--retrain", "gru 8"), "--retrain looks like"),
        (("--retrain", "gru order=8"), "model gru has no setting 'order'"),
        (("--retrain", "gro"), "there is no model 'gro'"),
        (("--retrain", "gru units=x"), "units must be a whole number, got 'x'"),
        (("--retrain", "gru units=-3"), "gru: units must be >= 1, got -3"),
        (("--retrain", "gru activation=foo"), "activation must be one of"),
        (("--retrain", "gru units=3 units=4"), "gives a setting more than once: units"),
        (("--retrain", "linear lags=two"), "lags must be a whole number, got 'two'"),
        (("--steps", 0), "steps must be >= 1"),
        (("--repeats", 0), "repeats must be >= 1"),
        (("--permutations", 1), "permutations must be >= 2"),
        (("--epochs", 0), "epochs must be >= 1"),
        (("--seeds", 0), "seeds must be >= 1"),
        (("--steps", 0, "--method", "integrated-gradients"), "steps must be >= 1"),
        (("--jobs", 0), "--jobs must be >= 1"),
        (("--seed", -1), "the seed must be"),
    ],
)
def test_wrong_options_are_one_line(prepare_attribution, options, message, tmp_path):
    status, _, error = prepare_attribution(*options)
    assert status == 2
    assert message in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_files_that_do_not_fit(wormtwin, trained, tmp_path):
    model, data = trained / "gru" / "model.keras", trained / "data.h5"
    whole = load_dataset(data)
    alone = shutil.copy(model, tmp_path / "model.keras")
    untested = save_dataset(whole.by_split()["train"], tmp_path / "train.h5")
    tests = [index for index, trial in enumerate(whole) if trial.split == "test"]
    single = save_dataset(whole.select([p for p in range(len(whole)) if p not in tests[1:]]), tmp_path / "one.h5")
    blank = replace(whole, trials=tuple(replace(trial, y=None) for trial in whole), y_names=())
    blank = save_dataset(blank, tmp_path / "blank.h5")
    narrow = save_dataset(whole.without_inputs(["B"]), tmp_path / "narrow.h5")
    out = tmp_path / "out"
    for given, found, message in (
        (alone, data, f"retraining needs scores.json beside {alone}"),
        (model, untested, "has no trial in the split 'test'; it has trials in train"),
        (model, single, "permutation exchanges inputs among trials and needs at least 2 trials in the split 'test'"),
        (model, blank, "dataset 'oscillator' has no outputs"),
        (model, narrow, "trained on the inputs A, B (scenario toy), but dataset 'oscillator' has A"),
        (model, tmp_path / "none.h5", "there is no such file"),
        (trained / "gru", data, "is a folder: name the model file"),
    ):
        status, _, error = wormtwin("importance", "--model", given, "--data", found, "--out", out)
        assert (status, len(error.strip().splitlines())) == (2, 1)
        assert message in error
    status, _, error = wormtwin(
        "importance", "--model", alone, "--data", data, "--out", out, "--retrain", "linear lags=1"
    )
    assert status == 0, error
    assert load_importance(out / "importance.h5")[-1].about["model"] == "linear-1"
    status, _, error = wormtwin("importance", "--model", model, "--data", data, "--out", out / "report.html")
    assert (status, "must name a folder" in error) == (2, True)
