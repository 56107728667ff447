"""Answers of the real-or-simulated test: kept in a CSV file as they are given, and what they come to."""

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from neuron_models.foundation.csv_file import as_text
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable
from neuron_models.foundation.units import Degrees, Dimensionless, Fraction, Seconds

REAL, SIMULATED = "real", "simulated"
LEVEL = 0.95
PUBLISHED = {"84 people new to it, 1,949 answers": 0.50, "14 worm researchers, 553 answers": 0.59}
"""Accuracy in the test of Li et al. 2017."""


@dataclass(frozen=True)
class Answer:
    """One choice.

    Attributes:
        session: when the test was started, ISO 8601.
        observer: who chose; empty when unknown.
        number: the place of the clip in the test, from 1.
        recording: the clip's recording.
        start: its first frame there.
        turned: by how much the clip was turned.
        truth: real or simulated.
        choice: real or simulated.
        seconds: from the clip's delivery to the choice.
    """

    session: str
    observer: str
    number: int
    recording: str
    start: int
    turned: Degrees
    truth: str
    choice: str
    seconds: Seconds

    @property
    def right(self) -> bool:
        """Whether the choice is the truth."""
        return self.truth == self.choice


COLUMNS = tuple(field.name for field in fields(Answer))


@dataclass(frozen=True)
class Share:
    """How many of some answers are right, with the Wilson interval (Wilson 1927) at 95 %; NaN where there are none."""

    right: int
    number: int
    share: Fraction
    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Outcome:
    """What answers come to: the share that is right of all, of the real clips, and of the simulated ones.

    `chance` is the probability, under guessing, of an accuracy at least as far from one half (binomial test).
    """

    accuracy: Share
    sensitivity: Share
    specificity: Share
    chance: Dimensionless


def outcome_of(answers: Sequence[Answer]) -> Outcome:
    """Count answers: accuracy, sensitivity (real clips called real) and specificity (simulated called simulated)."""
    from scipy.stats import binomtest

    kinds = {kind: [a for a in answers if a.truth == kind] for kind in (REAL, SIMULATED)}
    right = sum(a.right for a in answers)
    chance = float(binomtest(right, len(answers)).pvalue) if answers else float("nan")
    return Outcome(share_of(answers), share_of(kinds[REAL]), share_of(kinds[SIMULATED]), chance)


def share_of(answers: Sequence[Answer]) -> Share:
    """The share of answers that is right."""
    return share_right(sum(answer.right for answer in answers), len(answers))


def share_right(right: int, number: int) -> Share:
    """A share with its Wilson interval."""
    from scipy.stats import binomtest

    if number == 0:
        return Share(0, 0, float("nan"), float("nan"), float("nan"))
    interval = binomtest(right, number).proportion_ci(LEVEL, method="wilson")
    return Share(right, number, right / number, float(interval.low), float(interval.high))


def require_answers_file(path: Path) -> None:
    """Raise an `InputError` unless answers can be added to a file: it is missing, empty, or holds answers."""
    require(not path.is_dir(), f"{path} is a folder: name a file of results (.csv)")
    require(path.suffix == ".csv", f"a file of results ends in .csv, got {path.name!r}")
    require_writable(path)
    if path.is_file() and path.stat().st_size:
        load_answers(path)


def append_answer(path: Path, answer: Answer) -> None:
    """Add an answer to a CSV file, on the disk before this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.is_file() or path.stat().st_size == 0
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow({name: as_text(cell) for name, cell in asdict(answer).items()})
        file.flush()
        os.fsync(file.fileno())


def load_answers(path: Path) -> tuple[Answer, ...]:
    """Read answers.

    Raises:
        InputError: the file does not hold answers; the message names the line.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        require(tuple(reader.fieldnames or ()) == COLUMNS, f"{path} holds no answers: its first line is another")
        return tuple(_answer(row, f"{path}, line {reader.line_num}") for row in reader)


def _answer(row: Mapping[str, str], where: str) -> Answer:
    kinds = {field.name: field.type for field in fields(Answer)}
    try:
        response = {
            name: int(text) if kinds[name] is int else float(text) if name in ("turned", "seconds") else text
            for name, text in row.items()
        }
        answer = Answer(**response)  # type: ignore[arg-type]
    except (TypeError, ValueError, KeyError):
        raise InputError(f"{where}: this is no answer: {', '.join(map(str, row.values()))[:100]}") from None
    for kind in (answer.truth, answer.choice):
        require(kind in (REAL, SIMULATED), f"{where}: must say {REAL} or {SIMULATED}, got {kind!r}")
    return answer
