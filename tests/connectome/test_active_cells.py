"""Cells with channels against their authors' own programs, and c302's pharynx against c302's published answers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from connectome.active_cells import ACTIVE_CELLS, load_cells
from connectome.c302_files import contact_table, morphology, neurons
from connectome.contact import Contact
from connectome.measured_cells import MeasuredParameters
from connectome.network_parameters import parameters_of
from connectome.parameters import load_parameters
from neuron_models.circuit import Cell, Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.linear.input_resistance import SomaResistance
from neuron_models.linear.simulation import LinearSimulation
from neuron_models.morphology import Cable, Morphology
from neuron_models.stimulus import Pulse

SURFACES = {"AVAL": 1123.84, "AVAR": 1121.79, "VA5": 389.3, "VB6": 524.64, "VD5": 351.53, "AIY": 65.89, "RIM": 103.34}
"""Of the authors' one compartment, in um2."""
PHARYNX = tuple(
    f"{name}{side}"
    for name, sides in {
        "M": "1 2L 2R 3L 3R 4 5",
        "I": "1L 1R 2L 2R 3 4 5 6",
        "MI": " ",
        "NSM": "L R",
        "MC": "L R",
    }.items()
    for side in (sides.split() or [""])
)
STIMULATED = ("M1", "M3R", "M4", "M5", "I1L", "I4", "I5", "I6", "MCL", "MCR")


def cylinder(name: str, length: float, diameter: float) -> Morphology:
    points = ((0.0, 0.0, 0.0, diameter), (0.0, length, 0.0, diameter))
    return Morphology(name, (Cable("Soma", points, (0,), (length,)),))


def one_compartment(name: str, shape: Morphology) -> Cell:
    (found,) = load_cells([name], "test")
    return found.cell(name, shape, 100.0)


def published(name: str) -> Cell:
    side = math.sqrt(SURFACES[name] / math.pi)
    return one_compartment(name, cylinder(name, side, side))


def potential(cell: Cell, current: float, settings: RunSettings, onset: float, width: float = 1e6) -> np.ndarray:
    clamps = [Clamp(Site(cell.name), current * Pulse(width, onset))]
    return Simulation(Circuit((cell,))).run(clamps, [Site(cell.name)], settings)[:, 0]


@pytest.mark.parametrize(
    ("name", "length", "picoamperes", "onset", "width", "duration", "published"),
    [
        pytest.param("AWC", 12.463998828476363, 20, 100, 500, 130, 114.775, marks=pytest.mark.slow),
        ("RMD", 2.259999787576748, 10, 10, 50, 30, 16.825),
    ],
)
def test_first_crossings_of_jneuroml(name, length, picoamperes, onset, width, duration, published):
    """The crossings of -20 mV that openworm/NicolettiEtAl2019_NeuronModels publishes for jNeuroML, from -69.445 mV."""
    cell = replace(one_compartment(name, cylinder(name, length, 1.7841242)), start=-69.445)
    v = potential(cell, picoamperes / 1000, RunSettings(duration, 0.025), onset, width)
    assert v[0] == -69.445
    assert np.argmax(v > -20) * 0.025 == pytest.approx(published, abs=0.1)


@pytest.mark.parametrize(
    ("name", "measured", "authors"),
    [("VB6", -53.2, -53.19), ("VD5", -45.8, -44.61), ("VA5", None, -75.72), ("AIY", None, -55.2)],
)
def test_rests(name, measured, authors):
    """What was measured (Liu et al. 2014), and what the authors' own NEURON program gives.

    In it, calcium channels of cells with calcium see a Nernst potential of 120 mV where the paper says 60 mV: VD5
    differs by 1.4 mV. VA5 rests at -75.7 mV there too, where -71.7 mV were measured.
    """
    v = potential(published(name), 0.0, RunSettings(20.0, 0.1), 0.0)
    assert np.ptp(v) < 1e-6
    assert v[0] == pytest.approx(authors, abs=1.5)
    if measured:
        assert v[0] == pytest.approx(measured, abs=1.0)


@pytest.mark.parametrize(
    ("name", "rest", "answer"),
    [
        ("AVAL", -39.3655, (-34.3858, -21.2594, 0.5288, 24.1449)),
        ("AVAR", -24.6456, (-19.1719, -6.6651, 7.4881, 14.7008)),
        ("RIM", -43.3107, (-21.2269, 2.0345, 11.7312, 11.1905)),
    ],
)
def test_answers_to_ten_picoamperes(name, rest, answer):
    """The authors' NEURON program (CelegansInterMotorNeuronsModels), 5, 20, 50 and 100 ms after the onset, in mV.

    AVAR still drifts by 0.02 mV a second there; AIY is left out, since calcium channels see another potential there.
    """
    v = potential(published(name), 0.01, RunSettings(101.0, 0.1), 0.0)
    assert v[0] == pytest.approx(rest, abs=0.06)
    assert v[[50, 200, 500, 1000]] == pytest.approx(answer, abs=0.1)


