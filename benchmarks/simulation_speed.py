"""Seconds and memory of simulating the 40 FCM stimuli, and the cost of each part.

python benchmarks/simulation_speed.py [--jobs 2]
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from joblib.externals.loky import get_reusable_executor
from machine import describe, peak_memory

from connectome.network import build_network, simulate
from connectome.scenario import load_scenario
from connectome.wiring import load_connectome
from datasets.responses.simulation import simulate_dataset
from neuron_models.circuit import RunSettings
from neuron_models.engine import Simulation


def main() -> None:
    """Print the cost of the parts in one process, then that of the 40 simulations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    jobs = parser.parse_args().jobs
    print(describe())
    scenario = load_scenario("fcm")
    with tempfile.TemporaryDirectory() as folder:
        connectome = load_connectome("placed")
        simulate_dataset(scenario.select([1]), connectome, Path(folder) / "warm.h5", jobs=jobs)
        for number in (10, 20, 40):
            some = scenario.select(range(1, number + 1))
            started = time.perf_counter()
            simulate_dataset(some, connectome, Path(folder) / f"{number}.h5", jobs=jobs)
            seconds = time.perf_counter() - started
            print(f"{number} simulations, {jobs} processes: {seconds:.1f} s")
        get_reusable_executor().shutdown(wait=True)  # a child's memory is known when it has ended
        memory = peak_memory(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    simulation = Simulation(build_network(connectome))
    print(f"describing and building {simulation.compartments} compartments: {time.perf_counter() - started:.2f} s")
    voltages = {}
    for simulator in ("neuron", "coreneuron"):
        started = time.perf_counter()
        settings = RunSettings(500.0, 0.1, simulator)
        voltages[simulator] = simulate(simulation, scenario, 19, connectome.names, settings)
        print(f"500 ms of FCM 20 on one core, {simulator}: {time.perf_counter() - started:.2f} s")
    difference = np.abs(voltages["neuron"] - voltages["coreneuron"]).max()
    print(f"largest difference of NEURON and CoreNEURON, FCM 20, 302 somata: {difference:.3g} V")
    print(f"peak memory: {memory:.0f} MiB a worker, {peak_memory():.0f} MiB this process")
    print(f"40 FCM simulations of 500 ms, {jobs} processes: {seconds:.1f} s")


if __name__ == "__main__":
    main()
