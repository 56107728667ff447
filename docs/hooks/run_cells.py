"""Runs the cells in `cells.json` one after the other and keeps what each prints and shows, in `results.json`.

A command that a cell runs must succeed, or the page is not made.
What a cell ends with is shown, as in a notebook: a figure or the path of a picture as a picture, all else as text.
"""

import ast
import contextlib
import io
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from matplotlib.figure import Figure

import run_experiments


def main(name: str) -> None:
    """Run the cells of the tutorial of this name in the folder that this process works in."""
    names: dict[str, object] = {"__name__": "__main__"}
    results = []
    for number, code in enumerate(json.loads(Path("cells.json").read_text())):
        printed = io.StringIO()
        commands = patch.object(run_experiments, "run", _succeeding(run_experiments.run))
        with contextlib.redirect_stdout(printed), commands:
            last = _run(code, f"{name}, cell {number}", names)
        picture = _picture(last, f"{name}-{number}.png")
        if last is not None and not picture:
            printed.write(repr(last))
        results.append({"text": printed.getvalue().rstrip(), "pictures": [picture] if picture else []})
    Path("results.json").write_text(json.dumps(results))


def _succeeding(run: Callable[..., int]) -> Callable[..., int]:
    """The function that runs a command line, which raises where the command fails."""

    def succeeding(arguments: Sequence[str]) -> int:
        status = run(arguments)
        if status:
            raise RuntimeError(f"wormtwin {' '.join(map(str, arguments))} ended with exit status {status}")
        return status

    return succeeding


def _run(code: str, where: str, names: dict[str, object]) -> Any:
    """Run a cell; its value is that of the expression that it ends with, if it ends with one."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec"), names)
    return eval(compile(ast.Expression(last.value), where, "eval"), names) if isinstance(last, ast.Expr) else None


def _picture(value: Any, name: str) -> str:
    """The name of the picture that this value is, once it is written; empty where it is none."""
    if isinstance(value, Figure):
        value.savefig(name, dpi=80)
        return name
    if isinstance(value, Path) and value.suffix == ".png":
        shutil.copyfile(value, name)
        return name
    return ""


if __name__ == "__main__":
    main(sys.argv[1])
