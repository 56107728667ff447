"""Derives a state-space model of a scenario from the network's matrices alone."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float
from scipy.linalg import expm

from connectome.contact import Connectome
from connectome.network import NetworkParameters, build_network, default_settings
from connectome.places import probe_named, site_named, units_of
from connectome.scenario import Scenario
from neuron_models.circuit import Circuit, Site
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Dimensionless, Milliseconds
from neuron_models.linear.simulation import LinearSimulation, driven_system
from neuron_models.synapse import GapJunction
from surrogates.responses.derived.balancing import Balanced, LinearSystem, balance


@dataclass(frozen=True, eq=False)
class Derived:
    """A model that was derived, in V and nA.

    Attributes:
        order: of the reduced system.
        balanced: the whole linear system, balanced; gains in mV/nA.
        reduced: the reduced system, in continuous time.
        bounds: of each sequence, the largest root mean square of the reduction's error over time and outputs, in V.
        errors: of each sequence, that error, in V.
        hold: the share of the next sample in the current of a step.
        sampled: of each sequence, the root mean square error of the model on sampled stimuli, in V.
        a: step of the states.
        b: what an input does to them in a step.
        c: what they do to an output, in V.
        d: what an input does to an output at once, in V/nA.
        rest: of each output, in V.
    """

    order: int
    balanced: Balanced
    reduced: LinearSystem
    bounds: Float[np.ndarray, " sequence"]
    errors: Float[np.ndarray, " sequence"]
    hold: Dimensionless
    sampled: Float[np.ndarray, " sequence"]
    a: Float[np.ndarray, "state state"]
    b: Float[np.ndarray, "state input"]
    c: Float[np.ndarray, "output state"]
    d: Float[np.ndarray, "output input"]
    rest: Float[np.ndarray, " output"]

    @property
    def numbers(self) -> int:
        """The numbers that the model is made of."""
        return self.order + sum(part.size for part in (self.b, self.c, self.d))

    @property
    def poles(self) -> Complex[np.ndarray, " state"]:
        """In 1/ms, slowest first."""
        return self.reduced.poles


def linear_network(connectome: Connectome, parameters: NetworkParameters | None = None) -> Circuit:
    """The network without its chemical synapses."""
    circuit = build_network(connectome, parameters)
    gaps = tuple(junction for junction in circuit.junctions if isinstance(junction.mechanism, GapJunction))
    return Circuit(circuit.cells, gaps, circuit.longest_compartment)


def derive(
    scenario: Scenario, connectome: Connectome, order: int | None = None, max_rmse: float | None = None
) -> Derived:
    """Derive a state-space model of a scenario: nothing is simulated in NEURON and nothing is trained.

    The network without chemical synapses is reduced by balanced truncation. Sampled currents are taken to go from one
    sample towards the next within a step; how far is chosen so that the scenario's stimuli lose least by sampling.

    Args:
        scenario: its inputs, outputs, sampling and stimuli; ablated neurons are cut off.
        connectome: the wiring.
        order: of the model; None takes the least whose bound is below `max_rmse` for every stimulus.
        max_rmse: in V.

    Raises:
        InputError: neither an order nor an error, or an order or an error that cannot be had.
    """
    where = f"scenario {scenario.name}"
    require(not scenario.voltage_clamped, f"{where} clamps voltages, which no derived model has: stimulate by currents")
    require(
        set(units_of(scenario.outputs)) == {"V"}, f"{where} records currents or calcium: a derived model has potentials"
    )
    require(not scenario.settle, f"{where} settles before its samples: a derived model begins at rest (settle = 0)")
    simulation = LinearSimulation(linear_network(connectome))
    inputs = simulation.nodes([site_named(name) for name in scenario.inputs])
    outputs = simulation.nodes(_sites(scenario))
    rates, drive, seen = driven_system(simulation.modes(scenario.ablated), inputs, outputs)
    live = np.array([name in scenario.driven for name in scenario.inputs])
    balanced = balance(rates, drive * live[:, None], seen)
    size = np.array([_size(scenario, number) for number in range(len(scenario.sequences))])
    share = size / np.sqrt(len(outputs)) / 1000
    chosen = _order(balanced, float(share.max()), max_rmse) if order is None else order
    reduced = balanced.truncated(chosen)
    whole, settings = _responses(simulation, scenario), default_settings(scenario, "linear")
    exact = [_exact(reduced, scenario, number, settings.steps) / 1000 for number in range(len(size))]
    errors = np.array([np.sqrt(((y - wanted) ** 2).mean()) for y, wanted in zip(exact, whole, strict=True)])
    hold, sampled, (a, b, c, d) = _sampled(reduced, scenario, whole)
    rest = _rest(simulation, scenario)
    return Derived(chosen, balanced, reduced, balanced.bound(chosen) * share, errors, hold, sampled, a, b, c, d, rest)


def _order(balanced: Balanced, share: float, max_rmse: float | None) -> int:
    """The least order whose bound, times what the largest stimulus makes of it, is below an error in V."""
    if max_rmse is None:
        raise InputError("say the model's --order, or with --max-rmse the error in V that it may have")
    bounds = np.array([balanced.bound(order) * share for order in range(len(balanced.hankel))])
    orders = np.flatnonzero(bounds[1:] <= max_rmse)
    require(
        len(orders) > 0,
        f"--max-rmse must be >= {bounds[-1]:.2g} V, the bound of order {len(bounds) - 1}, got {max_rmse:g}",
    )
    return int(orders[0]) + 1


def _size(scenario: Scenario, number: int) -> float:
    """The root mean square of a stimulus over the time of its responses, all inputs together, in nA."""
    fine = scenario.dt / 20
    means = [clamp.waveform.step_means(fine, scenario.samples * 20) for clamp in scenario.clamps(number)]
    return float(np.sqrt(sum((mean**2).mean() for mean in means)))


def _responses(simulation: LinearSimulation, scenario: Scenario) -> list[Float[np.ndarray, "time output"]]:
    """What the whole linear network answers, from rest, in V."""
    stimuli = [scenario.clamps(number) for number in range(len(scenario.sequences))]
    settings = default_settings(scenario, "linear")
    found = simulation.run_many(stimuli, _sites(scenario), settings, scenario.ablated)[:, : scenario.samples]
    return list((found - found[:, :1]) / 1000)


def _rest(simulation: LinearSimulation, scenario: Scenario) -> Float[np.ndarray, " output"]:
    """The outputs at rest in V."""
    cells = {cell.name: cell.membrane.e_leak for cell in simulation.circuit.cells}
    return np.array([cells[site.cell] for site in _sites(scenario)]) / 1000


def _sites(scenario: Scenario) -> list[Site]:
    """Where the outputs are."""
    return [probe_named(output).site for output in scenario.outputs]


def _exact(reduced: LinearSystem, scenario: Scenario, number: int, steps: int) -> Float[np.ndarray, "time output"]:
    """What a reduced system answers to a stimulus as it is, in mV; it is stepped through straight pieces."""
    from neuron_models.linear.stimuli import straight_pieces

    clamps = scenario.clamps(number)
    columns = [scenario.inputs.index(name) for name in scenario.driven]
    pieces = straight_pieces([clamp.waveform for clamp in clamps], scenario.dt, steps)
    parts = {length: _held(reduced, length) for length in np.unique(np.round(pieces.lengths, 9))}
    state, outputs = np.zeros(len(reduced.a)), np.zeros((steps + 1, len(reduced.c)))
    for place, length in enumerate(np.round(pieces.lengths, 9)):
        a, early, late = parts[length]
        state = a @ state + early[:, columns] @ pieces.before[place] + late[:, columns] @ pieces.after[place]
        if pieces.ends[place]:
            outputs[pieces.ends[place]] = reduced.c @ state + reduced.d[:, columns] @ pieces.after[place]
    return outputs[: scenario.samples]


def _held(reduced: LinearSystem, length: Milliseconds) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What an interval does to the states: by themselves, by the current at its begin, and by that at its end."""
    states, inputs = reduced.b.shape
    whole = np.zeros((states + 2 * inputs, states + 2 * inputs))
    whole[:states, :states], whole[:states, states : states + inputs] = reduced.a * length, reduced.b * length
    whole[states : states + inputs, states + inputs :] = np.eye(inputs)
    moved = expm(whole)
    held, late = moved[:states, states : states + inputs], moved[:states, states + inputs :]
    return moved[:states, :states], held - late, late


