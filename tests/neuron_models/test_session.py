"""Voltages are those of a fresh process in an empty folder, whatever the session, the folder or the cache is."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from neuron_models.foundation.cache import CACHE_VARIABLE
from neuron_models.mechanisms import compiled_mechanisms

ROOT = Path(__file__).parents[2]
CIRCUIT = """
import json, sys, warnings
from neuron import coreneuron, h
from neuron_models.circuit import Cell, Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.morphology import Cable, Morphology
from neuron_models.stimulus import parse
from neuron_models.synapse import ChemicalSynapse, GapJunction

variable, parallel = h.CVode(), h.ParallelContext()
ball = Cable("Soma", ((0.0, -10.0, 0.0, 20.0), (0.0, 10.0, 0.0, 20.0)), (0,), (20.0,))
cells = tuple(Cell(name, Morphology(name, (ball,))) for name in "ABC")
kinds = (ChemicalSynapse(g_max=1e-3), GapJunction(1e-4), ChemicalSynapse(g_max=1e-4, e_rev=-70.0))
ends = ("AB", "BC", "AC")
joined = tuple(Junction(Site(a), Site(b), kind) for (a, b), kind in zip(ends, kinds, strict=True))
clamps = [Clamp(Site("A"), 0.5 * parse("pulse_train width=5 period=20 number=3 onset=5 + noise sd=0.1 width=80"))]

def run(simulation=None, sites="ABC", simulator="neuron"):
    simulation = simulation or Simulation(Circuit(cells, joined))
    return simulation.run(clamps, [Site(s) for s in sites], RunSettings(60.0, 0.05, simulator)).tolist()

def own_model(first):
    '''Two cells of the user's, joined by numbers of ParallelContext; gives the sections and what keeps them.'''
    pair, kept = [h.Section(name=f"own{first + k}") for k in range(2)], []
    for k, section in enumerate(pair):
        section.L = section.diam = 20.0
        section.insert("hh")
        parallel.set_gid2node(first + k, parallel.id())
        kept.append(h.NetCon(section(0.5)._ref_v, None, sec=section))
        parallel.cell(first + k, kept[-1])
    synapse = h.ExpSyn(pair[1](0.5))
    connection = parallel.gid_connect(first, synapse)
    connection.weight[0], connection.delay = 0.1, 1.0
    pulse = h.IClamp(pair[0](0.5))
    pulse.delay, pulse.dur, pulse.amp = 1.0, 1.0, 5.0
    return pair, [*kept, synapse, connection, pulse]

def peak(pair):
    '''What the user's own run gives: the highest potential of the second cell.'''
    trace = h.Vector().record(pair[1](0.5)._ref_v)
    parallel.set_maxstep(10)
    h.finitialize(-65)
    parallel.psolve(20)
    return trace.max()
