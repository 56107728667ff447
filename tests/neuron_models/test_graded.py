"""The graded network: another program's numbers, and two cells whose answers are closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from neuron_models.foundation.errors import InputError
from neuron_models.graded.equations import jacobian, right_hand_side, steady_activity, steady_slopes
from neuron_models.graded.network import GradedNetwork, PointMembrane, RateTransfer, SteadyTransfer
from neuron_models.graded.rest import (
    half_way_potentials,
    resting_potentials,
    resting_state,
    with_thresholds_at_rest,
)
from neuron_models.graded.trajectory import trajectory


@pytest.fixture
def two():
    """Make two cells, A onto B: gap and chemical conductances in nS."""

    def make(gap=0.0, excitatory=0.0, inhibitory=0.0, transfer=None):
        def matrix(value, both=False):
            return np.array([[0.0, value], [value if both else 0.0, 0.0]])

        network = GradedNetwork(
            ("A", "B"),
            matrix(gap, both=True),
            matrix(excitatory),
            matrix(inhibitory),
            np.zeros(2),
            transfer=transfer or RateTransfer(),
        )
        return with_thresholds_at_rest(network)

    return make


def test_a_gap_junction_divides_the_current(two):
    network = two(gap=0.1)
    v = resting_potentials(network, np.array([1.0, 0.0]))
    leak, gap = 0.01, 0.1
    first = (leak + gap) / (leak * (leak + 2 * gap))
    assert v + 35 == pytest.approx([first, first * gap / (leak + gap)], abs=1e-9)


def test_a_synapse_at_its_threshold_holds_a_known_activity(two):
    network = two(excitatory=0.1)
    s = 1 / 11
    assert network.transfer.at_threshold == pytest.approx(s)
    expected = [-35.0, 0.01 * -35 / (0.01 + 0.1 * s)]
    assert network.thresholds == pytest.approx(expected, abs=1e-12)
    assert resting_potentials(network) == pytest.approx(expected, abs=1e-9)
    assert two(inhibitory=0.1).thresholds[1] == pytest.approx((0.01 * -35 + 0.1 * s * -45) / (0.01 + 0.1 * s))


def test_membrane_and_activity_relax_exponentially(two):
    network = two(excitatory=0.0)
    times = np.array([0.0, 50.0, 100.0, 250.0])
    states = trajectory(network, resting_state(network), np.array([[0.2, 0], [0.2, 0], [0, 0]]), times)
    tau = 1.0 / 0.01
    up = 20 * (1 - np.exp(-times[:3] / tau))
    assert states[:3, 0] + 35 == pytest.approx(up, abs=1e-6)
    assert states[3, 0] + 35 == pytest.approx(up[2] * np.exp(-150 / tau), abs=1e-6)
    # far above its threshold a synapse's activity goes to rise / (rise + decay) at the rate rise + decay
    held = replace(network, thresholds=np.array([-1000.0, 0.0]))
    start = np.array([-35.0, -35.0, 0.0, 0.0])
    s = trajectory(held, start, np.zeros((1, 2)), [0.0, 100.0])[1, 2]
    assert s == pytest.approx((1 - np.exp(-0.6)) / 6, abs=1e-7)


def test_the_form_of_neuroml_follows_its_steady_value(two):
    network = two(excitatory=0.1, transfer=SteadyTransfer(rate=25.0, width=5.0, threshold=-35.0))
    state = np.array([-35.0, -20.0, 0.2, 0.0])
    rate = right_hand_side(network, state, np.zeros(2))
    assert rate[2] == pytest.approx((0.5 - 0.2) / (0.5 / 0.025))
    assert rate[1] == pytest.approx(0.01 * (-35 + 20) + 0.1 * 0.2 * 20)
    assert resting_potentials(network) == pytest.approx([-35, 0.01 * -35 / (0.01 + 0.05)], abs=1e-8)


@pytest.mark.parametrize("transfer", [RateTransfer(), SteadyTransfer(threshold=-30.0)])
def test_slopes_are_the_differences_of_rates(two, transfer):
    network = replace(two(0.1, 0.2, 0.3, transfer), thresholds=np.array([-30.0, -25.0]))
    rng = np.random.default_rng(0)
    state = np.concatenate([rng.uniform(-60, 10, 2), rng.uniform(0, 1, 2)])
    shift = 1e-6 * np.eye(4)
    measured = [
        (right_hand_side(network, state + d, np.zeros(2)) - right_hand_side(network, state - d, np.zeros(2))) / 2e-6
        for d in shift
    ]
    assert jacobian(network, state) == pytest.approx(np.array(measured).T, abs=1e-7)
    v = resting_potentials(network)
    step = 1e-4
    moved = (resting_potentials(network, np.array([step, 0])) - v) / step
    assert -np.linalg.inv(steady_slopes(network, v))[:, 0] == pytest.approx(moved, rel=1e-3)
    late = trajectory(network, resting_state(network) + np.array([5, -5, 0.1, 0]), np.zeros((1, 2)), [0.0, 2e4])[-1]
    assert late == pytest.approx(resting_state(network), abs=1e-6)
    assert steady_activity(transfer, np.zeros(1))[0] == pytest.approx(transfer.at_threshold)


def test_wrong_values_are_named():
    with pytest.raises(InputError, match=r"PointMembrane.c_m must be > 0 pF, got -1"):
        PointMembrane(c_m=-1.0)
    with pytest.raises(InputError, match=r"RateTransfer.slope must be > 0 1/mV, got 0"):
        RateTransfer(slope=0.0)
    with pytest.raises(InputError, match=r"SteadyTransfer.width must be > 0 mV, got 0"):
        SteadyTransfer(width=0.0)
    one, zero = np.eye(2)[::-1] * [[1], [0]], np.zeros((2, 2))
    with pytest.raises(InputError, match="gap must be symmetric"):
        GradedNetwork(("A", "B"), one, zero, zero, np.zeros(2))
    with pytest.raises(InputError, match="excitatory must hold conductances >= 0 nS"):
        GradedNetwork(("A", "B"), zero, -one, zero, np.zeros(2))


def test_a_trajectory_needs_times_that_grow(two):
    network = two()
    with pytest.raises(InputError, match="must grow"):
        trajectory(network, resting_state(network), np.zeros((1, 2)), [1.0, 1.0])
    with pytest.raises(InputError, match="3 times need 2 rows"):
        trajectory(network, resting_state(network), np.zeros((1, 2)), [0.0, 1.0, 2.0])


@pytest.fixture(scope="session")
def interactome(shared):
    """The network of the program Neural Interactome, and what that program computed."""
    answers = dict(np.load(shared / "reference" / "graded_answers.npz"))
    chemical, inhibits = 0.1 * answers["Gs"].T, answers["inhibitory"].astype(bool)
    network = GradedNetwork(
        tuple(answers["names"].tolist()),
        0.1 * answers["Gg"],
        np.where(inhibits[:, None], 0, chemical),
        np.where(inhibits[:, None], chemical, 0),
        np.zeros(len(inhibits)),
        PointMembrane(c_m=1.5),
        RateTransfer(rise=1 / 1.5, decay=5 / 1.5),
        e_inhibitory=-48.0,
    )
    return network, answers


@pytest.mark.shared
@pytest.mark.parametrize("case", ["silent", "PLM"])
def test_another_program_computes_the_same(interactome, case):
    network, answers = interactome
    current = 0.1 * answers[f"{case}_input"]
    thresholds = half_way_potentials(network, activity=0.0909, current=current)  # it rounds to four digits
    assert thresholds == pytest.approx(answers[f"{case}_vth"], abs=1e-9)
    network = replace(network, thresholds=answers[f"{case}_vth"])
    for state, expected in zip(answers[f"{case}_states"], answers[f"{case}_rhs"], strict=True):
        assert 1000 * right_hand_side(network, state, current) == pytest.approx(expected, rel=1e-9)
    start = np.concatenate([answers[f"{case}_v"][0], answers[f"{case}_s"][0]])
    times = 1000 * answers[f"{case}_t"]
    states = trajectory(network, start, np.tile(current, (len(times) - 1, 1)), times)
    assert np.abs(states[:, :279] - answers[f"{case}_v"]).max() < 1e-4
    rest = resting_state(network, current)
    assert np.abs(right_hand_side(network, rest, current)).max() < 1e-9
    assert np.abs(rest[:279] - states[-1, :279]).max() < 0.03  # two seconds are not enough to come to rest
