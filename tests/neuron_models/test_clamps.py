"""Clamps at any place and what else than potentials is recorded: against NEURON's own electrodes and closed forms."""

import math

import numpy as np
import pytest

from neuron_models.circuit import Cell, Circuit, Clamp, Junction, Probe, RunSettings, Site, VoltageClamp
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.linear.euler import EulerSimulation
from neuron_models.linear.simulation import LinearSimulation
from neuron_models.membrane import Passive
from neuron_models.morphology import Cable, Morphology
from neuron_models.stimulus import Pulse, parse
from neuron_models.synapse import ChemicalSynapse, GapJunction, GradedSynapse

REST = -65.0
HELD = -60.0 * Pulse(1e6) + 30.0 * Pulse(20.0, 20.0)
SETTINGS = RunSettings(60.0, 0.1)


@pytest.fixture
def stick():
    """A soma with a thin cable of ten segments."""
    soma = Cable("Soma", ((0, 0, 0, 10.0), (0, 10.0, 0, 10.0)), (0,), (10.0,))
    thin = ((0, 10.0, 0, 0.5), (0, 510.0, 0, 0.5))
    cable = Cable("thin", thin, tuple(range(1, 11)), tuple(50.0 * (k + 1) for k in range(10)), 0, 1.0)
    return Circuit((Cell("A", Morphology("A", (soma, cable))),), longest_compartment=25.0)


def by_hand(simulation, site, electrode, duration=60.0, dt=0.1):
    """What NEURON's own electrode makes of a circuit that was built: potentials at the soma and at the site."""
    from neuron import h

    segment = simulation.compartment(site)
    own = getattr(h, electrode)(segment)
    if electrode == "SEClamp":
        own.rs, own.dur1, own.amp1, own.dur2, own.amp2, own.dur3, own.amp3 = 1.0, 20.0, -60.0, 20.0, -30.0, 1e9, -60.0
    else:
        own.delay, own.dur, own.amp = 20.0, 20.0, 0.01
    traces = [h.Vector().record(place._ref_v) for place in (simulation.compartment(Site("A")), segment)]
    current = h.Vector().record(own._ref_i)
    h.dt = dt
    h.finitialize(REST)
    parallel = h.ParallelContext()
    parallel.set_maxstep(10)
    parallel.psolve(duration + dt / 2)
    number = round(duration / dt) + 1
    return np.array([trace.as_numpy()[:number] for trace in traces]).T, current.as_numpy()[:number].copy()


@pytest.mark.parametrize("simulator", ["neuron", "coreneuron"])
@pytest.mark.parametrize("site", [Site("A"), Site("A", 7, 0.3)])
def test_clamps_at_any_place_are_neurons_own(stick, simulator, site):
    simulation, settings = Simulation(stick), RunSettings(60.0, 0.1, simulator)
    record = [Site("A"), site, Probe(site, "clamp_current")]
    held = simulation.run([VoltageClamp(site, HELD)], record, settings)
    driven = simulation.run([Clamp(site, 0.01 * Pulse(20.0, 20.0))], record[:2], settings)
    wanted, current = by_hand(simulation, site, "SEClamp")
    np.testing.assert_allclose(held[:, :2], wanted, atol=1e-9)
    # NEURON tells its electrode's current at the potential before the step, so it stands one sample later
    steady = [190, 390, 590]
    np.testing.assert_allclose(held[steady, 2], current[np.array(steady) + 1], rtol=2e-3)
    wanted, _ = by_hand(simulation, site, "IClamp")
    np.testing.assert_allclose(driven, wanted, atol=1e-9)


def test_a_voltage_clamp_gives_the_current_of_ohms_law(sphere):
    membrane = Passive(g_leak=1e-3)
    leak = membrane.g_leak * math.pi * 20e-4**2 * 1e6
    simulation = Simulation(Circuit((sphere("A", membrane=membrane),)))
    clamp = VoltageClamp(Site("A"), -30.0 * Pulse(1e6), resistance=5.0)
    v, i = simulation.run([clamp], [Site("A"), Probe(Site("A"), "clamp_current")], RunSettings(20.0))[-1]
    assert i == pytest.approx((-30.0 - REST) / (5.0 + 1 / leak), rel=1e-6)
    assert v == pytest.approx(-30.0 - 5.0 * i, rel=1e-9)


@pytest.mark.parametrize("simulator", ["neuron", "coreneuron"])
def test_synaptic_and_gap_currents_are_what_charges_a_cell(sphere, simulator):
    """A held cell passes to its clamp what its contacts bring: the currents add up to nothing."""
    junctions = (
        Junction(Site("B"), Site("A"), ChemicalSynapse(g_max=1e-3)),
        Junction(Site("B"), Site("A"), ChemicalSynapse(g_max=1e-3, e_rev=-70.0)),
        Junction(Site("B"), Site("A"), ChemicalSynapse(g_max=2e-3)),
        Junction(Site("A"), Site("B"), GapJunction(1e-4)),
    )
    simulation = Simulation(Circuit((sphere("A"), sphere("B")), junctions))
    clamps = [
        VoltageClamp(Site("A"), REST * Pulse(1e6), resistance=1e-4),
        Clamp(Site("B"), 0.5 * parse("pulse_train width=5 period=20 number=2 onset=5")),
    ]
    quantities = ("clamp_current", "synaptic_current", "gap_current")
    record = [*(Probe(Site("A"), quantity, quantity != "clamp_current") for quantity in quantities), Site("B")]
    clamp, synaptic, gap, other = simulation.run(clamps, record, RunSettings(50.0, 0.025, simulator)).T
    assert np.ptp(synaptic) > 0.05
    np.testing.assert_allclose(gap, 1e-4 * (REST - other), atol=1e-9)
    # what flows in a step goes by the conductances, and the other cell's potential, at its begin
    np.testing.assert_allclose(clamp[2:], synaptic[1:-1] + gap[1:-1], atol=2e-5)
    events = np.flatnonzero(np.diff((other > 0).astype(int)) == 1) + 1
    t, rise, scale = np.arange(len(other)) * 0.025, 1.0, 1 / (0.5 - 0.25)
    g = sum(np.where(t > t[e], scale * (np.exp(-(t - t[e]) / 2) - np.exp(-(t - t[e]) / rise)), 0.0) for e in events)
    wanted = 3e-3 * g * REST + 1e-3 * g * (REST + 70.0)
    np.testing.assert_allclose(synaptic, wanted, atol=0.03 * np.abs(wanted).max())


