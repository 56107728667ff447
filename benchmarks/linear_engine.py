"""How exact and how fast the linear engine is, and what models derived from its matrices lose.

    python benchmarks/linear_engine.py [--sequences 1] [--screen]

Errors: root mean square over 500 ms, in percent of the range of the neuron, for all 302 somata, against NEURON's limit
(Richardson's extrapolation from steps of 0.0125 and 0.00625 ms). Seconds are processor time, the best of five runs,
on one core; the ratio is to CoreNEURON's default in the same run.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from machine import describe, shared_folder

from connectome.as_run import as_run
from connectome.network import NetworkParameters, build_network, default_settings, simulate
from connectome.network_parameters import parameters_of
from connectome.parameters import load_parameters
from connectome.placement import place_contacts
from connectome.scenario import load_scenario
from datasets.responses.screen import screen_ablations
from neuron_models.circuit import Circuit, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.linear.euler import EulerSimulation
from neuron_models.linear.graded import GradedSimulation
from neuron_models.linear.simulation import LinearSimulation
from surrogates.responses.derived.derivation import derive, linear_network

SEQUENCES = {"fcm": (3, 12, 20), "nictation": (1, 10, 25)}
TRACES = (*(("fcm", n) for n in (3, 15, 20, 29, 40)), ("nictation", 1))


def timed(run: Callable[[], np.ndarray], times: int = 5) -> tuple[float, np.ndarray]:
    """The least processor time of some runs, and what the last gave."""
    seconds = []
    for _ in range(times):
        started = time.process_time()
        result = run()
        seconds.append(time.process_time() - started)
    return min(seconds), result


def errors(potentials: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The error of every neuron that moves, in percent of its range."""
    spread = np.ptp(wanted, axis=0)
    moves = spread > 1e-9
    return 100 * np.sqrt(((potentials - wanted)[:, moves] ** 2).mean(0)) / spread[moves]


def against_the_limit(circuit: Circuit, title: str, number: int) -> None:
    """Print the errors of both simulators' defaults, and their times."""
    sites = [Site(cell.name) for cell in circuit.cells]
    started = time.process_time()
    linear = LinearSimulation(circuit)
    print(f"{title}: prepared in {time.process_time() - started:.2f} s")
    simulation = Simulation(circuit)
    for name, chosen in SEQUENCES.items():
        scenario = load_scenario(name)
        for sequence in chosen[:number]:
            clamps = scenario.clamps(sequence - 1)
            fine = {dt: simulation.run(clamps, sites, RunSettings(500.0, dt, "coreneuron")) for dt in (0.0125, 0.00625)}
            limit = 2 * fine[0.00625][::80] - fine[0.0125][::40]
            del fine
            usual, default = timed(lambda c=clamps: simulation.run(c, sites, RunSettings(500.0, 0.1, "coreneuron")), 1)
            linear.run(clamps, sites, RunSettings(500.0, 0.5, "linear"))
            quick, potentials = timed(lambda c=clamps: linear.run(c, sites, RunSettings(500.0, 0.5, "linear")))
            mine, theirs = errors(potentials, limit), errors(default[::5], limit)
            print(
                f"  {name} {sequence}: linear worst {mine.max():.4f} %, median {np.median(mine):.5f} %, {quick:.4f} s; "
                f"CoreNEURON 0.1 ms worst {theirs.max():.2f} %, median {np.median(theirs):.2f} %, {usual:.2f} s; "
                f"ratio {usual / quick:.0f}",
                flush=True,
            )
    scenario = load_scenario("fcm")
    together = [scenario.clamps(n) for n in range(40)]
    seconds, _ = timed(lambda: linear.run_many(together, sites, RunSettings(500.0, 0.5, "linear")), 2)
    print(f"  40 sequences side by side: {seconds:.2f} s")


def stepped_as_neuron(circuit: Circuit) -> None:
    """Print how far NEURON's steps made here are from NEURON's own."""
    sites, settings = [Site(cell.name) for cell in circuit.cells], RunSettings(500.0, 0.1, "coreneuron")
    mine, simulation = EulerSimulation(circuit), Simulation(circuit)
    for name, chosen in SEQUENCES.items():
        clamps = load_scenario(name).clamps(chosen[0] - 1)
        worst = np.abs(mine.run(clamps, sites, settings) - simulation.run(clamps, sites, settings)).max() / 1000
        print(f"NEURON's steps, {name} {chosen[0]}: {worst:.2g} V from NEURON", flush=True)


