"""How long compilers worked during a training: JAX's and numba's say so themselves, so this time is counted apart.

A first training compiles what later ones find in memory or in the cache. TensorFlow and Torch do not say: theirs counts
as training.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from neuron_models.foundation.units import Seconds

_JAX = "/jax/core/compile/"
_PASSES: list[tuple[float, float]] = []
"""When each pass of a compiler began and ended, on the clock of `time.perf_counter`; passes may lie in each other."""
_heard: set[str] = set()


class CompileTime:
    """The seconds that compilers worked since `compile_time` began; final once it has ended."""

    def __init__(self) -> None:
        self.seconds: Seconds = 0.0


@contextmanager
def compile_time() -> Iterator[CompileTime]:
    """Measure how long JAX and numba compile meanwhile, each moment once."""
    _hear_jax()
    _hear_numba()
    started, found = time.perf_counter(), CompileTime()
    try:
        yield found
    finally:
        found.seconds = _covered([(max(first, started), last) for first, last in _PASSES if last > started])


def _covered(passes: list[tuple[float, float]]) -> Seconds:
    """How long some stretches last together, where they lie over each other only once.

    >>> _covered([(1.0, 2.0), (0.0, 3.0), (5.0, 6.0)])
    4.0
    """
    total, reached = 0.0, float("-inf")
    for first, last in sorted(passes):
        total += max(0.0, last - max(first, reached))
        reached = max(reached, last)
    return total


def _hear_jax() -> None:
    """Listen to the durations that JAX tells, from now on, once a process."""
    if "jax" in _heard:
        return
    from jax import monitoring

    def hear(event: str, duration_secs: float, **_: Any) -> None:
        if event.startswith(_JAX):
            now = time.perf_counter()
            _PASSES.append((now - duration_secs, now))

    monitoring.register_event_duration_secs_listener(hear)
    _heard.add("jax")


def _hear_numba() -> None:
    """Listen to numba's compiler, from now on, once a process."""
    if "numba" in _heard:
        return
    from numba.core import event

    class Hear(event.Listener):
        """Notes when a compilation ends; compilations within each other end in turn."""

        def __init__(self) -> None:
            self._begun: list[float] = []

        def on_start(self, event) -> None:
            self._begun.append(time.perf_counter())

        def on_end(self, event) -> None:
            _PASSES.append((self._begun.pop(), time.perf_counter()))

    event.register("numba:compile", Hear())
    _heard.add("numba")
