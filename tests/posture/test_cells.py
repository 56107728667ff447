"""Memories of cells: against Keras's own states, and what they are called related to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, pearsonr

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.posture.cells.cell_states import cell_state_model, read_cell_states
from surrogates.posture.cells.correlations import moving_mean, settled
from surrogates.posture.cells.shift_test import draw_shifts, relate, shift_sums
from surrogates.posture.network.networks import posture_lstm


def reader(layers=2, units=5, **how):
    return posture_lstm(3, 3, layers=layers, units=units, **how)


def amplitudes(*lengths, gap=()):
    rng = np.random.default_rng(1)
    trials = []
    for number, length in enumerate(lengths):
        weight = np.ones(length)
        weight[list(gap)] = 0
        x = rng.normal(size=(length, 3))
        x[weight == 0] = np.nan
        trials.append(Trial(f"w{number}", x, weight=weight, group=f"w{number}"))
    return Dataset(
        "some", tuple(trials), 100.0, ("a1", "a2", "turn"), task="next_step", extra={"posture": "amplitudes"}
    )


def slow_noise(frames, count, rng, memory=0.98):
    """Independent series that each frame keeps so much of."""
    x = rng.normal(size=(frames, count))
    for t in range(1, frames):
        x[t] = memory * x[t - 1] + np.sqrt(1 - memory**2) * x[t]
    return x


def test_memories_are_the_states_that_keras_returns():
    model, data = reader(dropout=0.3), amplitudes(62, 40, gap=(30, 31))
    read = {trial.name: memory for trial, memory in read_cell_states(cell_state_model(model), data, progress=False)}
    assert cell_state_model(model).indices.names[4:6] == ("1.5", "2.1")
    inputs = keras.Input((None, 3))
    hidden, states = model.get_layer("standard")(inputs), []
    for number in (1, 2):
        layer = keras.layers.LSTM(5, return_sequences=True, return_state=True, name=f"copy_{number}")
        hidden, _, state = layer(hidden)
        layer.set_weights(model.get_layer(f"lstm_{number}").get_weights())
        states.append(state)
    original = keras.Model(inputs, states)
    for name, first, last in (("w0", 0, 30), ("w0", 32, 62), ("w1", 32, 40)):
        frames = next(trial.x for trial in data if trial.name == name)[None, first:last].astype(np.float32)
        expected = np.concatenate(original.predict_on_batch(frames), axis=1)[0]
        assert read[name][last - 1] == pytest.approx(expected, abs=1e-6)
    assert np.flatnonzero(np.isnan(read["w0"]).all(axis=1)).tolist() == [30, 31]
    assert np.isfinite(read["w1"][32:]).all()


def test_any_line_of_lstm_layers_is_read_and_no_other_model():
    inputs = keras.Input((None, 3))
    line = keras.layers.Dense(3)(keras.layers.LSTM(4)(keras.layers.Dense(2)(inputs)))
    (_, memory), *_ = read_cell_states(cell_state_model(keras.Model(inputs, line)), amplitudes(60), progress=False)
    assert memory.shape == (60, 4)
    with pytest.raises(InputError, match="has no LSTM layer"):
        cell_state_model(keras.Model(inputs, keras.layers.Dense(3)(inputs)))
    two = keras.layers.Concatenate()([inputs, keras.layers.Dense(2)(inputs)])
    with pytest.raises(InputError, match="does not follow"):
        cell_state_model(keras.Model(inputs, keras.layers.LSTM(4)(two)))


@given(st.integers(1, 12), st.lists(st.integers(0, 49), max_size=4), st.integers(0, 100))
def test_moving_means_stay_inside_stretches(width, gaps, seed):
    values = np.random.default_rng(seed).normal(size=(50, 2))
    values[gaps] = np.nan
    found = moving_mean(values, width)
    known = np.isfinite(values[:, 0])
    for t in range(50):
        if not known[t]:
            assert np.isnan(found[t]).all()
            continue
        around = range(max(0, t - (width - 1) // 2), min(50, t + width // 2 + 1))
        inside = [u for u in around if known[min(t, u) : max(t, u) + 1].all()]
        assert found[t] == pytest.approx(values[inside].mean(axis=0), abs=1e-6)


def test_the_first_frames_of_a_stretch_do_not_count():
    memory = np.ones((200, 2))
    memory[100] = np.nan
    assert np.flatnonzero(np.isfinite(settled(memory)[:, 0])).tolist() == [*range(50, 100), *range(151, 200)]


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_correlations_at_every_shift_are_those_of_the_shifted_series(seed):
    rng = np.random.default_rng(seed)
    memory, feature = rng.normal(size=(61, 3)), rng.normal(size=(61, 2))
    memory[rng.integers(0, 61, 5)] = np.nan
    feature[rng.integers(0, 61, 5), 0] = np.nan
    shifts = draw_shifts(61, 10.0, 19, rng)
    sums = shift_sums(memory, feature, shifts)
    for index in range(2):
        for row, shift in enumerate(shifts):
            moved = np.roll(feature[:, index], shift)
            known = np.isfinite(moved) & np.isfinite(memory[:, 0])
            for cell in range(3):
                r = sums.both[index, row, cell] / np.sqrt(sums.cells[index, row, cell] * sums.features[index, row])
                assert r == pytest.approx(pearsonr(memory[known, cell], moved[known]).statistic, abs=1e-4)


def test_related_cells_are_found_and_slow_noise_is_not_called_related_too_often():
    rng, called, single = np.random.default_rng(0), 0, 0
    repeats, cells = 80, 10
    for _ in range(repeats):
        total = None
        for _ in range(2):
            behaviour = (slow_noise(600, 1, rng)[:, 0] > 1).astype(float)
            sums = shift_sums(slow_noise(600, cells, rng), behaviour[:, None], draw_shifts(600, 10.0, 99, rng))
            total = sums if total is None else total + sums
        (found,) = relate(total)
        called += bool((found.p_all <= 0.05).any())
        single += int((found.p <= 0.05).sum())
    assert called <= binom.ppf(0.999, repeats, 0.05)  # any of ten cells
    assert single <= 2 * 0.05 * repeats * cells  # cells of a repeat share the behaviour: no binomial bound
    assert single >= 0.4 * 0.05 * repeats * cells  # nor is the test too careful
    behaviour = (slow_noise(3000, 1, rng)[:, 0] > 1).astype(float)
    memory = slow_noise(3000, cells, rng)
    memory[:, 3] += 1.5 * behaviour
    (found,) = relate(shift_sums(memory, behaviour[:, None], draw_shifts(3000, 10.0, 199, rng)))
    assert np.flatnonzero(found.p_all <= 0.05).tolist() == [3]
    assert relate(shift_sums(memory, np.zeros((3000, 1)), np.arange(20)))[0] is None


def test_frame_by_frame_tests_would_call_noise_related():
    rng = np.random.default_rng(0)
    naive = [pearsonr(*slow_noise(600, 2, rng).T).pvalue < 0.05 for _ in range(40)]
    assert np.mean(naive) > 0.3
