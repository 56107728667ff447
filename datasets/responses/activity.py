"""How active recorded neurons are, in one run or in two that are compared."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from connectome.c302_files import neurons
from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import require


def activity(dataset: Dataset) -> Float[np.ndarray, " output"]:
    """The root mean square, over all samples of all trials, of each output's deviation from its first sample, at rest.

    In the units of the data: V for simulated soma potentials.
    """
    return np.sqrt(np.mean([(deviations(trial) ** 2).mean(0) for trial in dataset], axis=0))


def compare_activity(intact: Dataset, ablated: Dataset | None = None) -> pd.DataFrame:
    """The activity of every output, most active in the intact run first.

    Args:
        intact: the recorded run.
        ablated: the same stimuli without some neurons, if there is such a run.

    Returns:
        Columns neuron, role, activity; with an ablated run also `ablated` (the activity there), `change` (the root
        mean square of the difference of the two traces) and `lost` (1 - ablated / activity; NaN of a neuron at rest).

    Raises:
        InputError: the two runs record other neurons or other stimuli.
    """
    roles = {neuron.name: neuron.role for neuron in neurons()}
    table = pd.DataFrame({"neuron": list(intact.y_names), "activity": activity(intact)})
    table.insert(1, "role", [roles.get(name, "unknown") for name in intact.y_names])
    if ablated is not None:
        same = intact.y_names == ablated.y_names and [t.name for t in intact] == [t.name for t in ablated]
        require(same, f"datasets {intact.name!r} and {ablated.name!r} hold other neurons or other stimuli")
        table["ablated"] = activity(ablated)
        pairs = zip(intact, ablated, strict=True)
        squares = [((deviations(b) - deviations(a)) ** 2).mean(0) for a, b in pairs]
        table["change"] = np.sqrt(np.mean(squares, axis=0))
        table["lost"] = 1.0 - table["ablated"] / table["activity"].where(table["activity"] > 0)
    return table.sort_values("activity", ascending=False, kind="stable").reset_index(drop=True)


def deviations(trial: Trial) -> Float[np.ndarray, "time output"]:
    """The outputs of a trial, from their first sample, in its units."""
    y = np.asarray(trial.y[:], dtype=np.float64)  # type: ignore[index]
    return y - y[0]
