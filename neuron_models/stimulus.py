"""Stimulus waveforms: a small algebra of piecewise linear functions of time.

A waveform has unit height unless scaled (`2.3 * pulse(width=10, onset=100)` is 2.3 nA), waveforms add up with `+`, and
each has a text form that `parse` reads back: `pulse width=100 onset=100`, `2.3*ramp rise=50 + noise sd=0.1 seed=7`.
Because every waveform is a set of straight pieces, its integral is exact, so an injected charge does not depend on the
time step.
"""

import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import InputError, require, require_seed
from neuron_models.foundation.units import Dimensionless, Milliseconds

Piece = tuple[float, float, float, float]
"""A straight piece (t0, v0, t1, v1) on [t0, t1); zero outside; overlapping pieces add."""


class Waveform(ABC):
    """A current in nanoamperes as a function of time in milliseconds, zero wherever it has no piece."""

    @abstractmethod
    def pieces(self) -> tuple[Piece, ...]:
        """The straight pieces that make it up."""

    @abstractmethod
    def __str__(self) -> str:
        """The text that `parse` turns into an equal waveform."""

    def __add__(self, other: "Waveform") -> "Sum":
        return Sum(_terms(self) + _terms(other))

    def __rmul__(self, factor: float) -> "Scaled":
        return Scaled(self, factor)

    def at(self, t: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
        """Its values at the times `t` (ms); at a jump, the value after it."""
        t = np.asarray(t, dtype=float)
        total = np.zeros(t.shape)
        for t0, v0, t1, v1 in self.pieces():
            inside = (t >= t0) & (t < t1)
            total[inside] += v0 + (v1 - v0) * (t[inside] - t0) / (t1 - t0)
        return total

    def charge(self, t: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
        """Its exact integral from minus infinity to each time of `t` (ms), in pC (nA ms)."""
        t = np.asarray(t, dtype=float)
        total = np.zeros(t.shape)
        for t0, v0, t1, v1 in self.pieces():
            into = np.clip(t, t0, t1) - t0
            total += into * (v0 + (v1 - v0) * into / (2 * (t1 - t0)))
        return total

    def step_means(self, dt: Milliseconds, steps: int) -> Float[np.ndarray, " time"]:
        """Its mean over each of the steps [k dt, (k+1) dt): what a clamp injects so that the charge is exact."""
        return np.diff(self.charge(dt * np.arange(steps + 1))) / dt


@dataclass(frozen=True)
class _Primitive(Waveform):
    """A waveform with named settings, written as `keyword name=value ...`."""

    keyword: ClassVar[str]

    def __post_init__(self) -> None:
        name = type(self).__name__
        for field in fields(self):
            value = getattr(self, field.name)
            where = f"{name}.{field.name}"
            require(math.isfinite(value), f"{where} must be a finite number, got {value}")
            if field.name == "seed":
                require_seed(value, where)
            elif field.name != "onset":
                unit = "" if field.name == "sd" else " ms"
                require(value > 0, f"{where} must be > 0{unit}, got {value:g}")
        require(self.onset >= 0, f"{name}.onset must be >= 0 ms, got {self.onset:g}")  # type: ignore[attr-defined]

    def __str__(self) -> str:
        settings = " ".join(f"{f.name}={_text(getattr(self, f.name))}" for f in fields(self))
        return f"{self.keyword} {settings}"


@dataclass(frozen=True)
class Pulse(_Primitive):
    """One on [onset, onset + width)."""

    keyword = "pulse"
    width: Milliseconds
    onset: Milliseconds = 0.0

    def pieces(self) -> tuple[Piece, ...]:
        return ((self.onset, 1.0, self.onset + self.width, 1.0),)


@dataclass(frozen=True)
class Ramp(_Primitive):
    """From zero to one over `rise`, then zero at once."""

    keyword = "ramp"
    rise: Milliseconds
    onset: Milliseconds = 0.0

    def pieces(self) -> tuple[Piece, ...]:
        return ((self.onset, 0.0, self.onset + self.rise, 1.0),)


@dataclass(frozen=True)
class RampHold(_Primitive):
    """From zero to one over `rise`, one for `hold`, then zero at once."""

    keyword = "ramp_hold"
    rise: Milliseconds
    hold: Milliseconds
    onset: Milliseconds = 0.0

    def pieces(self) -> tuple[Piece, ...]:
        top = self.onset + self.rise
        return ((self.onset, 0.0, top, 1.0), (top, 1.0, top + self.hold, 1.0))


@dataclass(frozen=True)
class Triangle(_Primitive):
    """From zero to one over `rise` and back over `fall`."""

    keyword = "triangle"
    rise: Milliseconds
    fall: Milliseconds
    onset: Milliseconds = 0.0

    def pieces(self) -> tuple[Piece, ...]:
        top = self.onset + self.rise
        return ((self.onset, 0.0, top, 1.0), (top, 1.0, top + self.fall, 0.0))


@dataclass(frozen=True)
class Train(Waveform):
    """A waveform repeated every `period`; written as `pulse_train width=10 onset=0 period=20 number=3`."""

    shape: Pulse | Ramp | Triangle
    period: Milliseconds
    number: int = 3

    def __post_init__(self) -> None:
        last = self.shape.pieces()[-1][2] - self.shape.onset
        require(
            math.isfinite(self.period) and self.period >= last - 1e-9,
            f"Train.period must be >= {last:g} ms, the length of one {self.shape.keyword}, got {self.period:g}",
        )
        require(
            self.number >= 1 and self.number == int(self.number),
            f"Train.number must be a whole number >= 1, got {self.number}",
        )

    def pieces(self) -> tuple[Piece, ...]:
        shifts = [k * self.period for k in range(int(self.number))]
        return tuple((t0 + s, v0, t1 + s, v1) for s in shifts for t0, v0, t1, v1 in self.shape.pieces())

    def __str__(self) -> str:
        head, _, rest = str(self.shape).partition(" ")
        return f"{head}_train {rest} period={_text(self.period)} number={self.number}"


@dataclass(frozen=True)
class Noise(_Primitive):
    """Gaussian white noise held for `step`, of standard deviation `sd`, on [onset, onset + width); seeded."""

    keyword = "noise"
    sd: Dimensionless
    width: Milliseconds
    seed: int = 0
    step: Milliseconds = 1.0
    onset: Milliseconds = 0.0

    def pieces(self) -> tuple[Piece, ...]:
        starts = np.arange(0.0, self.width, self.step)
        values = np.random.default_rng(int(self.seed)).normal(0.0, self.sd, len(starts))
        ends = np.minimum(starts + self.step, self.width)
        rows = zip(starts.tolist(), ends.tolist(), values.tolist(), strict=True)
        return tuple((self.onset + t0, v, self.onset + t1, v) for t0, t1, v in rows if t1 > t0)


@dataclass(frozen=True)
class Sampled(Waveform):
    """Values from time 0 on, each held for `step`; written as `samples step=0.5 values=0,1.5,2`."""

    values: tuple[Dimensionless, ...]
    step: Milliseconds

    def __post_init__(self) -> None:
        require(math.isfinite(self.step) and self.step > 0, f"Sampled.step must be > 0 ms, got {self.step:g}")
        require(len(self.values) > 0, "Sampled.values must hold at least one value, got none")
        wrong = next((i for i, value in enumerate(self.values) if not math.isfinite(value)), None)
        if wrong is not None:
            raise InputError(f"Sampled.values must be finite numbers, got {self.values[wrong]} as number {wrong + 1}")

    def pieces(self) -> tuple[Piece, ...]:
        return tuple((k * self.step, v, (k + 1) * self.step, v) for k, v in enumerate(self.values))

    def at(self, t: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
        """Its values at the times `t` (ms); at a jump, the value after it."""
        index = np.floor(np.round(np.asarray(t, dtype=float) / self.step, 9)).astype(int)
        inside = (index >= 0) & (index < len(self.values))
        return np.where(inside, np.array(self.values, float)[np.where(inside, index, 0)], 0.0)

    def charge(self, t: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
        """Its exact integral from minus infinity to each time of `t` (ms), in pC (nA ms)."""
        whole = np.concatenate([[0.0], np.cumsum(self.values)]) * self.step
        return np.interp(t, self.step * np.arange(len(whole)), whole)

    def __str__(self) -> str:
        return f"samples step={_text(self.step)} values={','.join(map(_text, map(float, self.values)))}"


@dataclass(frozen=True)
class Delayed(Waveform):
    """A waveform that begins later; it has no text that `parse` reads."""

    waveform: Waveform
    delay: Milliseconds

    def pieces(self) -> tuple[Piece, ...]:
        return tuple((t0 + self.delay, v0, t1 + self.delay, v1) for t0, v0, t1, v1 in self.waveform.pieces())

    def at(self, t: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
        """Its values at the times `t` (ms); at a jump, the value after it."""
        return self.waveform.at(np.asarray(t, dtype=float) - self.delay)

    def charge(self, t: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
        """Its exact integral from minus infinity to each time of `t` (ms), in pC (nA ms)."""
        return self.waveform.charge(np.asarray(t, dtype=float) - self.delay)

    def __str__(self) -> str:
        return f"{self.waveform}, {_text(self.delay)} ms later"


@dataclass(frozen=True)
class Scaled(Waveform):
    """A waveform times a number."""

    waveform: Waveform
    factor: Dimensionless

    def __post_init__(self) -> None:
        require(math.isfinite(self.factor), f"Scaled.factor must be a finite number, got {self.factor}")

    def pieces(self) -> tuple[Piece, ...]:
        return tuple((t0, self.factor * v0, t1, self.factor * v1) for t0, v0, t1, v1 in self.waveform.pieces())

    def __str__(self) -> str:
        return " + ".join(f"{_text(self.factor)}*{term}" for term in str(self.waveform).split(" + "))


@dataclass(frozen=True)
class Sum(Waveform):
    """Waveforms added up."""

    terms: tuple[Waveform, ...]

    def __post_init__(self) -> None:
        require(len(self.terms) > 0, "Sum needs at least one waveform, got none")

    def pieces(self) -> tuple[Piece, ...]:
        return tuple(piece for term in self.terms for piece in term.pieces())

    def __str__(self) -> str:
        return " + ".join(str(term) for term in self.terms)


@dataclass(frozen=True)
class Silence(Waveform):
    """No current at all; written as `silence`."""

    def pieces(self) -> tuple[Piece, ...]:
        return ()

    def __str__(self) -> str:
        return "silence"


PRIMITIVES: dict[str, type[_Primitive]] = {cls.keyword: cls for cls in (Pulse, Ramp, RampHold, Triangle, Noise)}
TRAINS: dict[str, type[_Primitive]] = {f"{cls.keyword}_train": cls for cls in (Pulse, Ramp, Triangle)}


def parse(text: str) -> Waveform:
    """Read a waveform from its text form.

    Raises:
        InputError: empty text, an unknown keyword or setting, or a value that the waveform refuses.
    """
    terms = [_parse_term(term.strip(), text) for term in re.split(r"\s\+\s", text.strip())]
    return terms[0] if len(terms) == 1 else Sum(tuple(terms))


def _text(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))


def _terms(waveform: Waveform) -> tuple[Waveform, ...]:
    return waveform.terms if isinstance(waveform, Sum) else (waveform,)


def _parse_term(term: str, whole: str) -> Waveform:
    factor, star, rest = term.partition("*")
    if star:
        return Scaled(_parse_term(rest.strip(), whole), _number(factor.strip(), "factor", whole))
    keyword, *words = term.split() or [""]
    if keyword == "silence" and not words:
        return Silence()
    if keyword == "samples":
        return _parse_samples(words, whole)
    if keyword not in PRIMITIVES and keyword not in TRAINS:
        known = ", ".join([*PRIMITIVES, *TRAINS, "samples", "silence"])
        raise InputError(f"waveform {whole!r}: unknown shape {keyword!r}; known: {known}")
    values = {name: _number(value, name, whole) for name, _, value in (word.partition("=") for word in words)}
    require(len(values) == len(words), f"waveform {whole!r}: a setting of {keyword} is given twice")
    repeat = {name: values.pop(name) for name in ("period", "number") if keyword in TRAINS and name in values}
    shape = PRIMITIVES.get(keyword) or TRAINS[keyword]
    try:
        return Train(shape(**values), **repeat) if keyword in TRAINS else shape(**values)  # type: ignore[arg-type]
    except TypeError:
        wanted = [field.name for field in fields(shape)] + (["period", "number"] if keyword in TRAINS else [])
        raise InputError(f"waveform {whole!r}: {keyword} takes {', '.join(wanted)}") from None


def _parse_samples(words: list[str], whole: str) -> Sampled:
    settings = dict(word.partition("=")[::2] for word in words)
    if len(words) != 2 or set(settings) != {"step", "values"}:
        raise InputError(f"waveform {whole[:80]!r}: samples takes step, values")
    values = tuple(float(_number(value, "values", whole)) for value in settings["values"].split(","))
    return Sampled(values, float(_number(settings["step"], "step", whole)))


def _number(text: str, name: str, whole: str) -> int | float:
    try:
        return int(text) if re.fullmatch(r"[+-]?\d+", text) and name in ("seed", "number") else float(text)
    except ValueError:
        raise InputError(f"waveform {whole[:80]!r}: {name} must be a number, got {text!r}") from None
