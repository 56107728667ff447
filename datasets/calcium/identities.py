"""From what a file says of its traces to a `Recording`: names that are none go, the rest keep their places."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from datasets.calcium.recording import Recording, neuron_name
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import Hertz

_NAME = re.compile(r"[A-Z]+[0-9]*[A-Z]*")


def identity(given: Any) -> str:
    """The name of a neuron from what annotators wrote: a text, or a list of candidates; empty if it is not certain.

    Several different candidates, numbers, `---` and a name with a question mark are no identity.

    >>> identity("AVAL"), identity(["AVAL", "---", ""]), identity(["RIVL", "SMDVL"]), identity("---"), identity("17")
    ('AVAL', 'AVAL', '', '', '')
    """
    candidates = [given] if isinstance(given, str) else list(np.ravel(np.array(given, dtype=object)))
    texts = {neuron_name(text.replace("\0", "")) for text in candidates if isinstance(text, str)} - {"", "---", "NAN"}
    name = texts.pop() if len(texts) == 1 else ""
    return name if _NAME.fullmatch(name) else ""


def identified(
    name: str,
    traces: Float[np.ndarray, "rows columns"],
    identities: Sequence[Any],
    fps: Hertz,
    *,
    states: Int[np.ndarray, " time"] | None = None,
    state_names: Sequence[str] = (),
    source: str = "",
) -> Recording:
    """A recording of the traces that have a name and were measured at all.

    Args:
        name: of the recording.
        traces: dF/F, (time, neuron) or (neuron, time): the side as long as `identities` is that of the neurons.
        identities: for each neuron a name or a list of candidates.
        fps: frame rate in Hz.
        states: (time,) counting into `state_names`; None where there are none.
        state_names: names of the states.
        source: where the recording comes from.

    Raises:
        InputError: no side of the traces has the number of names, no neuron has a name, or two have the same.
    """
    if traces.shape[1] != len(identities):
        if traces.shape[0] != len(identities):
            raise InputError(
                f"{source}: recording {name!r} has {len(identities)} neuron names and traces of the shape "
                f"{traces.shape}: neither side fits"
            )
        traces = traces.T
    names = [identity(given) for given in identities]
    kept = [place for place, found in enumerate(names) if found and np.isfinite(traces[:, place]).any()]
    return Recording(
        name=name,
        traces=np.asarray(traces[:, kept], dtype=float),
        neurons=tuple(names[place] for place in kept),
        fps=fps,
        states=states,
        state_names=tuple(state_names),
        source=source,
    )


def frame_rate(times: Float[np.ndarray, " time"]) -> Hertz:
    """The frame rate in Hz of frames at these times in seconds: one over the median interval.

    Raises:
        InputError: fewer than two times, or times that do not grow.
    """
    steps = np.diff(times)
    if len(steps) == 0 or not np.isfinite(steps).all() or np.median(steps) <= 0:
        raise InputError("the times of the frames must grow: they give no frame rate")
    return float(1 / np.median(steps))
