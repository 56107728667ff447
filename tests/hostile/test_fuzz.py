"""Every command under random calls, stops and full disks: one line, status 0 or 2, nothing half-written, no hang.

The scripts take longer runs with other seeds: `python tests/hostile/fuzz_calls.py --help`, `stop_calls.py`,
`disk_calls.py`.
"""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
SECONDS = 90
"""Of each script; as many calls as fit in."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with `seeds`, one right file of each kind."""
    for name in ("av", "sleap_io", "pynwb", "pymatreader", "ndx_pose", "optuna", "werkzeug"):
        pytest.importorskip(name)
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "seeds").mkdir()
    script("fuzz_calls.py", folder, "--make", "--log", folder / "log")
    return folder


def script(name, folder, *options):
    call = [sys.executable, Path(__file__).with_name(name), "--folder", folder, *options]
    done = subprocess.run([str(each) for each in call], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr[-2000:]}"
    return done.stdout


def test_random_calls(folder):
    printed = script("fuzz_calls.py", folder, "--seconds", SECONDS, "--log", folder / "log")
    assert "0 faults" in printed


def test_stops(folder):
    printed = script("stop_calls.py", folder, "--seconds", SECONDS, "--cuts", 2, "--kills", 1, "--pairs", 1)
    assert " 0 faults" in printed


def test_full_disks(folder):
    printed = script("disk_calls.py", folder, "--seconds", SECONDS, "--room", "4096,65536")
    if "no disk can be mounted" in printed:
        pytest.skip("no disk can be mounted here: run as root")
    assert " 0 faults" in printed
