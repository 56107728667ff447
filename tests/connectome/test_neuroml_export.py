"""Networks as NeuroML 2: against its schema, its own validator, and NetPyNE's simulation of a pair of cells."""

import importlib.util
import math
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from connectome.c302_files import morphology
from connectome.network import build_network
from connectome.network_parameters import parameters_of
from connectome.neuroml_cells import NeuroMLShape
from connectome.neuroml_export import save_neuroml
from connectome.parameters import load_parameters
from connectome.wiring import load_connectome
from neuron_models.circuit import Cell, Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.morphology import load_morphology
from neuron_models.stimulus import Pulse
from neuron_models.synapse import ChemicalSynapse, GapJunction

NAMESPACE = "{http://www.neuroml.org/schema/neuroml2}"


@pytest.fixture(scope="module")
def worm(tmp_path_factory):
    path = tmp_path_factory.mktemp("neuroml") / "worm.net.nml"
    connectome = load_connectome("placed")
    save_neuroml(build_network(connectome), connectome.source, path)
    return path, connectome, etree.parse(path)


@pytest.mark.slow
def test_the_whole_worm_keeps_to_the_schema(worm):
    neuroml = importlib.util.find_spec("neuroml")
    if neuroml is None or not neuroml.submodule_search_locations:
        pytest.skip("libneuroml, which brings the schema, is not installed")
    path, _, parsed = worm
    schema = etree.XMLSchema(file=str(Path(neuroml.submodule_search_locations[0]) / "nml" / "NeuroML_v2.3.1.xsd"))
    schema.assertValid(parsed)
    assert path.stat().st_size < 10e6


def test_every_contact_is_there(worm):
    _, connectome, parsed = worm
    kinds = Counter(contact.kind for contact in connectome.contacts)
    assert len(parsed.findall(f".//{NAMESPACE}connection")) == kinds["chemical"]
    assert len(parsed.findall(f".//{NAMESPACE}electricalConnectionInstance")) == kinds["gap_junction"]
    assert len(parsed.findall(f".//{NAMESPACE}cell")) == 302


@pytest.mark.parametrize("name", ["AVAL", "PVDL", "DB1"])
def test_shapes_and_places_come_back(tmp_path, name):
    shape = morphology(name)
    save_neuroml(Circuit((Cell(name, shape),)), "test", tmp_path / f"{name}.cell.nml")
    again, written = load_morphology(tmp_path / f"{name}.cell.nml"), NeuroMLShape(shape)
    assert again.area == pytest.approx(shape.area, rel=1e-4)
    assert len(again.cables) == len(shape.cables)
    for segment in shape.segments:
        for fraction in (0.1, 0.9):
            place = again.position(*written.place(Site(name, segment, fraction)))
            assert math.dist(place, shape.position(segment, fraction)) < 1e-3


def test_what_neuroml_has_no_form_for_is_refused(tmp_path, small):
    for name, words in (("kunert2014", "is a graded synapse"), ("c302_c0", "has channels")):
        circuit = build_network(small, parameters_of(load_parameters(name)))
        with pytest.raises(InputError, match=words):
            save_neuroml(circuit, "test", tmp_path / "small.net.nml")
    assert not list(tmp_path.iterdir())


def test_the_command(wormtwin, refused, tmp_path, small, monkeypatch):
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda source=None: small)
    out = tmp_path / "small.net.nml"
    status, text, error = wormtwin("connectome", "export", "--format", "neuroml", "--out", out)
    assert status == 0, error
    assert f"{len(small.contacts)} contacts as NeuroML 2" in text
    refused(
        wormtwin("connectome", "export", "--format", "sonata", "--out", out),
        "--format is one of csv, neuroml, got 'sonata'",
    )
    refused(
        wormtwin("connectome", "export", "--format", "neuroml", "--out", tmp_path / "a.csv"), "must end in .net.nml"
    )


