"""Tables in a terminal."""

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_UNBOUNDED = 10_000


def print_whole(*tables: Table) -> None:
    """Print tables as wide as they are: no figure is cut where the terminal is narrower."""
    console = Console()
    options = console.options.update(max_width=_UNBOUNDED)
    console.width = max(console.width, *(Measurement.get(console, options, table).maximum for table in tables))
    console.print(*tables)
