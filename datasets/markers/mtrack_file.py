"""M-Track's text: a row a frame and mouse, in whole pixels of a cage, 0 where nothing was found."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from datasets.dataset import PointTracks
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import atomic_write, require_file

COLUMNS = ("FrameNum", "MouseNum", "LeftX", "LeftY", "RightX", "RightY", "MouseAngle", "MouseX", "MouseY")
"""As M-Track writes them (its own output for its white mouse)."""
POINTS = ("left", "right", "body")
_PAIRS = (("LeftX", "LeftY"), ("RightX", "RightY"), ("MouseX", "MouseY"))


def read_mtrack(path: Path) -> PointTracks:
    """Read M-Track's text: points `left`, `right` and `body` of each mouse, in pixels of its cage.

    The first row's frame becomes frame 0. M-Track writes 0 where it finds nothing: such points are NaN here, and so
    are rows that lack. It keeps no frame rate: fps is 1.

    Raises:
        InputError: no such file, another kind of text, or a row twice.
    """
    require_file(path, "a text of M-Track (.txt)")
    try:
        with path.open(encoding="utf-8") as file:
            head = tuple(file.readline().split())
        require(head == COLUMNS, f"{path}: not a text of M-Track: its first line is not {' '.join(COLUMNS)}")
        table = pd.read_csv(path, sep=r"\s+", dtype=float, na_values=["inf", "-inf"])
    except (ValueError, OSError, UnicodeDecodeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a text of M-Track ({reason(error)})") from None
    require(len(table) > 0, f"{path} has no rows")
    numbers = table[["FrameNum", "MouseNum"]].to_numpy()
    require(bool((numbers == np.floor(numbers)).all()), f"{path}: frames and mice are whole numbers")
    twice = table.duplicated(["FrameNum", "MouseNum"])
    require(not twice.any(), f"{path} has frame {table.FrameNum[twice].min():g} twice for one mouse")
    return _tracks(table, path)


def _tracks(table: pd.DataFrame, path: Path) -> PointTracks:
    mice = sorted(table.MouseNum.astype(int).unique().tolist())
    first = int(table.FrameNum.min())
    frames = int(table.FrameNum.max()) - first + 1
    require(frames <= 10_000_000, f"{path}: frames {first} to {first + frames - 1} cannot be one video")
    xy = np.full((frames, len(mice), len(_PAIRS), 2), np.nan)
    rows = table.FrameNum.astype(int).to_numpy() - first
    animals = np.searchsorted(mice, table.MouseNum.astype(int))
    for point, pair in enumerate(_PAIRS):
        found = table[list(pair)].to_numpy()
        found[(found == 0).all(axis=1) | ~np.isfinite(found).all(axis=1)] = np.nan
        xy[rows, animals, point] = found
    lacking = frames * len(mice) - len(table)
    notes: tuple[str, ...] = (
        f"M-Track's frames begin at {first}: counted from 0 here",
        "places are in pixels of M-Track's cage",
    )
    notes += (f"{lacking} rows that lack",) if lacking else ()
    return PointTracks(path.stem, POINTS, tuple(f"mouse {mouse}" for mouse in mice), xy, 1.0, notes=notes)


def write_mtrack(tracks: PointTracks, path: Path, corners: Sequence[tuple[float, float]] = ()) -> None:
    """Write points as M-Track does: rounded to whole pixels of each cage, 0 where a point is not known.

    A point in a cage's left upper pixel is written as 1, 1, since 0, 0 says that nothing was found. The angle is that
    of the line from the body to the middle of both paws, 0 to 179 degrees, 0 where it is not known.

    Args:
        tracks: with points `left` and `right`; `body` where it is known.
        path: the file (.txt).
        corners: left upper corner of each animal's cage, px; that of the picture when empty.

    Raises:
        InputError: there is no `left` or no `right`, or the name ends otherwise.
    """
    require(path.suffix == ".txt", f"a text of M-Track ends in .txt, got {path.name!r}")
    for name in POINTS[:2]:
        require(name in tracks.points, f"M-Track knows left and right; these are {', '.join(tracks.points)}")
    corner = np.array(corners or [(0.0, 0.0)] * len(tracks.animals))
    places = [
        tracks.xy[:, :, tracks.points.index(name)] - corner
        if name in tracks.points
        else np.full((*tracks.xy.shape[:2], 2), np.nan)
        for name in POINTS
    ]
    ahead = np.nan_to_num((places[0] + places[1]) / 2 - places[2])
    angle = np.rint(np.degrees(np.arctan2(ahead[..., 1], ahead[..., 0])) % 180).astype(int) % 180
    whole = [np.where(np.isnan(each), 0, np.maximum(np.rint(np.nan_to_num(each)), 1)).astype(int) for each in places]
    lines = [" ".join(COLUMNS)]
    for frame in range(len(tracks.xy)):
        for animal in range(len(tracks.animals)):
            left, right, body = (each[frame, animal] for each in whole)
            lines.append(" ".join(map(str, (frame, animal + 1, *left, *right, angle[frame, animal], *body))))
    with atomic_write(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n")
