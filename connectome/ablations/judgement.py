"""Holds a network against the facts: passed, failed, and what networks with their neurons renamed pass by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from connectome.ablations.facts import EXPECTATIONS, FACTS, LEAST_CONTRAST, MOTOR, Fact, members
from connectome.ablations.steady import SteadyNetwork
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless

Places = Mapping[str, int]
"""Where each neuron stands in the network."""


@dataclass(frozen=True)
class Verdict:
    """What a network shows of a fact.

    `contrast` is (B - A) / (|B| + |A|) of the intact network, B and A the mean answers of forward and backward motor
    neurons; `left` the answer in the right direction after each ablation, over the intact one (NaN where the intact
    network goes the wrong way: then nothing can be lost, and the fact fails).
    """

    fact: Fact
    contrast: Dimensionless
    left: tuple[Dimensionless, ...]
    passed: bool


def judge(network: SteadyNetwork, facts: Sequence[Fact] = FACTS, places: Places | None = None) -> tuple[Verdict, ...]:
    """Judge some facts on one network.

    Args:
        network: what answers.
        facts: the rows.
        places: where each neuron stands; other places are a network with its neurons renamed.

    Raises:
        InputError: the network lacks a neuron of the facts, or motor neurons.
    """
    where = places_of(network) if places is None else places
    require_neurons(where, facts)
    stimuli = list(dict.fromkeys(fact.stimulated for fact in facts))
    lost = list(dict.fromkeys([(), *(each for fact in facts for each in fact.ablated)]))
    answers = {each: _answers(network, stimuli, each, where) for each in lost}
    return tuple(_verdict(fact, {each: answers[each][fact.stimulated] for each in lost}) for fact in facts)


def require_neurons(places: Places, facts: Sequence[Fact]) -> None:
    """Raise an `InputError` unless a network has the neurons of the facts, and motor neurons of both kinds."""
    wanted = {
        name for fact in facts for group in (fact.stimulated, *fact.ablated) for each in group for name in members(each)
    }
    missing = sorted(wanted - set(places))
    missing += [f"every {kind}-type motor neuron" for kind, names in MOTOR.items() if not set(names) & set(places)]
    require(
        not missing, f"the wiring lacks {', '.join(missing[:6])}, which the facts are about: choose another --network"
    )


def places_of(network: SteadyNetwork) -> Places:
    """Where each neuron stands in the network itself."""
    return {name: place for place, name in enumerate(network.network.names)}


def renamed(network: SteadyNetwork, rng: np.random.Generator) -> Places:
    """The network's neurons in places drawn at random."""
    order = rng.permutation(len(network.network.names))
    return {name: int(place) for name, place in zip(network.network.names, order, strict=True)}


def passes_by_chance(
    network: SteadyNetwork, facts: Sequence[Fact] = FACTS, number: int = 100, seed: int = 0
) -> Int[np.ndarray, " shuffle"]:
    """How many facts the network passes with its neurons renamed, once for each of some draws."""
    rng = np.random.default_rng(seed)
    draws = (judge(network, facts, renamed(network, rng)) for _ in range(number))
    return np.array([sum(verdict.passed for verdict in verdicts) for verdicts in draws], dtype=int)


def _answers(
    network: SteadyNetwork, stimuli: Sequence[tuple[str, ...]], lost: tuple[str, ...], places: Places
) -> dict[tuple[str, ...], tuple[float, float]]:
    """The mean answers of B and A motor neurons to each stimulus, in mV, without some classes."""
    groups = [[places[name] for each in stimulus for name in members(each)] for stimulus in stimuli]
    gone = [places[name] for each in lost for name in members(each)]
    found = network.responses(groups, gone)
    motor = [[places[name] for name in MOTOR[kind] if name in places] for kind in "BA"]
    return {
        stimulus: (float(found[motor[0], column].mean()), float(found[motor[1], column].mean()))
        for column, stimulus in enumerate(stimuli)
    }


def _verdict(fact: Fact, answers: Mapping[tuple[str, ...], tuple[float, float]]) -> Verdict:
    forward, backward = answers[()]
    size = abs(forward) + abs(backward)
    contrast = (forward - backward) / size if size else 0.0
    right = fact.direction * contrast >= LEAST_CONTRAST
    if fact.intact:
        return Verdict(fact, contrast, (), right)
    if not right:
        return Verdict(fact, contrast, (float("nan"),) * len(fact.ablated), False)
    left = tuple((answers[lost][0] - answers[lost][1]) / (forward - backward) for lost in fact.ablated)
    wanted = EXPECTATIONS[fact.expected]
    return Verdict(fact, contrast, left, all(wanted.low <= each <= wanted.high for each in left))
