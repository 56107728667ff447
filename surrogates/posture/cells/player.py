"""A page that plays a worm beside the memory of every cell of the network that reads it, layer by layer."""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import Hertz, Seconds
from surrogates.pages.colour_scale import ANCHORS, colour_scale
from surrogates.pages.packing import Packed, pack
from surrogates.pages.page import environment, require_page
from surrogates.posture.cells.cell_states import CellPlaces
from surrogates.posture.cells.feature_traces import FEATURES


@dataclass(frozen=True, eq=False)
class PlayerData:
    """What the page plays.

    Attributes:
        recording: the name of the recording.
        model: the name of the model.
        start: of the scene in the recording.
        fps: frames a second.
        midlines: (frame, point, xy) in body lengths, around their middle.
        memory: (frame, cell).
        rest: (cell,) mean memory over the recordings.
        spread: (cell,) standard deviation over the recordings.
        indices: which cell is which column.
        features: (frame,) by name.
        correlations: (cell,) with each feature over all recordings, by its name.
    """

    recording: str
    model: str
    start: Seconds
    fps: Hertz
    midlines: Float[np.ndarray, "frame point 2"]
    memory: Float[np.ndarray, "frame cell"]
    rest: Float[np.ndarray, " cell"]
    spread: Float[np.ndarray, " cell"]
    indices: CellPlaces
    features: Mapping[str, Float[np.ndarray, " frame"]]
    correlations: Mapping[str, Float[np.ndarray, " cell"]]


def write_cells_page(path: Path, scene: PlayerData) -> Path:
    """Write the page as one file that needs nothing else, whole or not at all.

    Raises:
        InputError: the path is no place for a page, or a number of the scene is not finite.
    """
    require_page(path)
    require(len(scene.correlations) > 0, "no feature varies in these recordings: there is nothing to compare with")
    text = (
        environment("surrogates.posture.cells", "surrogates.posture")
        .get_template("cells.html")
        .render(scene=scene, facts=_facts(scene))
    )
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _facts(scene: PlayerData) -> dict:
    layers = [scene.indices.layer.count(number) for number in sorted(set(scene.indices.layer))]
    return {
        "fps": scene.fps,
        "start": scene.start,
        "layers": layers,
        "midlines": asdict(pack(scene.midlines)),
        "memory": asdict(pack(scene.memory)),
        "rest": asdict(pack(scene.rest)),
        "spread": asdict(pack(scene.spread)),
        "features": [
            {
                "name": name,
                "what": FEATURES.get(name, name),
                "values": asdict(_known(scene.features[name])),
                "r": asdict(pack(correlation)),
            }
            for name, correlation in scene.correlations.items()
        ],
        "scales": {ground: base64.b64encode(colour_scale(ground).tobytes()).decode() for ground in ANCHORS},
    }


def _known(values: Float[np.ndarray, " frame"]) -> Packed:
    """Pack a feature; where it is not known, it keeps its last value (0 before the first)."""
    known = np.isfinite(values)
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return pack(np.where(last >= 0, np.nan_to_num(values)[np.maximum(last, 0)], 0.0))