"""


def in_session(code: str, folder: Path | None = None, **environment: str):
    """What a process prints last, as JSON; it may begin in a folder of the user's."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "NEURON_MODULE_OPTIONS": "-nogui", **environment}
    done = subprocess.run(
        [sys.executable, "-c", CIRCUIT + code], capture_output=True, text=True, check=False, cwd=folder, env=variables
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """The voltages of a fresh process in an empty folder."""
    return in_session("print(json.dumps(run()))", tmp_path_factory.mktemp("empty"))


SETTINGS = {
    "variable steps": "variable.active(True)",
    "local variable steps": "run(); variable.active(True); variable.use_local_dt(True)",
    "second order": "h.secondorder = 2",
    "threads": "parallel.nthread(2)",
    "numbers": "h.dt, h.celsius, h.t = 1.0, 37.0, 50.0",
    "a queue by steps": "variable.queue_mode(True, False)",
    "stopped": "h.stoprun = 1",
    "CoreNEURON": "coreneuron.enable = coreneuron.file_mode = True",
    "all": "parallel.nthread(2); run(); h.dt, h.secondorder, h.stoprun = 0.3, 1, 1; variable.queue_mode(1, 0); "
    "variable.active(True); coreneuron.cell_permute = 1",
}
STATE = """
def state():
    return [variable.active(), variable.use_local_dt(), variable.queue_mode(), parallel.nthread(), h.dt, h.secondorder,
            h.stoprun, h.celsius, *map(str, vars(coreneuron).values())]
"""


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_run_sets_what_it_needs_and_gives_it_back(fresh, setting):
    found = in_session(
        f"""{STATE}
{SETTINGS[setting]}
before, message = state(), ""
one, two = run(), run(simulator="coreneuron")
after = state()
try:
    run(sites="Z")
except InputError as error:
    message = str(error)
print(json.dumps([one, two, before == after == state(), message]))
"""
    )
    np.testing.assert_allclose(found[0], fresh, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found[1], fresh, rtol=0, atol=1e-9)
    assert found[2:] == [True, "the circuit has no cell 'Z'"]


def test_cells_and_numbers_of_the_users_stay(fresh):
    """Numbers from 0 on, and those that the simulation would begin with, are the user's."""
    found = in_session(
        """
models = [own_model(first) for first in (0, 2**30)]
alone = [peak(pair) for pair, _ in models]
runs = [run(simulator="coreneuron")]
beside = [peak(pair) for pair, _ in models]
simulation = Simulation(Circuit(cells, joined))
runs.append(run(simulation))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    simulation.close()
after = [peak(pair) for pair, _ in models]
print(json.dumps([runs, alone, beside, after, [str(each.message) for each in caught]]))
"""
    )
    runs, alone, beside, after, warned = found
    for voltages in runs:
        np.testing.assert_allclose(voltages, fresh, rtol=0, atol=1e-9)
    assert min(alone) > 20
    assert alone == beside == after
    assert len(warned) == 1
    assert "call target_var and setup_transfer again" in warned[0]


def test_what_the_session_takes_away_or_changes_is_reported():
    found = in_session(
        """
message, simulation = [], Simulation(Circuit(cells, joined[1:2]))
parallel.gid_clear()
handlers = []
for change in (lambda: None, lambda: handlers.append(h.FInitializeHandler(1, "forall v = -40"))):
    change()
    try:
        run(simulation)
    except InputError as error:
        message.append(str(error))
    simulation = None
print(json.dumps(message))
"""
    )
    assert "gid_clear was called in this session" in found[0]
    assert "A does not begin at rest" in found[1]


@pytest.fixture(scope="module")
def compiled_folder(tmp_path_factory):
    """Compile a mechanism of a user's into a folder of its own."""

    def make(source: str, name: str) -> Path:
        folder = tmp_path_factory.mktemp("user")
        (folder / name).write_text(source)
        call = [Path(sysconfig.get_path("scripts")) / "nrnivmodl", "."]
        subprocess.run(call, cwd=folder, capture_output=True, check=True)
        return folder

    return make


HALF_GAP = """NEURON { POINT_PROCESS HalfGap  RANGE g, i, vgap  NONSPECIFIC_CURRENT i }
PARAMETER { g = 0 (nanosiemens) }
ASSIGNED { v (millivolt)  vgap (millivolt)  i (nanoamp) }
BREAKPOINT { i = 0.001 * g * (v - vgap) }
"""


def test_a_compiled_half_gap_of_the_users_changes_nothing(fresh, compiled_folder):
    folder = compiled_folder(HALF_GAP, "wormtwin_half_gap.mod")
    found = in_session(
        """
section = h.Section()
print(json.dumps([run(), run(simulator="coreneuron"), h.HalfGap(section(0.5)).g, run(simulator="coreneuron")]))
""",
        folder,
    )
    for voltages in (*found[:2], found[3]):
        np.testing.assert_allclose(voltages, fresh, rtol=0, atol=1e-9)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["extra", "named", "pointer"])
def test_the_half_gaps_of_others_change_nothing(fresh, compiled_folder, shared, name):
    source = next((shared / "cases" / "simulation" / "own-mechanisms" / name).glob("*.mod"))
    folder = compiled_folder(source.read_text(), source.name)
    found = in_session('print(json.dumps([hasattr(h, "HalfGap"), run(), run(simulator="coreneuron")]))', folder)
    assert found[0]
    for voltages in found[1:]:
        np.testing.assert_allclose(voltages, fresh, rtol=0, atol=1e-9)


def test_another_mechanism_of_our_name_is_refused_and_our_own_is_taken(fresh):
    """The working folder holds our own mechanism compiled, which NEURON loads by itself."""
    found = in_session(
        f"""
from neuron_models.loading import load_into
held, message = hasattr(h, "WormtwinHalfGap"), ""
try:
    load_into(h, {{"own.mod": {HALF_GAP.replace("HalfGap", "WormtwinHalfGap")!r}}})
except InputError as error:
    message = str(error)
print(json.dumps([held, message, run()]))
""",
        compiled_mechanisms(),
    )
    assert found[0]
    assert found[1].startswith("NEURON holds another WormtwinHalfGap in this process")
    np.testing.assert_allclose(found[2], fresh, rtol=0, atol=1e-9)


@pytest.mark.parametrize("simulator", ["neuron", "coreneuron"])
def test_letters_beyond_ascii_in_the_cache_and_the_temporary_folder(fresh, tmp_path, simulator):
    cache = tmp_path / "Zellgedächtnis-线虫"
    shutil.copytree(compiled_mechanisms(), cache / "mechanisms" / compiled_mechanisms().name)
    environment = {CACHE_VARIABLE: str(cache), "TMPDIR": str(cache), "LC_ALL": "C"}
    found = in_session(f"print(json.dumps(run(simulator={simulator!r})))", tmp_path, **environment)
    np.testing.assert_allclose(found, fresh, rtol=0, atol=1e-9)
