"""A circuit bit by bit gives what it gives at once, by the linear engine and in NEURON, and a kept state goes on."""

from dataclasses import replace

import numpy as np
import pytest

from connectome.network import build_network
from connectome.network_parameters import parameters_of
from connectome.parameters import load_parameters
from connectome.wiring import load_connectome
from neuron_models.channels import Channel
from neuron_models.circuit import Cell, Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.foundation.errors import InputError
from neuron_models.linear.simulation import LinearSimulation
from neuron_models.linear.stepping import stepping
from neuron_models.morphology import Cable, Morphology
from neuron_models.neuron_stepping import NeuronStepping
from neuron_models.simulators import build
from neuron_models.stimulus import Pulse
from neuron_models.synapse import ChemicalSynapse, GapJunction, GradedSynapse

INPUTS = (Site("AVBL"), Site("PLML"))
OUTPUTS = (Site("AVBL"), Site("DB1"), Site("AVAL"), Site("VB3"))


def test_steps_are_those_of_one_run_and_a_kept_state_goes_on():
    simulation = LinearSimulation(build_network(load_connectome("as-run")))
    currents = np.zeros((40, 2))
    currents[5:20, 0], currents[10:30, 1] = 2.3, 1.4
    clamps = (Clamp(INPUTS[0], 2.3 * Pulse(15.0, 5.0)), Clamp(INPUTS[1], 1.4 * Pulse(20.0, 10.0)))
    whole = simulation.run(clamps, OUTPUTS, RunSettings(40.0, 1.0, "linear"))
    run = stepping(simulation, INPUTS, OUTPUTS, following=False)
    found = [run.step(row) for row in currents[:25]]
    again = stepping(simulation, INPUTS, OUTPUTS, following=False)
    again.restore(run.state())
    found += [again.step(row) for row in currents[25:]]
    np.testing.assert_array_equal(found[25:], [run.step(row) for row in currents[25:]])
    assert (np.abs(np.array(found) - whole[1:]).max(axis=0) < 2e-3 * np.ptp(whole, axis=0)).all()
    assert np.ptp(whole[:, 1]) > 1.0
    small = 0.02 * currents
    clamps = tuple(Clamp(site, 0.02 * clamp.waveform) for site, clamp in zip(INPUTS, clamps, strict=True))
    whole = simulation.run(clamps, OUTPUTS, RunSettings(40.0, 1.0, "linear"))
    following = stepping(simulation, INPUTS, OUTPUTS)
    found = [following.step(row) for row in small]
    assert np.abs(np.array(found) - whole[1:]).max() < 0.01 * np.ptp(whole)


def test_steps_with_graded_synapses_are_those_of_one_run_and_a_kept_state_goes_on():
    circuit = build_network(load_connectome("as-run"), parameters_of(load_parameters("kunert2014")))
    simulation = build(circuit, "linear")
    currents = np.zeros((40, 2))
    currents[5:20, 0], currents[10:30, 1] = 7e-3, 4e-3
    clamps = (Clamp(INPUTS[0], 7e-3 * Pulse(15.0, 5.0)), Clamp(INPUTS[1], 4e-3 * Pulse(20.0, 10.0)))
    whole = simulation.run(clamps, OUTPUTS, RunSettings(40.0, 1.0, "linear"))
    for following, close in ((False, 1e-9), (True, 0.01)):
        run = stepping(simulation, INPUTS, OUTPUTS, following=following)
        found = [run.step(row) for row in currents[:25]]
        again = stepping(simulation, INPUTS, OUTPUTS, following=following)
        again.restore(run.state())
        found += [again.step(row) for row in currents[25:]]
        np.testing.assert_array_equal(found[25:], [run.step(row) for row in currents[25:]])
        assert np.abs(np.array(found) - whole[1:]).max() < close * np.ptp(whole)


def _circuit(synapse):
    """Four balls, the last with a channel: an event is under way for 3.3 ms, potentials are carried over twice."""
    ball = Cable("Soma", ((0.0, -10.0, 0.0, 20.0), (0.0, 10.0, 0.0, 20.0)), (0,), (20.0,))
    cells = [Cell(name, Morphology(name, (ball,))) for name in "ABCD"]
    cells[3] = replace(cells[3], channels=(Channel("shk1", 1.0, -80.0),))
    kinds = (synapse, GapJunction(1e-4), GradedSynapse(1e-2))
    joined = [Junction(Site(a), Site(b), kind) for (a, b), kind in zip(("AB", "BC", "CD"), kinds, strict=True)]
    return Circuit(tuple(cells), tuple(joined))


def test_a_state_of_neuron_goes_on_with_events_and_carried_potentials():
    currents = np.zeros((40, 1))
    currents[5:30] = 0.2
    simulation = build(_circuit(ChemicalSynapse(g_max=1e-3, delay=3.3)), "neuron")
    sites = [Site(name) for name in "ABCD"]
    whole = simulation.run([Clamp(sites[0], 0.2 * Pulse(25.0, 5.0))], sites, RunSettings(40.0, 0.1, "neuron"))
    assert np.ptp(whole, axis=0).min() > 0.03
    assert whole[0, 0] < 0 < whole[:, 0].max()
    stepping = NeuronStepping(simulation, sites[:1], sites)
    found, states = [], []
    for current in currents:
        states.append(stepping.state())
        found.append(stepping.step(current))
    np.testing.assert_allclose(found, whole[10::10], atol=1e-9)
    for begin in range(3, 40, 5):
        stepping.restore(states[begin])
        np.testing.assert_array_equal([stepping.step(each) for each in currents[begin:]], found[begin:])
    other = NeuronStepping(build(_circuit(GapJunction(1e-4)), "neuron"), sites[:1], sites)
    cut = {**other.state(), "neuron": other.state()["neuron"][:-8]}
    for wrong in (states[20], {}, {**other.state(), "carried": states[20]["carried"]}, cut):
        with pytest.raises(InputError, match=r"this is no state|of another circuit"):
            other.restore(wrong)
    other.close()
