"""The answer to the last question, kept for when the same one comes again."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Latest(Generic[Answer]):
    """Keeps the answer to the last question, and works it out anew only for another one."""

    def __init__(self) -> None:
        self._kept: tuple[Hashable, Answer] | None = None

    def of(self, key: Hashable, answer: Callable[[], Answer]) -> Answer:
        """The answer to the question `key`."""
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, answer())
        return self._kept[1]
