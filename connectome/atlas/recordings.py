"""The signal propagation atlas: every neuron's response to the stimulation of every other, as it was measured."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from connectome.atlas_files import atlas_file
from connectome.c302_files import neurons
from connectome.contact import require_known
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.hdf5 import require_own_data

STRAINS = {"wt": "wild type", "unc31": "unc-31, which lacks dense-core vesicle release"}
"""The groups of the atlas."""

_ALIASES = {"AWCOF": "AWCL", "AWCOFF": "AWCL", "AWCON": "AWCR"}
"""A convention of the atlas's file: in a worm either side may be the ON one."""


@dataclass(frozen=True, eq=False)
class Atlas:
    """Responses by (responding, stimulated) neuron.

    `mean` is the mean change of fluorescence over trials (dF/F), `q` the q-value of a response and `q_eq` that of its
    absence; NaN where nothing was measured. `trials` counts them; `values` holds every trial and `owners` the pair, as
    responding * neurons + stimulated, that it belongs to.
    """

    strain: str
    names: tuple[str, ...]
    mean: Float[np.ndarray, "responding stimulated"]
    q: Float[np.ndarray, "responding stimulated"]
    q_eq: Float[np.ndarray, "responding stimulated"]
    trials: Int[np.ndarray, "responding stimulated"]
    values: Float[np.ndarray, " trial"]
    owners: Int[np.ndarray, " trial"]

    @property
    def measured(self) -> Bool[np.ndarray, "responding stimulated"]:
        """Mask of the pairs of two different neurons that have a response and a q-value."""
        return ~np.eye(len(self.names), dtype=bool) & np.isfinite(self.mean) & np.isfinite(self.q)

    @property
    def homologues(self) -> Bool[np.ndarray, "responding stimulated"]:
        """Mask of the pairs of a left and a right neuron of one name."""
        index = {name: i for i, name in enumerate(self.names)}
        matrix = np.zeros((len(self.names), len(self.names)), dtype=bool)
        for name, i in index.items():
            partner = index.get(f"{name[:-1]}R") if name.endswith("L") else None
            if partner is not None:
                matrix[i, partner] = matrix[partner, i] = True
        return matrix


def load_atlas(strain: str = "wt") -> Atlas:
    """Read the atlas from the user's own copy of the package wormneuroatlas.

    Source: Randi, Sharma, Dvali and Leifer 2023, Nature 623, as `funatlas.h5` of wormneuroatlas 0.0.7.3 holds it.

    Args:
        strain: one of `STRAINS`.

    Raises:
        InputError: the package is not installed, its file is damaged, or the strain is none.
    """
    import h5py

    require_known([strain], STRAINS, "strain of the atlas")
    path = atlas_file("funatlas.h5")
    require_own_data(path)
    try:
        with h5py.File(path) as file:
            names = tuple(_ALIASES.get(name.decode(), name.decode()) for name in file["neuron_ids"][:])
            group = file[strain]
            mean, q, q_eq = (group[key][:].astype(float) for key in ("dFF", "q", "q_eq"))
            every = [np.asarray(values, float) for values in group["dFF_all"][:].ravel()]
    except (OSError, KeyError):
        raise InputError(f"{path} is damaged or another atlas: install wormneuroatlas 0.0.7.3 again") from None
    require_known(names, [neuron.name for neuron in neurons()])
    trials = np.array([len(values) for values in every])
    owners = np.repeat(np.arange(len(every)), trials)
    return Atlas(strain, names, mean, q, q_eq, trials.reshape(mean.shape), np.concatenate(every), owners)