def pair() -> Circuit:
    """Two joined cells; NetPyNE 1.1.1 has every contact begin in the middle of a soma, whatever the file says."""
    cells = tuple(Cell(name, morphology(name)) for name in ("AVAL", "DB1"))
    contacts = (
        Junction(Site("AVAL"), Site("DB1", 6, 0.6), GapJunction(2e-4)),
        Junction(Site("AVAL"), Site("DB1", 6, 0.4), ChemicalSynapse(g_max=2e-4, tau_decay=5.0)),
    )
    return Circuit(cells, contacts, 1e6)  # one compartment a cable, as importers cut


@pytest.mark.slow
def test_jneuroml_finds_nothing_wrong(worm):
    if shutil.which("java") is None or importlib.util.find_spec("pyneuroml") is None:
        pytest.skip("java and pyneuroml are not installed: pip install pyneuroml, apt install default-jre-headless")
    call = [sys.executable, "-m", "pyneuroml.pynml", str(worm[0]), "-validate"]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=worm[0].parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Valid against schema and all tests" in done.stdout + done.stderr


NETPYNE = """
import sys, numpy as np
from netpyne import sim, specs
config = specs.SimConfig()
config.duration, config.dt, config.recordStep, config.hParams = 60.0, 0.025, 0.025, {"v_init": -65.0, "celsius": 6.3}
config.saveDataInclude, config.verbose = [], False
sim.importNeuroML2(sys.argv[1], config, simulate=False, analyze=False)
from neuron import h
soma = {cell.tags["pop"]: next(v for k, v in cell.secs.items() if k.startswith("Soma")) for cell in sim.net.cells}
clamp = h.IClamp(soma["AVAL"]["hObj"](0.5))
clamp.delay, clamp.dur, clamp.amp = 5.0, 20.0, 0.5
trace = [h.Vector().record(soma[name]["hObj"](0.5)._ref_v) for name in ("AVAL", "DB1")]
h.dt = 0.025
sim.simulate()
np.save(sys.argv[2], np.array([each.as_numpy() for each in trace]))
"""


LEMS = """<Lems>
<Target component="sim"/>
<Include file="Cells.xml"/><Include file="Networks.xml"/><Include file="Simulation.xml"/>
<Include file="pair.net.nml"/>
<Simulation id="sim" length="60ms" step="0.025ms" target="network"/>
</Lems>"""
NEEDED = ("netpyne==1.1.1", "schema", "matplotlib-scalebar", "future", "lfpykit", "bokeh", "tornado", "xyzservices")


@pytest.mark.long
def test_netpyne_simulates_the_same_pair(tmp_path, installed):
    """jNeuroML writes the mechanisms, as NetPyNE asks for it, nrnivmodl compiles them, NetPyNE imports and runs."""
    if shutil.which("java") is None or importlib.util.find_spec("pyneuroml") is None:
        pytest.skip("java and pyneuroml are not installed: pip install pyneuroml, apt install default-jre-headless")
    circuit, dt = pair(), 0.025
    save_neuroml(circuit, "test", tmp_path / "pair.net.nml")
    (tmp_path / "LEMS_pair.xml").write_text(LEMS)
    where = os.pathsep.join(filter(None, (str(installed(*NEEDED)), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": where}
    for call in (
        [sys.executable, "-m", "pyneuroml.pynml", "LEMS_pair.xml", "-netpyne"],
        [str(Path(sys.executable).with_name("nrnivmodl")), "."],
        [sys.executable, "-c", NETPYNE, "pair.net.nml", "v.npy"],
    ):
        done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
    found = np.load(tmp_path / "v.npy").T[: round(60 / dt)]
    clamps = [Clamp(Site("AVAL"), 0.5 * Pulse(20, 5))]
    ours = Simulation(circuit).run(clamps, [Site("AVAL"), Site("DB1")], RunSettings(60.0, dt))[: len(found)]
    assert np.ptp(ours, axis=0).min() > 1
    assert (np.abs(found - ours).max(axis=0) < 1e-3 * np.ptp(ours, axis=0)).all()
