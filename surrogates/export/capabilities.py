"""What the exports can express, and the line that says what they cannot."""

from collections.abc import Mapping
from typing import Any

from neuron_models.foundation.errors import InputError, require
from surrogates.backend import keras
from surrogates.export.activations import ACTIVATIONS
from surrogates.steps.layers import LAYERS, exported_layers

FORMATS = ("onnx", "nmodl", "numpy")
_RECURRENT = {"return_sequences": True, "return_state": False, "go_backwards": False, "stateful": False}
_WANTED: dict[str, Mapping[str, Any]] = {
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU", "RNN"), _RECURRENT),
    "Conv1D": {"padding": "causal", "strides": (1,), "dilation_rate": (1,), "groups": 1},
}


def require_expressible(model: Any, to: str) -> None:
    """Check that an export can express a model.

    Raises:
        InputError: there is no such export, or it cannot; the message says what stands in the way.
    """
    require(to in FORMATS, f"there is no export {to!r}; there are {', '.join(FORMATS)}")
    obstacle = _obstacle(model)
    if obstacle:
        raise InputError(f"{to} cannot express {obstacle}: no export can")


def _obstacle(model: Any) -> str:
    """What exports cannot express of a model; empty when they can express all."""
    if not isinstance(model, keras.Sequential) or len(model.input_shape) != 3:
        return f"{model.name}, which is not a chain of layers over (trial, time, channel)"
    for layer in model.layers:
        for option, wanted in _WANTED.get(type(layer).__name__, {}).items():
            value = getattr(layer, option)
            if value != wanted:
                return f"the layer {layer.name!r} ({type(layer).__name__}) with {option}={value}"
    for kind, layer in exported_layers(model):
        if kind not in LAYERS:
            return f"the layer {layer.name!r} ({kind})"
        for name in _activations(layer):
            if name not in ACTIVATIONS:
                return f"the activation {name!r} of the layer {layer.name!r} ({kind})"
    return ""


def _activations(layer: Any) -> list[str]:
    """The names of a layer's activations."""
    functions = [getattr(layer, name, None) for name in ("activation", "recurrent_activation")]
    return [getattr(each, "__name__", type(each).__name__) for each in functions if each is not None]