def test_the_current_of_a_graded_synapse_at_rest_is_that_of_half_activation(sphere):
    synapse = GradedSynapse(g_max=1e-4)
    simulation = Simulation(Circuit((sphere("A"), sphere("B")), (Junction(Site("A"), Site("B"), synapse),)))
    v, i = simulation.run([], [Site("B"), Probe(Site("B"), "synaptic_current", True)], RunSettings(5.0)).T
    np.testing.assert_allclose(i, 1e-4 * synapse.at_rest * v, rtol=1e-9)


def test_currents_of_one_compartment_are_told_from_those_of_the_cell(stick):
    soma, end = Site("A"), Site("A", 10, 0.9)
    gaps = (Junction(soma, end, GapJunction(1e-5)),)
    simulation = Simulation(Circuit(stick.cells, gaps, 25.0))
    record = [Probe(soma, "gap_current"), Probe(end, "gap_current"), Probe(soma, "gap_current", True)]
    at_soma, at_end, whole = simulation.run([Clamp(soma, 0.01 * Pulse(1e6))], record, SETTINGS).T
    assert at_soma[-1] > 0
    np.testing.assert_allclose(at_end, -at_soma, atol=1e-15)
    np.testing.assert_allclose(whole, 0.0, atol=1e-15)


@pytest.mark.parametrize(
    ("clamps", "record", "message"),
    [
        (
            [VoltageClamp(Site("A"), HELD), Clamp(Site("A", 0, 0.4), Pulse(1.0))],
            [],
            "A has a voltage clamp and another",
        ),
        ([VoltageClamp(Site("A"), HELD), VoltageClamp(Site("A"), HELD)], [], "A has a voltage clamp and another"),
        ([], [Probe(Site("A"), "clamp_current")], "there is no voltage clamp at A, segment 0"),
        ([], [Probe(Site("A"), "calcium")], "A has no calcium to record"),
    ],
)
def test_what_clashes_or_is_not_there_is_told(stick, clamps, record, message):
    with pytest.raises(InputError, match=message):
        Simulation(stick).run(clamps, record, SETTINGS)


def test_quantities_and_resistances_are_checked():
    with pytest.raises(InputError, match="'voltage' cannot be recorded: there are potential, synaptic_current"):
        Probe(Site("A"), "voltage")
    with pytest.raises(InputError, match="resistance must be > 0 megaohm, got 0"):
        VoltageClamp(Site("A"), HELD, 0.0)


@pytest.mark.parametrize("simulation", [LinearSimulation, EulerSimulation])
def test_simulators_of_passive_cells_say_what_they_lack(stick, simulation):
    name = "linear" if simulation is LinearSimulation else "euler"
    built = simulation(stick)
    with pytest.raises(InputError, match=f"simulator {name} has no voltage clamps"):
        built.run([VoltageClamp(Site("A"), HELD)], [Site("A")], SETTINGS)
    with pytest.raises(InputError, match=f"simulator {name} records potentials alone"):
        built.run([], [Probe(Site("A"), "gap_current")], SETTINGS)
    np.testing.assert_allclose(built.run([], [Probe(Site("A"))], SETTINGS), REST)


def test_equal_and_parallel_contacts_are_one_mechanism(sphere):
    """Merged contacts give the potentials of contacts apart, whichever neuron is cut off."""
    from neuron import h

    kinds = (ChemicalSynapse(g_max=1e-3), ChemicalSynapse(g_max=5e-4, e_rev=-70.0), GapJunction(2e-5))
    cells = tuple(map(sphere, "ABC"))
    once = tuple(Junction(Site(a), Site(b), kind) for a, b in ("AC", "BC", "BA") for kind in kinds)
    twice = tuple(each for each in once for _ in range(2))
    clamps = [Clamp(Site(name), 0.5 * parse("pulse_train width=5 period=20 number=2 onset=5")) for name in "AB"]

    def doubled(kind):
        if isinstance(kind, GapJunction):
            return GapJunction(2 * kind.g)
        return ChemicalSynapse(2 * kind.g_max, kind.e_rev)

    merged = Simulation(Circuit(cells, twice))
    sites, settings = [Site(name) for name in "ABC"], RunSettings(50.0, 0.05)
    found = [merged.run(clamps[1:] if lost == "A" else clamps, sites, settings, lost) for lost in ("", "A", "C")]
    assert (len(h.List("WormtwinSynapse")), len(h.List("WormtwinHalfGap"))) == (4, 6)
    apart = tuple(Junction(each.pre, each.post, doubled(each.mechanism)) for each in once)
    for lost, v in zip(("", "A", "C"), found, strict=True):
        kept = tuple(each for each in apart if not {each.pre.cell, each.post.cell} & set(lost))
        wanted = Simulation(Circuit(cells, kept)).run(clamps[1:] if lost == "A" else clamps, sites, settings)
        np.testing.assert_allclose(v, wanted, atol=1e-9)
