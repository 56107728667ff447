"""A surrogate as an ONNX file."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import atomic_write
from surrogates.export.onnx_layers import NODES, Graph, has_operator
from surrogates.export.onnx_scan import scanned
from surrogates.runs.bands import Bands
from surrogates.runs.model_file import ModelSignature
from surrogates.steps.layers import exported_layers, step_of

MODEL_FILE = "model.onnx"
STIMULUS, RESPONSE, HALF_WIDTH = "stimulus", "response", "half_width"
_OPSET, _IR = 17, 8  # of 2022, so that older runtimes read the file too


def require_onnx() -> None:
    """Raise an `InputError` that says what to install unless the package onnx is there."""
    require_extra("onnx", extra="export", purpose="writing ONNX")


def write_onnx(model: Any, channels: ModelSignature, out: Path) -> list[Path]:
    """Write `model.onnx` into a folder: (batch, time, channel) in and out, the channels in its metadata.

    A calibrated model has a second output, half the width of the band about the first.
    """
    import onnx

    graph = Graph()
    graph.add("Identity", [_answer(graph, model)], RESPONSE)
    sizes = [(STIMULUS, model.input_shape[-1]), (RESPONSE, model.output_shape[-1])]
    if channels.bands is not None:
        _add_half_width(graph, channels.bands)
        sizes.append((HALF_WIDTH, model.output_shape[-1]))
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", "time", size])
        for name, size in sizes
    ]
    made = onnx.helper.make_graph(graph.nodes, model.name, ends[:1], ends[1:], graph.arrays)
    written = onnx.helper.make_model(
        made, opset_imports=[onnx.helper.make_opsetid("", _OPSET)], ir_version=_IR, producer_name="wormtwin"
    )
    onnx.helper.set_model_props(written, {key: _text(value) for key, value in asdict(channels).items()})
    onnx.checker.check_model(written, full_check=True)
    with atomic_write(out / MODEL_FILE) as temporary:
        onnx.save(written, temporary)
    return [out / MODEL_FILE]


def _answer(graph: Graph, model: Any) -> str:
    """The standard's operators where they say all of a model, else its step, repeated over time."""
    layers = list(exported_layers(model))
    if not all(has_operator(kind, layer) for kind, layer in layers):
        return scanned(graph, step_of(model), STIMULUS)
    flow = STIMULUS
    for kind, layer in layers:
        flow = NODES[kind](graph, layer, flow)
    return flow


def _add_half_width(graph: Graph, bands: Bands) -> None:
    """Half the width of the band about the response, in its units: factor (floor + slope |y - rest|)."""
    floor, slope, rest = (np.array(each) for each in (bands.floor, bands.slope, bands.rest))
    away = graph.add("Abs", [graph.add("Sub", [RESPONSE, graph.array(rest)])])
    grown = graph.add("Mul", [away, graph.array(bands.factor * slope)])
    graph.add("Add", [grown, graph.array(bands.factor * floor)], HALF_WIDTH)


def _text(value: object) -> str:
    """Metadata of ONNX are texts: names as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
