"""Compiling NEURON's mechanisms."""

import subprocess
import sys

import pytest

from neuron_models import mechanisms
from neuron_models.foundation.cache import CACHE_VARIABLE, is_whole
from neuron_models.foundation.errors import InputError


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "wormtwin"))
    return tmp_path


def test_without_a_compiler_the_error_names_the_package(empty_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(InputError, match="install build-essential"):
        mechanisms.compiled_mechanisms()
    assert not list((empty_cache / "wormtwin" / "mechanisms").glob("*/"))


@pytest.mark.usefixtures("empty_cache")
def test_a_source_that_does_not_compile_is_reported():
    with pytest.raises(InputError, match="did not compile"):
        mechanisms.compiled({"broken.mod": "NEURON { NONSENSE"})


@pytest.mark.usefixtures("empty_cache")
def test_a_kept_compilation_follows_source_options_and_version(monkeypatch):
    commands = []

    def compiles(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(mechanisms.subprocess, "run", compiles)
    first = mechanisms.compiled({"a.mod": "one"})
    assert mechanisms.compiled({"a.mod": "one"}) == first
    assert len(commands) == 1
    others = {mechanisms.compiled({"a.mod": "two"}), mechanisms.compiled({"a.mod": "one"}, "-coreneuron")}
    monkeypatch.setattr(mechanisms.importlib.metadata, "version", lambda name: "99")
    others.add(mechanisms.compiled({"a.mod": "one"}))
    assert len(others - {first}) == 3
    assert len(commands) == 4


def test_a_folder_without_the_library_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="delete that folder"):
        mechanisms.library(tmp_path, "libnrnmech")


def test_a_cache_that_cannot_be_written_names_the_variable(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError, match=f"cannot be written .*: set {CACHE_VARIABLE} to a folder that can"):
        mechanisms.compiled_mechanisms()


def test_what_is_damaged_in_the_cache_is_compiled_anew(empty_cache, monkeypatch):
    def written(sources, folder, options):
        (folder / "x86_64").mkdir(parents=True)
        (folder / "x86_64" / "libnrnmech.so").write_bytes(b"whole")

    monkeypatch.setattr(mechanisms, "_compile", written)
    folder = mechanisms.compiled({"own.mod": ""})
    made = folder.stat().st_ino
    assert mechanisms.compiled({"own.mod": ""}).stat().st_ino == made
    for damage in (lambda file: file.write_bytes(b"who"), lambda file: file.unlink()):
        damage(mechanisms.library(folder, "libnrnmech"))
        assert not is_whole(folder)
        assert mechanisms.library(mechanisms.compiled({"own.mod": ""}), "libnrnmech").read_bytes() == b"whole"


def test_a_compiler_message_names_the_file_and_not_where_it_was_compiled(empty_cache, monkeypatch):
    def failed(command, cwd, **_):
        return subprocess.CompletedProcess(command, 1, "", f"{cwd}/x86_64/own.cpp:7:3: error: expected initializer")

    monkeypatch.setattr(mechanisms.subprocess, "run", failed)
    with pytest.raises(InputError, match=r"did not compile: own\.cpp:7:3: error: expected initializer$"):
        mechanisms.compiled({"own.mod": ""})


def test_the_names_that_a_source_declares():
    source = (
        "COMMENT\nPOINT_PROCESS Not\nENDCOMMENT\nNEURON { THREADSAFE POINT_PROCESS Own }\nNEURON {\n SUFFIX leak\n}"
    )
    assert mechanisms.declared(source) == ["Own", "leak"]


@pytest.mark.slow
def test_processes_that_start_together_compile_once(tmp_path):
    code = "from neuron_models.mechanisms import compiled_mechanisms; print(compiled_mechanisms())"
    environment = {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    folders = {process.communicate()[0].strip() for process in started}
    assert [process.returncode for process in started] == [0] * 4
    assert len(folders) == 1
    kept = [path for path in (tmp_path / "wormtwin" / "mechanisms").iterdir() if path.is_dir()]
    assert [str(path) for path in kept] == list(folders)
