"""Where animals are, as another program reported it: a table of their centres and headings."""

from pathlib import Path

import numpy as np

from datasets.pose.alignment.align import Aligned
from datasets.pose.alignment.following import FOUND, LOST
from neuron_models.foundation.csv_file import read_csv
from neuron_models.foundation.errors import InputError, reason, require
from neuron_models.foundation.files import require_file

_NEEDED = ("frame", "x", "y")


def load_centroids(path: Path, frames: int) -> Aligned:
    """Read animals' centres from a table (.csv) with the columns `frame`, `x`, `y` and, if known, `animal`, `heading`.

    Frames count from 0; x and y are pixels of the video, the centre of the first one at (0, 0). `heading` is the
    direction in degrees from the x axis towards the y axis, 0 where there is none; crops are turned by it. Frames that
    the table leaves out, or lists without a number, are `lost`.

    Args:
        path: the table.
        frames: of the video.

    Raises:
        InputError: the file is no such table, names a frame that the video lacks, or an animal twice in a frame.
    """
    import pandas as pd

    require_file(path, "a table (.csv)")
    try:
        table = read_csv(path)
        missing = [name for name in _NEEDED if name not in table]
        require(not missing, f"{path}: the table of centroids has no column {', '.join(missing)}")
        names = table["animal"] if "animal" in table else pd.Series(np.zeros(len(table), int))
        indices, animals = pd.factorize(names, sort=True)
        text = table["frame"].to_numpy(float)
        headings = np.deg2rad(table["heading"].to_numpy(float)) if "heading" in table else np.zeros(len(table))
        xy = table[["x", "y"]].to_numpy(float)
    except InputError:
        raise
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: not a table of centroids ({reason(error)})") from None
    require(len(text) > 0, f"{path}: the table of centroids has no row")
    beyond = text[~np.isin(text, np.arange(frames))]
    require(len(beyond) == 0, f"{path} names frame {beyond[:1].sum():g}, the video has the frames 0 to {frames - 1}")
    rows = text.astype(int)
    twice = len(set(zip(rows.tolist(), indices.tolist(), strict=True))) < len(rows)
    require(not twice, f"{path}: an animal has two centroids in a frame: tell animals apart in a column `animal`")
    centre = np.full((frames, len(animals), 2), np.nan)
    heading = np.full((frames, len(animals)), np.nan)
    centre[rows, indices], heading[rows, indices] = xy, headings
    known = np.isfinite(centre).all(axis=-1) & np.isfinite(heading)
    return Aligned(centre, heading, np.where(known, FOUND, LOST), float("nan"))
