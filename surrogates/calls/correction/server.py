"""The page on which calls are corrected: spectrogram, slowed sound, boxes, each change saved."""

import io
import struct
import threading
from pathlib import Path
from typing import Any

import numpy as np

from datasets.calls.call import Call, in_order
from datasets.calls.recording import Recording
from datasets.calls.spectrogram import Spectrogram, noise_floor, spectrogram_of
from datasets.calls.tables.writing import write_calls
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Hertz, Seconds
from surrogates.pages.serving import add_page, guarded_app

LONGEST: Seconds = 20.0
"""Of a stretch that is drawn or played at once."""
_RANGE = (-3.0, 30.0)
"""dB over the floor, from white to black."""
_MOST = 100_000


class Correction:
    """The calls of one channel of a recording while people correct them; every change is on the disk at once.

    Args:
        recording: what is looked at.
        calls: to begin from.
        out: the table that is written.
        channel: from 1; calls of other channels stay as they are.
        band: of the spectrogram; as the detector's when None.
    """

    def __init__(
        self,
        recording: Recording,
        calls: tuple[Call, ...],
        out: Path,
        channel: int = 1,
        band: tuple[Hertz, Hertz] | None = None,
    ) -> None:
        recording.require_channel(channel)
        self.recording, self._out, self.channel = recording, out, channel
        self.calls = tuple(each for each in calls if each.channel == channel)
        self._others = tuple(each for each in calls if each.channel != channel)
        self.spectrogram: Spectrogram = spectrogram_of(recording, band)
        self._floor = self._noise()
        self._lock, self.version = threading.Lock(), 0

    def _noise(self) -> np.ndarray:
        """The floor of noise, of the first minute."""
        frames = min(self.spectrogram.frames(self.recording.samples), round(60 / self.spectrogram.step))
        with self.recording.reader(self.channel) as reader:
            return noise_floor(self.spectrogram.read(reader, 0, frames), self.spectrogram.degrees)

    def save(self, calls: tuple[Call, ...], version: int) -> int:
        """Take the calls as they are now, and write them.

        Args:
            calls: all of this channel.
            version: that they were made from; another page may have saved since.

        Raises:
            InputError: it has.
        """
        with self._lock:
            require(version == self.version, "another page has changed the calls: load this one again")
            late = [each for each in calls if each.stop > self.recording.seconds + 0.01]
            require(not late, f"{len(late)} calls end after the recording")
            write_calls(in_order((*calls, *self._others)), self._out, "csv")
            self.calls, self.version = in_order(calls), self.version + 1
            return self.version

    def picture(self, start: Seconds, stop: Seconds) -> bytes:
        """The spectrogram of a stretch as PNG, loud black on white, low frequencies at the bottom."""
        from PIL import Image

        step = self.spectrogram.step
        self._require_stretch(start, stop)
        frames = self.spectrogram.frames(self.recording.samples)
        first = min(max(0, round(start / step)), frames - 1)
        with self.recording.reader(self.channel) as reader:
            levels = self.spectrogram.read(reader, first, max(first + 1, min(frames, round(stop / step)))) - self._floor
        shade = 255 * (1 - np.clip((levels - _RANGE[0]) / (_RANGE[1] - _RANGE[0]), 0, 1))
        out = io.BytesIO()
        Image.fromarray(shade.T[::-1].astype(np.uint8)).save(out, "PNG")
        return out.getvalue()

    def sound(self, start: Seconds, stop: Seconds, slower: int) -> bytes:
        """A stretch as a WAV file that plays so many times slower, and as much lower."""
        self._require_stretch(start, stop)
        require(1 <= slower <= 200, f"sound is slowed 1 to 200 times, got {slower}")
        rate = self.recording.rate
        sound = self.recording.read(round(start * rate), round(stop * rate), self.channel)
        sound = np.diff(sound, prepend=sound[:1])  # low frequencies would drown calls
        peak = float(np.quantile(np.abs(sound), 0.9995)) if len(sound) else 0.0
        data = np.clip(sound / max(peak, 1e-9) * 24_000, -32_767, 32_767).astype("<i2").tobytes()
        played = max(1, rate // slower)
        head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, played,
                           2 * played, 2, 16, b"data", len(data))  # fmt: skip
        return head + data

    def _require_stretch(self, start: Seconds, stop: Seconds) -> None:
        require(0 <= start < stop, f"a stretch goes from an earlier to a later time, got {start:g} to {stop:g} s")
        require(start < self.recording.seconds, f"the recording ends at {self.recording.seconds:g} s")
        require(stop - start <= LONGEST, f"at most {LONGEST:g} s are shown at once, got {stop - start:g}")


def make_app(correction: Correction, token: str) -> Any:
    """The Flask application that serves the page, below a path that only its user knows."""
    import flask

    app = guarded_app(20_000_000)

    def picture() -> Any:
        return flask.Response(correction.picture(*_stretch(flask.request.args)), mimetype="image/png")

    def sound() -> Any:
        slower = int(_number(flask.request.args, "slower", 20))
        return flask.Response(correction.sound(*_stretch(flask.request.args), slower), mimetype="audio/wav")

    def save() -> Any:
        sent = flask.request.get_json()
        require(isinstance(sent, dict), "calls come as an object with a version")
        version = correction.save(_calls(sent.get("calls"), correction.channel), int(_number(sent, "version", -1)))
        return {"version": version}

    views = {"state": lambda: state_of(correction), "picture": picture, "sound": sound}
    return add_page(app, token, "calls", "surrogates.calls.correction", views=views, posts={"calls": save})


def state_of(correction: Correction) -> dict[str, Any]:
    """What the page asks for when it is opened."""
    frequencies = correction.spectrogram.frequencies
    names = ("start", "stop", "low", "high", "score", "label")
    calls = [{name: _plain(getattr(each, name)) for name in names} for each in correction.calls]
    return {
        "name": correction.recording.path.name,
        "seconds": correction.recording.seconds,
        "low": float(frequencies[0]),
        "high": float(frequencies[-1]),
        "calls": calls,
        "version": correction.version,
    }


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _calls(sent: Any, channel: int) -> tuple[Call, ...]:
    require(isinstance(sent, list) and len(sent) <= _MOST, f"calls are a list of at most {_MOST}")
    nan = float("nan")
    return tuple(
        Call(
            _number(each, "start", nan), _number(each, "stop", nan), _number(each, "low", nan),
            _number(each, "high", nan), _number(each, "score", nan), _label(each), channel,
        )
        for each in sent
    )  # fmt: skip


def _label(each: Any) -> str:
    label = each.get("label") or ""
    require(isinstance(label, str) and label.isprintable() and len(label) <= 80, "a label is a printable line")
    return label


def _stretch(sent: Any) -> tuple[float, float]:
    return _number(sent, "start", float("nan")), _number(sent, "stop", float("nan"))


def _number(sent: Any, name: str, default: float) -> float:
    if not hasattr(sent, "get"):
        raise InputError("a call is an object")
    value = sent.get(name)
    try:
        return default if value is None else float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} is a number, got {value!r:.40}") from None
