"""Turns the tutorials, scripts with cells marked by `# %%`, into pages, with what each cell prints and draws.

The tutorials run while the site is built where WORMTWIN_RUN_TUTORIALS is set, as in `make docs`; elsewhere the pages
show their text and code alone.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import jupytext

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"


def tutorial_files() -> dict[str, str | bytes]:
    """The pages of the tutorials and the pictures in them, by their path in the site."""
    files: dict[str, str | bytes] = {}
    for script in sorted(TUTORIALS.glob("*.py")):
        files |= _page_of(script)
    return files


def _page_of(script: Path) -> dict[str, str | bytes]:
    cells = jupytext.read(script).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    with tempfile.TemporaryDirectory() as folder:
        results = iter(
            _run(script, code, Path(folder)) if os.environ.get("WORMTWIN_RUN_TUTORIALS") else [{}] * len(code)
        )
        files: dict[str, str | bytes] = {}
        parts = []
        for cell in cells:
            parts.append(cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```")
            if cell.cell_type == "code":
                result = next(results)
                parts += [f"```text\n{result['text']}\n```"] if result.get("text") else []
                for picture in result.get("pictures", []):
                    files[f"tutorials/{picture}"] = (Path(folder) / picture).read_bytes()
                    parts.append(f"![What the cell above draws]({picture})")
    parts.append(
        f"*This page is the script `docs/tutorials/{script.name}`: run it, or open it as a notebook with Jupytext.*"
    )
    return {f"tutorials/{script.stem}.md": "\n\n".join(parts) + "\n", **files}


def _run(script: Path, code: list[str], folder: Path) -> list[dict[str, Any]]:
    """What each cell printed and drew, run one after the other in one process in this folder."""
    (folder / "cells.json").write_text(json.dumps(code))
    runner = Path(__file__).with_name("run_cells.py")
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, runner, script.stem], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{script.name} failed:\n{done.stderr}")
    return json.loads((folder / "results.json").read_text())
