"""How well and how fast calls are found: real recordings beside five tools, generated ones, speed, memory.

python benchmarks/calls.py real            # recordings 1 to 4 of the reference files, every tool by one scorer
python benchmarks/calls.py generated       # recall and precision at 10, 0 and -5 dB, two callers, and no call
python benchmarks/calls.py speed MINUTES   # times real time on one core, and peak memory (of one minute, repeated)
python benchmarks/calls.py noisy           # the real recordings with more of their own noise, beside USVSEG's rules
python benchmarks/calls.py unet FILE       # a trained network on real and generated recordings, and its speed
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import soundfile
from calls_usvseg import find_by_usvseg, write_noisier
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
    rows.append(("USVSEG's rules", scored(lambda n: find_by_usvseg(open_recording(folder / f"rec_{n}.wav")))))
    for name, (prefix, shift) in TABLES.items():
        rows.append((name, scored(lambda n, p=prefix, s=shift: read_calls(folder / f"{p}_{n}.csv", s).calls)))
    for n in range(1, 5):
        calls = detect_tonal(open_recording(folder / f"rec_{n}.wav"))
        rows.append((f"calls_tonal, recording {n}", scores_of(calls, read_calls(folder / f"gt_{n}.csv").calls)))
    print_scores(rows)


def noisy() -> None:
    """A row a detector and level of noise; the detector was set on noise of another seed."""
    folder, rows = shared_folder() / "data" / "vocalisation", []
    with tempfile.TemporaryDirectory() as made:
        for louder in (6, 9, 12, 15, 18):
            cases = []
            for n in range(1, 5):
                true, path = read_calls(folder / f"gt_{n}.csv").calls, Path(made) / f"{n}_{louder}.wav"
                write_noisier(open_recording(folder / f"rec_{n}.wav"), true, louder, 2, path)
                cases.append((open_recording(path), true))
            for name, find in (("calls_tonal", detect_tonal), ("USVSEG's rules", find_by_usvseg)):
                rows.append((f"{name}, +{louder} dB", reduce(add, (scores_of(find(r), true) for r, true in cases))))
    print_scores(rows)


def unet(model: Path) -> None:
    """A row a recording, and the speed on generated ones without the first call."""
    from surrogates.calls.detection.learned import (
        detect_learned,
    )  # it imports Keras, whose memory is not the detector's

    folder, rows = shared_folder() / "data" / "vocalisation", []
    for n in range(1, 5):
        true = read_calls(folder / f"gt_{n}.csv").calls
        rows.append((f"recording {n}", scores_of(detect_learned(open_recording(folder / f"rec_{n}.wav"), model), true)))
    rows.append(("all four", reduce(add, (scores for _, scores in rows))))
    with tempfile.TemporaryDirectory() as made:
        for snr in (10, 0, -5):
            sample, path = make_sample(SampleSettings(seed=11, snr=float(snr))), Path(made) / "r.wav"
            write_sample(sample, path)
            started = time.process_time()
            rows.append((f"{snr} dB", scores_of(detect_learned(open_recording(path), model), sample.calls)))
            used = time.process_time() - started
    print_scores(rows)
    print(f"{60 / used:.0f} times real time")


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
        path, sample = Path(folder) / "r.wav", make_sample(SampleSettings(seconds=60, seed=11))
        with soundfile.SoundFile(path, "w", sample.settings.rate, 1, "PCM_16") as file:
            minute = np.concatenate(list(sample.blocks())).clip(-1, 1)
            for _ in range(max(1, round(minutes))):
                file.write(minute)
        recording = open_recording(path)
        detect_tonal(replace(recording, samples=5 * recording.rate))
        started = time.process_time()
        detect_tonal(recording)
        used = time.process_time() - started
    print(f"{minutes:g} min: {recording.seconds / used:.0f} times real time, peak memory {peak_memory():.0f} MiB")


def main() -> None:
    """Print the figures."""
    print(describe())
    what, *numbers = sys.argv[1:] or ["real"]
    if what == "speed":
        speed(float(numbers[0]) if numbers else 1.0)
    elif what == "unet":
        unet(Path(numbers[0]))
    else:
        {"real": real, "generated": generated, "noisy": noisy}[what]()


if __name__ == "__main__":
    main()
