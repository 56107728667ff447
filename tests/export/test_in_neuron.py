"""A surrogate as a NEURON mechanism answers as Keras does, alone and among cells."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.plots import COLOURS
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.export.exporting import export_model
from surrogates.export.in_neuron import load_surrogate
from surrogates.registry import MODELS
from surrogates.runs.model_file import ModelSignature, load_model, save_model

WITHIN = 1e-5  # V


def in_keras(path: Path, x: np.ndarray) -> np.ndarray:
    return np.asarray(load_model(path)[0](x))


def in_session(code: str, *arguments: object) -> dict:
    """What a NEURON session of its own prints last, as JSON."""
    command = [sys.executable, "-c", code, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


AMONG_CELLS = """
import json, sys
import numpy as np
from surrogates.export.in_neuron import load_surrogate

folder, times = sys.argv[1], np.arange(400) * 0.5
h, surrogate = load_surrogate(folder + "/surrogategru8.json")
h.load_file("stdrun.hoc")
cell = h.Section(name="cell")
cell.insert("pas")
played, still, pointed = (h.SurrogateGRU8(cell(0.5)) for _ in range(3))
stimulus = h.Vector(np.where((times > 30) & (times < 90), 2.0, 0.0))
at = h.Vector(times)
stimulus.play(played._ref_x_AVBL, at, True)
electrode = h.IClamp(cell(0.5))
electrode.delay, electrode.dur, electrode.amp = 20, 60, 0.01
pointed._ref_from_PLM_R = electrode._ref_i
gap = h.SurrogateGRU8Gap(cell(0.5))
gap.g, gap._ref_vgap = 1e-4, played._ref_v_DB1
traces = {"t": h._ref_t, "played": played._ref_y_DB1, "still": still._ref_y_DB1, "pointed": pointed._ref_y_DB1}
traces |= {"read": electrode._ref_i, "cell": cell(0.5)._ref_v, "in_mv": played._ref_v_DB1}
recorded = {name: h.Vector().record(place) for name, place in traces.items()}

def run(step):
    h.dt, h.steps_per_ms = step, 1 / step
    h.finitialize(-65)
    h.continuerun(times[-1])
    return {name: trace.to_python() for name, trace in recorded.items()}

def refused(call):
    try:
        call()
    except RuntimeError as error:
        return str(error)
    return ""

def change():
    run(0.1)
    h.finitialize(-65)
    h.fadvance()
    h.dt = 0.3
    for _ in range(5):
        h.fadvance()

