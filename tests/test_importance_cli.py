"""`wormtwin importance`: its files, its page in a browser, and what it says to wrong input."""

import shutil

import numpy as np
import pandas as pd
import pytest

from connectome.scenario import Scenario
from datasets.stimulus_response import simulate_dataset
from datasets.store import load_dataset, save_dataset
from neuron_models.stimulus import Pulse
from surrogates.fitting import fit_and_score
from surrogates.importance.storage import load_importance
from surrogates.training import TrainingConfig

METHODS = ["occlusion", "permutation", "saliency", "integrated-gradients", "shapley", "retraining"]


@pytest.fixture(scope="module")
def trained(linear_response, tmp_path_factory):
    """A folder with data.h5 and a model on them."""
    folder = tmp_path_factory.mktemp("importance")
    save_dataset(linear_response(), folder / "data.h5")
    fit_and_score(linear_response(), "gru", {"units": 3}, TrainingConfig(epochs=5), folder / "gru", pictures=False)
    return folder


@pytest.fixture
def ask(wormtwin, trained, tmp_path):
    """Run the command on the model, with more options."""

    def call(*more):
        given = ("--model", trained / "gru" / "model.keras", "--data", trained / "data.h5", "--out", tmp_path / "out")
        return wormtwin("importance", *given, *more)

    return call


def test_all_methods_at_once(ask, tmp_path):
    status, printed, error = ask("--epochs", 5, "--seeds", 2)
    assert status == 0, error
    tables = load_importance(tmp_path / "out" / "importance.h5")
    assert [table.method for table in tables] == METHODS
    assert all(np.isfinite(table.values).all() for table in tables)
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


def test_chosen_methods_and_groups(ask, tmp_path):
    status, _, error = ask("--method", "shapley,occlusion", "--groups", "both=A+B", "--baseline", "trial")
    assert status == 0, error
    shapley, occlusion = load_importance(tmp_path / "out" / "importance.h5")
    assert (shapley.method, occlusion.inputs) == ("shapley", ("both",))
    np.testing.assert_allclose(shapley.values, occlusion.values, rtol=1e-5)
    assert occlusion.about["baseline"] == "trial"


def test_the_simulator_is_asked_too(wormtwin, small, tmp_path, monkeypatch, browser):
    monkeypatch.setattr("datasets.resimulation.load_connectome", lambda source: small)
    rows = tuple((2.3 * Pulse(4.0, 1.0), 0.5 * Pulse(float(width), 2.0)) for width in (2, 4, 6, 8))
    split = ("train", "validation", "test", "test")
    scenario = Scenario("pair", ("AVBL", "VB1"), ("DB1", "VB1"), ("a", "b", "c", "d"), rows, split, duration=20.0)
    data = simulate_dataset(scenario, small, tmp_path / "pair.h5")
    fit_and_score(data, "linear", {"lags": 1}, TrainingConfig(), tmp_path / "linear", pictures=False)
    status, printed, error = wormtwin(
        *("importance", "--model", tmp_path / "linear" / "model.keras", "--data", tmp_path / "pair.h5"),
        *("--method", "occlusion,saliency", "--simulator", "--out", tmp_path / "out"),
    )
    assert status == 0, error
    assert "Against the simulator" in printed
    tables = load_importance(tmp_path / "out" / "importance.h5")
    assert [table.method for table in tables] == ["simulator", "occlusion", "saliency"]
    agreement = pd.read_csv(tmp_path / "out" / "agreement.csv").set_index("method")
    expected = tables[1].values - tables[0].values
    assert agreement.loc["occlusion", "difference"] == pytest.approx(np.sqrt((expected**2).mean()))
    assert np.isnan(agreement.loc["saliency", "difference"])
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
        (("--seeds", 0), "seeds must be >= 1"),
        (("--steps", 0, "--method", "integrated-gradients"), "steps must be >= 1"),
        (("--jobs", 0), "--jobs must be >= 1"),
        (("--seed", -1), "the seed must be"),
    ],
)
def test_wrong_options_are_one_line(ask, options, message, tmp_path):
    status, _, error = ask(*options)
    assert status == 2
    assert message in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "out" / "report.html").exists()


def test_files_that_do_not_fit(wormtwin, trained, tmp_path):
    model, data = trained / "gru" / "model.keras", trained / "data.h5"
    whole = load_dataset(data)
    alone = shutil.copy(model, tmp_path / "model.keras")
    untested = save_dataset(whole.by_split()["train"], tmp_path / "train.h5")
    narrow = save_dataset(whole.without_inputs(["B"]), tmp_path / "narrow.h5")
    out = tmp_path / "out"
    for given, found, message in (
        (alone, data, f"retraining needs scores.json beside {alone}"),
        (model, untested, "has no trial in the split 'test'; it has trials in train"),
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
