"""One worm's posture over time, as tangent angles or as eigenworm amplitudes, and how recordings become a `Dataset`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.units import Hertz, Millimetres

ANGLES, AMPLITUDES = "angles", "amplitudes"
"""What `extra["posture"]` says that the channels of a dataset of postures are."""
MEAN_ANGLE, TURN = "mean_angle", "turn"
CENTROID = ("centroid_x", "centroid_y")
LARGEST_RATE_RATIO = 1.01
"""Recordings whose frame rates differ by more than this factor do not go into one dataset."""


@dataclass(frozen=True, eq=False)
class PostureRecording:
    """One worm's midline over time: its shape, its heading, and where it was.

    Attributes:
        name: of the recording.
        angles: (frame, segment) tangent angles in rad at equal arclength from head to tail, unwrapped along the body,
            without their mean; NaN in frames without a midline.
        mean_angle: (frame,) the mean that was taken off, rad, unwrapped over time within each stretch of frames.
        fps: frames a second.
        strain: such as N2; empty when unknown.
        individual: the animal; recordings of one animal share it. The recording's name when empty.
        centroid: (frame, 2) mean of the midline's points in mm, or None where only the shape was recorded.
        length: of the midline, mm, or None.
        source: where it comes from.
    """

    name: str
    angles: Float[np.ndarray, "frame segment"]
    mean_angle: Float[np.ndarray, " frame"]
    fps: Hertz
    strain: str = ""
    individual: str = ""
    centroid: Float[np.ndarray, "frame 2"] | None = None
    length: Millimetres | None = None
    source: str = ""

    def __post_init__(self) -> None:
        where = f"recording {self.name!r}"
        require(self.angles.ndim == 2, f"{where}: angles must be (frame, segment), got the shape {self.angles.shape}")
        require(self.angles.shape[1] >= 2, f"{where}: a midline needs at least 3 points")
        _require_rate(where, self.fps)
        for what, array in (("mean angles", self.mean_angle), ("centroids", self.centroid)):
            if array is not None:
                require(
                    len(array) == len(self.angles), f"{where} has {len(self.angles)} frames and {len(array)} {what}"
                )
        require(
            self.length is None or (np.isfinite(self.length) and self.length > 0),
            f"{where}: the worm's length must be > 0 mm, got {self.length}",
        )

    def valid(self) -> np.ndarray:
        """Mask (frame,) of where there is a midline, and its place if places were recorded."""
        measured = np.isfinite(self.angles).all(axis=1) & np.isfinite(self.mean_angle)
        return measured if self.centroid is None else measured & np.isfinite(self.centroid).all(axis=1)


@dataclass(frozen=True, eq=False)
class AmplitudeRecording:
    """One worm's posture as amplitudes of eigenworms.

    Attributes:
        name: of the recording.
        amplitudes: (frame, eigenworm); NaN in frames without a midline.
        fps: frames a second.
        turn: (frame,) change of the mean angle since the frame before, rad; None where it was not recorded.
        strain: such as N2; empty when unknown.
        individual: the animal; the recording's name when empty.
        length: of the midline, mm, or None.
        source: where it comes from.
    """

    name: str
    amplitudes: Float[np.ndarray, "frame eigenworm"]
    fps: Hertz
    turn: Float[np.ndarray, " frame"] | None = None
    strain: str = ""
    individual: str = ""
    length: Millimetres | None = None
    source: str = ""

    def __post_init__(self) -> None:
        where, shape = f"recording {self.name!r}", self.amplitudes.shape
        require(self.amplitudes.ndim == 2, f"{where}: amplitudes must be (frame, eigenworm), got the shape {shape}")
        _require_rate(where, self.fps)
        if self.turn is not None:
            require(len(self.turn) == shape[0], f"{where} has {shape[0]} frames and {len(self.turn)} turns")


def angles_dataset(recordings: Sequence[PostureRecording], name: str) -> Dataset:
    """Put recordings of midlines into one dataset, a trial each, grouped by individual.

    Returns:
        The dataset, for predicting the next step. x (frame, channel) holds `angle_1` ... from head to tail and
        `mean_angle` in rad, and `centroid_x`, `centroid_y` in mm where every recording has them. Frames without a
        midline have weight 0 and stay NaN. `extra` holds `posture` ("angles") and, by trial, `strain` and `length` (mm
        or None).

    Raises:
        InputError: no recording, two of one name, one without any midline, or frame rates or numbers of points that
            differ.
    """
    _require_alike(recordings, "points", [r.angles.shape[1] + 1 for r in recordings])
    placed = all(r.centroid is not None for r in recordings)
    channels = [_columns(r.angles, r.mean_angle, r.centroid if placed else None) for r in recordings]
    names = tuple(f"angle_{i + 1}" for i in range(recordings[0].angles.shape[1]))
    return _dataset(recordings, channels, (*names, MEAN_ANGLE, *(CENTROID if placed else ())), name, ANGLES)


def amplitudes_dataset(
    recordings: Sequence[AmplitudeRecording], name: str, eigenworms: Mapping[str, Any] | None = None
) -> Dataset:
    """Put recordings of eigenworm amplitudes into one dataset, a trial each, grouped by individual.

    Args:
        recordings: of at least one worm.
        name: of the dataset.
        eigenworms: the shapes, as JSON can hold them, when they are known; kept in `extra["eigenworms"]`.

    Returns:
        The dataset, for predicting the next step. x (frame, channel) holds `a1` ... and, where every recording has it,
        `turn` in rad a frame. Frames without a midline have weight 0 and stay NaN. `extra` holds `posture`
        ("amplitudes") and, by trial, `strain` and `length` (mm or None).

    Raises:
        InputError: as of `angles_dataset`.
    """
    _require_alike(recordings, "eigenworms", [r.amplitudes.shape[1] for r in recordings])
    turned = all(r.turn is not None for r in recordings)
    channels = [_columns(r.amplitudes, r.turn if turned else None) for r in recordings]
    names = tuple(f"a{i + 1}" for i in range(recordings[0].amplitudes.shape[1]))
    known = {} if eigenworms is None else {"eigenworms": dict(eigenworms)}
    return _dataset(recordings, channels, (*names, *((TURN,) if turned else ())), name, AMPLITUDES, known)


def recordings_of(dataset: Dataset) -> tuple[PostureRecording, ...]:
    """The recordings of midlines that a dataset of tangent angles holds: the inverse of `angles_dataset`.

    Raises:
        InputError: it holds something else.
    """
    require_form(dataset, ANGLES)
    last = dataset.x_names.index(MEAN_ANGLE)
    recordings = []
    for trial in dataset:
        x = np.array(trial.x[:], dtype=float)
        x[~trial.valid()] = np.nan
        placed = x[:, last + 1 :] if dataset.x_names[last + 1 :] == CENTROID else None
        recordings.append(
            PostureRecording(
                name=trial.name,
                angles=x[:, :last],
                mean_angle=x[:, last],
                fps=1000 / dataset.dt,
                strain=strain_of(dataset, trial),
                individual=trial.group,
                centroid=placed,
                length=fact_of(dataset, trial, "length"),
                source=dataset.source,
            )
        )
    return tuple(recordings)


def strain_of(dataset: Dataset, trial: Trial) -> str:
    """The strain of a trial's worm; empty when unknown."""
    return fact_of(dataset, trial, "strain") or ""


