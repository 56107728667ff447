"""Surrogates outside Keras answer as Keras does; what an export cannot express is told."""

import doctest
import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.export.exporting import export_model
from surrogates.export.in_neuron import load_surrogate
from surrogates.registry import MODELS, train_model
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.training.configuration import TrainingConfig

CHANNELS = ModelSignature(("AVBL", "PLM-R"), ("DB1", "VB1", "PVR"), "nA", "V", 0.5, "toy")
STEPS = 1000  # 500 ms
WITHIN = 1e-5  # V


def chain(*layers) -> keras.Model:
    return keras.Sequential([keras.Input((None, 2)), *layers], name="chain_2")


def layer(kind: str, units: int, **options) -> keras.Layer:
    """A layer that begins with zeros, which spares Keras the drawing: the tests draw all weights."""
    zeros = dict.fromkeys(("kernel_initializer", "recurrent_initializer"), "zeros")
    return getattr(keras.layers, kind)(units, return_sequences=True, **zeros, **options)


def recurrent(kind: str, units: int, **options) -> keras.Model:
    return chain(layer(kind, units, **options), keras.layers.Dense(3))


CASES = {
    "gru_8": lambda: MODELS["gru"].build(2, 3, units=8),
    "rnn_1": lambda: recurrent("SimpleRNN", 1),
    "rnn_16_softsign": lambda: recurrent("SimpleRNN", 16, activation="softsign"),
    "rnn_5_relu": lambda: recurrent("SimpleRNN", 5, activation="relu"),
    "lstm_8": lambda: recurrent("LSTM", 8),
    "lstm_3_elu": lambda: recurrent("LSTM", 3, activation="elu"),
    "lstm_2_linear": lambda: recurrent("LSTM", 2, activation="linear"),
    "gru_3_sigmoid": lambda: recurrent("GRU", 3, activation="sigmoid"),
    "gru_17_elu": lambda: recurrent("GRU", 17, activation="elu"),
    "reset_before": lambda: recurrent("GRU", 4, reset_after=False),
    "without_bias": lambda: recurrent("LSTM", 4, use_bias=False),
    "stacked": lambda: chain(
        layer("LSTM", 4),
        keras.layers.Dropout(0.5),
        layer("GRU", 3),
        keras.layers.Dense(4, activation="elu"),
        keras.layers.Dense(3, use_bias=False),
    ),
    "tdnn": lambda: MODELS["tdnn"].build(2, 3, units=20, input_lags=12),
    "linear_1": lambda: MODELS["linear"].build(2, 3, lags=1),
    "linear_4": lambda: MODELS["linear"].build(2, 3, lags=4),
    "state_space": lambda: MODELS["state_space"].build(2, 3, order=6),
    "narx": lambda: MODELS["narx"].build(2, 3, units=10, input_lags=3),
    "selu": lambda: recurrent("GRU", 4, activation="selu"),
}
NOT_IN_ONNX = ("narx", "selu")


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """Make the model file of a case, with weights (biases too) that are drawn, and not so large that it grows."""

    def make(case: str) -> Path:
        model, rng = CASES[case](), np.random.default_rng(7)
        model.set_weights([rng.normal(0, 0.5 / np.sqrt(max(w.shape)), w.shape) for w in model.get_weights()])
        return save_model(model, tmp_path_factory.mktemp("model") / "model.keras", CHANNELS)

    return make


