"""A surrogate drives a real cell in NEURON: the neuron DB2, with its compartments and its contacts, beside a GRU.

    wormtwin export --model gru8/model.keras --to nmodl --out gru8/neuron
    python docs/examples/surrogate_in_neuron.py gru8/neuron/surrogategru8.json surrogate_in_neuron.png

The surrogate stands for the 301 other neurons: it answers the stimuli of forward crawling with the potentials of DB1,
LUAL, PVR and VB1, of which DB1 and VB1 have gap junctions with DB2, and PVR a synapse onto it. The picture shows DB2
driven by the surrogate, and DB2 in the whole network with the same contacts and no others. In the network a contact
sees the potential where it sits on the other cell, of which the surrogate knows the soma alone; the third curve, driven
by the network's own soma potentials, measures what that makes.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from connectome.c302_files import morphology
from connectome.contact import Connectome, Contact
from connectome.network import NetworkParameters, build_network, simulate
from connectome.scenario import load_scenario
from connectome.wiring import load_connectome
from datasets.dataset import Trial
from datasets.plots import COLOURS, MUTED, draw_inputs, save_figure, tidy
from neuron_models.circuit import Cell, Circuit, Site
from neuron_models.engine import Simulation, stepping
from neuron_models.synapse import GapJunction
from surrogates.export.in_neuron import load_surrogate

CELL = "DB2"
TIME_STEP = 0.1  # ms


def contacts_with(connectome: Connectome, sources: tuple[str, ...]) -> list[Contact]:
    """The contacts by which some neurons act on the cell."""
    onto = [c for c in connectome.contacts if c.post == CELL and c.pre in sources]
    return onto + [c for c in connectome.contacts if c.kind == "gap_junction" and c.pre == CELL and c.post in sources]


def in_the_network(connectome: Connectome, kept: list[Contact], scenario, sequence: int) -> np.ndarray:
    """The potential of the cell and of the surrogate's neurons (mV) in the whole network, with these contacts only."""
    others = [c for c in connectome.contacts if CELL not in (c.pre, c.post)]
    network = build_network(replace(connectome, contacts=tuple(others + kept)))
    return 1000 * simulate(Simulation(network), scenario, sequence, (CELL, *scenario.outputs))


def beside_the_surrogate(
    described: Path, contacts: list[Contact], stimulus: np.ndarray, somata: np.ndarray | None = None
) -> tuple[np.ndarray, ...]:
    """The potential of the cell and the outputs of the surrogate (mV) at every sample, with the surrogate beside it.

    With `somata` (sample, output), these potentials (mV) drive the cell in place of the surrogate's.
    """
    simulation = Simulation(Circuit((Cell(CELL, morphology(CELL)),)))  # this package builds the cell
    h, mechanism = load_surrogate(described)
    soma = simulation.compartment(Site(CELL))
    surrogate = getattr(h, mechanism.mechanism)(soma)
    times = h.Vector(np.arange(len(stimulus)) * mechanism.dt)
    played = [h.Vector(column) for column in stimulus.T]
    for name, vector in zip(mechanism.x_names, played, strict=True):
        vector.play(getattr(surrogate, f"_ref_x_{name}"), times, True)
    sources = {name: getattr(surrogate, f"_ref_v_{name}") for name in mechanism.y_names}
    traces = [h.Vector().record(index) for index in (soma._ref_v, *sources.values())]
    if somata is not None:
        holders = {
            name: h.WormtwinHalfGap(soma) for name in sources
        }  # of no conductance: variables that can be played into
        played += [h.Vector(column) for column in somata.T]
        for holder, vector in zip(holders.values(), played[-len(holders) :], strict=True):
            vector.play(holder._ref_vgap, times, True)
        sources = {name: holder._ref_vgap for name, holder in holders.items()}
    kept = [joined(h, f"{mechanism.mechanism}Gap", simulation, sources, contact) for contact in contacts]
    with stepping(h, TIME_STEP):
        h.finitialize(-65)
        while h.t < times[-1] + TIME_STEP / 2:
            h.fadvance()
    del kept
    stride = mechanism.require_divided_by(TIME_STEP)
    return tuple(trace.as_numpy()[::stride][: len(stimulus)].copy() for trace in traces)


