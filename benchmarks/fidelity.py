"""How close the simulated network comes to the published voltages, by sequence and output.

    python benchmarks/fidelity.py [--seeds N]

Rows: the placed network (which is the published file's, contact for contact), other seeds of the placement, and the
wiring as the publication ran it. Error: RMSE over the output's range, in percent, over the published samples, which
are 5 ms apart.
Sequence 12 is recorded wrongly in the publication and left out.
"""

import argparse

import numpy as np
import pandas as pd
from machine import describe, shared_folder

from connectome.as_run import as_run
from connectome.contact import Connectome
from connectome.network import NetworkParameters, build_network, simulate
from connectome.placement import place_contacts
from connectome.scenario import load_scenario
from neuron_models.circuit import RunSettings
from neuron_models.engine import Simulation

SEQUENCES = [("fcm", n) for n in (3, 15, 20, 29, 40)] + [("nictation", 1)]


def errors(connectome: Connectome, compartment: float, dt: float) -> list[np.ndarray]:
    """The error of every output for each of the sequences."""
    simulation = Simulation(build_network(connectome, NetworkParameters(longest_compartment=compartment)))
    found = []
    for name, number in SEQUENCES:
        traces = pd.read_csv(shared_folder() / "reference" / "traces" / f"{name}_{number:02d}.csv")
        scenario = load_scenario(name)
        v = simulate(simulation, scenario, number - 1, settings=RunSettings(500.0, dt, "coreneuron"))[::10]
        wanted = traces[list(scenario.outputs)].to_numpy()[: len(v)]
        found.append(100 * np.sqrt(((v[: len(wanted)] - wanted) ** 2).mean(0)) / np.ptp(wanted, axis=0))
    return found


def row(label: str, found: list[np.ndarray]) -> None:
    """Print one variant: each sequence's mean over outputs, the mean over FCM sequences, each FCM output's mean."""
    means = [each.mean() for each in found]
    outputs = np.mean(found[:-1], axis=0)
    cells = " ".join(f"{value:6.3f}" for value in (*means[:-1], np.mean(means[:-1]), means[-1]))
    print(f"{label:34s} {cells}   {' '.join(f'{value:6.3f}' for value in outputs)}", flush=True)


def main() -> None:
    """Print the table, the default network's figures last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="other seeds of the placement")
    seeds = parser.parse_args().seeds
    print(describe())
    print(f"{'error, % of range':34s}     03     15     20     29     40   mean  nict.     DB1   LUAL    PVR    VB1")
    placed = place_contacts()
    rewired = as_run(placed)
    row("as run, one compartment, 0.05 ms", errors(rewired, 1e6, 0.05))
    row("as run, one compartment, 0.1 ms", errors(rewired, 1e6, 0.1))
    row("as run, 20 um, 0.1 ms", errors(rewired, 20.0, 0.1))
    for seed in range(seeds):
        row(f"placed by seed {seed}, 20 um, 0.1 ms", errors(place_contacts(seed=seed), 20.0, 0.1))
    row("placed, one compartment, 0.1 ms", errors(placed, 1e6, 0.1))
    found = errors(placed, 20.0, 0.1)
    row("placed (= published), 20 um, 0.1 ms", found)
    fcm = np.mean([each.mean() for each in found[:-1]])
    print(f"published network: FCM 03, 15, 20, 29, 40 mean {fcm:.2f} %, nictation 01 {found[-1].mean():.2f} %")


if __name__ == "__main__":
    main()
