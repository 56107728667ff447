"""A run of the tests says at its end what it left out."""

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).with_name("conftest.py")
HOOKS = ("pytest_deselected", "pytest_sessionfinish", "pytest_testnodedown", "pytest_terminal_summary")
BEGIN = f"""
import importlib.util

found = importlib.util.spec_from_file_location("conftest_of_the_project", {str(CONFTEST)!r})
module = importlib.util.module_from_spec(found)
found.loader.exec_module(module)
globals().update({{name: getattr(module, name) for name in {HOOKS}}})
"""
TESTS = """
import pytest

def test_passes(): pass
@pytest.mark.slow
def test_slow_one(): pass
@pytest.mark.slow
def test_slow_two(): pass
def test_skipped(): pytest.skip("no such file: fetch it")
def test_without(): pytest.importorskip("no_such_package")
"""


def test_the_last_line_says_what_was_left_out_and_how_to_run_it(tmp_path):
    (tmp_path / "conftest.py").write_text(BEGIN)
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\naddopts = -q --import-mode=importlib\n")
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-m", "not slow", "-n", "2", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # others take seconds in each of the three processes
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Left out: ")]
    first, *others = line.removeprefix("Left out: ").split("; ")
    assert first == "2 slow (make slow)"
    lacking = "1 (could not import 'no_such_package': No module named 'no_such_package': make installs it)"
    assert set(others) == {"1 (no such file: fetch it)", lacking}
