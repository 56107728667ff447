"""What each export can express, and the line that says what it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neuron_models.foundation.errors import InputError, require
from surrogates.backend import keras
from surrogates.export.activations import ACTIVATIONS
from surrogates.export.onnx_layers import NODES
from surrogates.steps.layers import LAYERS, exported_layers


@dataclass(frozen=True)
class Format:
    """What an export can express: kinds of layers and activations, by Keras's names."""

    layers: frozenset[str]
    activations: frozenset[str]


FORMATS: dict[str, Format] = {
    "onnx": Format(frozenset(NODES), frozenset(name for name, written in ACTIVATIONS.items() if written.onnx)),
    "nmodl": Format(frozenset(LAYERS), frozenset(ACTIVATIONS)),
    "numpy": Format(frozenset(LAYERS), frozenset(ACTIVATIONS)),
}

_RECURRENT = {"return_sequences": True, "return_state": False, "go_backwards": False, "stateful": False}
_WANTED: dict[str, Mapping[str, Any]] = {
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU", "RNN"), _RECURRENT),
    "Conv1D": {"padding": "causal", "strides": (1,), "dilation_rate": (1,), "groups": 1},
}


def require_expressible(model: Any, to: str) -> None:
    """Check that an export can express a model.

    Raises:
        InputError: there is no such export, or it cannot; the message says what stands in the way and which exports
            can.
    """
    require(to in FORMATS, f"there is no export {to!r}; there are {', '.join(FORMATS)}")
    obstacle = _obstacle(model, to)
    if obstacle:
        able = [name for name in FORMATS if not _obstacle(model, name)]
        raise InputError(f"{to} cannot express {obstacle}: {' and '.join(able) or 'no export'} can")


def _obstacle(model: Any, to: str) -> str:
    """What an export cannot express of a model; empty when it can express all."""
    if not isinstance(model, keras.Sequential) or len(model.input_shape) != 3:
        return f"{model.name}, which is not a chain of layers over (trial, time, channel)"
    for layer in model.layers:
        for option, wanted in _WANTED.get(type(layer).__name__, {}).items():
            value = getattr(layer, option)
            if value != wanted:
                return f"the layer {layer.name!r} ({type(layer).__name__}) with {option}={value}"
    for kind, layer in exported_layers(model):
        if kind not in FORMATS[to].layers:
            return f"the layer {layer.name!r} ({kind})"
        for name in _activations(layer):
            if name not in FORMATS[to].activations:
                return f"the activation {name!r} of the layer {layer.name!r} ({kind})"
    return ""


def _activations(layer: Any) -> list[str]:
    """The names of a layer's activations."""
    functions = [getattr(layer, name, None) for name in ("activation", "recurrent_activation")]
    return [getattr(each, "__name__", type(each).__name__) for each in functions if each is not None]
