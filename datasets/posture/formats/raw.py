"""What the readers of files give: midlines as they were recorded, and how they become a `PostureRecording`."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.posture.midlines import broken_frames, lengths_of, require_midlines, resampled, tangent_angles
from datasets.posture.recording import PostureRecording
from datasets.posture.swaps import Swaps, mended
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Hertz, Millimetres


@dataclass(frozen=True)
class Reading:
    """What the user says of files that do not say it themselves.

    `fps` (Hz) and `unit` (mm in one unit of the coordinates) go before what the file says; `strain` does not.
    """

    fps: Hertz | None = None
    unit: Millimetres | None = None
    strain: str = ""

    def rate(self, stated: float | None, where: str) -> float:
        """The frame rate: the user's, else the file's.

        Raises:
            InputError: neither says it, or it is not > 0 Hz.
        """
        fps = stated if self.fps is None else self.fps
        if fps is None or not np.isfinite(fps):
            raise InputError(f"{where} does not say its frame rate: give it in Hz by --fps")
        require(fps > 0, f"{where}: the frame rate must be > 0 Hz, got {fps:g}")
        return float(fps)


@dataclass(frozen=True, eq=False)
class MidlineRecording:
    """One worm's midlines as a file holds them.

    Attributes:
        name: of the recording.
        midlines: (frame, point, xy), head first as far as the file knows; NaN in gaps.
        fps: frames a second.
        unit: mm in one unit of the coordinates; None when unknown.
        strain: such as N2; empty when the file does not say.
        individual: the animal; the recording's name when empty.
        source: the file.
    """

    name: str
    midlines: Float[np.ndarray, "frame point 2"]
    fps: Hertz
    unit: Millimetres | None = None
    strain: str = ""
    individual: str = ""
    source: str = ""


@dataclass(frozen=True)
class Faults:
    """What was wrong with the frames of one recording, counted before any subsampling."""

    frames: int
    missing: int
    repeated: int
    swaps: Swaps


def posture_of(raw: MidlineRecording, segments: int) -> tuple[PostureRecording, Faults]:
    """Mend swaps of head and tail and turn midlines into angles.

    The place and the length are kept where the unit of the coordinates is known.

    Args:
        raw: the midlines.
        segments: angles a frame.

    Raises:
        InputError: no frame has a midline; the message says why.
    """
    try:
        missing, repeated = broken_frames(raw.midlines)
        require_midlines(missing, repeated)
        kept = np.where((missing | repeated)[:, None, None], np.nan, raw.midlines)
        points, swaps = mended(resampled(kept, segments + 1), raw.fps)
        angles, mean_angle = tangent_angles(points)
    except InputError as error:
        raise InputError(f"{raw.source}: recording {raw.name!r}: {error}") from None
    recording = PostureRecording(
        name=raw.name,
        angles=angles,
        mean_angle=mean_angle,
        fps=raw.fps,
        strain=raw.strain,
        individual=raw.individual,
        centroid=None if raw.unit is None else points.mean(axis=1) * raw.unit,
        length=None if raw.unit is None else float(np.nanmedian(lengths_of(points))) * raw.unit,
        source=raw.source,
    )
    return recording, Faults(len(points), int(missing.sum()), int(repeated.sum()), swaps)
