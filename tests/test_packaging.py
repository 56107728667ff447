"""The wheel and the source archive, installed into empty environments: they simulate, train and write a page there."""

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
LEFT = (".venv", ".git", "site", "results", "build", "dist", "*.egg-info", "__pycache__", ".*_cache")


def run(*command, **options) -> str:
    """Run a program to its end and give what it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))}
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, env=clean, **options
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The folder of the wheel and of the source archive, made of a copy of the sources."""
    pytest.importorskip("build")
    copy = shutil.copytree(ROOT, tmp_path_factory.mktemp("source") / "wormtwin", ignore=shutil.ignore_patterns(*LEFT))
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(copy.parent), "setuptools"]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        pytest.skip("no package index can be reached: run it where pip can download")
    run(sys.executable, "-m", "build", "--outdir", copy.parent / "dist", copy)
    return copy.parent / "dist"


@pytest.fixture(scope="module")
def environment(built, tmp_path_factory) -> Path:
    """An environment that holds wormtwin, from its wheel, and what it depends on."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    (wheel,) = built.glob("*.whl")
    run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", wheel)
    return folder


@pytest.fixture(scope="module", params=["*.whl", "*.tar.gz"])
def installed(request, built, environment, tmp_path_factory) -> Path:
    """A folder with what the commands wrote of a wormtwin that was installed from the wheel, or from the archive."""
    folder = tmp_path_factory.mktemp("installed")
    (archive,) = built.glob(request.param)
    again = ("install", "--quiet", "--force-reinstall", "--no-deps", archive)
    run(environment / "bin" / "python", "-m", "pip", *again)
    (folder / "env").symlink_to(environment)
    wormtwin = folder / "env" / "bin" / "wormtwin"
    simulated = ("--sequences", "1-4", "--split", "auto", "--network", "placed", "--out", "d.h5")
    run(wormtwin, "simulate", *simulated, cwd=folder)
    run(wormtwin, "train", "--data", "d.h5", "--units", 2, "--epochs", 3, "--out", "gru2", cwd=folder)
    command = ("--model", "gru2/model.keras", "--data", "d.h5", "--method", "occlusion", "--out", "inputs")
    run(wormtwin, "importance", *command, cwd=folder)
    return folder


def test_an_empty_environment_simulates_trains_and_writes_a_page(installed):
    for name in ("d.h5", "gru2/model.keras", "gru2/traces.png", "inputs/report.html"):
        assert (installed / name).is_file()
    done = subprocess.run(
        [installed / "env" / "bin" / "wormtwin", "worm", "--out", "worm.html"],
        capture_output=True, text=True, check=False, cwd=installed,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.strip().endswith("pip install 'wormtwin[worm]'")


def test_the_page_opens_in_a_browser(installed, browser):
    tab = browser.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda fault: faults.append(str(fault)))
    tab.goto((installed / "inputs" / "report.html").as_uri())
    assert faults == []
    assert "occlusion" in tab.inner_text("body").lower()
    assert tab.locator("figure svg").count() > 0
    tab.close()


def test_the_wheel_ships_the_packages_alone_and_the_archive_all_that_builds_it(built):
    (wheel,), (archive,) = built.glob("*.whl"), built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    packages = {"neuron_models", "connectome", "datasets", "surrogates"}
    assert tops == {*packages, "run_experiments.py"}
    assert {f"{package}/py.typed" for package in packages} <= names
    tracked = [path.relative_to(ROOT).as_posix() for package in packages for path in (ROOT / package).rglob("*.*")]
    needed = {name for name in tracked if "__pycache__" not in name and (ROOT / name).is_file()}
    assert needed - names == set()
    with tarfile.open(archive) as content:
        held = {name.partition("/")[2] for name in content.getnames()}
    assert needed | {"pyproject.toml", "README.md", "LICENSE", "run_experiments.py"} <= held
