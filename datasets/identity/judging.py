"""Files of tracks judged against true ones, as a table."""

from pathlib import Path

import numpy as np

from datasets.dataset import PointTracks
from datasets.identity.centres import body_length, read_centres
from datasets.identity.identity_file import load_identities, load_page_arrays
from datasets.identity.scores import IdentityScores, score_identities
from datasets.topics import read_point_tracks
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.printing import print_whole


def judge(path: Path, truth: PointTracks, name: Path, distance: float) -> list[tuple[str, IdentityScores]]:
    """The scores of a file of tracks, and of the plain tracker on the same regions where the file keeps it.

    Args:
        path: of the tracks.
        truth: true centres, px.
        name: of the file of the truth.
        distance: within which a place is right, px; half a body length when 0.

    Raises:
        InputError: a file cannot be read, no length of a body is known, or the truth is of more frames.
    """
    tracks = read_centres(path)
    within = distance or _half_length(path, name)
    true = truth.xy[:, :, 0]
    require(len(true) <= len(tracks.xy) + 1, f"{path} has {len(tracks.xy)} frames and the truth {len(true)}")
    number = min(len(true), len(tracks.xy))
    rows = [(path.name, score_identities(tracks.xy[:number, :, 0], true[:number], within))]
    plain = _plain_tracks(path)
    if plain is not None:
        rows.append(("Hungarian tracker alone", score_identities(plain[:number], true[:number], within)))
    return rows


def _half_length(path: Path, truth: Path) -> float:
    """Half a body length, px, as the identities tell it, or else the points of the truth."""
    try:
        length = load_identities(path).length
    except InputError:
        length = body_length(read_point_tracks(truth)[0].xy)
    require(bool(np.isfinite(length)), "no body length is known: say by --distance how far from the truth is right")
    return 0.5 * length


def _plain_tracks(path: Path) -> np.ndarray | None:
    try:
        return load_page_arrays(path).get("nearest")
    except InputError:
        return None


def print_judged(judged: list[list[tuple[str, IdentityScores]]]) -> None:
    """Print a table of scores."""
    from rich.table import Table

    table = Table("tracks", "IDF1", "switches", "places matched", "places right", "within px")
    for name, scores in (row for rows in judged for row in rows):
        table.add_row(
            name, f"{scores.idf1:.3f}", str(scores.switches), f"{100 * scores.matched:.1f} %",
            f"{100 * scores.correct:.1f} %", f"{scores.distance:.1f}",
        )  # fmt: skip
    print_whole(table)
