"""Importance by occlusion, permutation, gradients and retraining: closed forms, finite differences, sums, storage."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError
from surrogates.importance.attribution import integrated_over_stimulus, peaks, saliency_at_peak
from surrogates.importance.gradients import derivatives
from surrogates.importance.groups import parse_groups
from surrogates.importance.methods import METHODS, importance, measure_of
from surrogates.importance.occlusion import occlusion_effects, partners_drawn
from surrogates.importance.problem import prepare_attribution
from surrogates.importance.table import pool_effects
from surrogates.registry import MODELS
from surrogates.responses.models.table import MODELS as RESPONSE_MODELS
from surrogates.runs.model_file import ModelSignature, save_model
from surrogates.training.metrics import predict, respond

INPUTS = ("A", "B")


@pytest.fixture
def problem(data):
    return prepare_attribution(data, parse_groups("", data.x_names))


def impulse_response(model, samples):
    """(lag, input, output) of a linear model, from its weights, in double precision."""
    cell, weights = model.layers[-1].cell, [w.astype(float) for w in model.layers[-1].cell.get_weights()]
    found = np.zeros((samples, cell.inputs, cell.outputs))
    if type(cell).__name__ == "StateSpaceCell":
        a, b, c, d, *_ = weights
        found[0] = d.T
        for lag in range(1, samples):
            found[lag] = (c @ np.linalg.matrix_power(a, lag - 1) @ b).T
        return found
    past, drive, *_ = weights
    past, drive = past.reshape(cell.lags, cell.outputs, -1), drive.reshape(cell.lags + 1, cell.inputs, -1)
    for lag in range(samples):
        found[lag] = drive[lag] if lag <= cell.lags else 0.0
        for back in range(1, min(lag, cell.lags) + 1):
            found[lag] += found[lag - back] @ past[back - 1]
    return found


@pytest.mark.parametrize("kind", ["linear", "state_space"])
def test_a_linear_model_is_explained_by_its_impulse_response(kind, models, problem, data):
    model, case = models[kind], problem.pairs[1]
    kernel = impulse_response(model, len(case.x))
    found, run = derivatives(model), respond(model)
    at = peaks(run, case)
    gradient = saliency_at_peak(found, run, case, problem)
    effect = np.zeros((len(case.x), 2, 2))
    for time in range(len(case.x)):
        effect[time] = np.einsum("li,lio->io", case.x[time::-1].astype(float), kernel[: time + 1])
    for output, peak in enumerate(at):
        expected = np.zeros((len(case.x), 2))
        expected[: peak + 1] = kernel[peak::-1, :, output]
        np.testing.assert_allclose(gradient[..., output], expected, atol=2e-6)
        through = integrated_over_stimulus(found, run, case, problem, steps=2)[..., output]
        np.testing.assert_allclose(through, expected * case.x, atol=2e-6)
    for method in ("occlusion", "shapley", "integrated-gradients"):
        table = importance(model, data.select([data.trials.index(problem.dataset.trials[1])]), method)
        np.testing.assert_allclose(table.values, np.sqrt((effect**2).mean(0)), rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(table.over_time, np.abs(effect), rtol=1e-3, atol=2e-6)


@pytest.mark.parametrize("kind", RESPONSE_MODELS)
def test_both_derivatives_of_every_model_are_those_of_finite_differences(kind, models, problem):
    model, x = models[kind], problem.pairs[0].x[None]
    rng = np.random.default_rng(0)
    direction, weight = (rng.normal(size=x.shape).astype(np.float32) for _ in range(2))
    found, run = derivatives(model), respond(model)
    forward = found.forward(x, direction).astype(float)
    step = 0.02
    differences = (run(x + step * direction).astype(float) - run(x - step * direction)) / (2 * step)
    scale = np.abs(forward).max()
    assert scale > 1e-3
    np.testing.assert_allclose(forward, differences, atol=3e-3 * scale)
    backward = found.backward(x, weight).astype(float)
    np.testing.assert_allclose((backward * direction).sum(), (forward * weight).sum(), rtol=1e-3, atol=1e-4)


def test_saliency_of_a_network_is_that_of_finite_differences(models, problem):
    model, case = models["gru"], problem.pairs[0]
    run = respond(model)
    gradient = saliency_at_peak(derivatives(model), run, case, problem)
    at, step = peaks(run, case), 0.05
    for output, peak in enumerate(at):
        for time in (peak, peak - 1, peak - 4):
            for channel in range(2):
                moved = np.stack([case.x, case.x])
                moved[:, time, channel] += (step, -step)
                above, below = run(moved)[:, peak, output].astype(float)
                assert gradient[time, channel, output] == pytest.approx((above - below) / (2 * step), abs=2e-4)
        assert not gradient[peak + 1 :, :, output].any()


@pytest.mark.parametrize(
    ("kind", "baseline"), [("lstm", "zero"), ("gru", "zero"), ("gru", "mean"), ("gru", "trial"), ("tdnn", "zero")]
)
def test_integrated_gradients_add_up_to_the_difference(kind, baseline, models, data):
    model = models[kind]
    table = importance(model, data, "integrated-gradients", baseline=baseline)
    assert table.about["completeness"] < 5e-5 * np.abs(predict(model, data)).max()
    assert table.about["baseline"] == baseline
    problem = prepare_attribution(data, parse_groups("", INPUTS), baseline=baseline)
    case, run = problem.pairs[0], respond(model)
    through = integrated_over_stimulus(derivatives(model), run, case, problem).sum(axis=(0, 1))
    present, absent = run(np.stack([case.x, case.absent]))
    at = peaks(run, case)
    np.testing.assert_allclose(through, (present - absent)[at, [0, 1]], atol=1e-5)


def test_one_step_of_integrated_gradients_is_not_enough_for_a_network(models, data):
    coarse, fine = (importance(models["gru"], data, "integrated-gradients", settings={"steps": n}) for n in (1, 16))
    assert coarse.about["completeness"] > 20 * fine.about["completeness"]


@pytest.fixture(scope="module")
def blind():
    """A network without the weights from its second input."""
    model = MODELS["gru"].build(2, 2, units=3, seed=1)
    weights = model.get_weights()
    weights[0][1] = 0.0
    model.set_weights(weights)
    return model


@pytest.mark.parametrize("method", ["occlusion", "permutation", "saliency", "integrated-gradients", "shapley"])
def test_an_input_that_a_model_does_not_see_has_no_importance(method, blind, data):
    table = importance(blind, data, method)
    np.testing.assert_array_equal(table.values[1], 0.0)
    assert np.abs(table.values[0]).min() > 1e-4
    if method != "permutation":  # the model is untrained, so that its error need not grow
        assert table.ranks() == {"P": INPUTS, "Q": INPUTS}
    assert np.all(table.by_trial[:, 1] == 0)
    assert table.trials == tuple(trial.name for trial in data.by_split()["test"])


def test_permutation_is_the_growth_of_the_error_by_its_definition(models, data):
    table = importance(models["gru"], data, "permutation", settings={"repeats": 2}, split="validation")
    part = data.by_split()["validation"]
    assert table.standard_error.shape == table.values.shape
    again = importance(models["gru"], data, "permutation", settings={"repeats": 2}, split="validation")
    np.testing.assert_array_equal(again.values, table.values)
    other = importance(models["gru"], data, "permutation", settings={"repeats": 2}, split="validation", seed=7)
    assert not np.array_equal(other.values, table.values)
    perfect = replace(
        part, trials=tuple(replace(t, y=y) for t, y in zip(part, predict(models["gru"], part), strict=True))
    )
    assert importance(models["gru"], perfect, "permutation", split="validation").values.min() > 0


def test_no_two_seeds_share_their_draws(data):
    draws = {
        f"{seed} {repeat}": drawn.tobytes()
        for seed in range(4)
        for repeat, drawn in enumerate(partners_drawn(30, seed, 4))
    }
    assert len(set(draws.values())) == 16
    many = replace(data, trials=tuple(replace(t, name=f"{t.name} {n}") for n in range(4) for t in data))
    pairs = prepare_attribution(many, parse_groups("", INPUTS), baseline="trial", split="all").pairs
    first = partners_drawn(len(pairs), 0, 1)[0]
    assert not all(np.array_equal(case.absent, pairs[index].x) for case, index in zip(pairs, first, strict=True))


@pytest.mark.parametrize("method", ["occlusion", "permutation", "saliency", "integrated-gradients", "shapley"])
def test_every_method_shows_its_progress(method, models, data, capsys):
    importance(models["linear"], data, method)
    error = capsys.readouterr().err
    assert f"{method}: 100%" in error
    assert "4/4" in error


def test_groups_go_together(models, data):
    table = importance(models["gru"], data, "occlusion", groups="both=A+B")
    assert table.inputs == ("both",)
    test = data.by_split()["test"]
    x = test.stacked()[0].astype(np.float32)
    run = respond(models["gru"])
    change = run(x).astype(float) - run(np.zeros_like(x))
    np.testing.assert_allclose(table.values[0], np.sqrt((change**2).mean((0, 1))), rtol=1e-6)
    exact = importance(models["gru"], data, "shapley", groups="both=A+B")
    np.testing.assert_allclose(exact.values, table.values, rtol=1e-6)


def test_the_baselines_are_what_they_are_called(data):
    groups = parse_groups("", INPUTS)
    zero, mean, trial = (prepare_attribution(data, groups, baseline=name) for name in ("zero", "mean", "trial"))
    assert not any(case.absent.any() for case in zero.pairs)
    level = data.by_split()["train"].stacked()[0].mean((0, 1))
    np.testing.assert_allclose(mean.pairs[0].absent, np.tile(level, (60, 1)), rtol=1e-5)
    stimuli = [case.x.tobytes() for case in trial.pairs]
    others = [case.absent.tobytes() for case in trial.pairs]
    assert sorted(others) == sorted(stimuli)
    assert all(a != b for a, b in zip(others, stimuli, strict=True))


def test_trials_of_other_lengths_and_samples_that_do_not_count(models, data):
    long, short = data.by_split()["test"].trials[:2]
    weight = np.ones(60)
    weight[50:] = 0
    uneven = Dataset(
        "uneven",
        (replace(long, weight=weight), replace(short, x=short.x[:30], y=short.y[:30])),
        0.5,
        INPUTS,
        ("P", "Q"),
        "nA",
        "V",
    )
    table = importance(models["linear"], uneven, "occlusion", split="test", baseline="trial")
    assert table.over_time.shape == (60, 2, 2)
    assert np.isnan(table.over_time[50:]).all()
    assert np.isfinite(table.over_time[:50]).all()
    problem = prepare_attribution(uneven, parse_groups("", INPUTS), baseline="trial")
    first = occlusion_effects(respond(models["linear"]), problem.pairs[0], problem)[:50]
    np.testing.assert_allclose(table.by_trial[0], np.sqrt((first**2).mean(0)), rtol=1e-6)


@given(st.integers(0, 10**6), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_pooling_of_trials_one_after_another_is_that_of_all_at_once(seed, lengths):
    rng = np.random.default_rng(seed)
    effects = [rng.normal(size=(n, 2, 3)) for n in lengths]
    counted = [np.ones(n, dtype=bool) for n in lengths]
    values, by_trial, over_time = pool_effects(effects, counted, "rms")
    np.testing.assert_allclose(by_trial, [np.sqrt((e**2).mean(0)) for e in effects])
    np.testing.assert_allclose(values, np.sqrt((by_trial**2).mean(0)))
    for time in range(max(lengths)):
        rows = np.stack([e[time] for e in effects if len(e) > time])
        np.testing.assert_allclose(over_time[time], np.sqrt((rows**2).mean(0)))


@given(st.data())
def test_groups_are_a_partition_of_the_inputs(draw):
    inputs = [f"I{n}" for n in range(draw.draw(st.integers(1, 8)))]
    owner = [draw.draw(st.sampled_from(["", "G", "H"])) for _ in inputs]
    members = {group: [i for i, o in zip(inputs, owner, strict=True) if o == group] for group in ("G", "H")}
    text = ",".join(f"{group} = {' + '.join(names)}" for group, names in members.items() if names)
    found = parse_groups(text, inputs)
    assert sorted(name for names in found.values() for name in names) == sorted(inputs)
    assert {group: list(found[group]) for group in ("G", "H") if group in found} == {
        group: names for group, names in members.items() if names
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AVB", "looks like"),
        ("=A", "looks like"),
        ("a/b=A", "plain names"),
        ("G=", "the group G names no input"),
        ("G=A+X", "there is no input 'X'"),
        ("G=A+A", "the group G names an input more than once: A"),
        ("G=A,G=B", "names a group more than once: G"),
        ("G=A,H=A+B", "the groups G and H overlap: both hold A"),
        ("B=A", "B is the name of an input outside that group"),
    ],
)
def test_groups_that_are_none(text, message):
    with pytest.raises(InputError, match=message):
        parse_groups(text, INPUTS)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "magic"}, "there is no method 'magic'; there are occlusion"),
        ({"split": "tests"}, "--split must be one of"),
        ({"baseline": "none"}, "--baseline must be one of"),
        ({"groups": "G="}, "names no input"),
        ({"seed": -1}, "seed must be"),
        ({"method": "permutation", "settings": {"repeats": 0}}, "repeats must be >= 1"),
        ({"method": "integrated-gradients", "settings": {"steps": 0}}, "steps must be >= 1"),
        ({"method": "retraining"}, "needs a plan"),
    ],
)
def test_questions_that_cannot_be_asked(wrong, message, models, data):
    with pytest.raises(InputError, match=message):
        importance(models["gru"], data, **({"method": "occlusion"} | wrong))


def test_data_that_do_not_fit(models, data):
    with pytest.raises(InputError, match="takes 2 inputs and dataset 'oscillator' has 1"):
        importance(models["gru"], data.without_inputs(["A"]), "occlusion")
    with pytest.raises(InputError, match="no trial in the split 'test'; it has trials in train"):
        importance(models["gru"], data.by_split()["train"], "occlusion")
    with pytest.raises(InputError, match="at least 2 trials"):
        importance(models["gru"], data.by_split()["test"].select([0]), "permutation")
    with pytest.raises(TypeError, match="repeats"):
        importance(models["gru"], data, "occlusion", settings={"repeats": 3})
    trial = Trial("one", np.zeros((5, 2)), split="test")
    with pytest.raises(InputError, match="has no outputs"):
        importance(models["gru"], Dataset("blank", (trial,), 0.5, INPUTS), "occlusion")


def test_methods_say_what_they_measure():
    measures = {name: method.measure for name, method in METHODS.items() if method.measure}
    assert measures == {"occlusion": "same", "integrated-gradients": "shares", "shapley": "shares"}


@pytest.mark.parametrize("method", ["occlusion", "shapley", "saliency"])
def test_values_compare_with_silencing_only_where_the_question_is_the_same(method, models, data):
    tables = [importance(models["linear"], data, method, baseline=name) for name in ("zero", "mean", "trial")]
    assert [measure_of(table) for table in tables] == [METHODS[method].measure, "", ""]


CODE = """
import json, sys
from datasets.store import load_dataset
from surrogates.importance.methods import importance
from surrogates.runs.model_file import load_model
data, model = load_dataset(sys.argv[1]), load_model(sys.argv[2])[0]
names = ("saliency", "integrated-gradients")
print(json.dumps([importance(model, data, name).values.tolist() for name in names]))
"""


@pytest.mark.slow
def test_tensorflow_gives_the_same_gradients(data, models, tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    from datasets.store import save_dataset

    file = save_dataset(data, tmp_path / "data.h5")
    model = save_model(models["gru"], tmp_path / "model.keras", ModelSignature.of(data))
    environment = os.environ | {"KERAS_BACKEND": "tensorflow"}
    call = [sys.executable, "-c", CODE, str(file), str(model)]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for name, values in zip(("saliency", "integrated-gradients"), found, strict=True):
        np.testing.assert_allclose(values, importance(models["gru"], data, name).values, rtol=1e-4)
