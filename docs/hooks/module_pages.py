"""A page for every public module, made from its docstrings by mkdocstrings."""

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = ("neuron_models", "connectome", "datasets", "surrogates")


def modules() -> dict[str, str]:
    """The public modules by the page of each, such as `reference/modules/connectome/network.md`."""
    members = [
        path.relative_to(ROOT).with_suffix("")
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    ]
    public = [path for path in members if not any(part.startswith("_") for part in path.parts)]
    pages = {f"reference/modules/{path.as_posix()}.md": ".".join(path.parts) for path in public}
    return {**pages, "reference/modules/run_experiments.md": "run_experiments"}


def module_page(module: str) -> str:
    """The page of a module: mkdocstrings fills it."""
    return f"---\ntitle: {module.rsplit('.', 1)[-1]}\n---\n\n::: {module}\n"


def module_tree() -> list[Any]:
    """The pages as MkDocs's navigation has them: a list for each folder."""
    tree: dict[str, Any] = {}
    for page, module in modules().items():
        folder = tree
        for part in module.split(".")[:-1]:
            folder = folder.setdefault(part, {})
        folder[module.rsplit(".", 1)[-1]] = page
    return _entries(tree)


def _entries(folder: dict[str, Any]) -> list[Any]:
    return [{name: _entries(child) if isinstance(child, dict) else child} for name, child in folder.items()]
