"""Few modes instead of all: what they lose, and that faint outputs are noticed."""

import numpy as np
import pytest

from neuron_models.linear.reduction import reachable, worst_answer


@pytest.fixture(scope="module")
def system():
    """Rates over five decades, three inputs and twenty outputs, one of them hardly reached."""
    rng = np.random.default_rng(5)
    rates = np.sort(10 ** rng.uniform(-1.6, 1.1, 400))
    seen = rng.normal(size=(20, 400)) / np.sqrt(rates)
    seen[7] *= np.where(rates < 1.0, 0.0, 1.0)
    return rates, rng.normal(size=(3, 400)) / np.sqrt(rates), seen


def step_answers(system, times):
    """What 1 nA from time zero on does to each output, input by input: closed form."""
    rates, drive, seen = system
    return np.einsum("tk,ik,ok->tio", -np.expm1(-np.outer(times, rates)) / rates, drive, seen)


def test_few_modes_answer_steps_as_all_do_and_at_rest_exactly(system):
    rates, drive, seen = system
    slower, basis = reachable(rates, drive)
    small = (slower, drive @ basis, seen @ basis)
    assert len(slower) < 100
    assert slower.min() >= rates.min() * (1 - 1e-9)
    wanted, found = (step_answers(each, np.geomspace(0.01, 200.0, 60)) for each in (system, small))
    spread = np.ptp(wanted, axis=0)
    assert (np.sqrt(((found - wanted) ** 2).mean(0)) < 1e-5 * spread).all()
    gain, exact = (each[2] / each[0] @ each[1].T for each in (small, system))
    np.testing.assert_allclose(gain, exact, rtol=1e-8, atol=1e-8 * np.abs(exact).max())
    assert worst_answer(system, small).max() < 1e-6


def test_an_output_that_few_modes_miss_is_noticed(system):
    rates, drive, seen = system
    slower, basis = reachable(rates, drive)
    poor = basis[:, : len(slower) // 2], slower[: len(slower) // 2]
    found = worst_answer(system, (poor[1], drive @ poor[0], seen @ poor[0]))
    assert found.max() > 1e-4


def test_a_small_system_stays_as_it_is(system):
    rates, drive, _ = system
    slower, basis = reachable(rates[:50], drive[:, :50])
    np.testing.assert_array_equal(slower, rates[:50])
    np.testing.assert_array_equal(basis, np.eye(50))
