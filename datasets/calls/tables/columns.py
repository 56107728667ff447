"""What the columns of other programs' tables mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import Hertz


@dataclass(frozen=True)
class Columns:
    """The columns of a program's table that hold what a call has.

    Attributes:
        program: whose table it is.
        start: its beginning, in s.
        stop: its end, in s; or empty where `duration` holds its length.
        duration: its length, in ms.
        low: lowest frequency; in units of `hertz`.
        high: highest frequency.
        hertz: a unit of frequency, in Hz.
        score: how sure.
        label: class.
        channel: from 1.
    """

    program: str
    start: str
    stop: str = ""
    duration: str = ""
    low: str = ""
    high: str = ""
    hertz: Hertz = 1.0
    score: str = ""
    label: str = ""
    channel: str = ""


LAYOUTS = (
    Columns("wormtwin", "start_s", "stop_s", low="low_hz", high="high_hz", score="score", label="label",
            channel="channel"),
    Columns("Raven", "begin time (s)", "end time (s)", low="low freq (hz)", high="high freq (hz)", score="score",
            label="annotation", channel="channel"),
    Columns("Raven", "begin time (s)", "end time (s)", low="low freq (hz)", high="high freq (hz)", score="score",
            label="species", channel="channel"),
    Columns("DAS", "start_seconds", "stop_seconds", label="name"),
    Columns("MUPET", "syllable start time (sec)", "syllable end time (sec)", low="minimum frequency (khz)",
            high="maximum frequency (khz)", hertz=1000.0),
    Columns("VocalMat", "start_sec", "end_sec", low="min_freq_main", high="max_freq_main", label="class"),
    Columns("VocalMat", "start_time", "end_time", low="min_freq_main", high="max_freq_main", label="class"),
    Columns("DeepSqueak", "begin time (s)", "end time (s)", low="low freq (khz)", high="high freq (khz)", hertz=1000.0,
            score="score", label="label"),
    Columns("USVSEG", "start", "end", low="minfreq", high="maxfreq", hertz=1000.0),
    Columns("any", "start", "stop", label="label"),
    Columns("any", "onset", "offset", label="label"),
    Columns("any", "start", "end", label="label"),
    Columns("any", "start", duration="duration", label="label"),
)  # fmt: skip
"""By the names of their columns in small letters: MUPET 2.0, VocalMat, DeepSqueak's exported statistics, USVSEG 0.9,
Raven Pro selection tables, DAS, and tables that say no more than when."""


def layout_of(header: Sequence[str], path: str) -> Columns:
    """The layout whose columns a header has.

    Raises:
        InputError: none has.
    """
    names = {name.strip().lower() for name in header}
    fitting = [each for each in LAYOUTS if {each.start, each.stop or each.duration} <= names]
    if not fitting:
        raise InputError(
            f"{path} has no columns that say when calls are; it has {', '.join(map(repr, list(header)[:6]))}: "
            "name them start and stop, in s"
        )
    return max(fitting, key=lambda each: len({each.low, each.high, each.label, each.score} & names))


def cells_of(row: Mapping[str, str], layout: Columns, name: str) -> str:
    """The text of a field of a call in a row, empty where there is none."""
    column = getattr(layout, name)
    return (row.get(column) or "").strip() if column else ""
