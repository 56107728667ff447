"""What the page of identities draws, kept beside the tracks: the map, the fragments, and the plain tracker."""

import numpy as np

from datasets.identity.nearest import nearest_tracks
from surrogates.identity.tracking import Tracked

_MOST_POINTS = 3000


def page_arrays(tracked: Tracked) -> dict[str, np.ndarray]:
    """Arrays by name.

    `nearest` (frame, animal, 2) px of the plain tracker; `fragments` (fragment, 4): first and last frame, animal (-1
    for none), and 1 for one animal or 0 for several; `points` (image, 8) of the map with `point_animal` and
    `point_frame` (image,) and the `crops` (image, 64, 64) in grey values, and the `weights` of the network, layer after
    layer, with `extent` px of its crops.
    """
    fragments = tracked.fragments
    table = [fragments.first, fragments.last, tracked.animal, fragments.single.astype(int)]
    arrays = {
        "nearest": nearest_tracks(tracked.regions, tracked.trajectories.xy.shape[1]),
        "fragments": np.stack(table, axis=1),
        "extent": np.array(tracked.extent),
    }
    looks = tracked.appearance
    if looks is not None:
        chosen = np.unique(np.linspace(0, len(looks.of) - 1, min(len(looks.of), _MOST_POINTS)).round().astype(int))
        arrays["points"] = looks.points[chosen]
        arrays["point_animal"] = tracked.animal[looks.of[chosen]]
        arrays["point_frame"] = looks.frame[chosen]
        arrays["centres"] = looks.centres
        if looks.crops is not None:
            arrays["crops"] = looks.crops[chosen]
        arrays |= {f"weights{k}": values for k, values in enumerate(looks.network.get_weights())}
    return arrays
