"""The whole way on a generated recording: calls found, scored, named and put in sequence."""

from dataclasses import dataclass
from pathlib import Path

from datasets.calls.generator.sample import SampleSettings, make_sample
from datasets.calls.generator.writing import write_sample
from datasets.calls.recording import open_recording
from datasets.calls.tables.writing import write_calls
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import Fraction, Seconds
from surrogates.calls.detection.score_table import Scores, scores_of
from surrogates.calls.detection.scores import pairs
from surrogates.calls.detection.tonal import detect_tonal
from surrogates.calls.repertoire.classes import classify, macro_f1, shape_classifier
from surrogates.calls.repertoire.contours import contours_of
from surrogates.calls.repertoire.measures import measure_table
from surrogates.calls.repertoire.sequences import sequences_of, transition_table


@dataclass(frozen=True)
class Demo:
    """How well calls were found, and the macro-F1 of the shapes of those that were."""

    scores: Scores
    shapes: Fraction


def run_demo(out: Path, seconds: Seconds = 60.0, seed: int = 0) -> Demo:
    """Generate a recording at 10 dB, find its calls, name their shapes, and write all tables into a folder.

    Args:
        out: the folder; gets `recording.wav` with its truth, `calls.csv`, `measures.csv` and `transitions.csv`.
        seconds: length of the recording.
        seed: of the recording.
    """
    sample = make_sample(SampleSettings(seconds=seconds, seed=seed))
    write_sample(sample, out / "recording.wav")
    recording = open_recording(out / "recording.wav")
    found = detect_tonal(recording)
    contours = contours_of(recording, found)
    named = classify(contours, shape_classifier())
    write_calls(named, out / "calls.csv")
    tables = {
        "measures.csv": (measure_table(contours), False),
        "transitions.csv": (transition_table(sequences_of(named)), True),
    }
    for name, (table, index) in tables.items():
        with atomic_write(out / name) as temporary:
            write_csv(table, temporary, index=index)
    matched = pairs(named, sample.calls)
    labels = [named[k].label for k in matched[:, 0]]
    true = [sample.calls[k].label for k in matched[:, 1]]
    return Demo(scores_of(found, sample.calls), macro_f1(labels, true) if labels else float("nan"))
