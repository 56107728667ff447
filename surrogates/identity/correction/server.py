"""The page on which identities are corrected: frames with names, bars over time, crossings, saved exchanges."""

import io
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datasets.identity.correcting import Exchange, correct
from datasets.identity.identity_file import save_identities
from datasets.identity.plots import animal_colour, status_bars
from datasets.identity.repairing.table import odds_in_words
from datasets.identity.trajectories import FOUND, INFERRED, LOST, Trajectories
from datasets.video.video import Video
from neuron_models.foundation.errors import InputError, require
from surrogates.pages.serving import Views, add_page, guarded_app

_MOST = 1000
_LISTED = 200
"""Crossings that the page lists."""


class Correction:
    """Identities while people correct them; every change is on the disk at once.

    Args:
        tracks: as they were found.
        arrays: what their file keeps beside them.
        video: in which animals are looked at; None where it is not at hand.
        out: the file that is written.
    """

    def __init__(self, tracks: Trajectories, arrays: Mapping[str, np.ndarray], video: Video | None, out: Path) -> None:
        self._begun, self._arrays, self.video, self._out = tracks, arrays, video, out
        self.tracks = tracks
        self.exchanges: tuple[Exchange, ...] = ()
        self._lock, self.version = threading.Lock(), 0

    def save(self, exchanges: tuple[Exchange, ...], version: int) -> int:
        """Take the exchanges as they are now, and write the corrected identities.

        Args:
            exchanges: all of them, in the order in which they are made.
            version: that they were made from; another page may have saved since.

        Raises:
            InputError: it has, or there is no such animal or frame.
        """
        with self._lock:
            require(version == self.version, "another page has changed the identities: load this one again")
            tracks, arrays = correct(self._begun, self._arrays, exchanges)
            save_identities(tracks, self._out, arrays)
            self.tracks, self.exchanges, self.version = tracks, exchanges, self.version + 1
            return self.version

    def frame(self, index: int) -> bytes:
        """A frame as JPEG.

        Raises:
            InputError: there is no such frame, or the video is not at hand.
        """
        from PIL import Image

        if self.video is None:
            raise InputError("the video is not at hand: start the page again with --video")
        require(0 <= index < len(self.tracks.xy), f"there is no frame {index}")
        with self._lock:
            picture = self.video[index]
        out = io.BytesIO()
        Image.fromarray(picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)).save(out, "JPEG", quality=88)
        return out.getvalue()

    def places(self, index: int) -> list[dict[str, Any]]:
        """Where each animal is in a frame that is not lost there."""
        require(0 <= index < len(self.tracks.xy), f"there is no frame {index}")
        tracks = self.tracks
        return [
            {"animal": who, "x": float(x), "y": float(y), "found": bool(tracks.status[index, who] == FOUND)}
            for who, (x, y) in enumerate(tracks.xy[index])
            if tracks.status[index, who] != LOST
        ]

    def state(self) -> dict[str, Any]:
        """What the page asks for when it is opened, and after each change."""
        tracks = self.tracks
        ranked = sorted((each for each in tracks.crossings if len(each.animals) > 1), key=lambda each: each.odds)
        height, width = (1, 1) if self.video is None else self.video.shape[-2:]
        return {
            "name": Path(tracks.video).name,
            "frames": len(tracks.xy),
            "width": width,
            "height": height,
            "pictures": self.video is not None,
            "animals": list(tracks.names),
            "colours": [animal_colour(who) for who in range(len(tracks.names))],
            "bars": [
                {"found": status_bars(tracks, who, FOUND), "inferred": status_bars(tracks, who, INFERRED)}
                for who in range(len(tracks.names))
            ],
            "crossings": [
                {"first": each.first, "last": each.last, "animals": list(each.animals), "doubtful": each.doubtful,
                 "odds": odds_in_words(each.odds)}
                for each in ranked[:_LISTED]
            ],
            "exchanges": [[each.first, each.second, each.frame] for each in self.exchanges],
            "version": self.version,
            "notes": list(self._begun.notes),
        }  # fmt: skip


def exchanges_of(rows: Any) -> tuple[Exchange, ...]:
    """Exchanges as the page sends them, each two names and a frame.

    Raises:
        InputError: they are none.
    """
    require(isinstance(rows, Sequence) and not isinstance(rows, str), "exchanges are a list")
    require(len(rows) <= _MOST, f"exchanges are a list of at most {_MOST}")
    found = []
    for number, row in enumerate(rows, start=1):
        right = isinstance(row, list) and [type(part) for part in row] == [str, str, int]
        require(right, f"exchange {number} is two names and a frame, got {row!r:.80}")
        found.append(Exchange(*row))
    return tuple(found)


def make_app(correction: Correction, token: str) -> Any:
    """The Flask application that serves the page, below a path that only its user knows."""
    import flask

    app = guarded_app(500_000)

    def picture(index: int) -> Any:
        return flask.Response(correction.frame(index), mimetype="image/jpeg")

    def save() -> Any:
        sent = flask.request.get_json()
        require(isinstance(sent, dict), "exchanges come as an object with a version")
        version = sent.get("version")
        require(type(version) is int, "a version is a whole number")
        correction.save(exchanges_of(sent.get("exchanges")), version)
        return correction.state()

    views: Views = {
        "state": correction.state,
        "frame/<int:index>": picture,
        "places/<int:index>": lambda index: flask.jsonify(correction.places(index)),
    }
    package = "surrogates.identity.correction"
    return add_page(app, token, "correction", package, views=views, posts={"exchanges": save})
