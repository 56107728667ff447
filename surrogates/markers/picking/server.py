"""The page on which marks are clicked: frames, crosses, and masks of what has each mark's colour."""

import io
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from datasets.markers.clicks import ANIMAL, Click, click_of, read_clicks, write_clicks
from datasets.markers.colour import level_colours, table_of
from datasets.markers.fitting import MarkModel, codes_of, fit_marks, light_gain, lightness_of, relit_model
from datasets.video.frame_readers import spread_frames
from datasets.video.video import Video
from neuron_models.foundation.errors import require
from surrogates.pages.serving import Views, add_page, guarded_app

_MOST = 2000
_PAINTS = ((255, 214, 0), (0, 229, 255), (255, 0, 200), (120, 255, 0))
"""Colours of the masks, which no mark is likely to have."""


class Picking:
    """Clicks on a video while people make them; every change is on the disk at once.

    Args:
        video: in colour.
        out: the table of clicks; continued if it exists.
        marks: their names.
        frames: how many are offered.
    """

    def __init__(self, video: Video, out: Path, marks: tuple[str, ...], frames: int) -> None:
        require(video.shape[1] == 3, f"{video.path} is grey: marks are recognised by their colour, so record in colour")
        require(out.suffix in (".csv", ".json"), f"--out {out}: clicks are a .csv or .json file")
        require(ANIMAL not in marks, f"a mark cannot be called {ANIMAL}: that name is for the body")
        self.video, self._out, self.marks = video, out, marks
        self.clicks: tuple[Click, ...] = read_clicks(out) if out.exists() else ()
        self.frames = sorted({*spread_frames(len(video), frames), *(click.frame for click in self.clicks)})
        self._require(self.clicks)
        self._lock, self.version = threading.Lock(), 0
        self._read: dict[int, UInt8[np.ndarray, "3 height width"]] = {}
        self._fitted: tuple[int, MarkModel] | None = None

    def _require(self, clicks: Sequence[Click]) -> None:
        for click in clicks:
            known = click.mark in (*self.marks, ANIMAL)
            require(known, f"a click is on {click.mark!r}; the marks are {', '.join(self.marks)}: see --marks")
            inside = click.frame < len(self.video) and click.x < self.video.shape[3] and click.y < self.video.shape[2]
            require(inside, f"a click lies at ({click.x:g}, {click.y:g}) in frame {click.frame}: outside of the video")

    def save(self, clicks: tuple[Click, ...], version: int) -> int:
        """Take the clicks as they are now, and write them.

        Args:
            clicks: all of them.
            version: that they were made from; another page may have saved since.

        Raises:
            InputError: it has, or a click is on no mark or outside of the video.
        """
        with self._lock:
            require(version == self.version, "another page has changed the clicks: load this one again")
            self._require(clicks)
            write_clicks(clicks, self._out)
            self.clicks, self.version = clicks, self.version + 1
            return self.version

    def frame(self, index: int) -> UInt8[np.ndarray, "3 height width"]:
        """A frame; those that were seen stay in memory.

        Raises:
            InputError: it is not one of those that are offered.
        """
        require(index in self.frames, f"frame {index} is not offered here")
        with self._lock:
            if index not in self._read:
                self._read[index] = self.video[index]
            return self._read[index]

    def picture(self, index: int) -> bytes:
        """A frame as PNG."""
        return _png(self.frame(index).transpose(1, 2, 0))

    def mask(self, index: int) -> bytes:
        """What has the colour of each mark in a frame, as a PNG that is clear elsewhere.

        Raises:
            InputError: a mark has no click yet, or the colours cannot be distinguished.
        """
        frame = self.frame(index)
        with self._lock:
            for mark in self.marks:
                require(any(click.mark == mark for click in self.clicks), f"click on {mark} first")
            if self._fitted is None or self._fitted[0] != self.version:
                self._fitted = (self.version, fit_marks(self.video, self.clicks))
            model = self._fitted[1]
        lit = relit_model(model.colours, light_gain(lightness_of(frame), model.lightness))
        marks, table = model.marks, table_of(lit, level_colours())
        shares = table[codes_of(frame)]
        painted = np.zeros((*frame.shape[1:], 4), np.uint8)
        for column, mark in enumerate(marks):
            painted[shares[..., column] >= 128] = (*_PAINTS[self.marks.index(mark)], 210)
        return _png(painted)


def _png(pixels: UInt8[np.ndarray, "height width channel"]) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=1)
    return out.getvalue()


def make_app(picking: Picking, token: str) -> Any:
    """The Flask application that serves the page, below a path that only its user knows."""
    import flask

    app = guarded_app(2_000_000)

    def picture(index: int) -> Any:
        return flask.Response(picking.picture(index), mimetype="image/png")

    def mask(index: int) -> Any:
        return flask.Response(picking.mask(index), mimetype="image/png")

    def save() -> Any:
        sent = flask.request.get_json()
        require(isinstance(sent, dict), "clicks come as an object with a version")
        rows, version = sent.get("clicks"), sent.get("version")
        require(isinstance(rows, list) and len(rows) <= _MOST, f"clicks are a list of at most {_MOST}")
        require(isinstance(version, int), "a version is a whole number")
        clicks = tuple(click_of(row, f"click {number}") for number, row in enumerate(rows, start=1))
        return {"version": picking.save(clicks, version)}

    views: Views = {"state": lambda: state_of(picking), "frame/<int:index>": picture, "mask/<int:index>": mask}
    return add_page(app, token, "pick", "surrogates.markers.picking", views=views, posts={"clicks": save})


def state_of(picking: Picking) -> dict[str, Any]:
    """What the page asks for when it is opened."""
    return {
        "name": Path(picking.video.path).name,
        "width": picking.video.shape[3],
        "height": picking.video.shape[2],
        "frames": picking.frames,
        "marks": [*picking.marks, ANIMAL],
        "paints": [f"#{bytes(paint).hex()}" for paint in (*_PAINTS[: len(picking.marks)], (255, 255, 255))],
        "clicks": [asdict(click) for click in picking.clicks],
        "version": picking.version,
    }
