"""What the commands on datasets have to know of colour marks: how M-Track's text is read."""

from pathlib import Path

from datasets.dataset import Dataset, PointTracks
from datasets.topics import DataTopic


def _owns(dataset: Dataset) -> bool:
    return False


def _read_tracks(path: Path) -> tuple[PointTracks, ...]:
    from datasets.markers.mtrack_file import read_mtrack

    return (read_mtrack(path),)


TOPIC = DataTopic(_owns, read_tracks=_read_tracks)
