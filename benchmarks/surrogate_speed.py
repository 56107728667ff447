"""How much faster a surrogate answers than the simulator: 500 ms of forward crawling on one core.

    taskset -c 0 python benchmarks/surrogate_speed.py [--model gru8/model.keras]

The simulator runs at its fastest settings (CoreNEURON, the largest time step that the convergence study allows), its
network built beforehand; the surrogate answers by the fast engine. Without --model an untrained GRU-8 answers: its
speed is that of a trained one.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from machine import describe, fastest

from connectome.network import build_network, default_settings, simulate
from connectome.scenario import load_scenario
from connectome.wiring import load_connectome
from neuron_models.engine import Simulation
from surrogates.registry import MODELS
from surrogates.runs.model_file import load_model
from surrogates.training.fast.engine import respond
from surrogates.training.fast.layout import layout_of


def main() -> None:
    """Print the seconds of both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    print(describe())
    scenario = load_scenario("fcm")
    network, settings = Simulation(build_network(load_connectome("placed"))), default_settings(scenario)
    simulated = fastest(lambda: simulate(network, scenario, 2, settings=settings), 3, time.perf_counter)
    print(f"simulator: {simulated:.3f} s for {settings.duration:g} ms, {settings.simulator}, {settings.dt:g} ms steps")
    model = load_model(given.model)[0] if given.model else MODELS["gru"].build(4, 4, units=8)
    layout = layout_of(model)
    if layout is None:
        raise SystemExit(f"the fast engine does not run {model.name}")
    x = np.random.default_rng(0).uniform(0, 2, (40, scenario.samples, len(scenario.inputs))).astype(np.float32)
    for number in (1, 40):
        part = x[:number]
        seconds = fastest(lambda part=part: respond(model, layout, part), 50, time.perf_counter) / number
        each = f"{1e6 * seconds / scenario.samples:.3f} us a step"
        print(
            f"{model.name}, {number} side by side: {1e3 * seconds:.3f} ms a trial, {each}, "
            f"{simulated / seconds:,.0f} times faster"
        )


if __name__ == "__main__":
    main()
