"""Who made each label, beside a file that has no room for it: `<file>.makers.csv`.

A row a label: video, frame, animal, key point, x, y (px), maker, state. Rows are joined by names, and count only while
the label is where it was: one that another tool has moved since is that tool's.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.pose.formats.named_files import number_in
from datasets.pose.tracks import Tracks
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write

COLUMNS = ("video", "frame", "animal", "keypoint", "x", "y", "maker", "state")
MAKERS = ("", "person", "accepted", "network")
"""By code, as `datasets.pose.tracks.Tracks.makers` has them."""
_NEAR = 0.02
"""px, to which files round."""


def makers_path(file: Path) -> Path:
    """Where the makers of a file's labels lie."""
    return file.with_name(f"{file.name}.makers.csv")


def save_makers(labelled: Sequence[Tracks], file: Path) -> None:
    """Write who made the labels of a file, if that is known; an older such file goes."""
    known = [each for each in labelled if each.makers is not None]
    if not known:
        makers_path(file).unlink(missing_ok=True)
        return
    with atomic_write(makers_path(file)) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(COLUMNS)
        for tracks in known:
            rows.writerows(_rows(tracks))


def _rows(tracks: Tracks) -> list[list[object]]:
    rows: list[list[object]] = []
    makers = tracks.makers
    if makers is None:
        return rows
    names = tracks.animals or tuple("" for _ in range(tracks.xy.shape[1]))
    for row, animal, k in np.argwhere(makers > 0).tolist():
        x, y = tracks.xy[row, animal, k].tolist()
        hidden = tracks.occluded is not None and bool(tracks.occluded[row, animal, k])
        state = "absent" if np.isnan(x) else "occluded" if hidden else "visible"
        place = ["", ""] if np.isnan(x) else [f"{x:.4f}", f"{y:.4f}"]
        frame = tracks.images[row] if tracks.images else int(tracks.frames[row])
        head = [Path(tracks.video).name, frame, names[animal], tracks.skeleton.keypoints[k]]
        rows.append([*head, *place, MAKERS[int(makers[row, animal, k])], state])
    return rows


def with_makers(labelled: Sequence[Tracks], file: Path) -> tuple[Tracks, ...]:
    """Labels with who made them, where a file beside theirs says it.

    Raises:
        InputError: that file is there and is none.
    """
    beside = makers_path(file)
    if not file.is_file() or not beside.is_file():
        return tuple(labelled)
    stored = _read(beside)
    videos = {video for video, *_ in stored}
    return tuple(_joined(each, stored, len(labelled) == 1 and len(videos) == 1) for each in labelled)


Stored = dict[tuple[str, str, str, str], list[tuple[float, float, int, str]]]
"""(x, y, maker, state) by video, frame, animal and key point."""


def _read(path: Path) -> Stored:
    found: Stored = {}
    with path.open(newline="", encoding="utf-8") as stream:
        rows = csv.DictReader(stream)
        require(tuple(rows.fieldnames or ()) == COLUMNS, f"{path} does not say who made labels: its head is another")
        for row in rows:
            try:
                place = tuple(float(row[name] or "nan") for name in ("x", "y"))
                value = (place[0], place[1], MAKERS.index(row["maker"]), row["state"])
            except (ValueError, TypeError):
                raise InputError(f"{path}, line {rows.line_num}: this does not say who made a label") from None
            found.setdefault((row["video"], row["frame"], row["animal"], row["keypoint"]), []).append(value)
    return found


def _joined(tracks: Tracks, stored: Mapping[tuple[str, str, str, str], list], only: bool) -> Tracks:
    video = next((name for name, *_ in stored), "") if only else Path(tracks.video).name
    makers, hidden = np.zeros(tracks.xy.shape[:3], int), np.zeros(tracks.xy.shape[:3], bool)
    frames = tracks.images or tuple(map(str, tracks.frames.tolist()))
    names = tracks.animals or tuple("" for _ in range(tracks.xy.shape[1]))
    by_frame: dict[tuple[str, str, str], list[tuple[str, list]]] = {}
    for (of, frame, animal, keypoint), values in stored.items():
        by_frame.setdefault((of, Path(frame).name, keypoint), []).append((animal, values))
    for row, frame in enumerate(frames):
        for k, keypoint in enumerate(tracks.skeleton.keypoints):
            numbered = (video, str(number_in(frame)), keypoint)
            for animal, values in by_frame.get((video, Path(frame).name, keypoint)) or by_frame.get(numbered, []):
                _fill(tracks, (row, k), values, (makers, hidden), names.index(animal) if animal in names else None)
    if not makers.any():
        return tracks
    marked = ~np.isnan(tracks.xy[..., 0])
    makers = np.where((makers == 0) & marked & ~tracks.predicted()[..., None], MAKERS.index("person"), makers)
    makers = np.where((makers == 0) & marked, MAKERS.index("network"), makers)
    return replace(tracks, makers=makers, occluded=hidden)


def _fill(
    tracks: Tracks,
    at: tuple[int, int],
    values: Sequence[tuple[float, float, int, str]],
    into: tuple[np.ndarray, np.ndarray],
    animal: int | None,
) -> None:
    """Say of the labels that still are where they were who made them; of an animal without its name, by its place."""
    row, k = at
    makers, hidden = into
    for x, y, maker, state in values:
        for index in range(tracks.xy.shape[1]) if animal is None else (animal,):
            there = tracks.xy[row, index, k]
            same = bool(np.isnan(there[0])) if np.isnan(x) else bool(np.abs(there - (x, y)).max() < _NEAR)
            if same and makers[row, index, k] == 0:
                makers[row, index, k], hidden[row, index, k] = maker, state == "occluded"
                break