def _sampled(
    reduced: LinearSystem, scenario: Scenario, whole: list[Float[np.ndarray, "time output"]]
) -> tuple[float, Float[np.ndarray, " sequence"], tuple[np.ndarray, ...]]:
    """How far a step's current goes towards the next sample, what sampling then costs, and the matrices a, b, c, d."""
    stimuli = [scenario.values(number) for number in range(len(whole))]
    ends = [[_free_run(_discrete(reduced, scenario.dt, hold), u) for u in stimuli] for hold in (0.0, 1.0)]
    change = np.concatenate([late - early for early, late in zip(*ends, strict=True)]).ravel()
    missing = np.concatenate([y - early for y, early in zip(whole, ends[0], strict=True)]).ravel()
    hold = float(np.clip(change @ missing / max(change @ change, 1e-300), 0.0, 1.0))
    matrices = _discrete(reduced, scenario.dt, hold)
    responses = [_free_run(matrices, u) for u in stimuli]
    errors = np.array([np.sqrt(((a - b) ** 2).mean()) for a, b in zip(responses, whole, strict=True)])
    return hold, errors, matrices


def _discrete(reduced: LinearSystem, dt: Milliseconds, hold: float) -> tuple[np.ndarray, ...]:
    """The matrices of x(k+1) = a x(k) + b u(k), y(k) = c x(k) + d u(k), in V."""
    a, early, late = _held(reduced, dt)
    now, next_ = early + (1 - hold) * late, hold * late
    return a, a @ next_ + now, reduced.c / 1000, (reduced.c @ next_ + reduced.d) / 1000


def _free_run(matrices: tuple[np.ndarray, ...], u: Float[np.ndarray, "time input"]) -> Float[np.ndarray, "time output"]:
    """The outputs of a sampled system from rest."""
    a, b, c, d = matrices
    driven, states = u @ b.T, np.zeros((len(u), len(a)))
    for step in range(1, len(u)):
        states[step] = a @ states[step - 1] + driven[step - 1]
    return states @ c.T + u @ d.T
