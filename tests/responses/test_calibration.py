"""Conformal bands: their coverage on generated truth, and the warning when a stimulus is unlike the training."""

import json
from dataclasses import replace

import numpy as np
import pytest

from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.runs.bands import bands_from, calibrate, trial_score, trials_needed
from surrogates.runs.model_file import load_model
from surrogates.runs.stimuli import filtered, stimuli_from, trained_stimuli


def test_how_many_trials_a_coverage_needs():
    """Nine scores for 90 %, nineteen for 95 % (ceil((n + 1) c) <= n), and those that shape the band."""
    assert [trials_needed(c) for c in (0.5, 0.9, 0.95)] == [3, 11, 23]


def draws(number: int, seed: int):
    """Answers, and measured values whose errors differ from trial to trial and grow with the answer."""
    rng = np.random.default_rng(seed)
    answers = [rng.normal(size=(50, 1)).cumsum(0) @ np.ones((1, 2)) for _ in range(number)]
    sizes = [np.exp(rng.normal()) * (0.1 + 0.02 * np.abs(each)) for each in answers]
    return answers, [y + s * rng.normal(size=y.shape) for y, s in zip(answers, sizes, strict=True)]


def test_new_trials_lie_in_the_band_as_often_as_asked():
    inside = []
    for seed in range(40):
        answers, measured = draws(40, seed)
        bands = calibrate(answers, measured, np.zeros(2), 0.8, seed)
        new = zip(*draws(50, 1000 + seed), strict=True)
        inside.append(np.mean([trial_score(bands, y, m) <= 1 for y, m in new]))
    assert 0.78 < np.mean(inside) < 0.86  # 0.8 to 0.8 + 1 / 33, by the theorem


def test_exact_answers_have_a_band_too():
    answers = [np.ones((5, 1))] * 20
    bands = calibrate(answers, answers, np.zeros(1), 0.9)
    assert bands.half_width(answers[0]).max() < 1e-9


def test_too_few_trials_say_how_many_are_needed():
    with pytest.raises(InputError, match=r"95 % coverage need 23 trials .*, got 10"):
        calibrate(*draws(10, 0), np.zeros(2), 0.95)


@pytest.fixture(scope="module")
def files(linear_response, tmp_path_factory):
    """A dataset, more of the same, and a model of the first."""
    from run_experiments import run

    folder = tmp_path_factory.mktemp("calibration")
    save_dataset(linear_response(), folder / "data.h5")
    save_dataset(linear_response(number=40, seed=5), folder / "more.h5")
    call = ["train", "--data", folder / "data.h5", "--model", "state_space", "--order", 1, "--out", folder / "run"]
    assert run([str(each) for each in call]) == 0
    return folder


def test_a_calibrated_model_says_its_band_and_exports_carry_it(files, wormtwin, refused, tmp_path):
    model, more = files / "run" / "model.keras", files / "more.h5"
    refused(wormtwin("evaluate", "--model", model, "--data", more, "--bands"), "has no bands", "wormtwin calibrate")
    refused(wormtwin("calibrate", "--model", model, "--data", files / "data.h5"), "need 11 trials", "got 4")
    status, text, error = wormtwin("calibrate", "--model", model, "--data", more, "--coverage", "0.8")
    assert status == 0, error
    assert "80 % of new trials lie whole in a band" in text
    status, text, _ = wormtwin("evaluate", "--model", model, "--data", more, "--bands", "--plot", tmp_path / "b.png")
    assert status == 0
    assert "whole trials in them" in text
    bands = load_model(model)[1].bands
    y = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    for to in ("numpy", "nmodl"):
        assert wormtwin("export", "--model", model, "--to", to, "--out", tmp_path / to)[0] == 0
    names: dict = {"__file__": str(tmp_path / "numpy" / "model.py"), "__name__": "exported"}
    exec((tmp_path / "numpy" / "model.py").read_text(), names)
    np.testing.assert_allclose(names["half_width"](y), bands.half_width(y))
    described = json.loads(next((tmp_path / "nmodl").glob("*.json")).read_text())
    assert described["bands"]["trials"] == bands.trials
    assert "w_P (V)" in next((tmp_path / "nmodl").glob("*.mod")).read_text()


