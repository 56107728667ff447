"""The scores of detectors side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table

from datasets.calls.call import Call
from neuron_models.foundation.printing import print_whole
from surrogates.calls.detection.scores import Counts, event_counts, temporal_counts


@dataclass(frozen=True)
class Scores:
    """Counts of calls that overlap, of calls that overlap by half, and of milliseconds."""

    events: Counts
    half: Counts
    time: Counts

    def __add__(self, other: "Scores") -> "Scores":
        return Scores(self.events + other.events, self.half + other.half, self.time + other.time)


def scores_of(found: Sequence[Call], true: Sequence[Call]) -> Scores:
    """Score the calls found in a recording."""
    return Scores(event_counts(found, true), event_counts(found, true, 0.5), temporal_counts(found, true))


def print_scores(rows: Iterable[tuple[str, Scores]]) -> None:
    """Print a row a detector."""
    table = Table("found by", "found", "true", "precision", "recall", "F1", "F1 at IoU .5", "temporal F1")
    for name, scores in rows:
        events = scores.events
        figures = (events.precision, events.recall, events.f1, scores.half.f1, scores.time.f1)
        table.add_row(name, str(int(events.found)), str(int(events.true)), *(f"{each:.3f}" for each in figures))
    print_whole(table)
