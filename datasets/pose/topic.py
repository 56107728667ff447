"""What the commands on datasets, and model files, have to know of labelled images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datasets.dataset import Dataset, PointTracks
from datasets.topics import FOLDER, DataTopic
from neuron_models.foundation.errors import require
from neuron_models.foundation.splits import SPLITS


def _owns(dataset: Dataset) -> bool:
    return dataset.task == "keypoints"


def _print_details(dataset: Dataset) -> None:
    from datasets.pose.summary import print_labelled

    print_labelled(dataset)


def _details(dataset: Dataset) -> dict[str, Any]:
    from datasets.pose.labelled import network_details

    return network_details(dataset)


def _require_details(names: tuple[str, ...], details: Mapping[str, Any], dataset: Dataset) -> None:
    from datasets.pose.labelled import skeleton_of
    from datasets.pose.skeleton import require_same_keypoints, skeleton_from

    require_same_keypoints(skeleton_from(names, details), skeleton_of(dataset), f"dataset {dataset.name!r}")


def _validate_details(names: tuple[str, ...], details: Mapping[str, Any]) -> None:
    from datasets.pose.skeleton import skeleton_from, validate_size

    if "size" in details:
        validate_size(details["size"])
        skeleton_from(names, details)
    if "presence" in details:
        _validate_presence(details["presence"])


def _validate_presence(presence: Any) -> None:
    """The confidence below which a key point counts as absent, and the split that it was chosen on."""
    stated: Mapping[str, Any] = presence if isinstance(presence, Mapping) else {}
    threshold, split = stated.get("threshold"), stated.get("chosen_on")
    is_share = isinstance(threshold, int | float) and not isinstance(threshold, bool) and 0 <= threshold <= 1
    require(
        is_share and isinstance(split, str) and split in (*SPLITS, "all"),
        f"presence must hold a threshold from 0 to 1 and the split that it was chosen on, got {presence!r:.80}",
    )


def _divide_frames(dataset: Dataset, shares: Mapping[str, float], seed: int) -> Dataset:
    from datasets.pose.sampling.splits import divide_frames

    return divide_frames(dataset, shares, seed)


def _divide_blocks(dataset: Dataset, shares: Mapping[str, float]) -> Dataset:
    from datasets.pose.sampling.splits import divide_blocks

    return divide_blocks(dataset, shares)


def _read_tracks(path: Path) -> tuple[PointTracks, ...]:
    from datasets.pose.formats.label_files import load_labels

    return tuple(
        PointTracks(
            Path(tracks.video).stem or path.stem,
            tracks.skeleton.keypoints,
            tracks.animals or tuple(f"animal {index + 1}" for index in range(tracks.xy.shape[1])),
            tracks.every_frame(int(tracks.frames[-1]) + 1),
            tracks.fps,
            notes=tracks.notes,
            scores=None if tracks.scores is None else tracks.by_frame(tracks.scores, int(tracks.frames[-1]) + 1),
            video=tracks.video,
            edges=tracks.skeleton.edges,
        )
        for tracks in load_labels(path)
    )


def _write_tracks(tracks: PointTracks, out: Path, to: str) -> None:
    import numpy as np

    from datasets.pose.formats.export_files import kind_of, save_labels
    from datasets.pose.formats.tracks_file import save_tracks
    from datasets.pose.skeleton import Skeleton
    from datasets.pose.tracks import Tracks
    from datasets.video.video import open_video

    there = bool(tracks.video) and Path(tracks.video).exists()
    described = Tracks(
        tracks.video,
        Skeleton(tracks.points, tracks.edges),
        np.arange(len(tracks.xy)),
        tracks.xy,
        tracks.scores,
        tracks.animals,
        tracks.fps,
        open_video(tracks.video) if there else None,
    )
    if to == _OWN or (not to and out.suffix == ".h5"):
        require(out.suffix == ".h5", f"a file of tracks ends in .h5, got {out.name}")
        save_tracks(described, out)
    else:
        save_labels([described], out, to or kind_of(out))


_OWN = "tracks"
"""The kind of this project's own files of tracks."""

TOPIC = DataTopic(
    _owns,
    print_details=_print_details,
    hidden=("skeleton", "crop", "flagged", "body_length", "sampled", "predicted", "left_out", "filled_up", "missing"),
    details=_details,
    require_details=_require_details,
    validate_details=_validate_details,
    divide_frames=_divide_frames,
    divide_blocks=_divide_blocks,
    read_tracks=_read_tracks,
    write_tracks=_write_tracks,
    imports={"pose import": (".h5", ".hdf5", ".slp", ".csv", ".mat", ".json", ".nwb", FOLDER)},
)