def published_traces() -> None:
    """Print the errors of the wiring as it was run against the published voltages."""
    network = build_network(as_run(place_contacts()), NetworkParameters(longest_compartment=1e6))
    simulation = EulerSimulation(network)
    for name, sequence in TRACES:
        scenario = load_scenario(name)
        traces = pd.read_csv(shared_folder() / "reference" / "traces" / f"{name}_{sequence:02d}.csv")
        v = simulate(simulation, scenario, sequence - 1, settings=RunSettings(500.0, 0.05, "euler"))[::10]
        wanted = traces[list(scenario.outputs)].to_numpy()[: len(v)]
        print(f"as run, {name} {sequence}: worst output {errors(v[: len(wanted)], wanted).max():.4f} %", flush=True)


def derived_models() -> None:
    """Print the errors and bounds of models without data."""
    for name, orders in (("fcm", (8, 16, 24)), ("fcm_wide", (16, 24, 32))):
        for order in orders:
            derived = derive(load_scenario(name), place_contacts(), order)
            pooled = 1000 * np.sqrt((derived.errors**2).mean())
            print(
                f"derived, {name}, order {order}: {derived.numbers} numbers, {pooled:.3g} mV "
                f"(worst sequence {1000 * derived.errors.max():.3g}, its bound {1000 * derived.bounds.max():.3g}), "
                f"sampled {1000 * np.sqrt((derived.sampled**2).mean()):.3g} mV; all below their bounds: "
                f"{bool((derived.errors <= derived.bounds).all())}",
                flush=True,
            )


def graded() -> None:
    """Print how exact and how fast the graded network is, and what halving steps and compartments changes."""
    values, connectome = load_parameters("kunert2014"), place_contacts()
    scenario = load_scenario("fcm").scaled(0.003)
    clamps, settings = scenario.clamps(10), RunSettings(500.0, 0.5, "linear")
    usual = build_network(connectome, parameters_of(values, 20.0))
    sites = [Site(cell.name) for cell in usual.cells]
    outputs = [index for index, site in enumerate(sites) if site.cell in scenario.outputs]

    def apart(one: np.ndarray, other: np.ndarray) -> str:
        spread = np.ptp(other, axis=0)
        most = 100 * np.abs(one - other).max(axis=0) / np.maximum(spread, 1e-9)
        moving = most[spread > 0.01]
        return f"outputs {most[outputs].max():.4f} %, all {moving.max():.3f} %, their median {np.median(moving):.4f} %"

    simulation = GradedSimulation(usual)
    started = time.process_time()
    simulation.at_rest()
    print(f"graded: rest and modes in {time.process_time() - started:.2f} s")
    simulation.run(clamps, sites, settings)
    seconds, v = timed(lambda: simulation.run(clamps, sites, settings))
    halved = simulation.run(clamps, sites, RunSettings(500.0, 0.25, "linear"))[::2]
    short = GradedSimulation(build_network(connectome, parameters_of(values, 10.0))).run(clamps, sites, settings)
    engine = Simulation(usual)
    fine = {dt: engine.run(clamps, sites, RunSettings(500.0, dt, "coreneuron")) for dt in (0.0125, 0.00625)}
    limit = 2 * fine[0.00625][::80] - fine[0.0125][::40]
    stepped, default = timed(lambda: engine.run(clamps, sites, RunSettings(500.0, 0.05, "coreneuron")), 1)
    print(f"  {seconds:.2f} s; CoreNEURON at 0.05 ms {stepped:.2f} s; largest differences in percent of the range,")
    print("  of outputs and of all neurons that move by 0.01 mV:")
    for name, pair in {
        "steps halved": (v, halved),
        "compartments halved": (v, short),
        "against NEURON's limit": (v, limit),
        "CoreNEURON at 0.05 ms against it": (default[::10], limit),
    }.items():
        print(f"  {name}: {apart(*pair)}", flush=True)


def screen() -> None:
    """Print the time of a screen of all neurons on two processes."""
    scenario, connectome = load_scenario("fcm").select([11]), place_contacts()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        settings = default_settings(scenario, "linear")
        screen_ablations(
            scenario, connectome, Path(folder) / "a.h5", record=connectome.names, settings=settings, jobs=2
        )
        print(f"screen of {len(connectome.names)} neurons, 2 processes: {time.perf_counter() - started:.0f} s")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sequences", type=int, default=1, help="of each scenario, at most 3; 3 take half an hour")
    parser.add_argument("--graded", action="store_true", help="the graded network alone")
    parser.add_argument("--screen", action="store_true", help="time a screen of all neurons too")
    given = parser.parse_args()
    print(describe())
    if given.graded:
        graded()
        return
    connectome = place_contacts()
    gaps = linear_network(connectome)
    published_traces()
    stepped_as_neuron(gaps)
    derived_models()
    against_the_limit(gaps, "without chemical synapses", given.sequences)
    against_the_limit(build_network(connectome), "with event synapses", given.sequences)
    if given.screen:
        screen()


if __name__ == "__main__":
    main()
