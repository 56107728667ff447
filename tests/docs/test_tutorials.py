import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.py"))


def test_there_are_six_tutorials_and_the_site_lists_each():
    assert len(TUTORIALS) == 6
    pages = (ROOT / "mkdocs.yml").read_text()
    index = (ROOT / "docs" / "tutorials" / "index.md").read_text()
    for script in TUTORIALS:
        assert f"tutorials/{script.stem}.md" in pages
        assert f"({script.stem}.md)" in index


@pytest.mark.long  # the site runs them, too, and asks the same of their commands
@pytest.mark.parametrize("script", TUTORIALS, ids=lambda script: script.stem)
def test_a_tutorial_runs(script, tmp_path):
    """Every command in it succeeds: `run` gives 0, which a plain script would not look at."""
    check = (
        "import runpy, sys, run_experiments as r\n"
        "given = r.run\n"
        "def run(arguments):\n"
        "    status = given(arguments)\n"
        "    assert status == 0, (status, arguments)\n"
        "    return status\n"
        "r.run = run\n"
        "runpy.run_path(sys.argv[1], run_name='__main__')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", check, script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_the_ten_lines_of_the_readme_run_and_are_those_of_get_started(tmp_path, coloured):
    readme, started = (
        (ROOT / page).read_text().split("```python\n")[1].split("```")[0]
        for page in ("README.md", "docs/get-started.md")
    )
    assert readme.replace("  # about a minute", "") == started
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", readme], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert coloured(tmp_path / "crawling.png", "#D55E00") > 1e-3  # what the network answers
