"""Graded synapses in NEURON against point neurons, and the rest that circuits with them begin at."""

import math

import numpy as np
import pytest

from connectome.c302_files import morphology
from neuron_models.circuit import Cell, Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.graded.network import GradedNetwork
from neuron_models.graded.rest import resting_state, with_thresholds_at_rest
from neuron_models.graded.trajectory import trajectory
from neuron_models.membrane import Passive
from neuron_models.simulators import build
from neuron_models.stimulus import Pulse
from neuron_models.synapse import ChemicalSynapse, GapJunction, GradedSynapse

AREA = math.pi * 20e-4**2
POINT = Passive(g_leak=0.01e-9 / AREA, e_leak=-35.0, c_m=1e-6 / AREA)
JUNCTIONS = (
    Junction(Site("A"), Site("B"), GapJunction(1e-4)),
    Junction(Site("B"), Site("C"), GradedSynapse(2e-4, 0.0)),
    Junction(Site("C"), Site("A"), GradedSynapse(1e-4, -45.0)),
)


def point_network() -> GradedNetwork:
    """The same three cells as points, in nS."""
    gap, excitatory, inhibitory = np.zeros((3, 3, 3))
    gap[0, 1] = gap[1, 0] = inhibitory[2, 0] = 0.1
    excitatory[1, 2] = 0.2
    return with_thresholds_at_rest(GradedNetwork(("A", "B", "C"), gap, excitatory, inhibitory, np.zeros(3)))


@pytest.mark.parametrize("simulator", ["neuron", "coreneuron"])
def test_three_spheres_move_like_three_points(sphere, simulator):
    circuit = Circuit(tuple(sphere(name, 20.0, POINT) for name in "ABC"), JUNCTIONS)
    network, times = point_network(), np.linspace(0, 300, 7)
    expected = trajectory(network, resting_state(network), np.tile([1.0, 0, 0], (6, 1)), times)[:, :3]
    simulation, sites = Simulation(circuit), [Site(name) for name in "ABC"]
    apart = []
    for dt in (0.1, 0.025):
        v = simulation.run([Clamp(Site("A"), 0.001 * Pulse(1e6))], sites, RunSettings(300.0, dt, simulator))
        assert v[0] == pytest.approx(expected[0], abs=1e-6)
        apart.append(np.abs(v[:: round(50 / dt)] - expected).max())
    assert apart[1] < 0.05
    assert apart[0] / apart[1] == pytest.approx(4, rel=0.1)  # the error is that of a first-order step


def test_shapes_stay_at_rest_until_they_are_stimulated():
    names = ("AVAL", "VA8", "DB1")
    cells = tuple(Cell(name, morphology(name), Passive(e_leak=-35.0)) for name in names)
    junctions = (
        Junction(Site("AVAL", 9), Site("VA8", 6), GapJunction(1e-4)),
        Junction(Site("AVAL", 12), Site("DB1", 6), GradedSynapse(3e-4, 0.0)),
        Junction(Site("DB1", 6), Site("VA8", 7), GradedSynapse(3e-4, -70.0)),
    )
    simulation = Simulation(Circuit(cells, junctions))
    v = simulation.run([], [Site(name) for name in names], RunSettings(100.0, 0.1))
    assert np.ptp(v, axis=0).max() < 1e-6
    assert v[0, 2] > -34
    lost = simulation.run([], [Site(name) for name in names], RunSettings(10.0, 0.1), ablated=("AVAL",))
    assert np.ptp(lost, axis=0).max() < 1e-6
    assert lost[0, 2] == pytest.approx(-35, abs=1e-6)


def test_the_linear_engine_moves_three_spheres_like_three_points(sphere):
    circuit = Circuit(tuple(sphere(name, 20.0, POINT) for name in "ABC"), JUNCTIONS)
    network, times = point_network(), np.linspace(0, 300, 7)
    expected = trajectory(network, resting_state(network), np.tile([1.0, 0, 0], (6, 1)), times)[:, :3]
    clamp = Clamp(Site("A"), 0.001 * Pulse(1e6))
    v = build(circuit, "linear").run([clamp], [Site(name) for name in "ABC"], RunSettings(300.0, 50.0, "linear"))
    assert v == pytest.approx(expected, abs=1e-4)


def test_the_linear_engine_gives_neurons_limit_on_shapes_and_without_a_cell():
    names = ("AVAL", "VA8", "DB1")
    cells = tuple(Cell(name, morphology(name), POINT) for name in names)
    junctions = (
        Junction(Site("AVAL", 9), Site("VA8", 6), GapJunction(1e-4)),
        Junction(Site("AVAL", 12), Site("DB1", 6), GradedSynapse(3e-4, 0.0)),
        Junction(Site("DB1", 6), Site("VA8", 7), GradedSynapse(3e-4, -70.0, threshold=-40.0, start=0.1)),
    )
    circuit, sites = Circuit(cells, junctions), [Site(name) for name in names]
    clamp, engine, linear = Clamp(sites[0], 0.02 * Pulse(40.0, 5.0)), Simulation(circuit), build(circuit, "linear")
    for ablated in ((), ("DB1",)):
        coarse, fine = (engine.run([clamp], sites, RunSettings(60.0, dt), ablated) for dt in (0.025, 0.0125))
        limit = 2 * fine[::40] - coarse[::20]
        v = linear.run([clamp], sites, RunSettings(60.0, 0.5, "linear"), ablated)
        assert np.abs(v - limit).max() < 1e-3 * np.ptp(limit)
    assert np.ptp(limit[:, 1]) > 1.0


def test_two_kinds_of_synapses_in_one_circuit_are_refused_by_the_linear_engine(sphere):
    cells = tuple(sphere(name, 20.0, POINT) for name in "AB")
    kinds = (ChemicalSynapse(), GradedSynapse())
    circuit = Circuit(cells, tuple(Junction(Site("A"), Site("B"), kind) for kind in kinds))
    with pytest.raises(InputError, match="no synapses of both kinds in one circuit: use coreneuron or neuron"):
        build(circuit, "linear")
    graded = build(Circuit(cells, (Junction(Site("A"), Site("B"), GradedSynapse()),)), "linear")
    with pytest.raises(InputError, match="A is ablated and cannot be stimulated"):
        graded.run([Clamp(Site("A"), Pulse(1.0))], [Site("B")], RunSettings(1.0, 0.5), ("A",))


def test_eulers_steps_refuse_graded_synapses(sphere):
    circuit = Circuit(tuple(sphere(name, 20.0, POINT) for name in "ABC"), JUNCTIONS)
    with pytest.raises(InputError, match="simulator euler has no graded synapses: use linear, coreneuron or neuron"):
        build(circuit, "euler")


def test_wrong_values_are_named():
    with pytest.raises(InputError, match=r"GradedSynapse.g_max must be >= 0 uS, got -1"):
        GradedSynapse(-1.0)
    with pytest.raises(InputError, match=r"GradedSynapse.decay must be > 0 1/s, got 0"):
        GradedSynapse(decay=0.0)
