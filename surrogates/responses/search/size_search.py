"""Looks for the smallest size that is enough, where more is mostly better and each answer costs a training."""

from collections.abc import Callable, Sequence

LADDER = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
_BELOW = 2


def ladder_to(largest: int) -> tuple[int, ...]:
    """The sizes to begin with, up to the largest allowed."""
    return (*(size for size in LADDER if size < largest), largest)


def smallest_size(enough: Callable[[int], bool], ladder: Sequence[int], climb: bool = False) -> int | None:
    """Find the smallest size that is enough.

    First a rung of the ladder, then a size between it and the rung below, by bisection; then the two sizes below what
    was found, again after every success, since the answers are noisy. Where every size above one that is enough is
    enough too, the result is exact.

    Args:
        enough: whether a size is enough; it is called once for each size.
        ladder: ascending sizes.
        climb: go up the ladder rung by rung, where answers cost little or larger is not always better.

    Returns:
        The size, or None when no rung that was tried is enough.
    """
    answers: dict[int, bool] = {}

    def ask(size: int) -> bool:
        if size not in answers:
            answers[size] = enough(size)
        return answers[size]

    smallest = next((size for size in ladder if ask(size)), None) if climb else _bisect(ask, ladder)
    if smallest is None:
        return None
    below = max((size for size in ladder if size < smallest), default=0)
    smallest = _bisect(ask, range(below + 1, smallest + 1)) or smallest
    while smaller := [size for size in range(max(1, smallest - _BELOW), smallest) if ask(size)]:
        smallest = smaller[0]
    return smallest


def _bisect(ask: Callable[[int], bool], sizes: Sequence[int]) -> int | None:
    """The first of ascending sizes that is enough, if all after it are."""
    low, high = 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if ask(sizes[middle]) else (middle + 1, high)
    return sizes[low] if low < len(sizes) else None