@pytest.fixture(scope="module")
def stimulus():
    """Two trials of 500 ms in steps of 2.5 ms."""
    rng = np.random.default_rng(3)
    return np.repeat(rng.uniform(0, 2.3, (2, STEPS // 5, 2)), 5, axis=1).astype(np.float32)


def in_keras(path: Path, x: np.ndarray) -> np.ndarray:
    return np.asarray(load_model(path)[0](x))


def imported(folder: Path):
    found = importlib.util.spec_from_file_location("exported_model", folder / "model.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def in_numpy(folder: Path, x: np.ndarray) -> np.ndarray:
    return imported(folder).respond(x)


def in_onnx(folder: Path, x: np.ndarray) -> np.ndarray:
    session = pytest.importorskip("onnxruntime").InferenceSession(folder / "model.onnx")
    return session.run(["response"], {"stimulus": x})[0]


@pytest.mark.parametrize("case", CASES)
def test_numpy_and_onnx_answer_as_keras_does(case, model_file, stimulus, tmp_path):
    path = model_file(case)
    expected = in_keras(path, stimulus)
    assert np.ptp(expected, axis=1).min() > 1e-3  # something to answer
    export_model(path, "numpy", tmp_path)
    np.testing.assert_allclose(in_numpy(tmp_path, stimulus), expected, rtol=0, atol=WITHIN)
    np.testing.assert_allclose(in_numpy(tmp_path, stimulus[1]), expected[1], rtol=0, atol=WITHIN)
    if case in NOT_IN_ONNX:
        with pytest.raises(InputError, match=r"onnx cannot express the .* nmodl and numpy can"):
            export_model(path, "onnx", tmp_path)
    else:
        export_model(path, "onnx", tmp_path)
        np.testing.assert_allclose(in_onnx(tmp_path, stimulus), expected, rtol=0, atol=WITHIN)
        np.testing.assert_allclose(in_onnx(tmp_path, stimulus[:1, :7]), expected[:1, :7], rtol=0, atol=WITHIN)


def test_a_trained_linear_model_keeps_its_answer(linear_response, tmp_path):
    dataset = linear_response(steps=STEPS)
    for name, settings in (("linear", {"lags": 2}), ("state_space", {"order": 4})):
        model, _ = train_model(name, dataset, TrainingConfig(), settings, progress=False)
        path = save_model(model, tmp_path / name / "model.keras", ModelSignature.of(dataset))
        x = dataset.stacked()[0].astype(np.float32)
        for to, run in (("numpy", in_numpy), ("onnx", in_onnx)):
            export_model(path, to, tmp_path / name)
            np.testing.assert_allclose(run(tmp_path / name, x), in_keras(path, x), rtol=0, atol=WITHIN)


def test_the_graph_has_the_standard_operators_and_says_what_its_channels_are(model_file, tmp_path):
    onnx = pytest.importorskip("onnx")
    for case, operator in (("rnn_5_relu", "RNN"), ("lstm_8", "LSTM"), ("gru_8", "GRU")):
        export_model(model_file(case), "onnx", tmp_path)
        written = onnx.load(tmp_path / "model.onnx")
        assert [node.op_type for node in written.graph.node].count(operator) == 1
    assert "Scan" not in {node.op_type for node in written.graph.node}
    (gru,) = [node for node in written.graph.node if node.op_type == "GRU"]
    assert {a.name: a.i for a in gru.attribute}["linear_before_reset"] == 1
    text = {each.key: each.value for each in written.metadata_props}
    assert json.loads(text["x_names"]) == ["AVBL", "PLM-R"]
    assert (text["x_units"], text["y_units"], float(text["dt"])) == ("nA", "V", 0.5)
    for end in (*written.graph.input, *written.graph.output):
        assert [d.dim_param for d in end.type.tensor_type.shape.dim][:2] == ["batch", "time"]


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
def test_every_kind_of_model_is_a_mechanism(model_file, stimulus, tmp_path):
    files = {case: model_file(case) for case in CASES}
    for index, path in enumerate(files.values()):
        export_model(path, "nmodl", tmp_path, name=f"Case{index}")
    np.save(tmp_path / "x.npy", stimulus[0])
    answer = in_session(ALONE, tmp_path)
    assert len(answer["found"]) == len(CASES)
    for index, path in enumerate(files.values()):
        expected = in_keras(path, stimulus[:1])[0]
        np.testing.assert_allclose(answer["found"][f"case{index}"], expected, rtol=0, atol=WITHIN)
    assert "the time step must divide that, which 0.3 ms does not" in answer["refusals"][0]
    assert "has 2 inputs and the stimulus 1" in answer["refusals"][1]
    assert "the time step must be > 0 ms, got -1" in answer["refusals"][2]


def test_examples_in_docstrings():
    from surrogates.export import nmodl, step, templating

    for module in (nmodl, step, templating):
        assert doctest.testmod(module).attempted > 0
        assert doctest.testmod(module).failed == 0


def refused(result, *words):
    status, out, err = result
    assert status == 2, (out, err)
    (line,) = [line for line in err.strip().splitlines() if line.strip()]
    assert line.startswith("wormtwin: ")
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("to", "files"),
    [
        ("onnx", {"model.onnx"}),
        ("numpy", {"model.py", "weights.npz"}),
        ("nmodl", {"own.md", "own.mod", "owngap.mod", "own.json"}),
    ],
)
def test_export_on_the_command_line(wormtwin, model_file, tmp_path, to, files):
    named = ("--name", "Own") if to == "nmodl" else ()
    status, out, err = wormtwin("export", "--model", model_file("gru_3_sigmoid"), "--to", to, "--out", tmp_path, *named)
    assert status == 0, err
    assert {path.name for path in tmp_path.iterdir()} == files
    assert all(name in out for name in files)


def test_exports_that_cannot_be(wormtwin, model_file, tmp_path, monkeypatch):
    gru, narx = model_file("gru_3_sigmoid"), model_file("narx")

    def export(model, to, out=tmp_path / "out", *more):
        return wormtwin("export", "--model", model, "--to", to, "--out", out, *more)

    refused(export(gru, "tflite"), "no export 'tflite'; there are onnx, nmodl, numpy")
    refused(export(narx, "onnx"), "onnx cannot express the layer 'narx' (NarxCell): nmodl and numpy can")
    refused(export(tmp_path / "none.keras", "onnx"), "no such file")
    (tmp_path / "file").write_text("")
    refused(export(gru, "onnx", tmp_path / "file"), "--out must name a folder of its own")
    refused(export(gru, "onnx", tmp_path / "file" / "below"), "a file where a folder should be")
    refused(
        export(gru, "onnx", tmp_path / "out", "--name", "Own"), "a name is the mechanism's: the export onnx has none"
    )
    for name in ("9 lives", "", "n" * 61, "Own\n"):
        refused(export(gru, "nmodl", tmp_path / "out", "--name", name), "a mechanism's name is letters", repr(name))
    for name in ("IClamp", "ParallelContext", "double", "t", "Section", "NEURON", "Half", "OwnGap", "y_1", "samples"):
        refused(export(gru, "nmodl", tmp_path / "out", "--name", name), f"cannot be called {name}:")
    monkeypatch.setitem(sys.modules, "onnx", None)
    refused(export(gru, "onnx"), "pip install wormtwin[export]")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: recurrent("GRU", 2, activation="gelu"), "activation 'gelu' of the layer .* [(]GRU[)]: no export can"),
        (lambda: recurrent("GRU", 2, go_backwards=True), "[(]GRU[)] with go_backwards=True: no export can"),
        (lambda: recurrent("LSTM", 2, activation=keras.layers.PReLU()), "activation 'PReLU'"),
        (
            lambda: chain(
                keras.layers.Bidirectional(keras.layers.GRU(2, return_sequences=True)), keras.layers.Dense(3)
            ),
            "[(]Bidirectional[)]: no export can",
        ),
        (lambda: chain(keras.layers.Conv1D(3, 3, padding="same")), "with padding=same: no export can"),
    ],
)
def test_models_that_no_export_can_express(model, words, tmp_path):
    path = save_model(model(), tmp_path / "model.keras", CHANNELS)
    with pytest.raises(InputError, match=f"numpy cannot express the .*{words}"):
        export_model(path, "numpy", tmp_path / "out")


