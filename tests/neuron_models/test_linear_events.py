"""Event synapses of the linear engine against NEURON's limit."""

import numpy as np
import pytest

from neuron_models.circuit import Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.linear.simulation import LinearSimulation
from neuron_models.stimulus import parse
from neuron_models.synapse import ChemicalSynapse, GapJunction


@pytest.fixture
def three(sphere):
    """A stimulated cell that drives two others, of which the first drives the second with a delay and inhibition."""
    junctions = (
        Junction(Site("A"), Site("B"), ChemicalSynapse(g_max=4e-4)),
        Junction(Site("A"), Site("B"), ChemicalSynapse(g_max=2e-4)),
        Junction(Site("A"), Site("C"), ChemicalSynapse(g_max=2e-4, tau_rise=0.5, tau_decay=5.0)),
        Junction(Site("B"), Site("C"), ChemicalSynapse(g_max=5e-4, e_rev=-80.0, threshold=-50.0, delay=1.37)),
        Junction(Site("B"), Site("C"), GapJunction(2e-5)),
    )
    return Circuit((sphere("A"), sphere("B"), sphere("C")), junctions)


CLAMPS = [Clamp(Site("A"), 0.2 * parse("pulse_train width=5 period=25 number=3 onset=5.3 + 0.3*ramp rise=60 onset=10"))]
SITES = [Site(name) for name in "ABC"]


def limit(circuit, ablated=(), dt=0.005):
    """NEURON's potentials at step zero, but for its events, which wait for the end of a step."""
    simulation = Simulation(circuit)
    runs = {step: simulation.run(CLAMPS, SITES, RunSettings(90.0, step), ablated) for step in (dt, dt / 2)}
    return 2 * runs[dt / 2][:: round(1 / dt)] - runs[dt][:: round(0.5 / dt)]


def errors(found, wanted):
    return np.sqrt(((found - wanted) ** 2).mean(0)) / np.ptp(wanted, axis=0)


@pytest.mark.slow
def test_events_meet_neurons_limit(three):
    wanted = limit(three)
    found = LinearSimulation(three).run(CLAMPS, SITES, RunSettings(90.0, 0.5))
    assert np.ptp(wanted, axis=0).min() > 5.0
    assert errors(found, wanted).max() < 5e-4


@pytest.mark.slow
def test_short_steps_are_as_close_as_neurons_limit_is_known(three):
    wanted, simulation = limit(three, dt=0.001), LinearSimulation(three)
    coarse = simulation.run(CLAMPS, SITES, RunSettings(90.0, 0.1))[::5]
    fine = simulation.run(CLAMPS, SITES, RunSettings(90.0, 0.02))[::25]
    assert errors(fine, wanted).max() < 5e-5
    assert errors(coarse, wanted).max() < 1e-4


@pytest.mark.parametrize("lost", ["B", "C"])
def test_synapses_of_ablated_cells_stay_closed(three, lost):
    found = LinearSimulation(three).run(CLAMPS, SITES, RunSettings(90.0, 0.1), [lost])[::5]
    index = "ABC".index(lost)
    np.testing.assert_allclose(found[:, index], -65.0, atol=1e-9)
    others = [n for n in range(3) if n != index]
    wanted = limit(three, [lost])
    assert errors(found[:, others], wanted[:, others]).max() < 2e-3


def test_without_an_event_synapses_change_nothing(three, sphere):
    weak = [Clamp(Site("A"), 1e-4 * parse("pulse width=50 onset=5"))]
    settings = RunSettings(60.0, 0.5)
    bare = Circuit(three.cells, three.junctions[-1:])
    found, wanted = (LinearSimulation(circuit).run(weak, SITES, settings) for circuit in (three, bare))
    np.testing.assert_allclose(found, wanted, atol=1e-9)