def test_the_pharynx_of_c302(sphere):
    """First crossings of c302's published answer; what its file calls I2R reads the column of I1R."""
    cells = [
        "M1",
        "M2L",
        "M2R",
        "M3L",
        "M3R",
        "M4",
        "M5",
        "I1L",
        "I1R",
        "I2L",
        "I2R",
        "I3",
        "I4",
        "I5",
        "I6",
        "MI",
        "NSML",
        "NSMR",
        "MCL",
        "MCR",
    ]
    parameters = parameters_of(load_parameters("c302_c0"))
    pairs = [pair for pair in contact_table() if set(pair[:2]) <= set(cells)]
    contacts = [Contact(pre, post, kind, transmitter, 0, 0.5, 0, 0.5) for pre, post, kind, transmitter in pairs]

    def joined(contact):
        mechanism = parameters.mechanism(contact)
        begun = mechanism if contact.kind == "gap_junction" else replace(mechanism, start=0.0)
        return Junction(Site(contact.pre), Site(contact.post), begun)

    made = [replace(parameters.cell(name, sphere(name, 5.0).morphology), start=-50.0) for name in cells]
    simulation = Simulation(Circuit(tuple(made), tuple(joined(contact) for contact in contacts)))
    stimulated = STIMULATED
    clamps = [Clamp(Site(name), 0.0022 * Pulse(200, 50)) for name in stimulated]
    dt, thresholds = 0.01, (-10, -30, -10)
    v = simulation.run(clamps, [Site(name) for name in ("M1", "M2L", "I1R")], RunSettings(180.0, dt))
    crossings = [np.argmax(v[:, column] > threshold) * dt for column, threshold in enumerate(thresholds)]
    assert crossings == pytest.approx([159.47, 131.99, 174.82], abs=0.1)


def test_networks_of_c302_begin_at_rest(small):
    from connectome.network import build_network

    circuit = build_network(small, parameters_of(load_parameters("c302_c0")))
    v = Simulation(circuit).run([], [Site(name) for name in small.names], RunSettings(20.0, 0.1))
    assert np.ptp(v, axis=0).max() < 1e-5
    assert -60 < v[0].min() < v[0].max() < -20


def test_pairs_of_c302_count_once():
    parameters = parameters_of(load_parameters("c302_c0"))
    contact = Contact("AVAL", "VA5", "chemical", "Acetylcholine", 0, 0.5, 0, 0.5)
    assert parameters.mechanism(contact, 4).g_max == pytest.approx(5e-3 / 4)
    assert parameters.mechanism(replace(contact, sign=-1)).threshold == -25.0


@pytest.mark.parametrize("where", ["soma", "cell"])
def test_conductances_are_those_of_the_whole_cell(where):
    (found,) = load_cells(["RMD"], "test")
    cell = replace(found, where=where).cell("RMDL", morphology("RMDL"), 30.0)
    simulation = Simulation(Circuit((cell,)))
    places = [segment for section in simulation._sections["RMDL"] for segment in section]
    placed = [each for each in places if hasattr(each, "WormtwinEgl19")]
    assert len(placed) == (1 if where == "soma" else len(places))
    total = sum(each.WormtwinEgl19.g * each.area() * 1e-8 for each in placed)  # S
    assert total == pytest.approx(0.99e-9)
    v = simulation.run([], [Site("RMDL")], RunSettings(20.0, 0.1))
    assert np.ptp(v) < 1e-6


def test_passive_circuits_run_in_coreneuron_beside_loaded_channels(sphere):
    potential(replace(published("AVAL"), start=-40.0), 0.0, RunSettings(1.0, 0.1), 0.0)
    clamps = [Clamp(Site("A"), 0.001 * Pulse(5, 1))]
    simulation = Simulation(Circuit((sphere("A"),)))
    neuron, core = (
        simulation.run(clamps, [Site("A")], RunSettings(10.0, 0.1, each)) for each in ("neuron", "coreneuron")
    )
    assert np.abs(core - neuron).max() < 1e-9


def test_the_linear_engine_has_no_channels():
    with pytest.raises(InputError, match="knows no channels, and AVAL has some"):
        LinearSimulation(Circuit((published("AVAL"),)))


def test_a_rest_that_does_not_converge_names_the_neuron(monkeypatch):
    monkeypatch.setattr("neuron_models.resting_active._STEPS", 1)
    with pytest.raises(InputError, match=r"the rest of RIM does not converge: it still moves by \S+ mV"):
        potential(published("RIM"), 0.0, RunSettings(1.0, 0.1), 0.0)


def share_within_bounds(names) -> float:
    values = load_parameters("measured")
    parameters = parameters_of(values)
    assert isinstance(parameters, MeasuredParameters)
    within = 0
    for name in names:
        shape = morphology(name)
        membrane = parameters.membrane_of(shape)
        resistance = SomaResistance(shape, membrane.r_axial).at(membrane.g_leak)
        tau = membrane.c_m * 1e-3 / membrane.g_leak
        within += 1.6 - 1e-3 <= resistance <= 8 + 1e-3 and 3 - 1e-6 <= tau <= 10 + 1e-6
    return within / len(names)


