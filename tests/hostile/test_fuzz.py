"""Random arguments and wrong files through every command: one line, status 0 or 2, nothing half-written, no hang."""

import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 150
"""Of calls, as many as fit in; a call that is stopped for its work may take 20 s of the processor more."""


@pytest.mark.long
@pytest.mark.parametrize("package", [("av", "sleap_io", "pynwb", "pymatreader", "ndx_pose")])
def test_no_command_ends_in_anything_but_a_line(tmp_path, package):
    for name in package:
        pytest.importorskip(name)
    script, log = Path(__file__).with_name("fuzz_calls.py"), tmp_path / "log"
    call = [sys.executable, script, "--seconds", SECONDS, "--seed", 0, "--folder", tmp_path / "f", "--log", log]
    done = subprocess.run([str(each) for each in call], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr[-2000:]}"
    assert "0 faults" in done.stdout
