"""A few constants of classes of neurons and contacts fitted to the atlas, and judged on what they did not see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from connectome.atlas.predictors import Prediction
from connectome.atlas.recordings import Atlas
from connectome.c302_files import morphology, neurons
from connectome.parameters import ParameterSet
from connectome.wirings.table import WiringTable
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Dimensionless

ROLES = ("sensory", "interneuron", "motor")
TRANSMITTERS = ("Acetylcholine", "Glutamate", "GABA", "other")
Constants = Float[np.ndarray, " constant"]


@dataclass(frozen=True, eq=False)
class ClassModel:
    """Points that leak, joined by gap junctions and by synapses that are linear about rest.

    The constants are: the logarithm of a factor on the leak of each of `ROLES`, the strength of a contact of each of
    `TRANSMITTERS` in units of a gap junction (below zero it inhibits), and the exponent with which a response is
    divided by that of the stimulated neuron itself. `leaks` holds each neuron's leak, in units of a gap junction, in
    the row of its role.
    """

    gap: Float[np.ndarray, "neuron neuron"]
    chemical: tuple[Float[np.ndarray, "post pre"], ...]
    leaks: Float[np.ndarray, "role neuron"]

    @property
    def start(self) -> Constants:
        """The constants of the passive gap network itself, dimensionless: all 0."""
        return np.zeros(len(ROLES) + len(TRANSMITTERS) + 1)

    def predict(self, constants: Constants) -> Prediction:
        """The steady response of each neuron (row) to a current into each other (column), in units of no matter."""
        found = np.linalg.inv(self._conductances(constants))
        own = np.maximum(np.abs(found.diagonal()), 1e-12)
        return found / own ** constants[-1]

    def stable(self, constants: Constants) -> bool:
        """Whether the network comes to rest with these dimensionless constants: else its steady response is none."""
        return bool(np.linalg.eigvals(self._conductances(constants)).real.min() > 0)

    def _conductances(self, constants: Constants) -> Float[np.ndarray, "neuron neuron"]:
        leak, strengths = np.exp(constants[: len(ROLES)]), constants[len(ROLES) : -1]
        conductances = np.diag(leak @ self.leaks + self.gap.sum(axis=0)) - self.gap
        for strength, counts in zip(strengths, self.chemical, strict=True):
            conductances = conductances - strength * counts
        return conductances


def class_model(table: WiringTable, names: Sequence[str], parameters: ParameterSet) -> ClassModel:
    """The model of a wiring over some neurons, which it must cover.

    Args:
        table: the wiring.
        names: the neurons in their order.
        parameters: a set of the model `events`, for the leak of a membrane and the conductance of a gap junction.
    """
    require(parameters.model == "events", f"a fit begins with a set of the model events, and {parameters.name} is none")
    index = {name: i for i, name in enumerate(names)}
    gap = table.matrix("gap_junction", names)
    chemical = np.zeros((len(TRANSMITTERS), len(names), len(names)))
    for pair in table.of_kind("chemical"):
        if pair.pre in index and pair.post in index:
            kind = pair.transmitter if pair.transmitter in TRANSMITTERS else "other"
            chemical[TRANSMITTERS.index(kind), index[pair.post], index[pair.pre]] += pair.number
    role = {neuron.name: neuron.role for neuron in neurons()}
    of = [ROLES.index(role[name]) if role[name] in ROLES else 1 for name in names]
    areas = np.array([morphology(name).area for name in names]) * 1e-8  # cm2
    leaks = np.eye(len(ROLES))[of].T * (1e6 * parameters["g_leak"] * areas / parameters["g_gap"])
    return ClassModel(gap - np.diag(gap.diagonal()), tuple(chemical), leaks)


@dataclass(frozen=True, eq=False)
class Halves:
    """The atlas's trials in two halves drawn at random: mean responses and numbers of trials of each."""

    means: tuple[Prediction, Prediction]
    trials: tuple[Float[np.ndarray, "responding stimulated"], Float[np.ndarray, "responding stimulated"]]


def halve(atlas: Atlas, seed: int = 0) -> Halves:
    """Divide the trials of every pair at random; the first half is the smaller one where a number is odd."""
    order = np.lexsort((np.random.default_rng(seed).random(len(atlas.owners)), atlas.owners))
    number, trials = atlas.mean.size, atlas.trials.ravel()
    starts = np.concatenate([[0], np.cumsum(trials)[:-1]])
    first = np.arange(len(order)) - starts[atlas.owners[order]] < trials[atlas.owners[order]] // 2
    means, counts = [], []
    for side in (first, ~first):
        chosen = order[side]
        count = np.bincount(atlas.owners[chosen], minlength=number)
        total = np.bincount(atlas.owners[chosen], atlas.values[chosen], number)
        means.append((total / np.maximum(count, 1)).reshape(atlas.mean.shape))
        counts.append(count.reshape(atlas.mean.shape).astype(float))
    return Halves((means[0], means[1]), (counts[0], counts[1]))


def fit(
    model: ClassModel, wanted: Prediction, pairs: Bool[np.ndarray, "responding stimulated"], start: Constants
) -> Constants:
    """The constants with the largest correlation over some pairs, found by Powell's method from a start.

    Args:
        model: what predicts.
        wanted: mean responses.
        pairs: those that are fitted.
        start: where the search begins.
    """
    from scipy.optimize import minimize

    y = wanted[pairs]

    def loss(constants: Constants) -> float:
        with np.errstate(all="ignore"):
            x = model.predict(constants)[pairs]
            r = np.corrcoef(x, y)[0, 1]
        penalty = 1e-3 * float((constants**2).sum()) / len(constants)
        return penalty - float(r) if np.isfinite(r) else 1.0

    bounds = [(-5.0, 7.0)] * len(ROLES) + [(-1.0, 1.0)] * len(TRANSMITTERS) + [(0.0, 1.5)]
    found = minimize(loss, start, method="Powell", bounds=bounds, options={"maxiter": 4, "xtol": 1e-2, "ftol": 1e-4})
    return np.asarray(found.x)


def correlation(
    prediction: Prediction, wanted: Prediction, pairs: Bool[np.ndarray, "responding stimulated"]
) -> Dimensionless:
    """Pearson's r over some pairs."""
    return float(np.corrcoef(prediction[pairs], wanted[pairs])[0, 1])
