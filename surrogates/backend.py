"""The one place that decides which backend Keras uses: `KERAS_BACKEND` if it is set, else JAX.

Every module that needs Keras writes `from surrogates.backend import keras`.
"""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neuron_models.foundation.errors import require

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
BACKENDS = ("jax", "tensorflow", "torch")
"""What can train."""


def require_backend(name: str) -> None:
    """Raise an `InputError` unless Keras can compute with a backend of this name."""
    require(name in BACKENDS, f"KERAS_BACKEND must be one of {', '.join(BACKENDS)}, got {name!r}")
    installed = importlib.util.find_spec(name) is not None
    require(
        installed, f"KERAS_BACKEND is {name}, which is not installed: install it, or leave the variable unset for jax"
    )


def require_precision(floatx: str) -> None:
    """Raise an `InputError` unless Keras's default type is single precision."""
    require(
        floatx == "float32",
        f"Keras computes in {floatx} by default: set floatx in {Path.home() / '.keras' / 'keras.json'} to float32",
    )


require_backend(os.environ["KERAS_BACKEND"])
import keras  # noqa: E402

require_precision(keras.config.floatx())

__all__ = ["keras", "on_gpu", "tensorflow_unseen"]


@contextmanager
def tensorflow_unseen() -> Iterator[None]:
    """Let Keras believe for a while that TensorFlow is not installed, unless it is the backend or imported already.

    Keras looks for it whenever it saves, trains or runs a model, with any backend; where TensorFlow is installed, that
    import takes five seconds of every process and prints TensorFlow's own log.
    """
    hidden = keras.backend.backend() != "tensorflow" and "tensorflow" not in sys.modules
    if hidden:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules["tensorflow"]


def on_gpu() -> bool:
    """Whether the backend computes on a GPU or another accelerator."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.default_backend() != "cpu"
    if backend == "tensorflow":
        import tensorflow

        return bool(tensorflow.config.list_physical_devices("GPU"))
    return False
