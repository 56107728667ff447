"""The engine against closed forms, and NEURON against CoreNEURON."""

import math

import numpy as np
import pytest

from neuron_models.circuit import Cell, Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.membrane import Passive
from neuron_models.morphology import Cable, Morphology
from neuron_models.stimulus import Pulse, Scaled, parse
from neuron_models.synapse import ChemicalSynapse, GapJunction

REST = -65.0
MEMBRANE = Passive(g_leak=2.5e-5, e_leak=REST)


def leak(diameter: float) -> float:
    """The leak of a sphere in uS."""
    return MEMBRANE.g_leak * math.pi * (diameter * 1e-4) ** 2 * 1e6


def run(circuit, clamps, sites, duration=200.0, dt=0.01, simulator="neuron"):
    return Simulation(circuit).run(clamps, [Site(s) for s in sites], RunSettings(duration, dt, simulator))


@pytest.mark.parametrize("simulator", ["neuron", "coreneuron"])
def test_a_sphere_charges_with_r_c(sphere, simulator):
    current, tau = 0.001, MEMBRANE.c_m / (MEMBRANE.g_leak * 1e3)
    v = run(Circuit((sphere("A"),)), [Clamp(Site("A"), current * Pulse(1e6))], ["A"], simulator=simulator)[:, 0]
    t = np.arange(len(v)) * 0.01
    expected = REST + current / leak(20.0) * (1 - np.exp(-t / tau))
    assert tau == 40.0
    np.testing.assert_allclose(v, expected, atol=2e-3 * np.ptp(expected))


def test_a_cable_decays_with_its_length_constant():
    length, diameter, end = 1000.0, 2.0, ((0.0, 0.0, 0.0, 2.0), (1000.0, 0.0, 0.0, 2.0))
    cable = Morphology("cable", (Cable("cable", end, tuple(range(10)), tuple(100.0 * (i + 1) for i in range(10))),))
    circuit = Circuit((Cell("A", cable, MEMBRANE),), longest_compartment=2.0)
    sites = [Site("A", segment, 0.5) for segment in range(10)]
    clamps = [Clamp(Site("A", 0, 0.0), 0.01 * Pulse(1e6))]
    v = Simulation(circuit).run(clamps, sites, RunSettings(1000.0, 0.25))[-1]
    constant = 1e4 * math.sqrt(diameter * 1e-4 / (4 * MEMBRANE.r_axial * MEMBRANE.g_leak))
    x = np.array([50.0 + 100 * i for i in range(10)])
    profile = np.cosh((length - x) / constant)
    np.testing.assert_allclose((v - REST) / (v[0] - REST), profile / profile[0], rtol=2e-3)


@pytest.mark.parametrize("simulator", ["neuron", "coreneuron"])
def test_two_spheres_divide_the_voltage_over_a_gap_junction(sphere, simulator):
    big, small, gap, current = leak(30.0), leak(15.0), 2e-4, 0.005
    circuit = Circuit((sphere("A", 30.0), sphere("B", 15.0)), (Junction(Site("A"), Site("B"), GapJunction(gap)),))
    clamps = [Clamp(Site("A"), current * Pulse(1e6))]
    v = run(circuit, clamps, ["A", "B"], 1000.0, 0.1, simulator)[-1] - REST
    through = gap * small / (gap + small)
    assert v[0] == pytest.approx(current / (big + through), rel=1e-4)
    assert v[1] / v[0] == pytest.approx(gap / (gap + small), rel=1e-4)


def test_a_synapse_answers_each_upward_crossing_with_two_exponentials(sphere):
    synapse = ChemicalSynapse(g_max=1e-9, e_rev=0.0, tau_rise=1.0, tau_decay=2.0, threshold=0.0)
    circuit = Circuit((sphere("A"), sphere("B")), (Junction(Site("A"), Site("B"), synapse),))
    clamps = [Clamp(Site("A"), 1.0 * parse("pulse_train width=2 period=120 number=2 onset=10"))]
    v = run(circuit, clamps, ["A", "B"], 100.0, 0.01)
    crossing = np.argmax(v[:, 0] > 0) * 0.01
    t = np.arange(len(v)) * 0.01 - crossing
    peak = math.log(2.0) * 2.0
    scale = 1 / (math.exp(-peak / 2.0) - math.exp(-peak))
    g = np.where(t > 0, 1e-9 * scale * (np.exp(-t / 2.0) - np.exp(-t)), 0.0)
    # g is so small that B stays at rest, so the current is g (REST - 0) and the voltage its response through R and C.
    current, tau, dt = -g * REST, 40.0, 0.01
    expected = np.zeros(len(v))
    for k in range(1, len(v)):
        expected[k] = expected[k - 1] + dt * (-expected[k - 1] / tau + current[k] / leak(20.0) / tau)
    np.testing.assert_allclose(v[:, 1] - REST, expected, atol=0.01 * expected.max())
    assert v[:, 0].max() > 0 > v[:, 0].min()


@pytest.mark.parametrize("dt", [0.1, 0.25, 0.5])
def test_injected_charge_does_not_depend_on_the_time_step(sphere, dt):
    membrane = Passive(g_leak=1e-12, e_leak=REST)
    waveform = Scaled(Pulse(width=7.3, onset=11.07), 0.01)
    circuit = Circuit((sphere("A", membrane=membrane),))
    v = run(circuit, [Clamp(Site("A"), waveform)], ["A"], 50.0, dt)[:, 0]
    capacitance = membrane.c_m * math.pi * (20e-4) ** 2 * 1e3
    assert v[-1] - REST == pytest.approx(0.073 / capacitance, rel=1e-5)