answer = {"fine": run(0.025), "coarse": run(0.5), "first": run(0.1), "again": run(0.1)}
answer |= {"stimulus": stimulus.to_python()}
answer |= {"does_not_divide": refused(lambda: run(0.3)), "too_long": refused(lambda: run(1.0))}
answer["changed"] = refused(change)
h.CVode().active(1)
answer["variable"] = run(0.1)
h.CVode().active(0)
block = open(folder + "/surrogategru8.md").read().split("```python")[1].split("```")[0]
exec(block)
answer["example"] = [max(response), max(voltage)]
print(json.dumps(answer))
"""


@pytest.fixture(scope="module")
def session(model_file, tmp_path_factory):
    """A session with three instances of a GRU and a cell, and the model file."""
    folder, path = tmp_path_factory.mktemp("nmodl"), model_file("gru_8")
    export_model(path, "nmodl", folder)
    return in_session(AMONG_CELLS, folder), path, folder


def answered(path: Path, drive: np.ndarray, column: int) -> np.ndarray:
    """The first output of the model when one input has this drive."""
    x = np.zeros((1, len(drive), 2), np.float32)
    x[0, :, column] = drive
    return in_keras(path, x)[0, :, 0]


@pytest.mark.parametrize(("run", "stride"), [("fine", 20), ("first", 5), ("again", 5), ("coarse", 1)])
def test_a_mechanism_among_cells_answers_as_keras_does_at_every_time_step(session, run, stride):
    found, path, _ = session
    traces = {name: np.array(trace)[::stride] for name, trace in found[run].items()}
    expected = answered(path, np.array(found["stimulus"]), 0)
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(traces["played"], expected, rtol=0, atol=WITHIN)
    np.testing.assert_allclose(traces["in_mv"], 1000 * traces["played"], rtol=1e-12)
    np.testing.assert_allclose(traces["still"], answered(path, np.zeros(400), 0), rtol=0, atol=WITHIN)
    assert max(traces["read"]) == 0.01
    np.testing.assert_allclose(traces["pointed"], answered(path, traces["read"], 1), rtol=0, atol=WITHIN)


def test_outputs_are_held_between_samples(session):
    trace = np.array(session[0]["fine"]["played"])
    np.testing.assert_array_equal(trace[:-1].reshape(-1, 20), np.repeat(trace[:-1:20, None], 20, axis=1))


def test_variable_steps_stop_at_every_sample(session):
    found, path, _ = session
    traces = {name: np.array(trace) for name, trace in found["variable"].items()}
    last = [np.flatnonzero(np.abs(traces["t"] - time) < 1e-9)[-1] for time in np.arange(399) * 0.5]
    expected = answered(path, np.array(found["stimulus"]), 0)
    np.testing.assert_allclose(traces["played"][last], expected[:399], rtol=0, atol=WITHIN)


def test_the_cell_follows_the_surrogate_through_the_gap_junction(session):
    """The membrane equation of one compartment, solved by the backward Euler steps that NEURON takes."""
    first = {name: np.array(trace) for name, trace in session[0]["first"].items()}
    area = np.pi * 100.0 * 500.0 * 1e-8  # cm2: NEURON's default cylinder, 100 um long and 500 um thick
    leak, capacity, gap, step = 1e-3 * area * 1e6, area * 1e3, 1e-4, 0.1  # uS, nF, uS, ms
    v = [-65.0]
    for now in range(1, len(first["cell"])):
        # NEURON takes currents in the middle of a step, when the electrode is on or off; outputs are of its beginning
        middle = (now - 0.5) * step
        current = 0.01 if 20 <= middle < 80 else 0.0
        drive = leak * -70.0 + gap * first["in_mv"][now - 1] + current
        v.append((capacity / step * v[-1] + drive) / (capacity / step + leak + gap))
    np.testing.assert_allclose(first["cell"], v, rtol=0, atol=1e-6)


def test_a_time_step_that_does_not_divide_the_sampling_step_stops_the_run(session):
    text = "SurrogateGRU8 samples every 0.5 ms: the time step must divide that, which {} ms does not"
    for case, step in (("does_not_divide", "0.3"), ("too_long", "1"), ("changed", "0.3")):
        assert text.format(step) in session[0][case]
    *_, folder = session
    mechanism = in_session(
        "import sys, json; from surrogates.export.in_neuron import load_surrogate; "
        "print(json.dumps(load_surrogate(sys.argv[1])[1].outputs))",
        folder / "surrogategru8.json",
    )
    assert mechanism == ["y_DB1", "y_VB1", "y_PVR"]


def test_the_example_in_the_readme_runs(session):
    assert np.isfinite(session[0]["example"]).all()


ALONE = """
import json, sys
import numpy as np
from pathlib import Path
from neuron_models.engine import load_mechanisms
from datasets.plots import COLOURS
from neuron_models.foundation.errors import InputError
from surrogates.export.in_neuron import respond_in_neuron

folder = Path(sys.argv[1])
x = np.load(folder / "x.npy")
load_mechanisms(sorted(folder.glob("*.mod")))  # compiled together, which is faster
found = {path.stem: respond_in_neuron(path, x).tolist() for path in folder.glob("*.json")}
refusals = []
for wrong in ((x, 0.3), (x[:, :1], 0.1), (x, -1.0)):
    try:
        respond_in_neuron(folder / "case0.json", *wrong)
    except InputError as error:
        refusals.append(str(error))