def test_onnx_gives_the_band_beside_the_response(files, wormtwin, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = files / "run" / "model.keras"
    assert wormtwin("calibrate", "--model", model, "--data", files / "more.h5", "--coverage", "0.8")[0] == 0
    assert wormtwin("export", "--model", model, "--to", "onnx", "--out", tmp_path)[0] == 0
    x = np.random.default_rng(0).normal(size=(1, 20, 2)).astype(np.float32)
    found = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(["response", "half_width"], {"stimulus": x})
    np.testing.assert_allclose(found[1], load_model(model)[1].bands.half_width(found[0]), rtol=1e-5)


@pytest.mark.slow
def test_the_spread_of_an_ensemble_stands_beside_its_error(files, wormtwin, tmp_path):
    runs = []
    for order in (2, 3):
        call = ("train", "--data", files / "data.h5", "--model", "state_space", "--order", order)
        assert wormtwin(*call, "--out", tmp_path / str(order))[0] == 0
        runs += ["--model", tmp_path / str(order) / "model.keras"]
    status, text, error = wormtwin("calibrate", *runs, "--data", files / "more.h5", "--coverage", "0.8")
    assert status == 0, error
    assert "rank correlation of spread and error" in text


def test_leverage_is_that_of_least_squares(linear_response):
    """Mean leverages of the training trials, all of one length, add up to the number of features times 1 / trial."""
    known = trained_stimuli(linear_response())
    trials = linear_response().by_split()["train"]
    total = sum(known.leverage_of(np.asarray(trial.x)) for trial in trials)
    assert total / len(trials) == pytest.approx(filtered(trials.trials[0].x).shape[1], rel=1e-6)


def test_a_stimulus_unlike_the_training_is_told(linear_response, files, wormtwin, tmp_path):
    dataset = linear_response()
    known = trained_stimuli(dataset)
    x = np.asarray(dataset.trials[-1].x)
    assert known.unlike(x, ("A", "B"), "nA") == []
    assert "input A is 2" in known.unlike(x * [2.1, 1.0], ("A", "B"), "nA")[0]
    noise = np.random.default_rng(0).uniform(0, 1, x.shape)
    assert any("changes faster" in text for text in known.unlike(noise, ("A", "B"), "nA"))
    assert any("leverage" in text for text in known.unlike(x * 3, ("A", "B"), "nA"))
    louder = replace(dataset, trials=tuple(replace(trial, x=3 * trial.x[:]) for trial in dataset))
    save_dataset(louder, tmp_path / "loud.h5")
    status, _, error = wormtwin("evaluate", "--model", files / "run" / "model.keras", "--data", tmp_path / "loud.h5")
    assert status == 0
    assert "warning: 16 of 16 stimuli are unlike those of the training" in error


@pytest.mark.parametrize("broken", [{"coverage": 2}, {"factor": "x"}, {"floor": [1.0]}, {"trials": 1.5}])
def test_broken_bands_of_a_file_are_refused(broken):
    bands = {"coverage": 0.9, "trials": 9, "factor": 1.0, "floor": [1.0, 1.0], "slope": [0.0, 0.0], "rest": [0.0, 0.0]}
    assert bands_from(bands, 2) is not None
    with pytest.raises(InputError, match="the bands of the model"):
        bands_from({**bands, **broken}, 2)


def test_broken_stimuli_of_a_file_are_refused():
    text = {"lowest": [0.0], "highest": [1.0], "quickest": [0.1], "root": [], "leverage": 1.0}
    assert stimuli_from(text, 1) is not None
    for broken in ({"lowest": [0.0, 1.0]}, {"root": [[1.0]]}, {"leverage": "much"}):
        with pytest.raises(InputError, match="the stimuli that the model learned"):
            stimuli_from({**text, **broken}, 1)
