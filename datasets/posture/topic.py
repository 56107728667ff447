"""What the commands on datasets have to know of worm postures."""

from pathlib import Path
from typing import Any

from datasets.dataset import BodyShapes, Dataset, PointTracks
from datasets.topics import DataTopic


def _owns(dataset: Dataset) -> bool:
    from datasets.posture.plots import is_posture

    return is_posture(dataset)


def _plot(dataset: Dataset, channels: Any) -> Any:
    from datasets.posture.plots import plot_postures

    return plot_postures(dataset, channels)


def _body_shapes(dataset: Dataset) -> tuple[BodyShapes, ...]:
    from datasets.posture.outlines import body_shapes

    return body_shapes(dataset)


def _read_tracks(path: Path) -> tuple[PointTracks, ...] | None:
    from datasets.posture.tracked import read_worm_tracks

    return read_worm_tracks(path)


TOPIC = DataTopic(
    _owns,
    _plot,
    hidden=("eigenworms", "swaps"),
    read_tracks=_read_tracks,
    body_shapes=_body_shapes,
    imports={"posture import": (".h5", ".hdf5", ".wcon", ".json", ".zip", ".npy", ".npz", ".tsv")},
)
