"""What halving the compartments and halving the time step change, for every output of every scenario.

    python benchmarks/convergence.py

Figure: RMS over all sequences and samples of the difference to the default settings, in percent of the output's range.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from machine import describe

from connectome.network import NetworkParameters
from connectome.scenario import load_scenario
from connectome.wiring import load_connectome
from datasets.responses.simulation import simulate_dataset
from neuron_models.circuit import RunSettings

VARIANTS = {"half the compartments": (10.0, 0.1), "half the time step": (20.0, 0.05), "both": (10.0, 0.05)}


def responses(scenario, compartment: float, dt: float) -> np.ndarray:
    """(trial, time, output) of a scenario."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = simulate_dataset(
            scenario,
            load_connectome("placed"),
            Path(folder) / "a.h5",
            parameters=NetworkParameters(longest_compartment=compartment),
            settings=RunSettings(scenario.duration, dt, "coreneuron"),
            jobs=2,
        )
    return dataset.stacked()[1]


def main() -> None:
    """Print the worst output of each scenario and variant, then the worst of all."""
    print(describe())
    worst = 0.0
    wide = {name: load_scenario(name) for name in ("fcm_wide", "nictation_wide")}
    # `fcm` and `nictation` are contained in the wide ones, and `fcm_nictation` records every output in every sequence.
    outputs = wide["fcm_wide"].outputs + wide["nictation_wide"].outputs
    lines = []
    for name, scenario in wide.items():
        every = replace(scenario, outputs=outputs)
        base = responses(every, 20.0, 0.1)
        for label, settings in VARIANTS.items():
            difference = responses(every, *settings) - base
            own = [outputs.index(output) for output in scenario.outputs]
            change = 100 * np.sqrt((difference**2).mean((0, 1))) / np.ptp(base, axis=(0, 1))
            top = own[int(np.argmax(change[own]))]
            instant = 100 * (np.abs(difference).max((0, 1)) / np.ptp(base, axis=(0, 1)))[own].max()
            lines.append(
                f"{name:15s} {label:22s} worst output {outputs[top]:6s} {change[top]:.2f} % of range "
                f"(mean {change[own].mean():.2f} %, largest instant {instant:.2f} %)"
            )
            if label != "both":
                worst = max(worst, change[top])
    print("\n".join(lines))
    print(f"largest change of any output by halving either: {worst:.2f} % of range")


if __name__ == "__main__":
    main()
