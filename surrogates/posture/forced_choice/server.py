"""The real-or-simulated test as a local web page.

The browser gets one clip at a time, all in one form, and its truth only in reply to a choice, which is on the disk by
then.
"""

import datetime
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neuron_models.foundation.errors import require
from surrogates.pages.packing import pack
from surrogates.pages.serving import Views, add_page, guarded_app
from surrogates.posture.forced_choice.responses import (
    PUBLISHED,
    REAL,
    SIMULATED,
    Answer,
    Outcome,
    append_answer,
    outcome_of,
)
from surrogates.posture.forced_choice.stimuli import Question, Quiz


class Sitting:
    """One run of a test: the answers so far, each written to the results as it is given.

    Args:
        quiz: the clips.
        results: the CSV file.
        observer: who answers.
    """

    def __init__(self, quiz: Quiz, results: Path, observer: str = "") -> None:
        self.quiz, self._results, self._observer = quiz, results, observer
        self.answers: list[Answer] = []
        self._session = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self._shown: dict[int, float] = {}

    def show(self, number: int) -> Question:
        """The question of this number, from 1: one that is answered, or the next."""
        require(1 <= number <= min(len(self.answers) + 1, len(self.quiz.questions)), f"clip {number} is not due")
        self._shown.setdefault(number, time.monotonic())
        return self.quiz.questions[number - 1]

    def choose(self, number: int, choice: str) -> Answer:
        """Take the choice for the clip that is being shown, and write it down."""
        require(choice in (REAL, SIMULATED), f"a choice is {REAL} or {SIMULATED}, got {choice!r:.40}")
        require(number == len(self.answers) + 1 and number in self._shown, f"clip {number} is not being shown")
        question = self.quiz.questions[number - 1]
        answer = Answer(
            session=self._session,
            observer=self._observer,
            number=number,
            recording=question.clip.recording,
            start=question.clip.start,
            turned=round(question.turned, 3),
            truth=question.truth,
            choice=choice,
            seconds=round(time.monotonic() - self._shown[number], 2),
        )
        append_answer(self._results, answer)
        self.answers.append(answer)
        return answer


def make_app(sitting: Sitting, token: str) -> Any:
    """The Flask application that serves the page of one sitting, below a path that only the observer knows.

    Args:
        sitting: the test.
        token: the path's only folder; every other address is answered by 404.
    """
    import flask

    app = guarded_app(1000)
    packages = ("surrogates.posture.forced_choice", "surrogates.posture")
    views: Views = {
        "state": lambda: state_of(sitting),
        "example/<int:number>": lambda number: _example(sitting, number),
        "clip/<int:number>": lambda number: clip_facts(sitting.show(number)),
    }
    posts = {"choice": lambda: _choose(sitting, flask.request.get_json())}
    return add_page(app, token, "quiz", *packages, views=views, posts=posts, quiz=sitting.quiz)


def state_of(sitting: Sitting) -> dict[str, Any]:
    """How far the test is: what the page asks for when it is opened."""
    done = len(sitting.answers) == len(sitting.quiz.questions)
    counts = {"examples": len(sitting.quiz.examples), "clips": len(sitting.quiz.questions)}
    progress = {"answered": len(sitting.answers), "right": sum(a.right for a in sitting.answers)}
    return {**counts, **progress, "outcome": outcome_facts(outcome_of(sitting.answers)) if done else None}


def outcome_facts(outcome: Outcome) -> dict[str, Any]:
    """The figures of a test for the page; None for those that need a clip of a kind that never came."""
    facts = {name: _plain(value) for name, value in asdict(outcome).items()}
    return {**facts, "published": list(PUBLISHED.items())}


def clip_facts(question: Question) -> dict[str, Any]:
    """What the page gets of a clip: its midlines and frame rate, nothing that gives away what it is."""
    return {"fps": round(question.clip.fps, 3), "midlines": asdict(pack(question.clip.midlines))}


def _example(sitting: Sitting, number: int) -> dict[str, Any]:
    require(1 <= number <= len(sitting.quiz.examples), f"there is no example {number}")
    question = sitting.quiz.examples[number - 1]
    return {**clip_facts(question), "truth": question.truth}


def _choose(sitting: Sitting, given: Any) -> dict[str, Any]:
    text = given if isinstance(given, dict) else {}
    number = text.get("number")
    require(isinstance(number, int) and not isinstance(number, bool), "a choice names the number of its clip")
    answer = sitting.choose(int(number), str(text.get("choice")))  # type: ignore[arg-type]
    return {"truth": answer.truth, **state_of(sitting)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
