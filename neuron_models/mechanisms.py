"""Compiles NEURON mechanisms, this package's and others, once for each version of them and of NEURON."""

import hashlib
import importlib.metadata
import importlib.resources
import os
import platform
import re
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from filelock import FileLock

from neuron_models.foundation.cache import cache_folder, is_whole, made_cache_folder, seal
from neuron_models.foundation.errors import InputError

_COMMENT = re.compile(r"\bCOMMENT\b.*?\bENDCOMMENT\b", re.DOTALL)
_COMPILERS = ("c++", "g++", "clang++")
OWN_OPTIONS = ("-coreneuron",)
"""How `nrnivmodl` compiles this package's mechanisms."""


def compiled_mechanisms() -> Path:
    """The folder that holds this package's mechanisms, compiled for NEURON and CoreNEURON; see `compiled`."""
    return compiled(own_sources(), *OWN_OPTIONS)


def declared(source: str) -> list[str]:
    """The names under which NEURON will know the mechanisms of a source.

    >>> declared("NEURON { POINT_PROCESS Own }")
    ['Own']
    """
    return re.findall(r"\b(?:POINT_PROCESS|ARTIFICIAL_CELL|SUFFIX)\s+(\w+)", _COMMENT.sub("", source))


def compiled(sources: dict[str, str], *options: str) -> Path:
    """The folder that holds some mechanisms compiled; compiles them when it is not there, or damaged.

    Safe when many processes ask at the same moment: one compiles, beside the final place, and the others wait.

    Args:
        sources: the text of each .mod file.
        options: further arguments of `nrnivmodl`.

    Raises:
        InputError: no C++ compiler or no make, with the package to install; what the compiler said; or the cache
            cannot be written, with the variable to set.
    """
    name = _key(sources, options)
    folder = cache_folder("mechanisms", name)
    if is_whole(folder):
        return folder
    cache = made_cache_folder("mechanisms")
    with FileLock(cache / f"{name}.lock"):
        if not is_whole(folder):
            with tempfile.TemporaryDirectory(dir=cache, prefix="compiling-") as work:
                built = Path(work) / name
                _compile(sources, built, options)
                seal(built)
                shutil.rmtree(folder, ignore_errors=True)
                built.rename(folder)
    return folder


def library(folder: Path, name: str) -> Path:
    """The compiled library `name` below `folder`.

    Raises:
        InputError: it is not there; the message says to delete the folder.
    """
    paths = [path for suffix in (".so", ".dylib") for path in folder.glob(f"*/{name}{suffix}")]
    if not paths:
        raise InputError(f"{folder} holds no {name}: delete that folder and start again")
    return paths[0]


def own_sources() -> dict[str, str]:
    """The text of each .mod file of this package."""
    folder = importlib.resources.files("neuron_models") / "mod"
    return {f.name: f.read_text() for f in sorted(folder.iterdir(), key=lambda f: f.name) if f.name.endswith(".mod")}


def _key(sources: dict[str, str], options: tuple[str, ...]) -> str:
    version = importlib.metadata.version("neuron")
    machine = f"{platform.system()}-{platform.machine()}"
    digest = hashlib.sha256(repr((sorted(sources.items()), options, version, machine)).encode()).hexdigest()
    return f"{version}-{machine}-{digest[:16]}"


def _compile(sources: dict[str, str], folder: Path, options: tuple[str, ...]) -> None:
    _require_tools()
    folder.mkdir()
    for name, text in sources.items():
        (folder / name).write_text(text)
    done = subprocess.run([_nrnivmodl(), *options, "."], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = [
            line.strip() for line in (done.stdout + done.stderr).splitlines() if "rror" in line and "NOTE" not in line
        ]
        # the compiler names files by where they were compiled, a folder that is gone by then
        message = re.sub(rf"\S*{re.escape(folder.name)}/(?:\S*/)?", "", words[0]) if words else "nrnivmodl failed"
        raise InputError(f"NEURON's mechanisms did not compile: {message}")


def _require_tools() -> None:
    named = shlex.split(os.environ.get("CXX", ""))[:1]
    sought = named or _COMPILERS
    if not any(shutil.which(name) for name in sought):
        raise InputError(
            f"NEURON needs a C++ compiler for its mechanisms and found none ({', '.join(sought)}): install "
            "build-essential (Debian, Ubuntu) or the command line tools (macOS: xcode-select --install)"
        )
    if not shutil.which("make"):
        raise InputError("NEURON needs make to compile its mechanisms and found none: install the package make")


def _nrnivmodl() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "nrnivmodl"
    path = str(beside) if beside.exists() else shutil.which("nrnivmodl")
    if not path:
        raise InputError("nrnivmodl is not to be found: install NEURON into this environment (pip install neuron)")
    return path
