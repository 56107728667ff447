"""Long jobs whose pieces are kept as they finish, so that a job that is stopped goes on where it was."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write, require_writable
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.workers import Call, run_calls


@dataclass(frozen=True)
class Pieces:
    """The finished pieces of a job that writes the file `out`: arrays of one shape, each in a file of its own."""

    out: Path
    shape: tuple[int, ...]

    @property
    def folder(self) -> Path:
        """Where they lie until all are there."""
        return _folder(self.out)

    def path(self, place: int) -> Path:
        """The file of one piece, counted from 0."""
        return self.folder / f"{place:06d}.npy"

    def load(self, place: int) -> np.ndarray:
        """One piece that is there."""
        return np.load(self.path(place), allow_pickle=False)

    def has(self, place: int) -> bool:
        """Whether a piece is there, whole."""
        try:
            found = np.load(self.path(place), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return False
        return found.shape == self.shape


@contextmanager
def pieces_of(
    out: Path, key: str, shape: Sequence[int], about: Mapping[str, str], what: str = "simulation"
) -> Iterator[Pieces]:
    """Open the folder of a job's pieces, `<out>.partial`, for this process alone.

    Args:
        out: the file that the job will write.
        key: names everything that decides the result.
        shape: of every piece.
        about: what a reader of the folder's manifest should know.
        what: the job is called in errors.

    Raises:
        InputError: the folder holds pieces of another job, or another process works in it.
    """
    folder = _folder(out)
    manifest = folder / "manifest.json"
    _make(folder)
    try:
        with FileLock(
            folder / "lock", timeout=0
        ):  # before the manifest: another job may be about to keep its first piece
            if not (manifest.exists() and key in manifest.read_text(errors="replace")):
                if any(folder.glob("*.npy")):
                    raise InputError(
                        f"{folder} holds the beginning of another {what}: delete it or choose another --out"
                    )
                with atomic_write(manifest) as temporary:
                    temporary.write_text(json.dumps({"key": key, **about}))
            yield Pieces(out, tuple(shape))
    except Timeout:
        raise InputError(
            f"another process is at work on the {what} in {out}: wait for it, or choose another --out"
        ) from None


def _make(folder: Path) -> None:
    require_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)


def run_missing(
    pieces: Pieces,
    calls: Mapping[int, Call],
    *,
    what: str,
    jobs: int = 1,
    cluster: str | None = None,
    prepare: Callable[[], object] | None = None,
) -> int:
    """Run the calls whose pieces are not there yet, by place, and keep each piece as it comes; tells how many ran.

    Args:
        pieces: where they are kept.
        calls: what makes each piece.
        what: a piece is called in the progress bar.
        jobs: processes.
        cluster: the address of a Dask cluster that runs the calls instead.
        prepare: done once in this process before several need it, unless a cluster runs the calls.
    """
    missing = [place for place in calls if not pieces.has(place)]
    if missing and prepare is not None and not cluster:
        prepare()
    kept = f"the finished {what}s are kept in {pieces.folder}"
    with (
        run_calls([calls[place] for place in missing], jobs=jobs, cluster=cluster, kept=kept) as finished,
        progress_bar(len(calls), what, len(calls) - len(missing)) as bar,
    ):
        for index, piece in finished:
            with atomic_write(pieces.path(missing[index])) as temporary:
                np.save(temporary, piece)
            bar.update()
    return len(missing)


def _folder(out: Path) -> Path:
    return out.with_name(out.name + ".partial")
