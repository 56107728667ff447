"""Stimuli that a model asks for: by leverage and by the spread of an ensemble, against answers known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from connectome.random_stimuli import random_pool, random_scenario
from surrogates.registry import MODELS
from surrogates.responses.next_stimuli import grow_volume, most_leverage, most_spread, next_scenario
from surrogates.runs.learned import Learned, LearnedTrial
from surrogates.runs.model_file import ModelSignature, save_model
from surrogates.runs.stimuli import trained_stimuli


def test_the_volume_grows_along_what_is_missing():
    """Two directions known badly: the strong one is taken first, then the other, not a second of the same."""
    grams = np.array([np.diag([4.0, 0.0]), np.diag([3.9, 0.0]), np.diag([0.0, 1.0])])
    assert grow_volume(grams, np.eye(2) * 0.1, 3) == [0, 2, 1]


def test_leverage_asks_for_the_input_that_was_silent(linear_response):
    dataset = linear_response()
    quiet = replace(dataset, trials=tuple(replace(t, x=t.x[:] * [1.0, 0.0]) for t in dataset))
    x = np.asarray(dataset.trials[0].x)
    stimuli = [x * [1.0, 0.0], x * [0.0, 1.0], x * [0.5, 0.0]]
    assert most_leverage(trained_stimuli(quiet), 8, stimuli, 1) == [1]


def test_spread_asks_where_models_differ_and_not_for_the_same_twice():
    def one(model_gain):
        model = MODELS["linear"].build(2, 1, lags=1)
        model.layers[-1].cell.set_weights(
            [np.zeros((1, 1)), np.array([[model_gain[0]], [model_gain[1]], [0], [0]]), np.zeros(1), np.zeros(1)]
        )
        return model

    x = np.zeros((3, 10, 2))
    x[0, ::2, 0], x[1, ::2, 0], x[2, 1::2, 1] = 2.0, 1.9, 1.0
    assert most_spread([one((1, 1)), one((2, 2)), one((3, 1))], x, 2) == [0, 2]


@pytest.fixture
def files(kick, tmp_path):
    """Two models of the scenario, of which one says what it has learned."""
    base = replace(kick, outputs=("DB1",))
    x = [base.values(n) for n in range(3)]
    from datasets.dataset import Dataset, Trial

    trials = tuple(Trial(f"t{n}", u, np.zeros((len(u), 1)), split="train") for n, u in enumerate(x))
    dataset = Dataset("kick", trials, 0.5, base.inputs, base.outputs, "nA", "V")
    learned = Learned(tuple(LearnedTrial(t.name, "train", "0" * 64) for t in trials))
    known = replace(ModelSignature.of(dataset), learned=learned, stimuli=trained_stimuli(dataset))
    one = save_model(MODELS["rnn"].build(1, 1, units=2), tmp_path / "one.keras", known)
    two = save_model(MODELS["rnn"].build(1, 1, units=2, seed=1), tmp_path / "two.keras", ModelSignature.of(dataset))
    return base, one, two


def test_a_scenario_of_chosen_stimuli(files):
    base, one, two = files
    for models, words in (([one], "by their leverage"), ([one, two], "by the spread of 2 models")):
        chosen, how = next_scenario(base, models, 3, seed=1)
        assert words in how
        assert chosen.sequences == ("next_0001", "next_0002", "next_0003")
        assert set(chosen.stimuli) <= set(random_pool(base, 30, 1).stimuli)
        assert chosen == next_scenario(base, models, 3, seed=1)[0]


def test_random_scenarios_keep_the_farthest_of_the_pool(kick):
    assert set(random_scenario(kick, 3, 2).stimuli) <= set(random_pool(kick, 12, 2).stimuli)


def test_what_cannot_be_chosen_is_one_line(files, wormtwin, refused, tmp_path):
    _, one, two = files
    out = ("--out", tmp_path / "n.h5")
    refused(wormtwin("simulate", "--next", 3, *out), "--next N and --model go together")
    refused(
        wormtwin("simulate", "--next", 3, "--model", one, "--stimuli", "random", *out), "chooses the stimuli itself"
    )
    refused(wormtwin("simulate", "--next", 3, "--model", one, *out), "takes AVBL every 0.5 ms, scenario fcm drives")
    refused(wormtwin("simulate", "--next", 0, "--model", one, *out), "--next must be >= 1")
    from neuron_models.foundation.errors import InputError

    with pytest.raises(InputError, match="does not say which stimuli it learned"):
        next_scenario(files[0], [two], 1)