def joined(h, gap_junction: str, simulation: Simulation, sources: dict, contact: Contact) -> tuple:
    """Put a contact where it sits on the cell; its other side is the potential of one of the sources."""
    joins = NetworkParameters().mechanism(contact)
    if isinstance(joins, GapJunction):
        ours = contact.post == CELL
        segment = (contact.post_segment, contact.post_fraction) if ours else (contact.pre_segment, contact.pre_fraction)
        gap = getattr(h, gap_junction)(simulation.compartment(Site(CELL, *segment)))
        gap.g = joins.g
        gap._ref_vgap = sources[contact.pre if ours else contact.post]
        return (gap,)
    synapse = h.Exp2Syn(simulation.compartment(Site(CELL, contact.post_segment, contact.post_fraction)))
    synapse.tau1, synapse.tau2, synapse.e = joins.tau_rise, joins.tau_decay, joins.e_rev
    crossings = h.NetCon(sources[contact.pre], synapse, sec=simulation.compartment(Site(CELL)).sec)
    crossings.threshold, crossings.delay, crossings.weight[0] = joins.threshold, joins.delay, joins.g_max
    return synapse, crossings


def main() -> None:
    """Run both and draw them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("described", type=Path, help="the .json of the exported mechanism")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--sequence", type=int, default=15, help="of forward crawling, from 1")
    given = parser.parse_args()
    scenario, sequence = load_scenario("fcm"), given.sequence - 1
    connectome = load_connectome("placed")
    contacts = contacts_with(connectome, scenario.outputs)
    network = in_the_network(connectome, contacts, scenario, sequence)
    times = np.arange(scenario.samples) * scenario.dt
    stimulus = np.stack([clamp.waveform.at(times) for clamp in scenario.clamps(sequence)], axis=1)
    driven, *outputs = beside_the_surrogate(given.described, contacts, stimulus)
    by_somata, *_ = beside_the_surrogate(given.described, contacts, stimulus, network[:, 1:])
    figure = Figure(figsize=(7.2, 6.0), layout="constrained")
    above, middle, below = figure.subplots(3, sharex=True, height_ratios=(1, 2, 2))
    draw_inputs(above, times, Trial("stimulus", stimulus), scenario.inputs)
    for index, name in enumerate(scenario.outputs):
        label = None if index else "in the whole network"
        middle.plot(times, network[:, index + 1], color=MUTED, lw=2.4, alpha=0.5, label=label)
        middle.plot(times, outputs[index], color=COLOURS[index], lw=1.2, label=f"{name}, surrogate")
    below.plot(times, network[:, 0], color=MUTED, lw=2.4, alpha=0.5, label="in the whole network")
    below.plot(times, driven, color=COLOURS[1], lw=1.2, label="driven by the surrogate")
    below.plot(times, by_somata, ":", color=COLOURS[0], lw=1.2, label="driven by the network's\nsoma potentials")
    for axes, label in ((above, "stimulus (nA)"), (middle, "potential (mV)"), (below, f"{CELL}, soma (mV)")):
        axes.set_ylabel(label)
        axes.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    below.set_xlabel("time (ms)")
    tidy([above, middle, below])
    save_figure(figure, given.picture)
    joins = ", ".join(f"{c.pre}-{c.post} {c.kind.replace('_', ' ')}" for c in contacts)
    print(f"{CELL} by {joins}; RMSE in percent of its range in the whole network:")
    for name, response in (("the surrogate", driven), ("the network's soma potentials", by_somata)):
        error = np.sqrt(np.mean((response - network[:, 0]) ** 2)) / np.ptp(network[:, 0])
        print(f"driven by {name}: {100 * error:.2f} %")


if __name__ == "__main__":
    main()
