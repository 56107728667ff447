"""The linear engine against closed forms and NEURON, on a few cells."""

import math

import numpy as np
import pytest

from neuron_models.circuit import Cell, Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.linear.compartments import cut
from neuron_models.linear.simulation import LinearSimulation
from neuron_models.membrane import Passive
from neuron_models.morphology import Cable, Morphology
from neuron_models.stimulus import Pulse, Triangle, parse
from neuron_models.synapse import GapJunction

REST = -65.0


def leak(diameter: float) -> float:
    """The leak of a sphere in uS."""
    return 2.5e-5 * math.pi * (diameter * 1e-4) ** 2 * 1e6


@pytest.fixture
def branched():
    """Make a cell with a tapering trunk, a twig on its middle and one on its end; diameters jump at a point."""

    def make(name: str, membrane: Passive | None = None) -> Cell:
        soma = Cable("Soma", ((0, 0, 0, 8.0), (0, 8.0, 0, 8.0)), (0,), (8.0,))
        bends = ((0, 8, 0, 3.0), (40, 8, 0, 2.0), (40, 8, 0, 1.0), (140, 8, 30, 0.7))
        length = 40 + math.dist((40, 8, 0), (140, 8, 30))
        trunk = Cable("trunk", bends, (1, 2), (40.0, length), 0, 1.0)
        middle = Cable("middle", ((40, 8, 0, 0.4), (40, 90, 0, 0.3)), (3,), (82.0,), 1, 0.5)
        end = Cable("end", ((140, 8, 30, 0.5), (220, 8, 30, 0.2)), (4,), (80.0,), 1, 1.0)
        base = Cable("base", ((0, 0, 0, 0.8), (0, -60, 0, 0.5)), (5,), (60.0,), 0, 0.0)
        return Cell(name, Morphology(name, (soma, trunk, middle, end, base)), membrane or Passive())

    return make


@pytest.fixture
def pair(branched):
    """Two branched cells with two gap junctions."""
    junctions = (
        Junction(Site("A", 4, 1.0), Site("B", 3, 0.7), GapJunction(1e-3)),
        Junction(Site("B", 5, 0.5), Site("A", 2, 0.5), GapJunction(3e-4)),
        Junction(Site("A", 2, 0.5), Site("B", 5, 0.5), GapJunction(2e-4)),
    )
    return Circuit((branched("A"), branched("B")), junctions, longest_compartment=10.0)


def test_compartments_are_those_of_neuron(branched):
    circuit = Circuit((branched("A"), branched("B")), longest_compartment=7.0)
    found, simulation = cut(circuit), Simulation(circuit)
    for index, name in enumerate(("A", "B")):
        segments = [(0, 0.5), (1, 0.3), (2, 0.0), (2, 0.6), (3, 0.5), (4, 0.99), (5, 0.4)]
        for site in (Site(name, segment, fraction) for segment, fraction in segments):
            node, neurons = found.node(site), simulation.compartment(site)
            assert found.capacitance[node] == pytest.approx(neurons.area() * 1e-5, rel=1e-12)
            assert 1 / found.axial[node] == pytest.approx(neurons.ri(), rel=1e-12)
        assert sum(found.numbers[index]) == simulation.compartments / 2


def test_a_sphere_charges_with_r_c_to_the_last_digit(sphere):
    current, dt = 0.001, 0.5
    simulation = LinearSimulation(Circuit((sphere("A"),)))
    v = simulation.run([Clamp(Site("A"), current * Pulse(50.0, 10.2))], [Site("A")], RunSettings(200.0, dt))[:, 0]
    t = np.arange(len(v)) * dt
    full = current / leak(20.0)
    on = np.clip(t - 10.2, 0, None), np.clip(t - 60.2, 0, None)
    expected = REST + full * (np.exp(-on[1] / 40) - np.exp(-on[0] / 40))
    np.testing.assert_allclose(v, expected, atol=1e-11)


def test_a_slope_is_integrated_exactly(sphere):
    simulation = LinearSimulation(Circuit((sphere("A"),)))
    clamp = Clamp(Site("A"), 0.01 * Triangle(7.3, 5.9, 3.1))
    coarse, fine = (simulation.run([clamp], [Site("A")], RunSettings(40.0, dt)) for dt in (4.0, 0.25))
    np.testing.assert_allclose(coarse, fine[::16], atol=1e-11)


def test_two_spheres_over_a_gap_junction_meet_their_closed_form(sphere):
    gap, current = 2e-4, 0.005
    circuit = Circuit((sphere("A"), sphere("B")), (Junction(Site("A"), Site("B"), GapJunction(gap)),))
    v = LinearSimulation(circuit).run([Clamp(Site("A"), current * Pulse(1e6))], [Site("A"), Site("B")], RunSettings())
    t = np.arange(len(v)) * 0.1
    own, tau = leak(20.0), 40.0
    fast = tau * own / (own + 2 * gap)
    both = current / own * (1 - np.exp(-t / tau)) / 2
    apart = current / (own + 2 * gap) * (1 - np.exp(-t / fast)) / 2
    np.testing.assert_allclose(v - REST, np.stack([both + apart, both - apart], axis=1), atol=1e-11)