def test_membranes_within_measured_bounds():
    assert share_within_bounds([neuron.name for neuron in neurons()][::12]) >= 0.9


@pytest.mark.slow
def test_membranes_of_all_neurons_within_measured_bounds():
    assert share_within_bounds([neuron.name for neuron in neurons()]) >= 0.95


def test_input_resistance_of_a_sphere(sphere):
    g_leak, diameter = 1e-4, 20.0
    expected = 1 / (g_leak * math.pi * (diameter * 1e-4) ** 2) / 1e9
    assert SomaResistance(sphere("A", diameter).morphology, 100.0).at(g_leak) == pytest.approx(expected, rel=1e-6)


def test_every_cell_says_where_its_values_come_from():
    for cell in load_cells(list(ACTIVE_CELLS), "test"):
        for each in (*cell.parameters.values(), *cell.channels.values()):
            assert "Nicoletti" in each.source
            assert each.certainty in ("derived", "assumed")


MINE = 'base = "measured"\ntitle = "mine"\n'
VALUE = 'value = {}\nunit = "{}"\nsource = "a guess"\ncertainty = "assumed"\n'


@pytest.fixture
def mine(tmp_path):
    """Write a set that begins as `measured`, with some more text, and a cell file beside it."""

    def write(more: str, cell: str = "") -> str:
        (tmp_path / "own.toml").write_text(cell)
        path = tmp_path / "mine.toml"
        path.write_text(MINE + more)
        return str(path)

    return write


def test_a_set_of_ones_own_changes_a_conductance(mine):
    found = load_parameters(mine("[channels.AWC.egl19]\n" + VALUE.format(0.5, "nS")))
    awc, rmd = found.cells[:2]
    assert (awc.channels["egl19"].value, rmd.channels["egl19"].value) == (0.5, 0.99)
    assert found["r_axial"] == 100.0
    cell = parameters_of(found).cell("AWCL", morphology("AWCL"))
    assert next(each.g_max for each in cell.channels if each.mechanism == "egl19") == 5e-4
    assert not parameters_of(found).cell("AVBL", morphology("AVBL")).channels


def own_cell(neuron="AVBL", channel="egl19") -> str:
    values = {"c_cell": (2.0, "pF"), "g_leak_cell": (0.3, "nS"), "e_leak": (-50.0, "mV"), "e_ca": (60.0, "mV")}
    tables = "".join(f"[{name}]\n" + VALUE.format(*value) for name, value in values.items())
    return f'cells = ["{neuron}"]\nwhere = "cell"\n' + tables + f"[channels.{channel}]\n" + VALUE.format(0.2, "nS")


def test_a_cell_of_ones_own(mine):
    found = load_parameters(mine('cells = ["own.toml", "RIM"]\n', own_cell()))
    cell = parameters_of(found).cell("AVBL", morphology("AVBL"))
    assert [(each.mechanism, each.g_max, each.e_rev, each.where) for each in cell.channels] == [
        ("egl19", pytest.approx(2e-4), 60.0, "cell")
    ]


@pytest.mark.parametrize(
    ("more", "cell", "message"),
    [
        ("[channels.AVB.egl19]\n", "", "line 3: AVB has no channels: those that have are AWC, RMD"),
        ("[channels.AVAL.shl1]\n", "", "line 3: AVAL has no channel 'shl1': it has egl19, irk"),
        ("[channels.AWC.egl19]\n" + VALUE.format(0.5, "uS"), "", "egl19 of AWC is in nS, got 'uS'"),
        ("[channels.AWC.egl19]\n" + VALUE.format(-1, "nS"), "", "egl19 of AWC must be >= 0 nS, got -1"),
        ('cells = ["AVB"]\n', "", "there is no cell 'AVB': there are AWC, RMD"),
        ('cells = ["RIM", "own.toml"]\n', own_cell("RIML"), "RIM and own are both of RIML"),
        ('cells = ["own.toml"]\n', own_cell("AVBX"), "there is no neuron 'AVBX'; the nearest names are AVB"),
        ('cells = ["own.toml"]\n', own_cell(channel="egl20"), "there is no channel 'egl20': there are shl1"),
        ('cells = ["own.toml"]\n', own_cell(channel="irk"), "e_k is missing, which its channels need"),
        ('cells = ["own.toml"]\n', own_cell().replace('"mV"', '"V"'), "e_leak is in mV, got 'V'"),
        ('cells = ["own.toml"]\n', own_cell().replace('"cell"', '"axon"'), "where is one of soma, cell, got 'axon'"),
        ('base = "cook"\n', "", "this is no TOML"),
    ],
)
def test_what_is_wrong_is_said(wormtwin, refused, mine, more, cell, message):
    refused(wormtwin("connectome", "parameters", mine(more, cell)), message)


def test_the_command_prints_channels(wormtwin):
    status, out, _ = wormtwin("connectome", "parameters", "measured")
    assert status == 0
    assert "AVAR: AVAR, after Nicoletti et al. 2024 (AVAR; channels in the soma)" in out
    assert "unc103" in out
    assert "input_resistance_least" in out
