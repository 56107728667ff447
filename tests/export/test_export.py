"""Surrogates outside Keras answer as Keras does; what an export cannot express is an error."""

import doctest
import importlib.util
import json
import sys
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.export.exporting import export_model
from surrogates.registry import train_model
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.training.configuration import TrainingConfig

WITHIN = 1e-5  # V


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


def test_numpy_and_onnx_answer_as_keras_does(case, model_file, stimulus, tmp_path):
    path = model_file(case)
    expected = in_keras(path, stimulus)
    assert np.ptp(expected, axis=1).min() > 1e-3  # something to answer
    export_model(path, "numpy", tmp_path)
    np.testing.assert_allclose(in_numpy(tmp_path, stimulus), expected, rtol=0, atol=WITHIN)
    np.testing.assert_allclose(in_numpy(tmp_path, stimulus[1]), expected[1], rtol=0, atol=WITHIN)
    export_model(path, "onnx", tmp_path)
    np.testing.assert_allclose(in_onnx(tmp_path, stimulus), expected, rtol=0, atol=WITHIN)
    np.testing.assert_allclose(in_onnx(tmp_path, stimulus[:1, :7]), expected[:1, :7], rtol=0, atol=WITHIN)


def test_a_trained_linear_model_keeps_its_answer(linear_response, tmp_path):
    dataset = linear_response(steps=1000)
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


def test_examples_in_docstrings():
    from surrogates.export import nmodl, templating
    from surrogates.steps import step

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
    gru = model_file("gru_3_sigmoid")

    def export(model, to, out=tmp_path / "out", *more):
        return wormtwin("export", "--model", model, "--to", to, "--out", out, *more)

    refused(export(gru, "tflite"), "no export 'tflite'; there are onnx, nmodl, numpy")
    refused(export(tmp_path / "none.keras", "onnx"), "no such file")
    (tmp_path / "file").write_text("")
    refused(export(gru, "onnx", tmp_path / "file"), "--out must name a folder of its own")
    refused(export(gru, "onnx", tmp_path / "file" / "below"), "a file where a folder should be")
    refused(
        export(gru, "onnx", tmp_path / "out", "--name", "Own"), "a name is the mechanism's: the export onnx has none"
    )
    for name in ("9 lives", "", "n" * 61, "Own\n"):
        refused(export(gru, "nmodl", tmp_path / "out", "--name", name), "a mechanism's name is letters", repr(name))
    for name in (
        "IClamp",
        "ParallelContext",
        "double",
        "t",
        "Section",
        "NEURON",
        "WormtwinHalf",
        "OwnGap",
        "y_1",
        "samples",
    ):
        refused(export(gru, "nmodl", tmp_path / "out", "--name", name), f"cannot be called {name}:")
    monkeypatch.setitem(sys.modules, "onnx", None)
    refused(export(gru, "onnx"), "pip install 'wormtwin[export]'")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            lambda toy: toy.recurrent("GRU", 2, activation="gelu"),
            "activation 'gelu' of the layer .* [(]GRU[)]: no export can",
        ),
        (lambda toy: toy.recurrent("GRU", 2, go_backwards=True), "[(]GRU[)] with go_backwards=True: no export can"),
        (lambda toy: toy.recurrent("LSTM", 2, activation=keras.layers.PReLU()), "activation 'PReLU'"),
        (
            lambda toy: toy.chain(
                keras.layers.Bidirectional(keras.layers.GRU(2, return_sequences=True)), keras.layers.Dense(3)
            ),
            "[(]Bidirectional[)]: no export can",
        ),
        (lambda toy: toy.chain(keras.layers.Conv1D(3, 3, padding="same")), "with padding=same: no export can"),
    ],
)
def test_models_that_no_export_can_express(model, words, tmp_path, toy):
    path = save_model(model(toy), tmp_path / "model.keras", toy.signature)
    with pytest.raises(InputError, match=f"numpy cannot express the .*{words}"):
        export_model(path, "numpy", tmp_path / "out")


HOSTILE = {
    "x_names": ("```python", "<b>|"),
    "x_units": '"""+print("INJECTED")+"""',
    "y_units": "V ENDCOMMENT VERBATIM injected ENDVERBATIM ENDENDCOMMENTCOMMENT",
}


def test_texts_of_a_model_file_do_not_become_code(tmp_path, capsys, toy):
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.Dense(3)], name='m"""+print("INJECTED")+"""')
    path = save_model(model, tmp_path / "model.keras", replace(toy.signature, **HOSTILE))
    export_model(path, "numpy", tmp_path)
    module = imported(tmp_path)
    assert "INJECTED" not in capsys.readouterr().out
    wanted = asdict(replace(toy.signature, **HOSTILE))
    assert all(getattr(module, field) == wanted[field] for field in ("x_names", "x_units", "y_names", "y_units"))
    assert module.name == model.name
    export_model(path, "nmodl", tmp_path / "nmodl", name="Own")
    mechanism = (tmp_path / "nmodl" / "own.mod").read_text()
    assert mechanism.count("COMMENT") == 2  # at the beginning, and in the ENDCOMMENT
    assert mechanism.index("injected") < mechanism.index("ENDCOMMENT") < mechanism.index("VERBATIM")
    readme = next((tmp_path / "nmodl").glob("*.md")).read_text()
    assert readme.count("```python") == 1
    assert "<b>" not in readme


def test_a_model_without_channels_or_with_channels_that_look_alike(model_file, tmp_path, toy):
    path = model_file("gru_3_sigmoid")
    bare = tmp_path / "bare.keras"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bare, "w") as new:
        for name in old.namelist():
            if name != "wormtwin.json":
                new.writestr(name, old.read(name))
    with pytest.raises(InputError, match="does not say which channels it has and how they are sampled"):
        export_model(bare, "nmodl", tmp_path)
    alike = replace(toy.signature, x_names=("PLM-R", "PLM_R"))
    save_model(load_model(path)[0], tmp_path / "alike.keras", alike)
    with pytest.raises(InputError, match="the mechanism would have a variable more than once: PLM_R"):
        export_model(tmp_path / "alike.keras", "nmodl", tmp_path)


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
