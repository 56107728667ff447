"""What physics asks: against closed forms, on models whose answers are known."""

import json
from dataclasses import replace

import numpy as np
import pytest

from datasets.dataset import Dataset, Trial
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.registry import MODELS
from surrogates.responses.models.state_space import state_space
from surrogates.responses.physics import measures
from surrogates.responses.physics.subjects import subject_of

DT = 0.5
RATES = np.array([1 / 40, 1 / 5])


def passive(names=("A", "B"), outputs=("A", "B")):
    """Two cells joined by a gap junction: symmetric, with the modes of 40 ms and 5 ms."""
    model = state_space(2, 2, order=2)
    shapes = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
    kept = np.exp(-RATES * DT)
    gain = (1 - kept) / RATES
    still, none = np.full(2, -0.065), np.zeros(2)
    model.layers[-1].cell.set_weights([np.diag(kept), gain[:, None] * shapes.T, shapes, np.zeros((2, 2)), still, none])
    rng, trials = np.random.default_rng(0), []
    for number, split in enumerate(("train", "train", "train", "validation", "test", "test")):
        x = np.repeat(rng.uniform(0, 0.01, (40, 2)), 5, axis=0).astype(np.float32)
        x[0] = 0
        trials.append(Trial(f"t{number}", x, model.predict(x[None], verbose=0)[0], split=split))
    return model, Dataset("pair", tuple(trials), DT, names, outputs, "nA", "V")


@pytest.fixture(scope="module")
def pair():
    return passive()


def test_a_passive_pair_violates_nothing(pair):
    model, dataset = pair
    subject, probes = subject_of(model), measures.probes_of(dataset)
    assert measures.offset_at_rest(subject, probes) < 1e-7
    assert measures.superposition_defect(subject, probes) < 1e-5
    assert measures.lowest_impulse_response(subject, probes) > -1e-5
    assert measures.reciprocity_defect(subject, probes) < 1e-5
    poles = measures.poles_at_rest(subject.step)
    np.testing.assert_allclose(np.sort(poles.real), np.sort(np.exp(-RATES * DT)), rtol=1e-5)
    assert measures.slowest_time_constant(poles, DT) == pytest.approx(40.0, rel=1e-4)
    assert measures.turning_poles(poles) == 0
    held, silent = measures.held_and_silent(subject, probes)
    reached = np.abs(held[-1] - probes.rest).max()
    assert measures.drift_when_held(held, probes) == pytest.approx(reached * np.exp(-100 / 40), rel=0.05)
    assert measures.left_in_silence(silent, probes) <= np.abs(silent - probes.rest).max() * np.exp(-100 / 40) * 1.01


def test_each_violation_is_measured(pair):
    model, dataset = pair
    cell, probes = model.layers[-1].cell, measures.probes_of(dataset)
    kept = cell.get_weights()
    a, b, c, d, rest, e = kept
    try:
        cell.set_weights([a, b, c, d, rest + 0.002, e])
        assert measures.offset_at_rest(subject_of(model), probes) == pytest.approx(0.002, rel=1e-3)
        cell.set_weights([a, b, c * [[1.0, 1.0], [3.0, 3.0]], d, rest, e])
        assert measures.reciprocity_defect(subject_of(model), probes) == pytest.approx(2 / 3, rel=0.01)
        cell.set_weights([a, b, -c, d, rest, e])
        assert measures.lowest_impulse_response(subject_of(model), probes) == pytest.approx(-1.0)
        turn = 0.9 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
        cell.set_weights([turn, b, c, d, rest, e])
        poles = measures.poles_at_rest(subject_of(model).step)
        assert measures.turning_poles(poles) == 2
        assert measures.slowest_time_constant(poles, DT) == pytest.approx(-DT / np.log(0.9), rel=1e-4)
        cell.set_weights([1.01 * np.eye(2), b, c, d, rest, e])
        assert np.isinf(measures.slowest_time_constant(measures.poles_at_rest(subject_of(model).step), DT))
    finally:
        cell.set_weights(kept)


def test_a_saturating_network_is_not_superposable(pair):
    _, dataset = pair
    model = MODELS["gru"].build(2, 2, units=4)
    probes = measures.probes_of(replace(dataset, trials=tuple(replace(t, x=500 * t.x[:]) for t in dataset)))
    assert measures.superposition_defect(subject_of(model), probes) > 0.05


def test_reciprocity_needs_two_neurons_that_are_inputs_and_outputs():
    model, dataset = passive(outputs=("B", "C"))
    assert np.isnan(measures.reciprocity_defect(subject_of(model), measures.probes_of(dataset)))


