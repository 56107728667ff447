"""Simulated crawls: gait, eigenworms, speed, memory, ablations.

python benchmarks/crawl.py [--only gaits|network|ablations|starts|memory]
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe, peak_memory

from connectome.c302_files import neurons
from connectome.network import build_network
from connectome.wiring import load_connectome
from datasets.posture.body.activations import of_rows
from datasets.posture.body.mechanics import AGAR, WATER
from datasets.posture.eigenworm_fit import fit_eigenworms
from datasets.posture.eigenworms import pooled_angles, reconstruction
from datasets.posture.generator.sample import SampleSettings, make_sample
from datasets.posture.loop.crawling import Loop, stepping_network
from datasets.posture.loop.gait import gait
from datasets.posture.loop.lesions import LESIONS, lesion_table, print_lesions
from datasets.posture.loop.recorded import crawl_dataset, without_network
from datasets.posture.loop.settings import CrawlSettings, named_neurons

NAMES = tuple(neuron.name for neuron in neurons())


def gaits(seconds: int = 30) -> None:
    """The oscillator with open gates on agar and in water, both bodies; what four eigenworms of the sample explain."""
    sample = make_sample(SampleSettings(worms=3, duration=300))
    shapes = fit_eigenworms(pooled_angles(sample), 4, "pca")
    for variant in ("paper", "code"):
        for medium in (AGAR, WATER):
            found = without_network(CrawlSettings(seconds, medium=medium, variant=variant), NAMES, (1.0, 0.0))
            angles = pooled_angles(crawl_dataset(found, "crawl", {}))[100:]
            explained = reconstruction(angles, shapes).variance_explained
            print(f"{variant}, {medium.name}: {found.gait.words}; four eigenworms {100 * explained:.1f} %", flush=True)


def network(seconds: int = 5) -> None:
    """How fast the loop is with each simulator; the first second, which compiles, is left out."""
    circuit = build_network(load_connectome(None))
    for simulator in ("linear", "neuron"):
        settings = CrawlSettings(seconds + 1, simulator=simulator)
        stepping = stepping_network(circuit, circuit.fingerprint, settings)
        loop = Loop(settings, tuple(cell.name for cell in circuit.cells), stepping.rest, stepping)
        list(loop.seconds(0, 1))
        begun = time.process_time()
        list(loop.seconds(1, seconds + 1))
        print(f"{simulator}: {seconds / (time.process_time() - begun):.2f} times real time on one core", flush=True)


def ablations(seconds: int = 12) -> None:
    """What crawling loses by each ablation, forward and backward."""
    connectome = load_connectome(None)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "ablations.csv"
        print_lesions(lesion_table(LESIONS, CrawlSettings(seconds), build_network(connectome), connectome.source, out))


def starts(seconds: int = 12, draws: int = 5) -> None:
    """Forward speed without some motor neurons, the gate of AVB open, from a random bend and random units."""
    for lost in ((), ("DB",), ("VB",), ("D",)):
        settings, speeds = CrawlSettings(seconds, ablated=named_neurons(lost)), []
        for seed in range(draws):
            rng = np.random.default_rng(seed)
            loop = Loop(settings, NAMES, np.full(len(NAMES), -65.0), None, (1.0, 0.0))
            state = loop.state()
            wave = 0.6 * np.sin(2 * np.pi * (np.linspace(0, 1, 24) / rng.uniform(0.5, 2) + rng.uniform()))[None]
            state["muscle"] = of_rows(np.maximum(wave, 0), np.maximum(-wave, 0))
            state["units0"] = rng.integers(0, 2, state["units0"].shape).astype(float)
            loop.restore(state)
            lines = np.concatenate([each["midlines"] for each in loop.seconds(0, seconds)])
            speeds.append(gait(lines, settings.fps).speed)
        print(f"lost {', '.join(lost) or 'none'}: {' '.join(f'{each:+.3f}' for each in speeds)} mm/s", flush=True)


def memory(seconds: int = 600) -> None:
    """Peak memory along ten minutes of crawling: without a network, by the linear engine, and in NEURON.

    Before each part the peak is that of the part before; every second the state is kept, as by `crawl`.
    """
    settings = CrawlSettings(seconds)
    alone = Loop(settings, NAMES, np.full(len(NAMES), -65.0), None, (1.0, 0.0))
    _peaks("without a network", alone, seconds)
    circuit = build_network(load_connectome(None))
    names = tuple(cell.name for cell in circuit.cells)
    for simulator in ("linear", "neuron"):
        settings = CrawlSettings(seconds, simulator=simulator)
        stepping = stepping_network(circuit, circuit.fingerprint, settings)
        _peaks(f"302 neurons, {simulator}", Loop(settings, names, stepping.rest, stepping), seconds)


def _peaks(what: str, loop: Loop, seconds: int) -> None:
    for second, _ in enumerate(loop.seconds(0, seconds), 1):
        kept = sum(each.nbytes for each in loop.state().values())
        if second in (30, seconds // 5, seconds // 2, seconds):
            memory = f"peak {peak_memory():.0f} MiB; {kept / 2**20:.2f} MiB are kept to go on from"
            print(f"{what}, after {second} s: {memory}", flush=True)


def main() -> None:
    """Run the chosen parts."""
    print(describe())
    only = sys.argv[2] if "--only" in sys.argv else ""
    for part in (gaits, network, ablations, starts, memory):
        if only in ("", part.__name__):
            part()


if __name__ == "__main__":
    main()