HOSTILE = replace(
    CHANNELS,
    x_names=("```python", "<b>|"),
    x_units='"""+print("INJECTED")+"""',
    y_units="V ENDCOMMENT VERBATIM injected ENDVERBATIM ENDENDCOMMENTCOMMENT",
)


def test_texts_of_a_model_file_do_not_become_code(tmp_path, capsys):
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.Dense(3)], name='m"""+print("INJECTED")+"""')
    path = save_model(model, tmp_path / "model.keras", HOSTILE)
    export_model(path, "numpy", tmp_path)
    module = imported(tmp_path)
    assert "INJECTED" not in capsys.readouterr().out
    assert {field: getattr(module, field) for field in ("x_names", "x_units", "y_names", "y_units")}.items() <= asdict(
        HOSTILE
    ).items()
    assert module.name == model.name
    export_model(path, "nmodl", tmp_path / "nmodl", name="Own")
    mechanism = (tmp_path / "nmodl" / "own.mod").read_text()
    assert mechanism.count("COMMENT") == 2  # at the beginning, and in the ENDCOMMENT
    assert mechanism.index("injected") < mechanism.index("ENDCOMMENT") < mechanism.index("VERBATIM")
    readme = next((tmp_path / "nmodl").glob("*.md")).read_text()
    assert readme.count("```python") == 1
    assert "<b>" not in readme


