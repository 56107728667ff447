"""What the design asks of every file."""

import ast
import dataclasses
import importlib
import importlib.metadata
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from neuron_models.foundation import units

ROOT = Path(__file__).parent.parent
PACKAGES = ("neuron_models", "connectome", "datasets", "surrogates")
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__init__.py"
)


def described(module):
    """The public dataclasses of a module."""
    found = vars(importlib.import_module(module)).items()
    return [
        cls
        for name, cls in found
        if isinstance(cls, type) and dataclasses.is_dataclass(cls) and cls.__module__ == module and name[0] != "_"
    ]


def for_checkers(module):
    """The names that a module imports for type checkers alone."""
    tree = ast.parse(Path(importlib.import_module(module).__file__).read_text())
    blocks = [n for n in tree.body if isinstance(n, ast.If) and getattr(n.test, "id", "") == "TYPE_CHECKING"]
    imported = [each for block in blocks for each in block.body if isinstance(each, ast.Import | ast.ImportFrom)]
    return {name.asname or name.name: typing.Any for each in imported for name in each.names}


@pytest.mark.parametrize("module", MODULES)
def test_descriptions_are_frozen_and_their_numbers_have_units(module):
    for cls in described(module):
        assert cls.__dataclass_params__.frozen, f"{cls.__name__} is not frozen"
        hints = typing.get_type_hints(cls, localns=for_checkers(module), include_extras=True)
        for field in dataclasses.fields(cls):
            assert hints[field.name] is not float, f"{cls.__name__}.{field.name} is a bare float: give it a unit"


def test_importing_a_package_is_light():
    code = (
        "import sys; import run_experiments, datasets.store, connectome.network; "
        "heavy = {'neuron', 'keras', 'jax', 'tensorflow', 'matplotlib', 'numba', 'optuna', 'distributed', 'jinja2'}; "
        "heavy &= set(sys.modules); sys.exit(str(heavy or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr.strip() == ""


def test_the_name_datasets_has_one_owner():
    owners = importlib.metadata.packages_distributions().get("datasets", ["wormtwin"])
    assert set(owners) == {"wormtwin"}


def test_a_foreign_package_called_datasets_is_reported(tmp_path):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import run_experiments"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "another package called 'datasets'" in done.stderr


def test_files_are_small_and_raise_instead_of_asserting():
    for path in [ROOT / "run_experiments.py", *(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))]:
        nodes = list(ast.walk(ast.parse(path.read_text())))
        assert not any(isinstance(node, ast.Assert) for node in nodes), path
        assert len(path.read_text().splitlines()) <= 400, path
        functions = [n for n in nodes if isinstance(n, ast.FunctionDef)]
        assert all(f.end_lineno - f.lineno <= 70 for f in functions), path


def test_links_between_documents_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            assert "://" in link or _source_of(page.parent / link).exists(), f"{page.name}: {link}"


def _source_of(target):
    """The file that a link leads to, or that the page which it leads to is made from when the site is built."""
    index = target.resolve()
    modules = ROOT / "docs" / "reference" / "modules"
    if index == ROOT / "docs" / "reference" / "commands.md":
        return ROOT / "run_experiments.py"
    if index.is_relative_to(modules):
        return (ROOT / index.relative_to(modules)).with_suffix(".py")
    script = index.with_suffix(".py")
    return script if index.parent == ROOT / "docs" / "tutorials" and script.exists() else index


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda path: path.stem)
def test_what_a_benchmark_imports_is_there(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in PACKAGES:
            module = importlib.import_module(node.module)
            missing = [each.name for each in node.names if not hasattr(module, each.name)]
            assert not missing, f"{node.module} has no {', '.join(missing)}"


UNITS = {name: kind.__metadata__[0] for name, kind in vars(units).items() if hasattr(kind, "__metadata__")}
SYMBOLS = [*map(re.escape, set(UNITS.values()) - {"1"}), "m", "kg/s2?", "mm/s", "um/s", "lengths/s", "nA/mV", "%"]
WORDS = (
    "seconds|milliseconds|degrees|radians|pixels?|body lengths?|grey values?|probability|probabilities|log odds|"
    "shares?|percent|0 to (?:1|2|255)|-1 to 1|full scale is 1|dimensionless|standard deviations?|units? of|"
    "(?:in|any) (?:[\\w']+ ){0,3}units?"
)
UNIT = re.compile(rf"(?<![\w/])(?:{'|'.join(SYMBOLS)}|(?i:{WORDS}))(?![\w/])")
ARRAY = re.compile(r"\b(?:Float|Int|Bool|Complex|UInt|Shaped|Num)\d*\[|\bndarray\b|\bArrayLike\b")
REAL = re.compile(r"\b(?:Float|Complex|Shaped|Num)\d*\[|\bnp\.ndarray\b(?!,)|\bArrayLike\b")
"""Arrays that can have a unit: whole numbers and truth values have none."""
SHAPE = re.compile(r"\[np\.ndarray, '|\(\w+(?:, \w+)*,?\)|any shape")


def public_functions(body):
    """The public functions of a module or a public class, with their methods."""
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name[0] != "_":
            yield from public_functions(node.body)
        elif isinstance(node, ast.FunctionDef) and node.name[0] != "_" and ast.unparse(node.body[0]) != "...":
            yield node


def takes_arrays():
    """(name, annotations, docstring) of the public functions with an array among arguments or results."""
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        tree = ast.parse(path.read_text())
        assigned = {ast.unparse(n.targets[0]): ast.unparse(n.value) for n in tree.body if isinstance(n, ast.Assign)}
        names = {name: value for name, value in assigned.items() if ARRAY.search(value)}
        for node in public_functions(tree.body):
            kinds = [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)] + [node.returns]
            said = "; ".join(ast.unparse(kind) for kind in kinds if kind is not None)
            text = re.sub(r"\w+", lambda word: names.get(word[0], word[0]), said)  # noqa: B023
            if ARRAY.search(text):
                yield f"{path.relative_to(ROOT)}: {node.name}", f"{said}; {text}", ast.get_docstring(node) or ""


def test_functions_of_arrays_name_shapes_and_units():
    functions = list(takes_arrays())
    shapeless = [name for name, kinds, text in functions if not SHAPE.search(kinds + text)]
    real = [(name, kinds, text) for name, kinds, text in functions if REAL.search(kinds)]
    without = [
        name for name, kinds, text in real if not UNIT.search(text) and not set(re.findall(r"\w+", kinds)) & set(UNITS)
    ]
    assert len(real) > 500
    assert len(shapeless) <= 0.2 * len(functions), shapeless
    assert len(without) <= 0.2 * len(real), without