def test_trials_that_begin_anywhere_are_refused(pair):
    with pytest.raises(InputError, match="begin at rest"):
        measures.probes_of(replace(pair[1], extra={"start": "fit"}))


def test_one_report_of_several_models(pair, wormtwin, tmp_path):
    from surrogates.runs.model_file import ModelSignature, save_model

    model, dataset = pair
    save_dataset(dataset, tmp_path / "pair.h5")
    narx = MODELS["narx"].build(2, 2, units=2)
    files = [save_model(each, tmp_path / f"{each.name}.keras", ModelSignature.of(dataset)) for each in (model, narx)]
    models = [word for path in files for word in ("--model", path)]
    status, text, error = wormtwin("physics", *models, "--data", tmp_path / "pair.h5", "--out", tmp_path / "out")
    assert status == 0, error
    assert "no other amplitudes and no derived model" in text
    assert "not trained anew" in text
    facts = json.loads((tmp_path / "out" / "physics.json").read_text())
    assert [each["name"] for each in facts["models"]] == [model.name, narx.name]
    assert (tmp_path / "out" / "figures" / "long.csv").exists()


@pytest.mark.slow
def test_models_are_trained_anew_on_fewer_trials(pair, wormtwin, tmp_path, shown_whole):
    save_dataset(pair[1], tmp_path / "pair.h5")
    train = ("train", "--data", tmp_path / "pair.h5", "--model", "linear", "--lags", 2, "--out", tmp_path / "linear")
    assert wormtwin(*train)[0] == 0
    call = ("physics", "--model", tmp_path / "linear" / "model.keras", "--data", tmp_path / "pair.h5")
    call += ("--trials", "1,2,9", "--out", tmp_path / "out")
    status, _, error = wormtwin(*call)
    assert status == 0, error
    (found,) = json.loads((tmp_path / "out" / "physics.json").read_text())["models"]
    assert set(found["by_trials"]) == {"1", "2"}  # there are three
    shown_whole(tmp_path / "out" / "report.html")
    kept = sorted((tmp_path / "out" / "trainings").glob("0*.json"))
    before = [path.stat().st_mtime_ns for path in kept]
    assert wormtwin(*call)[0] == 0
    assert [path.stat().st_mtime_ns for path in kept] == before


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--trials", "0", "counts training trials from 1"),
        ("--amplitudes", "big", "--amplitudes are numbers"),
        ("--amplitudes", "0,1", "--amplitudes must be > 0"),
        ("--draws", "0", "--draws must be >= 1"),
        ("--derived", "-1", "--derived must be an order"),
        ("--model", "none.keras", "none.keras"),
    ],
)
def test_what_cannot_be_asked_is_one_line(pair, wormtwin, refused, tmp_path, option, value, words):
    save_dataset(pair[1], tmp_path / "pair.h5")
    model = () if option == "--model" else ("--model", tmp_path / "m.keras")
    refused(wormtwin("physics", *model, option, value, "--data", tmp_path / "pair.h5", "--out", tmp_path / "o"), words)


@pytest.mark.slow
def test_the_derived_model_is_the_line(driven_pair, wormtwin, tmp_path):
    """A simulated dataset: amplitudes are simulated anew, and the derived model stands beside."""
    data, model = driven_pair
    call = ("physics", "--model", model, "--data", data, "--trials", "none", "--derived", 6, "--amplitudes", "1,2")
    status, _, error = wormtwin(*call, "--out", tmp_path / "out")
    assert status == 0, error
    facts = json.loads((tmp_path / "out" / "physics.json").read_text())
    derived = facts["models"][-1]
    assert derived["derived"]
    one, two = derived["by_amplitude"].values()
    assert two == pytest.approx(one, rel=0.2)


@pytest.fixture
def driven_pair(small, kick, tmp_path, monkeypatch):
    from datasets.responses.simulation import simulate_dataset
    from neuron_models.circuit import RunSettings

    monkeypatch.setattr("datasets.responses.resimulation.load_connectome", lambda source: small)
    longer = replace(kick, duration=60.0, outputs=("DB1", "AVBL"))
    dataset = simulate_dataset(longer, small, tmp_path / "k.h5", settings=RunSettings(60.0, 0.5, "linear"))
    from surrogates.registry import train_model
    from surrogates.runs.model_file import ModelSignature, save_model
    from surrogates.training.configuration import TrainingConfig

    model, _ = train_model("modal", dataset, TrainingConfig(), {"poles": 6, "ridge": -8})
    return tmp_path / "k.h5", save_model(model, tmp_path / "model.keras", ModelSignature.of(dataset))