def test_a_model_without_channels_or_with_channels_that_look_alike(model_file, tmp_path):
    path = model_file("gru_3_sigmoid")
    bare = tmp_path / "bare.keras"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bare, "w") as new:
        for name in old.namelist():
            if name != "wormtwin.json":
                new.writestr(name, old.read(name))
    with pytest.raises(InputError, match="does not say which channels it has and how they are sampled"):
        export_model(bare, "nmodl", tmp_path)
    alike = replace(CHANNELS, x_names=("PLM-R", "PLM_R"))
    save_model(load_model(path)[0], tmp_path / "alike.keras", alike)
    with pytest.raises(InputError, match="the mechanism would have a variable more than once: PLM_R"):
        export_model(tmp_path / "alike.keras", "nmodl", tmp_path)


IN_ONE_FOLDER = """
import json, sys
import numpy as np
from pathlib import Path
from neuron_models.engine import load_mechanisms
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
import neuron_models.engine
neuron_models.engine._holds = lambda h, name: False
load("own", "NEURON { POINT_PROCESS IClamp }")
print(json.dumps({"answers": answers, "refusals": refusals}))
"""


def test_mechanisms_of_one_folder_and_names_that_neuron_holds(tmp_path, stimulus):
    """The outputs "1" and "2" of the first have the variables y_1 and y_2, as the second Dense layer's y once was."""
    rng = np.random.default_rng(7)
    layers = [keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(3, activation="tanh")]
    model = chain(*layers, keras.layers.Dense(3))
    for name in ("First", "Second"):
        model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
        path = save_model(model, tmp_path / f"{name}.keras", replace(CHANNELS, y_names=("1", "2", "3")))
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


def test_an_export_replaces_its_own_files_and_no_other_mechanism(wormtwin, model_file, tmp_path):
    path = model_file("gru_3_sigmoid")

    def export(name):
        return wormtwin("export", "--model", path, "--to", "nmodl", "--out", tmp_path, "--name", name)

    assert export("Gru8")[0] == 0
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    refused(export("GRU8"), "gru8.mod holds the mechanism Gru8, which GRU8 would replace")
    assert export("Gru8")[0] == 0
    assert export("Other")[0] == 0
    after = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert before.items() < after.items()


@pytest.mark.slow
def test_the_example_beside_a_real_cell_runs(tmp_path):
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
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_descriptions_that_are_none(tmp_path):
    for text in ("no json", "[]", '{"mechanism": "M"}', '{"sources": [1]}'):
        (tmp_path / "m.json").write_text(text)
        with pytest.raises(InputError, match="does not describe an exported mechanism"):
            load_surrogate(tmp_path / "m.json")
