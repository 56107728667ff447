"""The linear engine bit by bit gives what it gives at once."""

import numpy as np

from connectome.network import build_network
from connectome.wiring import load_connectome
from neuron_models.circuit import Clamp, RunSettings, Site
from neuron_models.linear.simulation import LinearSimulation
from neuron_models.linear.stepping import LinearStepping
from neuron_models.stimulus import Pulse

INPUTS = (Site("AVBL"), Site("PLML"))
OUTPUTS = (Site("AVBL"), Site("DB1"), Site("AVAL"), Site("VB3"))


def test_steps_are_those_of_one_run_and_a_kept_state_goes_on():
    simulation = LinearSimulation(build_network(load_connectome("as-run")))
    currents = np.zeros((40, 2))
    currents[5:20, 0], currents[10:30, 1] = 2.3, 1.4
    clamps = (Clamp(INPUTS[0], 2.3 * Pulse(15.0, 5.0)), Clamp(INPUTS[1], 1.4 * Pulse(20.0, 10.0)))
    whole = simulation.run(clamps, OUTPUTS, RunSettings(40.0, 1.0, "linear"))
    stepping = LinearStepping(simulation, INPUTS, OUTPUTS, following=False)
    found = [stepping.step(row) for row in currents[:25]]
    again = LinearStepping(simulation, INPUTS, OUTPUTS, following=False)
    again.restore(stepping.state())
    found += [again.step(row) for row in currents[25:]]
    np.testing.assert_array_equal(found[25:], [stepping.step(row) for row in currents[25:]])
    assert (np.abs(np.array(found) - whole[1:]).max(axis=0) < 2e-3 * np.ptp(whole, axis=0)).all()
    assert np.ptp(whole[:, 1]) > 1.0
    small = 0.02 * currents
    clamps = tuple(Clamp(site, 0.02 * clamp.waveform) for site, clamp in zip(INPUTS, clamps, strict=True))
    whole = simulation.run(clamps, OUTPUTS, RunSettings(40.0, 1.0, "linear"))
    following = LinearStepping(simulation, INPUTS, OUTPUTS)
    found = [following.step(row) for row in small]
    assert np.abs(np.array(found) - whole[1:]).max() < 0.01 * np.ptp(whole)
