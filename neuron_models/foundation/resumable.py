"""Long work whose results are kept as they come, in a folder that says of what they are; stopped, it goes on there."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write, require_writable
from neuron_models.foundation.locks import lock_file
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.result_forms import JSON_FORM, ResultForm
from neuron_models.foundation.scratch import is_scratch, scratch_folder, sweep, sweep_tree
from neuron_models.foundation.workers import Call, run_calls

MANIFEST_FILE = "manifest.json"
_LOCK_FILE = "lock"
_LAST_STEP = "last-step"
_PARTIAL = ".partial"
_EARLIER_MANIFESTS = ("claim.json", "search.json")
"""What version 0.1 called them."""


@dataclass(frozen=True)
class Work:
    """What the results of a folder are.

    Attributes:
        called: in errors: `simulation`, `search` or `runs`.
        facts: what decides the results, as JSON can hold it: content, never names or times.
        about: what else its manifest says to a reader.
        passing: the folder is there until one file is made of it; a difference is then reported without its details.
    """

    called: str
    facts: Mapping[str, Any]
    about: Mapping[str, Any] = field(default_factory=dict)
    passing: bool = False

    @property
    def results(self) -> str:
        """What a folder holds: `runs`, `a search`."""
        return self.called if self.called.endswith("s") else f"a {self.called}"


@dataclass(frozen=True)
class ResumableFolder:
    """The finished results of a work, each under its name; while it is open, no other process works in it."""

    path: Path
    form: ResultForm

    def file(self, name: str) -> Path:
        """Where a result is; the file that is written last, where a result is several."""
        return self.path / f"{name}{self.form.suffix}"

    def has(self, name: str) -> bool:
        """Whether a result is there, whole.

        Raises:
            InputError: it is damaged, and not of a form that is made anew without asking.
        """
        return self.form.is_whole(self.file(name))

    def load(self, name: str) -> Any:
        """A result that is there.

        Raises:
            InputError: it is damaged.
        """
        return self.form.read(self.file(name))

    def keep(self, name: str, result: Any) -> None:
        """Write a result: whole, or not at all."""
        self.form.write(result, self.file(name))

    @contextmanager
    def last_step(self) -> Iterator[None]:
        """Make what was wanted of all results; then the folder is removed, at once, so that no part is taken for it.

        A process that is killed between the two leaves a folder that `remove_leftover` knows by its mark.
        """
        (self.path / _LAST_STEP).touch()
        yield
        self.remove()

    def remove(self) -> None:
        """Remove the folder."""
        with scratch_folder(self.path.parent, f".{self.path.name.removesuffix(_PARTIAL)}-") as nowhere:
            self.path.rename(nowhere / self.path.name)


def partial_folder(out: Path) -> Path:
    """Where the results lie of which the file `out` will be made."""
    return out.with_name(f"{out.name}{_PARTIAL}")


def remove_leftover(out: Path) -> None:
    """Remove what processes that were killed left beside `out`: its partial folder too, if `out` was made of it."""
    if not out.name:  # no file, such as `.`: what is wrong with it is for the command to tell
        return
    sweep(out.parent, out.name)
    folder = partial_folder(out)
    try:
        made = out.stat().st_mtime_ns >= (folder / _LAST_STEP).stat().st_mtime_ns
    except OSError:  # one of the two is not there
        return
    if made:
        with lock_file(folder / _LOCK_FILE) as free:
            if free:
                ResumableFolder(folder, JSON_FORM).remove()


@contextmanager
def resumable_folder(path: Path, work: Work, form: ResultForm, out: Path | None = None) -> Iterator[ResumableFolder]:
    """Open a folder for a work, for this process alone: a new one, or one that the same work began.

    Args:
        path: the folder; if nothing is kept in it, nothing is left of it.
        work: what the results are.
        form: how they lie on the disk.
        out: what the user named, for errors; the folder when None.

    Raises:
        InputError: the folder holds results of another work, its manifest is damaged, or another process works in it.
    """
    require_writable(path)
    require(not path.is_file(), f"{path} was begun by an earlier version of wormtwin: delete it and start again")
    made = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    try:
        with lock_file(path / _LOCK_FILE) as free:
            if not free:
                raise InputError(
                    f"another process is at work on the {work.called} in {out or path}: "
                    "wait for it, or choose another --out"
                )
            sweep_tree(path)
            _claim(path, work)
            try:
                yield ResumableFolder(path, form)
            finally:
                if path.exists() and not _begun(path):
                    (path / MANIFEST_FILE).unlink(missing_ok=True)
    finally:
        _remove_empty(made)


def _remove_empty(folders: Sequence[Path]) -> None:
    for each in folders:
        if each.is_dir() and not any(each.iterdir()):
            each.rmdir()


def _claim(folder: Path, work: Work) -> None:
    """Check that what is in a folder is of this work, and say in its manifest what it is."""
    mine = _plain({**work.facts, **work.about})
    if _begun(folder):
        _require_manifest(folder, work)
        _require_same(folder, manifest_of(folder), work)
    with atomic_write(folder / MANIFEST_FILE) as temporary:
        temporary.write_text(json.dumps(mine, indent=1))


def _begun(folder: Path) -> bool:
    """Whether there is anything but what says whose folder it is."""
    own = (MANIFEST_FILE, _LOCK_FILE, _LAST_STEP, *_EARLIER_MANIFESTS)
    return any(each.name not in own and not is_scratch(each) for each in folder.iterdir())


def _require_manifest(folder: Path, work: Work) -> None:
    if work.passing and _manifest_file(folder) is None:
        raise InputError(_of_another(folder, work))
    message = f"{folder} holds something else than {work.results}: choose another --out"
    require(_manifest_file(folder) is not None, message)


def _manifest_file(folder: Path) -> Path | None:
    paths = (folder / name for name in (MANIFEST_FILE, *_EARLIER_MANIFESTS))
    return next((path for path in paths if path.exists()), None)


def manifest_of(folder: Path) -> Mapping[str, Any]:
    """What a folder says of the results in it; empty where it says nothing.

    Raises:
        InputError: what says so is damaged.
    """
    path = _manifest_file(folder)
    try:
        return {} if path is None else dict(json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise InputError(f"{path} is damaged: delete {folder} or choose another --out") from None


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives them back: tuples are lists."""
    return dict(json.loads(json.dumps(facts)))


