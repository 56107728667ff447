"""Write calls as other programs read them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from datasets.calls.call import Call
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write, require_writable

Rows = Callable[[tuple[Call, ...]], pd.DataFrame]


def _own(calls: tuple[Call, ...]) -> pd.DataFrame:
    columns = ["start_s", "stop_s", "low_hz", "high_hz", "score", "label", "channel"]
    rows = [
        (round(c.start, 6), round(c.stop, 6), round(c.low, 1), round(c.high, 1), round(c.score, 4), c.label, c.channel)
        for c in calls
    ]
    return pd.DataFrame(rows, columns=columns)


def _raven(calls: tuple[Call, ...]) -> pd.DataFrame:
    names = ["Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"]
    rows = [
        (k, "Spectrogram 1", c.channel, round(c.start, 6), round(c.stop, 6), c.low, c.high, c.score, c.label)
        for k, c in enumerate(calls, 1)
    ]
    return pd.DataFrame(rows, columns=[*names, "Score", "Annotation"]).round({"Low Freq (Hz)": 1, "High Freq (Hz)": 1})


def _usvseg(calls: tuple[Call, ...]) -> pd.DataFrame:
    rows = [
        (k, c.start, c.stop, c.duration * 1e3, c.high / 1e3, c.low / 1e3, c.high / 1e3) for k, c in enumerate(calls, 1)
    ]
    return pd.DataFrame(rows, columns=["#", "start", "end", "duration", "maxfreq", "minfreq", "peakfreq"]).round(6)


def _mupet(calls: tuple[Call, ...]) -> pd.DataFrame:
    rows = [(k, c.start, c.stop, c.duration * 1e3, c.low / 1e3, c.high / 1e3) for k, c in enumerate(calls, 1)]
    names = ["Syllable number", "Syllable start time (sec)", "Syllable end time (sec)", "syllable duration (msec)"]
    return pd.DataFrame(rows, columns=[*names, "minimum frequency (kHz)", "maximum frequency (kHz)"]).round(6)


def _vocalmat(calls: tuple[Call, ...]) -> pd.DataFrame:
    rows = [(k, c.start, c.stop, c.duration, c.low, c.high, c.label) for k, c in enumerate(calls, 1)]
    names = ["NumVocal", "Start_sec", "End_sec", "Duration", "min_freq_main", "max_freq_main", "Class"]
    return pd.DataFrame(rows, columns=names).round(6)


_TABLES: Mapping[str, tuple[Rows, str]] = {
    "csv": (_own, ","),
    "raven": (_raven, "\t"),
    "usvseg": (_usvseg, ","),
    "mupet": (_mupet, ","),
    "vocalmat": (_vocalmat, ","),
}
FORMS = ("csv", "raven", "audacity", "deepsqueak", "usvseg", "mupet", "vocalmat")
SUFFIXES = {"audacity": ".txt", "raven": ".txt", "deepsqueak": ".mat"}


def form_of(path: Path, form: str = "") -> str:
    """The form to write: the one that is named, or the one that goes with the file's name.

    Raises:
        InputError: there is no such form, or the file's name ends otherwise.
    """
    if form and form not in FORMS:
        raise InputError(f"--form must be one of {', '.join(FORMS)}, got {form!r}")
    by_name = {".csv": "csv", ".mat": "deepsqueak", ".txt": "raven"}
    chosen = form or by_name.get(path.suffix.lower(), "")
    wanted = SUFFIXES.get(chosen, ".csv")
    if not chosen or path.suffix.lower() != wanted:
        ends = wanted if chosen else ".csv, .txt (Raven; Audacity by --form audacity) or .mat (DeepSqueak)"
        raise InputError(
            f"the name of {f'a table for {chosen}' if chosen else 'a table'} ends in {ends}, got {path.name!r}"
        )
    require_writable(path)
    return chosen


def write_calls(calls: tuple[Call, ...], path: Path, form: str = "") -> None:
    """Write calls, whole or not at all.

    Args:
        calls: by channel and start.
        path: the file.
        form: one of `FORMS`; by the file's name when empty.

    Raises:
        InputError: form and name do not go together.
    """
    chosen = form_of(path, form)
    with atomic_write(path) as temporary:
        if chosen == "deepsqueak":
            from datasets.calls.tables.deepsqueak import write_deepsqueak

            write_deepsqueak(calls, temporary)
        elif chosen == "audacity":
            temporary.write_text("".join(map(_audacity, calls)), encoding="utf-8", errors="backslashreplace")
        else:
            rows, separator = _TABLES[chosen]
            write_csv(rows(calls), temporary, index=False, sep=separator)


def _audacity(call: Call) -> str:
    label = " ".join((call.label or "call").split())
    band = f"\\\t{call.low:.1f}\t{call.high:.1f}\n" if call.low == call.low and call.high == call.high else ""
    return f"{call.start:.6f}\t{call.stop:.6f}\t{label}\n{band}"
