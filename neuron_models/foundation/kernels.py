"""Compiled kernels, kept in the cache by the hash of their sources."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neuron_models.foundation.cache import cache_folder

REORDERED = frozenset({"reassoc", "contract", "nsz"})
"""Sums in another order, products and sums at once, and no sign of zero: what changes last bits alone."""


def compiled(kernel: Callable[..., Any], fastmath: bool | frozenset[str] = REORDERED) -> Callable[..., Any]:
    """Compile a kernel when its module is imported, with a cache on disk that is new whenever its folder has changed.

    numba itself looks at the file of a kernel only, not at those of the kernels that it calls. Import modules with
    kernels inside the functions that run them: numba is heavy.

    Args:
        kernel: the function.
        fastmath: what numba may change in floating-point arithmetic.
    """
    import numba

    options: Any = {
        "error_model": "numpy",
        "nogil": True,
        "fastmath": fastmath if isinstance(fastmath, bool) else set(fastmath),
    }
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, _cache_folder(Path(kernel.__code__.co_filename).parent)
    try:
        return numba.njit(cache=True, **options)(kernel)
    except RuntimeError:  # nowhere to write: every process compiles anew
        return numba.njit(**options)(kernel)
    finally:
        config.CACHE_DIR = before


def _cache_folder(folder: Path) -> str:
    sources = b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))
    return str(cache_folder(f"kernels-{hashlib.sha256(sources).hexdigest()[:16]}"))
