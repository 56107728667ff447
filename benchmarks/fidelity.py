"""How close the simulated network comes to the published voltages, by sequence and output.

    python benchmarks/fidelity.py [--seeds N]

Rows: the placed network (which is the published file's, contact for contact), other seeds of the placement, and the
wiring as the publication ran it. Error: RMSE over the output's range, in percent, over the published samples, which
are 5 ms apart.
Sequence 12 was published with another stimulus than the table of stimuli says; it stands apart.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
from machine import describe, shared_folder

from connectome.as_run import DROPPED_ZERO, as_run
from connectome.contact import Connectome
from connectome.network import NetworkParameters, build_network, simulate
from connectome.placement import place_contacts
from connectome.scenario import Scenario, load_scenario
from neuron_models.circuit import RunSettings
from neuron_models.engine import Simulation
from neuron_models.synapse import ChemicalSynapse, GapJunction

SEQUENCES = [("fcm", n) for n in (3, 15, 20, 29, 40)] + [("nictation", 1)]


def errors(connectome: Connectome, compartment: float, dt: float, **parameters) -> list[np.ndarray]:
    """The error of every output for each of the sequences."""
    network = build_network(connectome, NetworkParameters(longest_compartment=compartment, **parameters))
    simulation = Simulation(network)
    return [sequence_error(simulation, load_scenario(name), number, dt) for name, number in SEQUENCES]


def sequence_error(simulation: Simulation, scenario: Scenario, number: int, dt: float) -> np.ndarray:
    """The error of every output of one published sequence."""
    traces = pd.read_csv(shared_folder() / "reference" / "traces" / f"{scenario.name}_{number:02d}.csv")
    v = simulate(simulation, scenario, number - 1, settings=RunSettings(500.0, dt, "coreneuron"))[::10]
    wanted = traces[list(scenario.outputs)].to_numpy()[: len(v)]
    return 100 * np.sqrt(((v[: len(wanted)] - wanted) ** 2).mean(0)) / np.ptp(wanted, axis=0)


def with_published_sequence_12(scenario: Scenario) -> Scenario:
    """The scenario whose sequence 12 stimulates AVB with 1.4 nA, as the columns of its published file show."""
    shape = scenario.stimuli[11][0].waveform
    stimuli = (*scenario.stimuli[:11], tuple(1.4 * shape for _ in scenario.inputs), *scenario.stimuli[12:])
    return replace(scenario, stimuli=stimuli)


def row(label: str, traces: list[np.ndarray]) -> None:
    """Print one variant: each sequence's mean over outputs, the mean over FCM sequences, each FCM output's mean."""
    means = [each.mean() for each in traces]
    outputs = np.mean(traces[:-1], axis=0)
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
    rewired, once = as_run(placed), (1e6, 0.05)
    row("as run, one compartment, 0.05 ms", errors(rewired, *once))
    row("  no contacts moved", errors(as_run(placed, {}), *once))
    for name in DROPPED_ZERO:
        row(f"  all but {name} moved", errors(as_run(placed, {**DROPPED_ZERO, name: name}), *once))
    row("  0.1 ms", errors(rewired, 1e6, 0.1))
    row("  0.025 ms", errors(rewired, 1e6, 0.025))
    row("  20 um, 0.1 ms", errors(rewired, 20.0, 0.1))
    row("  synaptic delay 1 ms", errors(rewired, *once, excitatory=ChemicalSynapse(delay=1.0)))
    row("  chemical synapses x 0.9", errors(rewired, *once, excitatory=ChemicalSynapse(g_max=0.9e-5)))
    row("  gap junctions x 1.01", errors(rewired, *once, gap_junction=GapJunction(g=1.01e-4)))
    for reversal in (-65.0, -72.0):
        row(f"  GABA reversal {reversal:g} mV", errors(rewired, *once, e_inhibitory=reversal))
    simulation = Simulation(build_network(rewired, NetworkParameters(longest_compartment=1e6)))
    for label, scenario in (
        ("1.4", with_published_sequence_12(load_scenario("fcm"))),
        ("2.3", load_scenario("fcm")),
    ):
        error = sequence_error(simulation, scenario, 12, 0.05)
        print(f"  sequence 12 with {label} nA on AVB: {' '.join(f'{value:.3f}' for value in error)}")
    for seed in range(seeds):
        row(f"placed by seed {seed}, 20 um, 0.1 ms", errors(place_contacts(seed=seed), 20.0, 0.1))
    row("placed, one compartment, 0.1 ms", errors(placed, 1e6, 0.1))
    error = errors(placed, 20.0, 0.1)
    row("placed (= published), 20 um, 0.1 ms", error)
    fcm = np.mean([each.mean() for each in error[:-1]])
    print(f"published network: FCM 03, 15, 20, 29, 40 mean {fcm:.2f} %, nictation 01 {error[-1].mean():.2f} %")


if __name__ == "__main__":
    main()