def fact_of(dataset: Dataset, trial: Trial, name: str) -> Any:
    """What `extra` says of a trial by its name, such as its strain or length; None when unknown.

    Raises:
        InputError: it says something that is no table by trial.
    """
    facts = dataset.extra.get(name, {})
    require(
        isinstance(facts, Mapping), f"dataset {dataset.name!r}: its {name} must be given by trial, got {facts!r:.80}"
    )
    return facts.get(trial.name)


def select_strain(dataset: Dataset, strain: str) -> Dataset:
    """The recordings of one strain.

    Raises:
        InputError: there is none; the message lists the strains that there are.
    """
    strains = [strain_of(dataset, trial) for trial in dataset]
    known = ", ".join(sorted({each for each in strains if each})) or "none"
    require(strain in strains, f"dataset {dataset.name!r} has no strain {strain!r}; its strains are {known}")
    return dataset.select([index for index, each in enumerate(strains) if each == strain])


def require_form(dataset: Dataset, form: str) -> None:
    """Raise an `InputError` unless a dataset holds postures as `ANGLES` or `AMPLITUDES`."""
    stated = dataset.extra.get("posture")
    how = {
        ANGLES: "make or import midlines by 'wormtwin posture make-sample' or 'import'",
        AMPLITUDES: "make it by 'wormtwin posture eigenworms'",
    }[form]
    text = f"postures as {stated}" if stated else "no postures"
    require(stated == form, f"dataset {dataset.name!r} holds {text}, not as {form}: {how}")


def _require_rate(where: str, fps: float) -> None:
    require(bool(np.isfinite(fps)) and fps > 0, f"{where}: the frame rate must be > 0 Hz, got {fps}: give it by --fps")


def _require_alike(recordings: Sequence[PostureRecording | AmplitudeRecording], what: str, counts: list[int]) -> None:
    require(len(recordings) > 0, "there is no recording")
    require_distinct((r.name for r in recordings), "the recordings name one")
    rates = [r.fps for r in recordings]
    if max(rates) > LARGEST_RATE_RATIO * min(rates):
        raise InputError(
            f"frame rates from {min(rates):.3g} to {max(rates):.3g} Hz in one dataset: bring them to one by --to-fps"
        )
    require(len(set(counts)) == 1, f"midlines of {min(counts)} and of {max(counts)} {what} in one dataset")


def _columns(*arrays: np.ndarray | None) -> np.ndarray:
    return np.column_stack([array for array in arrays if array is not None]).astype(float)


def _dataset(
    recordings: Sequence[PostureRecording | AmplitudeRecording],
    channels: Sequence[np.ndarray],
    names: tuple[str, ...],
    name: str,
    form: str,
    known: Mapping[str, Any] | None = None,
) -> Dataset:
    trials = []
    for recording, x in zip(recordings, channels, strict=True):
        valid = np.isfinite(x).all(axis=1)
        require(bool(valid.any()), f"recording {recording.name!r} has no frame with a midline")
        weight = None if valid.all() else valid.astype(float)
        trials.append(Trial(recording.name, x, weight=weight, group=recording.individual or recording.name))
    return Dataset(
        name=name,
        trials=tuple(trials),
        dt=1000 / float(np.median([r.fps for r in recordings])),
        x_names=names,
        x_units="rad; centroid in mm" if CENTROID[0] in names else "rad" if form == ANGLES else "eigenworm amplitude",
        task="next_step",
        source="; ".join(dict.fromkeys(r.source for r in recordings if r.source)),
        extra={
            "posture": form,
            "strain": {r.name: r.strain for r in recordings},
            "length": {r.name: r.length for r in recordings},
            **(known or {}),
        },
    )
