"""What a command writes belongs to one process at a time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from neuron_models.foundation.errors import require
from neuron_models.foundation.locks import lock_file
from neuron_models.foundation.scratch import sweep, sweep_tree


@contextmanager
def sole_writer(out: Path) -> Iterator[None]:
    """Keep other commands off a file or folder while the `with` lasts, and remove what killed ones left beside it.

    The lock is the hidden file `.<name>.lock` beside `out`, which is gone afterwards. Where it cannot be made, nobody
    is kept out: what is wrong with `out` is for the command to tell.

    Raises:
        InputError: another command is at work on `out`.
    """
    out = Path(out).absolute()
    made = [each for each in out.parents if not each.exists()]
    try:
        with _lock(out) as free:
            require(free, f"another process is at work on {out}: wait for it, or choose another --out")
            sweep(out.parent, out.name)
            if out.is_dir():
                sweep_tree(out)
            yield
    finally:
        for each in made:
            if each.is_dir() and not any(each.iterdir()):
                each.rmdir()


@contextmanager
def _lock(out: Path) -> Iterator[bool]:
    with ExitStack() as stack:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            free = stack.enter_context(lock_file(out.with_name(f".{out.name}.lock")))
        except (OSError, ValueError):
            free = True
        yield free
