"""Progress bars that move often on a terminal and seldom in a log."""

import sys

from tqdm import tqdm


def progress_bar(total: int, unit: str, initial: int = 0) -> tqdm:
    """A bar on standard error over `total` things called `unit`, of which `initial` are done already."""
    return tqdm(total=total, initial=initial, unit=unit, mininterval=0.1 if sys.stderr.isatty() else 30, smoothing=0.1)
