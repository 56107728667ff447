"""Reads a scenario of one's own from a TOML file; every fault is reported with its line."""

import difflib
import math
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectome.places import probe_named, site_named
from connectome.scenario_data import Scenario
from connectome.stimulus_file import read_column, read_columns
from connectome.toml_lines import line_of
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_file
from neuron_models.foundation.units import Milliseconds
from neuron_models.stimulus import Sampled, Silence, Waveform, parse

KEYS = (
    *("title", "inputs", "voltage_clamps", "outputs", "duration", "sampling", "settle", "ablated"),
    *("holding", "sequences"),
)
"""What a scenario file may say."""
SEQUENCE_KEYS = ("name", "split", "stimuli")
_COLUMN_KEYS = ("file", "column", "scale")
_MOST_SAMPLES = 10_000_000
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class _Source:
    """The file's text and what it holds, for messages that name lines."""

    path: Path
    text: str
    content: dict[str, Any] = field(repr=False)

    def fail(self, keys: Path_, what: str) -> InputError:
        return InputError(f"{self.path}, line {line_of(self.text, keys)}: {what}")

    def known(self, given: Collection[str], keys: Collection[str], inside: Path_, what: str) -> None:
        """Raise an `InputError` that names the line of a key that nobody knows, and the keys that there are."""
        for key in given:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1)
                hint = f" (did you mean {near[0]}?)" if near else ""
                raise self.fail((*inside, key), f"{what} has no {key!r}{hint}; it has {', '.join(keys)}")

    def names(self, key: str) -> tuple[str, ...]:
        found = self.content.get(key, [])
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            raise self.fail((key,), f'{key} is a list of texts such as ["AVAL"], got {found!r}')
        return tuple(name.strip() for name in found)

    def number(self, value: Any, keys: Path_, what: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.fail(keys, f"{what} must be a finite number, got {value!r}")
        return float(value)


def load_scenario_file(path: Path) -> Scenario:
    """Read a scenario from a TOML file, named after it.

    It says `inputs` (currents in nA) and `voltage_clamps` (potentials in mV), `outputs`, and for each of `sequences`
    the stimulus of each input: the text of a waveform, or a column of a CSV or NPY file beside the TOML file; an input
    that a sequence does not name is silent. `duration` and `sampling` are in ms.

    Raises:
        InputError: no such file, no TOML, or a key, name, value or stimulus that cannot be used; the message names the
            line and what there is.
    """
    require_file(path, "a scenario (.toml)")
    try:
        text = path.read_text(encoding="utf-8-sig")
        source = _Source(path, text, tomllib.loads(text))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: this is no TOML: {error}") from None
    source.known(source.content, KEYS, (), "a scenario")
    inputs = (*source.names("inputs"), *source.names("voltage_clamps"))
    for key in ("inputs", "voltage_clamps"):
        for name in source.names(key):
            if inputs.count(name) > 1:
                raise source.fail((key,), f"{name} is an input more than once, or both a current and a voltage clamp")
    _require_places(source)
    duration, sampling, settle = (
        _time(source, *each) for each in (("duration", 500.0), ("sampling", 0.5), ("settle", 0))
    )
    if not 1 <= round(duration / sampling) <= _MOST_SAMPLES:
        raise source.fail(("sampling",), f"a sampling of {sampling:g} ms does not go into {duration:g} ms")
    rows, names, splits = _sequences(source, inputs, duration, sampling)
    try:
        return Scenario(
            name=path.stem,
            inputs=inputs,
            outputs=source.names("outputs"),
            sequences=names,
            stimuli=rows,
            split=splits,
            duration=duration,
            dt=sampling,
            ablated=source.names("ablated"),
            voltage_clamped=source.names("voltage_clamps"),
            holding=_holding(source, inputs),
            settle=settle,
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _require_places(source: _Source) -> None:
    """Raise an `InputError`, with the line, unless every name is a place, a quantity at a place, or a neuron."""
    readers = {"inputs": site_named, "voltage_clamps": site_named, "outputs": probe_named, "ablated": site_named}
    for key, read in readers.items():
        for name in source.names(key):
            try:
                read(name)
            except InputError as error:
                raise source.fail((key,), str(error)) from None


def _time(source: _Source, key: str, default: Milliseconds) -> Milliseconds:
    value = source.number(source.content.get(key, default), (key,), f"{key} (ms)")
    if value < 0 or (value == 0 and key != "settle"):
        raise source.fail((key,), f"{key} must be {'>=' if key == 'settle' else '>'} 0 ms, got {value:g}")
    return value


def _holding(source: _Source, inputs: tuple[str, ...]) -> tuple[float, ...]:
    held = source.content.get("holding", {})
    if not isinstance(held, dict):
        raise source.fail(("holding",), f"holding is a table of inputs and numbers, got {held!r}")
    source.known(held, inputs, ("holding",), "holding")
    missing = [name for name in source.names("voltage_clamps") if name not in held]
    require(
        not missing, f"{source.path}: the voltage clamp of {', '.join(missing)} needs a potential in [holding], in mV"
    )
    if not held:
        return ()
    return tuple(source.number(held.get(name, 0.0), ("holding", name), f"holding of {name}") for name in inputs)


def _sequences(
    source: _Source, inputs: tuple[str, ...], duration: Milliseconds, sampling: Milliseconds
) -> tuple[tuple[tuple[Waveform, ...], ...], tuple[str, ...], tuple[str, ...]]:
    """The stimuli, names and splits of all sequences."""
    found = source.content.get("sequences", [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise source.fail(("sequences",), "sequences are written as [[sequences]], one table each")
    rows, names, splits = [], [], []
    for index, each in enumerate(found):
        here = ("sequences", index)
        source.known(each, SEQUENCE_KEYS, here, "a sequence")
        names.append(str(each.get("name", f"{source.path.stem}_{index + 1:02d}")))
        splits.append(str(each.get("split", "train")))
        rows.append(_Stimuli(source, (*here, "stimuli"), inputs, sampling, round(duration / sampling)).row(each))
    return tuple(rows), tuple(names), tuple(splits)


@dataclass(frozen=True)
class _Stimuli:
    """The stimuli of one sequence in a file."""

    source: _Source
    keys: Path_
    inputs: tuple[str, ...]
    sampling: Milliseconds
    samples: int

    def row(self, sequence: dict[str, Any]) -> tuple[Waveform, ...]:
        given = sequence.get("stimuli", {})
        if isinstance(given, str):
            return self._of_file(given)
        if not isinstance(given, dict):
            raise self.source.fail(self.keys, "stimuli is a table, one stimulus an input, or the name of a CSV file")
        self.source.known(given, self.inputs, self.keys, "stimuli")
        return tuple(self._one(name, given[name]) if name in given else Silence() for name in self.inputs)

    def _of_file(self, name: str) -> tuple[Waveform, ...]:
        try:
            columns = read_columns(self._beside(name), self.inputs, self.samples, self.sampling)
        except InputError as error:
            raise self.source.fail(self.keys, str(error)) from None
        return tuple(Sampled(columns[each], self.sampling) if each in columns else Silence() for each in self.inputs)

    def _one(self, name: str, given: Any) -> Waveform:
        keys = (*self.keys, name)
        if isinstance(given, dict):
            self.source.known(given, _COLUMN_KEYS, keys, "a stimulus from a file")
        elif not isinstance(given, str):
            raise self.source.fail(keys, f"a stimulus is the text of a waveform, or a file and a column, got {given!r}")
        try:
            return parse(given) if isinstance(given, str) else self._column(name, given, keys)
        except InputError as error:
            raise self.source.fail(keys, str(error)) from None

    def _column(self, name: str, given: dict[str, Any], keys: Path_) -> Waveform:
        require(isinstance(given.get("file"), str), f"file is the name of a CSV or NPY file, got {given.get('file')!r}")
        factor = self.source.number(given.get("scale", 1.0), (*keys, "scale"), "scale")
        column = given.get("column", name)
        values = read_column(self._beside(given["file"]), column, self.samples, self.sampling)
        return Sampled(tuple(factor * value for value in values), self.sampling)

    def _beside(self, name: str) -> Path:
        return self.source.path.parent / Path(name).expanduser()
