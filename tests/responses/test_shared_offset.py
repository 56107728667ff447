"""Records that do not begin at rest, beside NumPy's least squares with an intercept."""

import json
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.shared


def test_the_baseline_has_an_intercept(shared, wormtwin, tmp_path, monkeypatch):
    script = shared / "cases" / "simulation" / "offset" / "make.py"
    if not script.is_file():
        pytest.skip(f"there is no {script}")
    monkeypatch.chdir(tmp_path)
    printed = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    by_numpy = float(re.search(r"from the mean first sample: ([\d.]+)", printed)[1])
    options = ("--outputs", "y", "--inputs", "u", "--out", "rec.h5")
    assert wormtwin("dataset", "import-dat", "rec", *options)[0] == 0
    split = ("--validation", "r4,r5", "--test", "r6,r7", "--out", "split.h5")
    assert wormtwin("dataset", "split", "rec.h5", *split)[0] == 0
    assert wormtwin("train", "--data", "split.h5", "--model", "linear", "--lags", "1", "--out", "run")[0] == 0
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    found = scores["scores"]["test"]["rmse"]
    assert found == pytest.approx(by_numpy, rel=0.1)
