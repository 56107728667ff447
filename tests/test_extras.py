"""What a command says when the packages of an extra are not installed."""

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest

from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.extras import EXTRAS, require_extra

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
EXTRA = PROJECT["optional-dependencies"]


def named(requirement: str) -> set[str]:
    """The distributions that a requirement such as `imageio[ffmpeg]>=2.34` names, with what its own extras bring."""
    name, extras = re.match(r"([\w-]+)(?:\[([\w,-]+)\])?", requirement).groups()
    return {name, *(f"{name}-{extra}" for extra in (extras or "").split(",") if extra)}


@pytest.fixture(scope="module")
def distributions():
    """The distributions that bring each package."""
    return importlib.metadata.packages_distributions()


@pytest.mark.parametrize(("package", "extra"), EXTRAS.items())
def test_an_extra_brings_what_is_said_and_the_tools_for_tests_bring_all(distributions, package, extra):
    owners = distributions.get(package)
    if owners is None:
        pytest.skip(f"the package {package} is not installed: pip install 'wormtwin[{extra}]'")
    brought = {name for requirement in EXTRA[extra] for name in named(requirement)}
    assert {owner.lower() for owner in owners} & brought
    assert {owner.lower() for owner in owners}.isdisjoint(
        re.split(r"[\[>]", each)[0] for each in PROJECT["dependencies"]
    )
    all_of_them = next(each for each in EXTRA["dev"] if each.startswith("wormtwin["))
    assert extra in re.search(r"\[(.*)\]", all_of_them)[1].split(",")


def test_the_module_is_given_and_a_missing_one_named(monkeypatch):
    assert require_extra("json", extra="x", purpose="this").dumps([1]) == "[1]"
    monkeypatch.setitem(sys.modules, "sleap_io", None)
    with pytest.raises(
        InputError, match=r"^reading labels needs the package sleap_io: pip install 'wormtwin\[pose\]'$"
    ):
        require_extra("sleap_io", extra="pose", purpose="reading labels")


def test_what_a_package_lacks_itself_is_named(monkeypatch, tmp_path):
    (tmp_path / "half_installed.py").write_text("import nothing_of_this_name")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"needs the package nothing_of_this_name: pip install 'wormtwin\[pose\]'"):
        require_extra("half_installed", extra="pose", purpose="this")


@pytest.mark.parametrize(
    ("package", "arguments", "said"),
    [
        ("optuna", ["tune", "--data", "{data}", "--out", "{out}"], "wormtwin tune needs the package optuna"),
        (
            "jupyter_threejs_sage",
            ["worm", "--out", "{out}.html"],
            "the worm's page needs the package jupyter_threejs_s",
        ),
        (
            "pymatreader",
            ["calcium", "import", "{file}.mat", "--out", "{out}.h5"],
            "reading MATLAB files needs the pack",
        ),
        (
            "pynwb",
            ["calcium", "import", "{file}.nwb", "--out", "{out}.h5"],
            "reading NWB files needs the package pynwb",
        ),
        ("av", ["pose", "import", "{file}.slp", "--out", "{out}.h5"], "reading videos and labels needs the package av"),
        ("sleap_io", ["pose", "convert", "{file}.slp", "--out", "{out}.csv"], "labels needs the package sleap_io"),
        (
            "flask",
            ["posture", "test-page", "--real", "{data}", "--simulated", "{data}"],
            "a test page needs the pack",
        ),
        ("imageio", ["posture", "clip", "{data}", "--out", "{out}.gif"], "writing films needs the package imageio"),
    ],
)
def test_a_command_without_its_extra_is_one_line(
    wormtwin, refused, linear_response, tmp_path, monkeypatch, package, arguments, said
):
    monkeypatch.setitem(sys.modules, package, None)
    indices = {
        "data": save_dataset(linear_response(), tmp_path / "d.h5"),
        "out": tmp_path / "o",
        "file": tmp_path / "f",
    }
    for suffix in (".mat", ".nwb", ".slp"):
        (tmp_path / f"f{suffix}").write_bytes(b"")
    extra = {"imageio": "posture"}.get(package, EXTRAS[package])
    refused(wormtwin(*(each.format(**indices) for each in arguments)), said, f"pip install 'wormtwin[{extra}]'")
    assert not list(tmp_path.glob("o*"))


def test_an_import_that_fails_anywhere_names_its_extra_if_it_has_one(wormtwin, refused, monkeypatch, tmp_path):
    def imports(name):
        def load(*_, **__):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        return load

    monkeypatch.setattr("datasets.store.load_dataset", imports("skimage.filters"))
    said = "this needs the package skimage: pip install 'wormtwin[pose]'"
    refused(wormtwin("dataset", "info", tmp_path / "d.h5"), said)
    monkeypatch.setattr("datasets.store.load_dataset", imports("elsewhere"))
    refused(wormtwin("dataset", "info", tmp_path / "d.h5"), "elsewhere", "--debug")
