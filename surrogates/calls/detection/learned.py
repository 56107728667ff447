"""Calls found by a network that was trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets.calls.call import Call
from datasets.calls.recording import Recording
from datasets.calls.spectrogram import Levels, Spectrogram, spectrogram_of
from datasets.calls.teaching import BAND_BINS, clipped
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Fraction, Seconds
from surrogates.calls.detection.callers import calls_of
from surrogates.calls.detection.pieces import RidgeMap, Rules, pieces_of
from surrogates.runs.model_file import load_model

_REACH = 40
"""Frames that decide on a point of the network, rounded up to what it strides over."""
_ALIGN = 8
_AT_ONCE = 1024
"""Frames that the network sees at once."""
_GROW = 0.0
_LOUDEST = 0.01
"""Of the levels, added to log odds, so that a contour follows the loudest bin of a band."""


@dataclass(frozen=True)
class LearnedSettings:
    """Settings of a detector that was trained.

    Attributes:
        sure: the probability that a call has somewhere; it reaches as far as the probability is above a half.
        shortest: calls that are shorter are left out.
        gap: pieces so near are one call.
        separate: tell calls of two callers apart that overlap; a call with two voices may then count twice.
    """

    sure: Fraction = 0.8
    shortest: Seconds = 0.005
    gap: Seconds = 0.020
    separate: bool = False

    def __post_init__(self) -> None:
        require(0.5 <= self.sure < 1, f"--sure must be from 0.5 to below 1, got {self.sure:g}")


def detect_learned(
    recording: Recording, model: Path, settings: LearnedSettings = LearnedSettings(), channel: int = 1
) -> tuple[Call, ...]:
    """Find the calls of a recording by a network.

    Args:
        recording: of any length; a minute of it is in memory at a time.
        model: a file that `train --model calls_unet` wrote.
        settings: how sure, and what is one call.
        channel: from 1.

    Raises:
        InputError: the file holds no such model, or one of other spectrograms than the recording's.
    """
    network, signature = load_model(model)
    facts = {} if signature is None else signature.details.get("spectrogram", {})
    if not facts:
        raise InputError(f"{model} holds no model that finds calls: train one by `wormtwin train --model calls_unet`")
    spectrogram = _as_learned(recording, facts, model)
    seed = float(np.log(settings.sure / (1 - settings.sure)))
    rules = Rules(seed, _GROW, round(settings.gap / spectrogram.step), edges=(_GROW, _GROW))
    ridges = RidgeMap(lambda levels: _odds(network, levels, spectrogram), _REACH, _ALIGN)
    parts = list(pieces_of(recording, spectrogram, rules, channel, ridges))
    return calls_of(parts, spectrogram, channel, settings.gap, settings.shortest, settings.separate)


def _as_learned(recording: Recording, facts: dict[str, Any], model: Path) -> Spectrogram:
    """The spectrogram of a recording, as the network has learned it."""
    spectrogram = spectrogram_of(recording, (facts["low"] - 1, facts["high"] + 1))
    same = spectrogram.bins == facts["bins"] and abs(spectrogram.step / facts["step"] - 1) < 0.01
    require(
        same,
        f"{model.name} has learned {facts['bins']} frequencies every {1000 * facts['step']:.2f} ms, "
        f"{recording.path.name} has {spectrogram.bins} every {1000 * spectrogram.step:.2f} ms: train on recordings of "
        f"{recording.rate} Hz",
    )
    return spectrogram


def _odds(network: Any, levels: Levels, spectrogram: Spectrogram) -> tuple[Levels, Levels]:
    """Log odds of a call at each point, twice, the first a little higher where it is louder."""
    frames = len(levels)
    inner = _AT_ONCE - 2 * _REACH
    number = -(-frames // inner)
    padded = np.zeros((number * inner + 2 * _REACH, spectrogram.bins), np.float32)
    padded[_REACH : _REACH + frames] = clipped(levels)
    bands = np.empty((number * inner, -(-spectrogram.bins // BAND_BINS)), np.float32)
    for k in range(number):
        found = network.predict_on_batch(padded[None, k * inner : k * inner + _AT_ONCE])
        bands[k * inner : (k + 1) * inner] = np.asarray(found)[0, _REACH : _REACH + inner]
    sure = np.repeat(bands[:frames], BAND_BINS, axis=1)[:, : spectrogram.bins]
    return sure + _LOUDEST * levels, sure
