"""Every command and every Python example of README.md and docs/ runs as it stands there.

`examples.toml` is the one table of what stands in for a user's own files. A command that names a file which neither the
table nor an earlier command of its page makes fails here, and so does one that the command line does not know.
"""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = tomllib.loads((Path(__file__).parent / "examples.toml").read_text())
PAGES = ["README.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))]
WRITES = (
    *("--out", "--plot", "--picture", "--results", "--table", "--page", "--video", "--wcon", "--contours"),
    "--images-to",
)
"""Options whose value may be a file that is written; `--video` of `make-sample` is."""
BEGINS = re.compile(r"^(wormtwin|make|python|dask|pip) ")


@dataclass(frozen=True)
class Example:
    """A command, or a block of Python, of a page."""

    page: str
    text: str
    python: bool = False

    @property
    def begins(self) -> str:
        """What the table knows it by."""
        return next((line for line in self.text.splitlines() if line.strip()), "")

    @property
    def never(self) -> str:
        """The entry of the table that says why it is not run here; empty when it is."""
        return next((part for part in TABLE["never"] if part in self.text), "")

    @property
    def quick(self) -> bool:
        return not self.never and self.begins.startswith(tuple(TABLE[self.page].get("quick", ())))


def examples_of(page: str) -> list[Example]:
    """The examples of a page in the order in which they stand."""
    text = (ROOT / page).read_text()
    found = []
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$|`([^`]+)`", text, re.MULTILINE | re.DOTALL):
        language, block, inline = match.groups()
        if inline is not None:
            command = " ".join(inline.split())
            whole = command.startswith("wormtwin ") and " --" in command
            found += (
                [Example(page, command)] if whole or (BEGINS.match(command) and "wormtwin" not in command[:9]) else []
            )
        elif language == "python" and not block.startswith(">>>"):
            found.append(Example(page, block, python=True))
        elif not language:
            lines = [re.sub(r"\s+#.*", "", line).strip() for line in block.splitlines()]
            found += [Example(page, part) for line in lines if BEGINS.match(line) for part in line.split(" && ")]
    return found


EXAMPLES = [example for page in PAGES for example in examples_of(page)]
COMMANDS = [example for example in EXAMPLES if example.text.startswith("wormtwin ") and not example.never]
WHOLE = TABLE["whole"]["pages"]
RUN = list(dict.fromkeys(example.page for example in EXAMPLES if not example.never))


def arguments(command: str) -> list[str]:
    """The words of a command, in a folder where what it globs may be."""
    words = shlex.split(command)
    return [each for word in words for each in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]


def files_of(command: str) -> tuple[list[str], list[str]]:
    """The files and folders that a command reads, and those that it writes."""
    words, reads, writes = shlex.split(command), [], []
    for before, word in zip(["", *words], words, strict=False):
        writing = before in WRITES and not (before == "--video" and "make-sample" not in command)
        if writing:
            writes.append(word)
        elif re.search(r"\.(h5|hdf5|npz|npy|mat|nwb|wcon|slp|keras|mp4|csv|json)$|/$|^FOLDER$|^arena$", word):
            reads.append(word)
    return reads, writes


def made_by(paths: list[str], name: str) -> bool:
    """Whether one of some files is, or is in, or holds what a command names, or is the video of its true tracks."""
    plain = re.sub(r"(\.tracks\.h5|\.calls\.csv|\.truth\.h5)$", "", name.partition("*")[0]).rstrip("/")
    for path in (each.rstrip("/") for each in paths):
        inside = (
            path.startswith(f"{plain}/") or plain.startswith(f"{path}/") or ("*" in name and path.startswith(plain))
        )
        if inside or path in (plain, f"{plain}.wav", f"{plain}.mp4"):
            return True
    return False


def shortened(command: str) -> str:
    for long, short in TABLE["shorter"].items():
        command = command.replace(long, short)
    return command


def test_the_table_knows_every_page_with_an_example():
    assert len(EXAMPLES) > 100
    known = set(TABLE) - {"never", "shorter", "whole"}
    assert known <= set(PAGES)
    missing = {example.page for example in EXAMPLES if not example.never} - known
    assert not missing, f"examples.toml says nothing of {sorted(missing)}"


def test_every_entry_of_the_table_is_needed():
    assert set(WHOLE) <= set(RUN)
    texts = [example.text for example in EXAMPLES]
    for part in (*TABLE["never"], *TABLE["shorter"]):
        assert any(part in text for text in texts), part
    for page in RUN:
        beginnings = [example.begins for example in EXAMPLES if example.page == page]
        for quick in TABLE[page].get("quick", ()):
            assert any(begins.startswith(quick) for begins in beginnings), (page, quick)


@pytest.mark.parametrize("page", RUN)
def test_every_file_that_a_command_reads_is_made(page):
    made = list(TABLE[page]["files"])
    for example in EXAMPLES:
        if example.page == page and example.text.startswith("wormtwin ") and not example.never:
            reads, writes = files_of(example.text)
            for name in reads:
                assert made_by(made, name), (
                    f"{page}: nothing makes {name} for `{example.text}`: add it to examples.toml"
                )
            made += writes


def without_work(command, monkeypatch):
    """The command and all below it, which read their options and do nothing."""
    for each in getattr(command, "commands", {}).values():
        without_work(each, monkeypatch)
    if not hasattr(command, "commands"):
        monkeypatch.setattr(command, "callback", lambda **_: None)
    return command


@pytest.mark.parametrize("example", COMMANDS, ids=lambda example: f"{example.page}:{example.text[9:60]}")
def test_the_command_line_knows_every_command(example, monkeypatch):
    import run_experiments

    commands = without_work(run_experiments.command_line(), monkeypatch)
    commands.main(shlex.split(example.text)[1:], prog_name="wormtwin", standalone_mode=False)


def test_what_is_not_run_here_is_there():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for example in EXAMPLES:
        words = example.text.split()
        if words[0] == "make":
            assert words[1] in targets, example
        for extra in re.findall(r"(?:wormtwin|\.)\[(\w+)\]", example.text if words[0] == "pip" else ""):
            assert extra in extras, example
        if words[0] == "python" and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), example


def prepare(page: str, folder: Path) -> None:
    """Make the files that the table says, in the order in which it does."""
    spec = importlib.util.spec_from_file_location("document_files", Path(__file__).parent / "files.py")
    makers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(makers)
    for name, maker in TABLE[page]["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            continue
        if maker.startswith("files."):
            getattr(makers, maker.removeprefix("files."))(path)
        else:
            call(maker)
        assert path.exists(), (name, maker)


def call(command: str) -> None:
    """Run a command in this process, or a script in one of its own; it must end well."""
    from run_experiments import run

    words = arguments(shortened(command))
    if words[0] == "wormtwin":
        assert run(words[1:]) == 0, command
        return
    words = [sys.executable, str(ROOT / words[1]), *words[2:]]
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]


def run_page(page: str, folder: Path, quick: bool) -> None:
    prepare(page, folder)
    for example in EXAMPLES:
        if example.page != page or example.never or (quick and not example.quick):
            continue
        if example.python:
            exec(compile(example.text, page, "exec"), {"__name__": "example"})
        else:
            for path in files_of(example.text)[1]:
                (folder / path).unlink(missing_ok=True) if (folder / path).is_file() else None
            call(example.text)


@pytest.mark.parametrize("page", [page for page in RUN if TABLE.get(page, {}).get("quick")])
def test_quick_examples_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path, quick=True)


@pytest.mark.slow
@pytest.mark.parametrize("page", WHOLE)
def test_all_examples_of_a_quick_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path, quick=False)


@pytest.mark.long
@pytest.mark.parametrize("page", [page for page in RUN if page not in WHOLE])
def test_all_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path, quick=False)