def limit(circuit, clamps, sites, duration=60.0, dt=0.005, every=0.5):
    """NEURON's potentials at step zero, by Richardson's extrapolation."""
    simulation = Simulation(circuit)
    coarse, fine = (
        simulation.run(clamps, sites, RunSettings(duration, step))[:: round(every / step)] for step in (dt, dt / 2)
    )
    return 2 * fine - coarse


def test_branched_cells_with_gap_junctions_meet_neurons_limit(pair):
    clamps = [
        Clamp(Site("A"), 0.1 * parse("pulse_train width=3.3 period=12 number=3 onset=2 + 0.5*ramp rise=20 onset=11.7")),
        Clamp(Site("B", 3, 0.9), 0.01 * parse("noise sd=1 width=30 seed=3 onset=5")),
    ]
    sites = [Site(name, segment) for name in "AB" for segment in range(6)]
    wanted = limit(pair, clamps, sites)
    found = LinearSimulation(pair).run(clamps, sites, RunSettings(60.0, 0.5))
    worst = np.sqrt(((found - wanted) ** 2).mean(0)) / np.ptp(wanted, axis=0)
    assert worst.max() < 1e-5


def test_the_slowest_mode_is_the_membranes_time_constant(pair):
    rates = LinearSimulation(pair).modes().rates
    assert 1 / rates[0] == pytest.approx(40.0, rel=1e-9)
    assert rates[1] > 1.05 * rates[0]


def test_responses_are_reciprocal(pair):
    indices = [Site("A"), Site("B", 3, 0.2), Site("A", 4, 0.5)]
    simulation, settings = LinearSimulation(pair), RunSettings(50.0, 0.5)
    found = [simulation.run([Clamp(site, 0.01 * Pulse(5.0, 1.0))], indices, settings) - REST for site in indices]
    for i in range(3):
        for j in range(i):
            np.testing.assert_allclose(found[i][:, j], found[j][:, i], atol=1e-9)


def test_without_input_nothing_grows_and_steady_potentials_carry_the_whole_current(pair):
    simulation = LinearSimulation(pair)
    compartments = cut(pair)
    membrane = np.flatnonzero(compartments.capacitance)
    modes = simulation.modes()
    seen = modes.seen(membrane)
    steady = (seen / modes.rates) @ seen[:1].T  # of 1 nA into the first compartment, by the slow modes
    assert compartments.leak[membrane] @ steady[:, 0] == pytest.approx(1.0, rel=1e-6)
    v = simulation.run([Clamp(Site("A"), 0.1 * Pulse(5.0))], [Site("A"), Site("B")], RunSettings(200.0, 1.0)) - REST
    peak = np.abs(v[5:]).max(axis=1)
    assert (peak[1:] <= peak[:-1] * math.exp(-1 / 40) + 1e-8).all()


def test_an_ablated_cell_is_as_if_it_had_no_contacts(pair, branched):
    cells = (*pair.cells, branched("C"))
    bridge = Junction(Site("C", 4, 0.5), Site("B", 4, 0.5), GapJunction(1e-3))
    whole = Circuit(cells, (*pair.junctions, bridge), 10.0)
    alone = Circuit(cells, (bridge,), 10.0)
    clamps, sites = [Clamp(Site("C"), 0.05 * Pulse(10.0, 2.0))], [Site(name) for name in "ABC"]
    settings = RunSettings(40.0, 0.5)
    simulation = LinearSimulation(whole)
    intact = simulation.run(clamps, sites, settings)
    found = simulation.run(clamps, sites, settings, ablated=["A"])
    np.testing.assert_allclose(found, LinearSimulation(alone).run(clamps, sites, settings), atol=1e-10)
    np.testing.assert_allclose(found[:, 0], REST, atol=1e-10)
    np.testing.assert_array_equal(simulation.run(clamps, sites, settings), intact)


def test_stimuli_side_by_side_are_those_one_by_one(pair):
    simulation, settings = LinearSimulation(pair), RunSettings(20.0, 0.5)
    stimuli = [[Clamp(Site("A"), 0.1 * Pulse(width, 1.0))] for width in (2.0, 4.0, 6.0)]
    together = simulation.run_many(stimuli, [Site("B")], settings)
    np.testing.assert_array_equal(together, [simulation.run(each, [Site("B")], settings) for each in stimuli])


def test_what_is_prepared_is_kept_and_a_damaged_file_is_made_anew(pair, tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path)
    clamps, settings = [Clamp(Site("A"), 0.1 * Pulse(5.0))], RunSettings(20.0, 0.5)
    first = LinearSimulation(pair).run(clamps, [Site("B")], settings)
    (kept,) = (tmp_path / "linear").glob("*.npz")
    np.testing.assert_array_equal(LinearSimulation(pair).run(clamps, [Site("B")], settings), first)
    kept.write_bytes(kept.read_bytes()[:200])
    np.testing.assert_array_equal(LinearSimulation(pair).run(clamps, [Site("B")], settings), first)


@pytest.mark.parametrize(
    ("clamped", "ablated", "message"),
    [("Z", (), "no cell 'Z'"), ("A", ("Z",), "no cell 'Z'"), ("A", ("A",), "A is ablated and cannot be stimulated")],
)
def test_what_cannot_be_run_is_reported(pair, clamped, ablated, message):
    with pytest.raises(InputError, match=message):
        LinearSimulation(pair).run([Clamp(Site(clamped), Pulse(1.0))], [Site("B")], RunSettings(1.0), ablated)