def _require_same(folder: Path, manifest: Mapping[str, Any], work: Work) -> None:
    for what, value in _plain(work.facts).items():
        if manifest.get(what) == value:
            continue
        if work.passing:
            raise InputError(_of_another(folder, work))
        raise InputError(
            f"{folder} holds {work.results} with another {what} "
            f"({_short(manifest.get(what))} instead of {_short(value)}): choose another --out"
        )


def _of_another(folder: Path, work: Work) -> str:
    return f"{folder} holds the beginning of another {work.called}: delete it or choose another --out"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:12]}..."


@dataclass(frozen=True)
class Planned:
    """A result that is wanted: the folder that keeps it, its name there, the call that gives it, what the bar says."""

    folder: ResumableFolder
    name: str
    call: Call
    text: str = ""


def run_missing(
    plan: Sequence[Planned],
    *,
    unit: str,
    kept: Path | None = None,
    done: int = 0,
    jobs: int = 1,
    cluster: str | None = None,
    prepare: Callable[[], object] | None = None,
    quiet: bool = False,
) -> int:
    """Run the calls whose results are not there yet, the first ones first, and keep each result as it comes.

    Args:
        plan: what is wanted; results of several folders may be mixed.
        unit: a result is called in the progress bar.
        kept: where the results are, for the message when a worker dies; the folder of the first when None.
        done: how many more are there already that the plan leaves out.
        jobs: processes.
        cluster: the address of a Dask cluster that runs the calls instead.
        prepare: done once in this process before several need it, unless a cluster runs the calls.
        quiet: show no bar.

    Returns:
        How many calls ran.

    Raises:
        InputError: a result is damaged, or a worker died.
    """
    missing = [each for each in plan if not each.folder.has(each.name)]
    if missing and prepare is not None and not cluster:
        prepare()
    message = f"the finished {unit}s are kept in {kept or (plan[0].folder.path if plan else '')}"
    with (
        run_calls([each.call for each in missing], jobs=jobs, cluster=cluster, kept=message) as finished,
        progress_bar(done + len(plan), unit, done + len(plan) - len(missing), disable=quiet) as bar,
    ):
        for place, result in finished:
            each = missing[place]
            each.folder.keep(each.name, result)
            bar.set_postfix_str(each.text, refresh=False)
            bar.update()
    return len(missing)


def finished_results(plan: Mapping[Any, Planned], **options: Any) -> dict[Any, Any]:
    """The results of a plan by whatever names them: read where they are there, else made (see `run_missing`)."""
    run_missing(list(plan.values()), **options)
    return {name: each.folder.load(each.name) for name, each in plan.items()}
