"""The page on which behaviours are labelled: the clip or its skeleton, a timeline, each change saved."""

import threading
from pathlib import Path
from typing import Any

import numpy as np

from datasets.behaviour.label_files import save_boris
from datasets.behaviour.labels import Bout, Labels
from datasets.dataset import PointTracks
from neuron_models.foundation.errors import InputError, require
from surrogates.pages.serving import add_page, guarded_app

LONGEST = 3000
"""Frames whose points are sent at once."""
_MOST = 100_000
_CLIPS = (".mp4", ".webm", ".ogv", ".mov", ".m4v")
"""What browsers play."""


class Labelling:
    """The bouts of one recording while people label them; every change is on the disk at once.

    Args:
        tracks: whose skeleton is shown.
        classes: the behaviours.
        bouts: to begin from.
        out: the table that is written, BORIS's aggregated events.
        predicted: bouts to accept, in the order in which the page shows them.
        video: a clip that is shown behind the skeleton.

    Raises:
        InputError: no behaviour, more than nine, bouts of another one, or a clip that no browser plays.
    """

    def __init__(
        self,
        tracks: PointTracks,
        classes: tuple[str, ...],
        bouts: tuple[Bout, ...],
        out: Path,
        predicted: tuple[Bout, ...] = (),
        video: Path | None = None,
    ) -> None:
        require(1 <= len(classes) <= 9, f"a page has keys for 1 to 9 behaviours, got {len(classes)}")
        playable = video is None or video.suffix.lower() in _CLIPS
        require(playable, f"{video}: browsers play {', '.join(_CLIPS)}; without --video the skeleton is shown")
        require(video is None or video.is_file(), f"{video}: there is no such file")
        self.tracks, self.classes, self.predicted, self.video = tracks, classes, predicted, video
        self._out, self._lock, self.version = out, threading.Lock(), 0
        self.bouts = self._validated(bouts)

    def _validated(self, bouts: tuple[Bout, ...]) -> tuple[Bout, ...]:
        Labels(bouts, "labels").validate(len(self.tracks.xy))
        for bout in bouts:
            require(bout.behaviour in self.classes, f"{bout.behaviour!r} is none of {', '.join(self.classes)}")
        return tuple(sorted(bouts, key=lambda bout: bout.start))

    def save(self, bouts: tuple[Bout, ...], version: int) -> int:
        """Take the bouts as they are now, and write them.

        Args:
            bouts: all of the recording.
            version: that they were made from; another page may have saved since.

        Raises:
            InputError: it has, or the bouts overlap or lie outside the recording.
        """
        with self._lock:
            require(version == self.version, "another page has changed the labels: load this one again")
            kept = self._validated(bouts)
            save_boris(kept, self.tracks.fps, self._out, self.tracks.name)
            self.bouts, self.version = kept, self.version + 1
            return self.version

    def points(self, first: int, end: int) -> list[Any]:
        """The points (animal, point, 2) of frames, None where one is not known."""
        require(0 <= first < end, f"frames go from an earlier to a later one, got {first} to {end}")
        require(end - first <= LONGEST, f"at most {LONGEST} frames are sent at once, got {end - first}")
        near = self.tracks.xy[first:end].round(2)
        return [
            [[None if np.isnan(point).any() else point.tolist() for point in animal] for animal in frame]
            for frame in near
        ]


def make_app(labelling: Labelling, token: str) -> Any:
    """The Flask application that serves the page, below a path that only its user knows."""
    import flask

    app = guarded_app(20_000_000)

    def points() -> Any:
        sent = flask.request.args
        return {"points": labelling.points(_whole(sent, "first"), _whole(sent, "end"))}

    def clip() -> Any:
        if labelling.video is None:
            raise InputError("there is no clip")
        return flask.send_file(labelling.video.resolve(), conditional=True)

    def save() -> Any:
        sent = flask.request.get_json()
        require(isinstance(sent, dict), "labels come as an object with a version")
        return {"version": labelling.save(_bouts(sent.get("bouts")), _whole(sent, "version"))}

    views = {"state": lambda: state_of(labelling), "points": points, "clip": clip}
    return add_page(app, token, "label", "surrogates.behaviour.labelling", views=views, posts={"bouts": save})


def state_of(labelling: Labelling) -> dict[str, Any]:
    """What the page asks for when it is opened."""
    tracks = labelling.tracks
    known = tracks.xy[np.isfinite(tracks.xy).all(axis=3)]
    low, high = (known.min(axis=0), known.max(axis=0)) if len(known) else (np.zeros(2), np.ones(2))
    return {
        "name": tracks.name,
        "frames": len(tracks.xy),
        "fps": tracks.fps,
        "classes": list(labelling.classes),
        "points": list(tracks.points),
        "box": [*low.tolist(), *high.tolist()],
        "clip": labelling.video is not None,
        "bouts": [vars(bout) for bout in labelling.bouts],
        "predicted": [vars(bout) for bout in labelling.predicted],
        "version": labelling.version,
    }


def _bouts(sent: Any) -> tuple[Bout, ...]:
    require(isinstance(sent, list) and len(sent) <= _MOST, f"bouts are a list of at most {_MOST}")
    for each in sent:
        require(isinstance(each, dict) and isinstance(each.get("behaviour"), str), "a bout is an object of a behaviour")
    return tuple(Bout(each["behaviour"], _whole(each, "start"), _whole(each, "end")) for each in sent)


def _whole(sent: Any, name: str) -> int:
    value = sent.get(name)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} is a whole number, got {value!r:.40}") from None
