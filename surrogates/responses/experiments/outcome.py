"""What came out of an experiment."""

from dataclasses import dataclass
from pathlib import Path

from surrogates.responses.experiments.experiments import Entry, Experiment, Protocol, members
from surrogates.runs.result import Result


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, the dataset file that it learned, the groups of inputs left out, its result."""

    folder: Path
    data: Path
    without: tuple[str, ...]
    result: Result

    @property
    def unseen_inputs(self) -> tuple[str, ...]:
        """The inputs that the model does not see."""
        return members(self.without)


@dataclass(frozen=True)
class Outcome:
    """An experiment with its runs, in the order of the entries and of the seeds."""

    experiment: Experiment
    protocol: Protocol
    runs: tuple[tuple[Entry, tuple[Run, ...]], ...]