print(json.dumps({"found": found, "refusals": refusals}))
"""


@pytest.mark.slow
def test_every_kind_of_model_is_a_mechanism(cases, model_file, stimulus, tmp_path):
    files = {case: model_file(case) for case in cases}
    for index, path in enumerate(files.values()):
        export_model(path, "nmodl", tmp_path, name=f"Case{index}")
    np.save(tmp_path / "x.npy", stimulus[0])
    answer = in_session(ALONE, tmp_path)
    assert len(answer["found"]) == len(cases)
    for index, path in enumerate(files.values()):
        expected = in_keras(path, stimulus[:1])[0]
        np.testing.assert_allclose(answer["found"][f"case{index}"], expected, rtol=0, atol=WITHIN)
    assert "the time step must divide that, which 0.3 ms does not" in answer["refusals"][0]
    assert "has 2 inputs and the stimulus 1" in answer["refusals"][1]
    assert "the time step must be > 0 ms, got -1" in answer["refusals"][2]


IN_ONE_FOLDER = """
import json, sys
import numpy as np
from pathlib import Path
from neuron_models.engine import load_mechanisms
from datasets.plots import COLOURS
from neuron_models.foundation.errors import InputError
from surrogates.export.in_neuron import load_surrogate, run_alone

folder = Path(sys.argv[1])
x = np.load(folder / "x.npy")
answers = {name: run_alone(*load_surrogate(folder / f"{name}.json"), x).tolist() for name in ("first", "second")}
load_surrogate(folder / "first.json")  # NEURON holds it, and it is the same
refusals = []

def load(name, text):
    (folder / f"{name}.mod").write_text(text)
    try:
        load_mechanisms([folder / f"{name}.mod"])
    except InputError as error:
        refusals.append(str(error))

load("first", (folder / "first.mod").read_text() + "\\n")
for name in ("IClamp", "ParallelContext", "t", "Section", "double"):
    load("own", f"NEURON {{ POINT_PROCESS {name} }}")
import neuron_models.loading
neuron_models.loading._holds = lambda h, name: name.startswith("Wormtwin")
load("own", "NEURON { POINT_PROCESS IClamp }")
print(json.dumps({"answers": answers, "refusals": refusals}))
"""


@pytest.mark.slow
def test_mechanisms_of_one_folder_and_names_that_neuron_holds(tmp_path, stimulus, toy):
    """The outputs "1" and "2" of the first have the variables y_1 and y_2, as the second Dense layer's y once was."""
    rng = np.random.default_rng(7)
    layers = [keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(3, activation="tanh")]
    model = toy.chain(*layers, keras.layers.Dense(3))
    for name in ("First", "Second"):
        model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
        path = save_model(model, tmp_path / f"{name}.keras", replace(toy.signature, y_names=("1", "2", "3")))
        export_model(path, "nmodl", tmp_path, name=name)
    assert (tmp_path / "first.md").read_text().startswith("# First")
    np.save(tmp_path / "x.npy", stimulus[0, :40])
    found = in_session(IN_ONE_FOLDER, tmp_path)
    for name in ("First", "Second"):
        expected = in_keras(tmp_path / f"{name}.keras", stimulus[:1, :40])[0]
        np.testing.assert_allclose(found["answers"][name.lower()], expected, rtol=0, atol=WITHIN)
    *held, last = found["refusals"]
    for name, text in zip(("First", "IClamp", "ParallelContext", "t", "Section", "double"), held, strict=True):
        assert text.startswith(f"NEURON holds another {name} in this process")
    assert last.startswith("NEURON cannot take own.mod")
    assert len(last.splitlines()) == 1


@pytest.mark.slow
def test_the_example_beside_a_real_cell_runs(tmp_path, coloured):
    model = MODELS["gru"].build(4, 4, units=8)
    channels = ModelSignature(("PLML", "PLMR", "AVBL", "AVBR"), ("DB1", "LUAL", "PVR", "VB1"), "nA", "V", 0.5, "fcm")
    save_model(model, tmp_path / "model.keras", channels)
    export_model(tmp_path / "model.keras", "nmodl", tmp_path)
    root = Path(__file__).parents[2]
    script = (
        root / "docs" / "examples" / "surrogate_in_neuron.py",
        tmp_path / "surrogategru8.json",
        tmp_path / "a.png",
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, *script], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "DB2 by DB1-DB2 gap junction" in done.stdout
    assert coloured(tmp_path / "a.png", COLOURS[1]) > 1e-4


def test_descriptions_that_are_none(tmp_path):
    for text in ("no json", "[]", '{"mechanism": "M"}', '{"sources": [1]}'):
        (tmp_path / "m.json").write_text(text)
        with pytest.raises(InputError, match="does not describe an exported mechanism"):
            load_surrogate(tmp_path / "m.json")
