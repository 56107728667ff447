"""How well and how fast calls are found: real recordings beside five tools, generated ones, speed, memory.

python benchmarks/calls.py real            # recordings 1 to 4 of the reference files, every tool by one scorer
python benchmarks/calls.py generated       # recall and precision at 10, 0 and -5 dB, two callers, and no call
python benchmarks/calls.py speed MINUTES   # times real time on one core, and peak memory
"""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import reduce
from operator import add
from pathlib import Path

from machine import describe, peak_memory, shared_folder

from datasets.calls.call import Call
from datasets.calls.generator.sample import SampleSettings, make_sample
from datasets.calls.generator.writing import write_sample
from datasets.calls.recording import open_recording
from datasets.calls.tables.reading import read_calls
from surrogates.calls.detection.score_table import Scores, print_scores, scores_of
from surrogates.calls.detection.tonal import TonalSettings, detect_tonal

TABLES = {
    "DeepSqueak": ("deepsqueak", 0.0),
    "VocalMat": ("vocalmat", 0.0),
    "MUPET": ("mupet", 0.0),
    "MSA1": ("msa1", 0.0),
    "MSA1, clock set by -0.02 s": ("msa1", -0.02),
}
Calls = tuple[Call, ...]


def real() -> None:
    """A row a tool over all four recordings."""
    folder = shared_folder() / "data" / "vocalisation"

    def scored(calls_in: Callable[[int], Calls]) -> Scores:
        truth = {n: read_calls(folder / f"gt_{n}.csv").calls for n in range(1, 5)}
        return reduce(add, (scores_of(calls_in(n), true) for n, true in truth.items()))

    rows = [("calls_tonal", scored(lambda n: detect_tonal(open_recording(folder / f"rec_{n}.wav"))))]
    for name, (prefix, shift) in TABLES.items():
        rows.append((name, scored(lambda n, p=prefix, s=shift: read_calls(folder / f"{p}_{n}.csv", s).calls)))
    for n in range(1, 5):
        calls = detect_tonal(open_recording(folder / f"rec_{n}.wav"))
        rows.append((f"calls_tonal, recording {n}", scores_of(calls, read_calls(folder / f"gt_{n}.csv").calls)))
    print_scores(rows)


def generated() -> None:
    """A row a level, of a minute each; constants of the detector were chosen on seed 1, these are others."""
    cases = [(f"{snr} dB", {"snr": float(snr)}, {}) for snr in (10, 0, -5)]
    cases += [("10 dB, a fifth overlap", {"overlapping": 0.2}, {})]
    cases += [("10 dB, a fifth overlap, --separate", {"overlapping": 0.2}, {"separate": True})]
    cases += [("no call", {"calls": 0.0, "clicks": 120.0, "rustles": 60.0}, {})]
    rows = []
    for name, how, settings in cases:
        with tempfile.TemporaryDirectory() as folder:
            sample = make_sample(SampleSettings(seed=11, **how))
            write_sample(sample, Path(folder) / "r.wav")
            found = detect_tonal(open_recording(Path(folder) / "r.wav"), TonalSettings(**settings))
        rows.append((name, scores_of(found, sample.calls)))
    print_scores(rows)


def speed(minutes: float) -> None:
    """Processor seconds of the detector, without those of the first call, and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        write_sample(make_sample(SampleSettings(seconds=60 * minutes, seed=11)), Path(folder) / "r.wav")
        recording = open_recording(Path(folder) / "r.wav")
        for wanted in (5.0, recording.seconds):
            part = type(recording)(
                recording.path, recording.rate, 1, min(recording.samples, round(wanted * recording.rate)), "PCM_16"
            )
            started = time.process_time()
            detect_tonal(part)
            used = time.process_time() - started
    print(f"{minutes:g} min: {recording.seconds / used:.0f} times real time, peak memory {peak_memory():.0f} MiB")


def main() -> None:
    """Print what is asked for."""
    print(describe())
    what, *numbers = sys.argv[1:] or ["real"]
    if what == "speed":
        speed(float(numbers[0]) if numbers else 1.0)
    else:
        {"real": real, "generated": generated}[what]()


if __name__ == "__main__":
    main()
