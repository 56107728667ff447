"""The waveform algebra, by hypothesis."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from neuron_models.foundation.errors import InputError
from neuron_models.stimulus import (
    Delayed,
    Noise,
    Pulse,
    Ramp,
    RampHold,
    Sampled,
    Scaled,
    Silence,
    Sum,
    Train,
    Triangle,
    Waveform,
    parse,
)

width = st.floats(0.1, 200.0)
onset = st.floats(0.0, 300.0)
shapes = st.one_of(
    st.builds(Pulse, width, onset),
    st.builds(Ramp, width, onset),
    st.builds(RampHold, width, width, onset),
    st.builds(Triangle, width, width, onset),
)
trains = st.builds(
    lambda shape, gap, number: Train(shape, shape.pieces()[-1][2] - shape.onset + gap, number),
    st.one_of(st.builds(Pulse, width, onset), st.builds(Ramp, width, onset), st.builds(Triangle, width, width, onset)),
    width,
    st.integers(1, 5),
)
noises = st.builds(Noise, st.floats(0.01, 2.0), width, st.integers(0, 99), st.floats(0.5, 20.0), onset)
simple = st.one_of(shapes, trains, noises, st.just(Silence()))
waveforms = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(Scaled, inner, st.floats(-5, 5)),
        st.builds(lambda terms: Sum(tuple(terms)), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=5,
)
TIMES = np.linspace(0.0, 900.0, 361)


@given(waveforms)
def test_the_text_of_a_waveform_reads_back_as_the_same_function(waveform):
    again = parse(str(waveform))
    np.testing.assert_allclose(again.at(TIMES), waveform.at(TIMES), atol=1e-12)
    np.testing.assert_allclose(again.charge(TIMES), waveform.charge(TIMES), atol=1e-9)


@given(simple)
def test_a_simple_waveform_equals_the_one_read_from_its_text(waveform):
    assert parse(str(waveform)) == waveform


@given(shapes | trains, st.floats(0.0, 900.0))
def test_charge_is_the_integral_of_the_value(waveform, end):
    edges = sorted({t for t0, _, t1, _ in waveform.pieces() for t in (t0, t1) if t < end} | {0.0, end})
    total = sum(quad(lambda t: waveform.at(np.array([t]))[0], a, b)[0] for a, b in pairwise(edges))
    assert waveform.charge(np.array([end]))[0] == pytest.approx(total, rel=1e-6, abs=1e-6)


@given(waveforms, waveforms, st.floats(-3, 3))
def test_the_algebra_is_linear(one, other, factor):
    left = (factor * (one + other)).charge(TIMES)
    np.testing.assert_allclose(left, factor * one.charge(TIMES) + factor * other.charge(TIMES), atol=1e-6)


@given(waveforms, st.sampled_from([0.025, 0.1, 0.3, 1.0]))
def test_step_means_keep_the_charge_at_any_time_step(waveform, dt):
    steps = round(600 / dt)
    means = waveform.step_means(dt, steps)
    assert means.sum() * dt == pytest.approx(waveform.charge(np.array([steps * dt]))[0], abs=1e-6)


def test_shapes_hold_what_their_names_say():
    t = np.array([99.9, 100.0, 125.0, 149.9, 150.0, 175.0, 200.0])
    np.testing.assert_allclose(Pulse(50, 100).at(t), [0, 1, 1, 1, 0, 0, 0])
    np.testing.assert_allclose(Ramp(50, 100).at(t), [0, 0, 0.5, 0.998, 0, 0, 0])
    np.testing.assert_allclose(RampHold(50, 50, 100).at(t), [0, 0, 0.5, 0.998, 1, 1, 0])
    np.testing.assert_allclose(Triangle(50, 50, 100).at(t), [0, 0, 0.5, 0.998, 1, 0.5, 0])
    np.testing.assert_allclose(parse("pulse_train width=10 period=25 onset=100").at(t), [0, 1, 1, 0, 1, 0, 0])


def test_noise_is_seeded_and_has_its_spread():
    noise = Noise(sd=0.5, width=1e4, seed=3)
    values = noise.at(np.arange(0.5, 1e4))
    assert abs(values.std() - 0.5) < 0.02
    np.testing.assert_array_equal(values, Noise(sd=0.5, width=1e4, seed=3).at(np.arange(0.5, 1e4)))
    assert not np.array_equal(values, Noise(sd=0.5, width=1e4, seed=4).at(np.arange(0.5, 1e4)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pulse width=-5", r"Pulse.width must be > 0 ms, got -5"),
        ("pulse width=nan", r"Pulse.width must be a finite number, got nan"),
        ("pulse width=5 onset=-1", r"Pulse.onset must be >= 0 ms, got -1"),
        ("pulse_train width=50 period=10", r"Train.period must be >= 50 ms, the length of one pulse, got 10"),
        ("pulse_train width=5 period=10 number=0", r"Train.number must be a whole number >= 1, got 0"),
        ("pulse width=abc", r"width must be a number, got 'abc'"),
        ("pulse level=5", r"pulse takes width, onset"),
        ("square width=5", r"unknown shape 'square'; known: pulse, ramp"),
        ("pulse_train width=5", r"pulse_train takes width, onset, period, number"),
        ("", r"unknown shape ''"),
        ("nan*pulse width=5", r"Scaled.factor must be a finite number, got nan"),
    ],
)
def test_a_wrong_waveform_says_what_is_wrong(text, message):
    with pytest.raises(InputError, match=message):
        parse(text)


def test_an_empty_sum_is_refused():
    with pytest.raises(InputError, match="at least one waveform"):
        Sum(())


def test_samples_are_held_and_read_back_from_their_text():
    sampled = Sampled((0.0, 1.5, -2.0), 0.5)
    assert parse(str(sampled)) == sampled
    t = np.array([-0.1, 0.0, 0.49, 0.5, 1.0, 1.49, 1.5])
    np.testing.assert_allclose(sampled.at(t), [0, 0, 0, 1.5, -2, -2, 0])
    np.testing.assert_allclose(sampled.charge(t), [0, 0, 0, 0, 0.75, -0.23, -0.25])
    np.testing.assert_allclose(Waveform.charge(sampled, t), sampled.charge(t), atol=1e-12)
    np.testing.assert_allclose(Waveform.at(sampled, t), sampled.at(t))
    later = Delayed(sampled, 2.0)
    np.testing.assert_allclose(later.at(t + 2.0), sampled.at(t))
    np.testing.assert_allclose(Waveform.charge(later, t + 2.0), sampled.charge(t), atol=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("samples step=0.5", "samples takes step, values"),
        ("samples step=0 values=1", "Sampled.step must be > 0 ms"),
        ("samples step=1 values=1,nan", "must be finite numbers, got nan as number 2"),
        ("samples step=1 values=1,x", "values must be a number, got 'x'"),
    ],
)
def test_wrong_samples_are_told(text, message):
    with pytest.raises(InputError, match=message):
        parse(text)
