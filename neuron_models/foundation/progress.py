"""Progress bars that move often on a terminal and seldom in a log."""

import sys

from tqdm import tqdm


def progress_bar(total: int, unit: str, initial: int = 0, disable: bool = False) -> tqdm:
    """A bar on standard error over `total` things called `unit`, of which `initial` are done already."""
    interval = 0.1 if sys.stderr.isatty() else 30
    return tqdm(total=total, initial=initial, unit=unit, mininterval=interval, smoothing=0.1, disable=disable)
