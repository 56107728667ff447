"""Runs the cells in `cells.json` one after the other and keeps what each prints and shows, in `results.json`.

What a cell ends with is shown, as in a notebook: a figure or the path of a picture as a picture, all else as text.
"""

import ast
import contextlib
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


def main(name: str) -> None:
    """Run the cells of the tutorial of this name in the folder that this process works in."""
    names: dict[str, object] = {"__name__": "__main__"}
    results = []
    for number, code in enumerate(json.loads(Path("cells.json").read_text())):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            last = _run(code, f"{name}, cell {number}", names)
        picture = _picture(last, f"{name}-{number}.png")
        if last is not None and not picture:
            printed.write(repr(last))
        results.append({"text": printed.getvalue().rstrip(), "pictures": [picture] if picture else []})
    Path("results.json").write_text(json.dumps(results))


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
