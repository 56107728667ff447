"""What a wiring predicts: the response of every neuron (row) to a current into every other (column)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from connectome.c302_files import morphology
from connectome.graded import graded_network
from connectome.parameters import ParameterSet
from connectome.wirings.table import WiringTable
from neuron_models.foundation.errors import require
from neuron_models.graded.equations import steady_slopes
from neuron_models.graded.rest import resting_potentials

Prediction = Float[np.ndarray, "responding stimulated"]

_SQUARE_CM = 1e-8
"""um2 in cm2."""

PASSIVE = "passive gap network"
GRADED = "graded network"


def predictions(
    table: WiringTable, names: Sequence[str], passive: ParameterSet, graded: ParameterSet
) -> Mapping[str, Prediction]:
    """All predictions of one wiring, dimensionless since only ranks count; NaN where it lacks a neuron of a pair.

    Args:
        table: the wiring as counts.
        names: the neurons in the order of the rows and columns.
        passive: a set of the model `events`, for the passive gap network.
        graded: a set of the model `graded`.
    """
    covered = [name for name in names if name in table.neurons]
    gap = passive_gap_network(table, covered, passive)
    slopes = graded_responses(table, covered, graded)
    matrices = {
        PASSIVE: gap,
        f"{PASSIVE} / own": _over_own(gap),
        GRADED: slopes["full"],
        f"{GRADED} / own": _over_own(slopes["full"]),
        f"{GRADED}, gap only / own": _over_own(slopes["gap"]),
        f"{GRADED}, chemical only / own": _over_own(slopes["chemical"]),
        **counts(table, covered),
    }
    index = {name: i for i, name in enumerate(names)}
    here = [index[name] for name in covered]
    return {label: _spread(prediction, here, len(names)) for label, prediction in matrices.items()}


def passive_gap_network(table: WiringTable, names: Sequence[str], parameters: ParameterSet) -> Prediction:
    """Steady potentials of points that leak over the membrane of their cells and are joined by gap junctions alone.

    Returns:
        mV for each nA, the inverse of the matrix of conductances in uS.
    """
    require(
        parameters.model == "events",
        f"the passive gap network needs a set of the model events, and {parameters.name} is {parameters.model}",
    )
    areas = np.array([morphology(name).area for name in names]) * _SQUARE_CM
    gap = parameters["g_gap"] * table.matrix("gap_junction", names)
    gap -= np.diag(gap.diagonal())
    return np.linalg.inv(np.diag(1e6 * parameters["g_leak"] * areas + gap.sum(axis=0)) - gap)


def graded_responses(table: WiringTable, names: Sequence[str], parameters: ParameterSet) -> Mapping[str, Prediction]:
    """Steady responses of the graded network to small currents at its rest, in mV for each pA: full, gap, chemical."""
    network = graded_network(table, parameters, names)
    none = np.zeros_like(network.gap)
    rest = resting_potentials(network)
    parts = {
        "full": network,
        "gap": replace(network, excitatory=none, inhibitory=none),
        "chemical": replace(network, gap=none),
    }
    return {label: np.linalg.inv(-steady_slopes(part, rest)) for label, part in parts.items()}


def counts(table: WiringTable, names: Sequence[str]) -> Mapping[str, Prediction]:
    """What needs no model, dimensionless: numbers of contacts, and how few contacts lie between two neurons."""
    gap, chemical = table.matrix("gap_junction", names), table.matrix("chemical", names)
    return {
        "gap junctions": gap,
        "all contacts": gap + chemical.T,
        "signed chemical contacts": table.matrix("chemical", names, signed=True).T,
        "fewer hops": _nearness((gap + chemical) > 0).T,
    }


def _nearness(joined: np.ndarray) -> Float[np.ndarray, "pre post"]:
    """The most hops that any pair takes, less those of each pair; what is not reached counts one hop more."""
    from scipy.sparse.csgraph import shortest_path

    hops = shortest_path(joined.astype(float), unweighted=True)
    most = hops[np.isfinite(hops)].max(initial=0) + 1
    return most - np.minimum(hops, most)


def _over_own(prediction: Prediction) -> Prediction:
    """Responses over that of the stimulated neuron itself."""
    return prediction / prediction.diagonal()


def _spread(prediction: Prediction, here: list[int], number: int) -> Prediction:
    whole = np.full((number, number), np.nan)
    whole[np.ix_(here, here)] = prediction
    return whole
