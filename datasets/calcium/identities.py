"""From what a file says of its traces to a `Recording`: names that are none go, the rest keep their places."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from connectome.c302_files import neurons
from datasets.calcium.recording import Recording, neuron_name
from neuron_models.foundation.bad_parts import leave_out
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.measured import measured
from neuron_models.foundation.units import Hertz

_EARLY = 0.75
"""A frame nearer to the one before than this, in intervals, makes up for one that was late."""
MOST_FRAMES = 10_000_000


def identity(given: Any) -> str:
    """The name of a neuron from what annotators wrote: a text, or a list of candidates; empty if it is not certain.

    Only the names of the 302 neurons are one: `unknown`, `ROI1`, numbers, `---`, a name with a question mark and
    several different candidates are none.

    >>> identity("AVAL"), identity(["AVAL", "---", ""]), identity(["RIVL", "SMDVL"]), identity("---"), identity("ROI1")
    ('AVAL', 'AVAL', '', '', '')
    """
    candidates = [given] if isinstance(given, str) else list(np.ravel(np.array(given, dtype=object)))
    texts = {neuron_name(text.replace("\0", "")) for text in candidates if isinstance(text, str)} - {"", "---", "NAN"}
    name = texts.pop() if len(texts) == 1 else ""
    return name if name in {neuron.name for neuron in neurons()} else ""


def identified(
    name: str,
    traces: Float[np.ndarray, "rows columns"],
    identities: Sequence[Any],
    fps: Hertz,
    *,
    states: Int[np.ndarray, " time"] | None = None,
    state_names: Sequence[str] = (),
    source: str = "",
    times: Float[np.ndarray, " time"] | None = None,
) -> Recording:
    """A recording of the traces that have a name of their own and were measured at all.

    Several traces of one neuron are one where they are equal; else nobody knows which is the neuron's, and it is left
    out and reported.

    Where the times of the frames leave a pause, frames of NaN stand for those that were not taken.

    Args:
        name: of the recording.
        traces: dF/F, (time, neuron) or (neuron, time): the side as long as `identities` is that of the neurons.
        identities: for each neuron a name or a list of candidates.
        fps: frame rate in Hz.
        states: (time,) counting into `state_names`; None where there are none.
        state_names: names of the states.
        source: where the recording comes from.
        times: of the frames in s; frames follow each other at `fps` when None.

    Raises:
        InputError: no side of the traces has the number of names, times that do not grow, or no neuron has a name of
            its own.
    """
    if traces.shape[1] != len(identities):
        if traces.shape[0] != len(identities):
            raise InputError(
                f"{source}: recording {name!r} has {len(identities)} neuron names and traces of the shape "
                f"{traces.shape}: neither side fits"
            )
        traces = traces.T
    names = [identity(given) for given in identities]
    where = f"{source}: recording {name!r}"
    kept = [place for place, found in enumerate(names) if found and np.isfinite(traces[:, place]).any()]
    kept = _alone(kept, names, traces, where)
    traces = measured(np.asarray(traces[:, kept], dtype=float), where)
    if times is not None:
        traces, states = _with_gaps(traces, states, frame_places(times, frame_rate(times), where))
    return Recording(
        name=name,
        traces=traces,
        neurons=tuple(names[place] for place in kept),
        fps=fps,
        states=states,
        state_names=tuple(state_names),
        source=source,
    )


def _alone(
    kept: Sequence[int], names: Sequence[str], traces: Float[np.ndarray, "time neuron"], where: str
) -> list[int]:
    """The columns of neurons of which there is one trace, or several equal ones, of which the first is kept."""
    columns: dict[str, list[int]] = {}
    for place in kept:
        columns.setdefault(names[place], []).append(place)
    doubtful = [
        name
        for name, (first, *others) in columns.items()
        if not all(np.array_equal(traces[:, first], traces[:, other], equal_nan=True) for other in others)
    ]
    shared = "; ".join(f"{name}, the name of the traces {_counted_from_one(columns[name])}" for name in doubtful)
    require(
        not doubtful or len(doubtful) < len(columns),
        f"{where} has no neuron of one trace: {shared}: rename all but one",
    )
    if doubtful:
        leave_out(f"{where}: {shared}, which differ: rename all but one to read it")
    return [places[0] for name, places in columns.items() if name not in doubtful]


def _counted_from_one(places: Sequence[int]) -> str:
    return ", ".join(str(place + 1) for place in places)


def frame_rate(times: Float[np.ndarray, " time"]) -> Hertz:
    """The frame rate in Hz of frames at these times in seconds: one over the median interval.

    Raises:
        InputError: fewer than two times, or times that do not grow.
    """
    steps = np.diff(times)
    if len(steps) == 0 or not np.isfinite(steps).all() or np.median(steps) <= 0:
        raise InputError("the times of the frames must grow: they give no frame rate")
    return float(1 / np.median(steps))


def frame_places(
    times: Float[np.ndarray, " time"], fps: Hertz, where: str = "the recording"
) -> Int[np.ndarray, " time"]:
    """The place of each frame on a grid of one frame every 1 / `fps` s, from 0; what lies between is a pause.

    A frame that is late by less than the frame after it is early leaves no pause: its place is the next.

    >>> frame_places(np.array([0.0, 1.0, 2.6, 3.0, 6.0]), 1.0).tolist()
    [0, 1, 2, 3, 6]

    Raises:
        InputError: times that do not grow, or a grid of more than `MOST_FRAMES`; begins with `where`.
    """
    steps = np.diff(times) * fps
    falling = np.flatnonzero(~(steps > 0))
    if len(falling):
        place = falling[0]
        raise InputError(
            f"{where}: the times of the frames must grow: frame {place + 1} is at {times[place + 1]:g} s and the one "
            f"before at {times[place]:g} s"
        )
    early = np.append(np.where(steps < _EARLY, 1 - steps, 0.0)[1:], 0.0)
    places = np.concatenate(([0.0], np.cumsum(np.maximum(1, np.round(steps - early)))))
    if places[-1] >= MOST_FRAMES:
        raise InputError(f"{where}: {len(times)} frames in {times[-1] - times[0]:g} s at {fps:g} Hz: check its times")
    return places.astype(int)


def _with_gaps(
    traces: Float[np.ndarray, "time neuron"], states: Int[np.ndarray, " time"] | None, places: Int[np.ndarray, " time"]
) -> tuple[Float[np.ndarray, "frame neuron"], Int[np.ndarray, " frame"] | None]:
    """The frames at their places; between them traces of NaN, and the state of the frame before."""
    spread = np.full((places[-1] + 1, traces.shape[1]), np.nan)
    spread[places] = traces
    before = np.searchsorted(places, np.arange(len(spread)), side="right") - 1
    return spread, None if states is None else states[before]
