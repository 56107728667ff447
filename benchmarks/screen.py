"""Seconds and memory of an ablation screen of all neurons, and how exactly a neuron is switched off.

python benchmarks/screen.py [--jobs 2] [--random 10] [--record all]
"""

import argparse
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib.externals.loky import get_reusable_executor
from machine import describe, peak_memory

from connectome.contact import Connectome
from connectome.network import build_network, simulate
from connectome.scenario import Scenario, load_scenario
from connectome.wiring import load_connectome
from datasets.responses.screen import screen_ablations
from neuron_models.engine import Simulation


def worst_difference(connectome: Connectome, scenario: Scenario, number: int) -> float:
    """The largest difference in V, over all other somata, between switching neurons off and building without them."""
    names = connectome.names
    connected = [name for name in names if name not in connectome.unconnected and name not in scenario.inputs]
    chosen = np.random.default_rng(0).choice(connected, number, replace=False)
    simulation, worst = Simulation(build_network(connectome)), 0.0
    switched = {str(name): simulate(simulation, scenario.ablate([str(name)]), 0, names) for name in chosen}
    for name, values in switched.items():
        without = Simulation(build_network(connectome.without([name])))
        wanted = simulate(without, replace(scenario, ablated=(name,)), 0, names)
        others = [index for index, other in enumerate(names) if other != name]
        worst = max(worst, float(np.abs(values - wanted)[:, others].max()))
    print(f"switched off against built without, {', '.join(switched)}: at most {worst:.3g} V")
    return worst


def main() -> None:
    """Print the cost of a screen, then the check of its shortcut."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--random", type=int, default=10, help="neurons to check")
    parser.add_argument("--record", choices=("outputs", "all"), default="all")
    given = parser.parse_args()
    print(describe())
    connectome, scenario = load_connectome("placed"), load_scenario("fcm").select([11])
    record = connectome.names if given.record == "all" else None
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        screen = screen_ablations(scenario, connectome, Path(folder) / "screen.h5", record=record, jobs=given.jobs)
        seconds = time.perf_counter() - started
        get_reusable_executor().shutdown(wait=True)  # a child's memory is known when it has ended
    memory = peak_memory(resource.RUSAGE_CHILDREN)
    print(f"{len(screen.ablations)} ablations of one stimulus, {given.jobs} processes: {seconds:.0f} s")
    print(f"peak memory: {memory:.0f} MiB a worker, {peak_memory():.0f} MiB this process")
    worst_difference(connectome, scenario, given.random)


if __name__ == "__main__":
    main()