def test_branches_hang_where_their_parent_ends():
    trunk = Cable("trunk", ((0, 0, 0, 4.0), (200.0, 0, 0, 4.0)), (0, 1), (100.0, 200.0))
    twig = Cable("twig", ((100.0, 0, 0, 1.0), (100.0, 50.0, 0, 1.0)), (2,), (50.0,), 0, 0.5)
    circuit = Circuit((Cell("A", Morphology("A", (trunk, twig)), MEMBRANE),), longest_compartment=1.0)
    sites = [Site("A", 0, 1.0), Site("A", 2, 0.0), Site("A", 1, 1.0), Site("A", 2, 1.0)]
    v = Simulation(circuit).run([Clamp(Site("A", 2, 1.0), 0.05 * Pulse(1e6))], sites, RunSettings(400.0, 0.1))[-1]
    assert v[0] == pytest.approx(v[1], abs=0.02 * (v[3] - REST))
    assert v[3] > v[1] > v[2]


def test_neuron_and_coreneuron_agree_with_synapses_and_gap_junctions(sphere):
    junctions = (
        Junction(Site("A"), Site("B"), ChemicalSynapse(g_max=1e-3)),
        Junction(Site("B"), Site("C"), GapJunction(1e-4)),
    )
    circuit = Circuit((sphere("A"), sphere("B"), sphere("C")), junctions)
    clamps = [Clamp(Site("A"), 0.5 * parse("pulse_train width=5 period=20 number=3 onset=5 + noise sd=0.1 width=80"))]
    both = [run(circuit, clamps, "ABC", 100.0, 0.05, simulator) for simulator in ("neuron", "coreneuron")]
    assert np.ptp(both[0][:, 2]) > 1e-3
    np.testing.assert_allclose(both[0], both[1], atol=1e-6)


def test_a_second_simulation_closes_the_first(sphere):
    first = Simulation(Circuit((sphere("A"),)))
    Simulation(Circuit((sphere("A"),)))
    with pytest.raises(InputError, match="closed"):
        first.run([], [Site("A")], RunSettings(1.0))


def test_a_simulation_runs_again_from_rest(sphere):
    simulation, settings = Simulation(Circuit((sphere("A"),))), RunSettings(20.0)
    runs = [simulation.run([Clamp(Site("A"), 0.01 * Pulse(5.0))], [Site("A")], settings) for _ in range(2)]
    np.testing.assert_array_equal(*runs)
    assert simulation.run([], [Site("A")], settings) == pytest.approx(REST)


@pytest.mark.parametrize(
    ("site", "message"), [(Site("Z"), "no cell 'Z'"), (Site("A", 7), "A has no segment 7: its segments are 0 to 0")]
)
def test_a_place_that_does_not_exist_is_named(sphere, site, message):
    with pytest.raises(InputError, match=message):
        Simulation(Circuit((sphere("A"),))).run([], [site], RunSettings(1.0))


def test_settings_are_checked():
    with pytest.raises(InputError, match=r"time step \(dt\) must divide"):
        RunSettings(500.0, 0.3)
    with pytest.raises(InputError, match="simulator must be one of neuron, coreneuron, linear, euler, got 'brian'"):
        RunSettings(500.0, 0.1, "brian")
    with pytest.raises(InputError, match=r"time step \(dt\) must be > 0 ms, got -1"):
        RunSettings(500.0, -1.0)


def test_cables_of_one_name_are_distinguished():
    """Spikes and gap junctions of two branches that share their name must not be taken for each other's."""
    soma = Cable("Soma", ((0, 0, 0, 10.0), (0, 10.0, 0, 10.0)), (0,), (10.0,))
    arms = [Cable("d", ((x, 0, 0, 1.0), (x, 400.0, 0, 1.0)), (n,), (400.0,), 0, 1.0) for n, x in ((1, 0), (2, 50))]
    star = Morphology("A", (soma, *arms))
    other = Morphology("B", (soma, *arms))
    cells = (Cell("A", star, MEMBRANE), Cell("B", other, MEMBRANE))

    def far_end(segment):
        junctions = tuple(Junction(Site("A", n, 1.0), Site("B", n, 1.0), GapJunction(1e-4)) for n in (1, 2))
        circuit = Circuit(cells, junctions)
        clamps = [Clamp(Site("A", segment, 1.0), 0.01 * Pulse(1e6))]
        sites = [Site("B", 1, 1.0), Site("B", 2, 1.0)]
        return Simulation(circuit).run(clamps, sites, RunSettings(20.0))[-1]

    first, second = far_end(1), far_end(2)
    assert first[0] > first[1]
    np.testing.assert_allclose(first, second[::-1], rtol=1e-9)


def test_compartments_too_short_for_neuron_are_reported(sphere):
    with pytest.raises(InputError, match="into more than 32767"):
        Simulation(Circuit((sphere("A"),), longest_compartment=1e-4))


def test_something_else_can_be_put_into_a_compartment(sphere):
    simulation = Simulation(Circuit((sphere("a"),)))
    segment = simulation.compartment(Site("a"))
    assert segment.sec.name() == "a_Soma"
    assert segment.area() == pytest.approx(math.pi * 20.0**2)
    with pytest.raises(InputError, match="no cell 'b'"):
        simulation.compartment(Site("b"))
