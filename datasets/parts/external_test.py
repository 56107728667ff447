"""A test file of its own: its trials become the test part of a dataset, channels and classes joined by name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from datasets.checksums import trial_checksum
from datasets.dataset import Dataset, Trial, classes_of
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.wording import counted

_RATE_TOLERANCE = 0.1
"""How far the sampling of recordings may be from that of those that are learned, as a share of it."""
_SHAPES = ("posture", "eigenworms", "pose")
"""Of `extra`: what the values of the channels mean, beside their names."""


def load_with_test(data: Path, test_data: Path | None) -> Dataset:
    """Read a dataset file, with another one as its test part if there is one: see `with_test_file`.

    Test trials of its own that are left out for it, and animals that are in both, are printed on standard output.

    Raises:
        InputError: as `load_dataset` and `with_test_file`.
    """
    dataset = load_dataset(data)
    if test_data is None:
        return dataset
    own = len(dataset.by_split().get("test", ()))
    joined = with_test_file(dataset, load_dataset(test_data))
    if own:
        print(f"the test part is {test_data.name}: {counted(own, 'test trial')} of {data.name} left out")
    if both := shared_groups(joined):
        few = ", ".join(both[:5]) + (", ..." if len(both) > 5 else "")
        print(f"{few}: in both files; if these are the same animals, the test is not of unseen ones")
    return joined


def with_test_file(dataset: Dataset, test: Dataset) -> Dataset:
    """The dataset whose test part is another file: test trials of its own are left out.

    A trial of the file that has the name of another one gets that of its dataset before it.

    Args:
        dataset: what is learned.
        test: the file's trials, whatever parts they are in there.

    Raises:
        InputError: the file has other channels, classes, units or sampling, or holds a trial that is learned.
    """
    own = dataset.select([i for i, trial in enumerate(dataset) if trial.split != "test"])
    aligned = aligned_with(dataset, test)
    require_unseen(own, aligned)
    taken = {trial.name for trial in own}
    origin = {f"{test.name}:{t.name}" if t.name in taken else t.name: t for t in aligned}
    trials = tuple(replace(t, name=name, split="test") for name, t in origin.items())
    extra = _joined_extra(own, aligned, {name: trial.name for name, trial in origin.items()})
    return replace(own, trials=(*own.trials, *trials), extra=extra)


def aligned_with(dataset: Dataset, test: Dataset) -> Dataset:
    """Another dataset with the channels and the classes of the first, found by name.

    Raises:
        InputError: it lacks one of them, or has other units, sampling, or sizes of images.
    """
    where = f"the test data {test.name!r}"
    require(test.task == dataset.task, f"{where} are for {test.task}, the training data for {dataset.task}")
    for what, mine, its in (("inputs", dataset.x_units, test.x_units), ("outputs", dataset.y_units, test.y_units)):
        require(mine == its, f"{where} have {what} in {its!r}, the training data in {mine!r}")
    tolerance = 1e-9 if dataset.task == "regression" else _RATE_TOLERANCE * dataset.dt
    require(
        abs(dataset.dt - test.dt) <= tolerance,
        f"{where} are sampled every {test.dt:.4g} ms, the training data every {dataset.dt:.4g} ms",
    )
    for key in _SHAPES:
        require(
            dataset.extra.get(key) == test.extra.get(key),
            f"{where} have other {key} than the training data: make both in the same way",
        )
    inputs = _places(where, "input", dataset.x_names, test.x_names)
    outputs = _places(where, "output", dataset.y_names, test.y_names)
    codes = _codes(where, dataset, test)
    trials = tuple(_aligned(trial, inputs, outputs, codes) for trial in test)
    shapes = {tuple(trial.x.shape[2:]) for trial in (*dataset.trials, *trials)}
    require(len(shapes) == 1, f"{where} have images of another size than the training data: {sorted(shapes)}")
    return replace(test, trials=trials, x_names=dataset.x_names, y_names=dataset.y_names)


def require_unseen(dataset: Dataset, test: Dataset) -> None:
    """Check that no trial of a test is one of a dataset, under whatever name.

    Raises:
        InputError: one is; the message names both.
    """
    known = {trial_checksum(trial): trial.name for trial in dataset}
    for trial in test:
        same = known.get(trial_checksum(trial))
        require(
            same is None,
            f"trial {trial.name!r} of the test data {test.name!r} is trial {same!r} of the training data "
            f"{dataset.name!r}: test on others",
        )


def shared_groups(dataset: Dataset) -> list[str]:
    """The animals that are in the test part and in another one too."""
    parts = [{t.group or t.name for t in dataset if (t.split == "test") == tested} for tested in (True, False)]
    return sorted(parts[0] & parts[1])


def _places(where: str, what: str, wanted: Sequence[str], present: Sequence[str]) -> list[int]:
    for name in wanted:
        if name not in present:
            near = get_close_matches(name, present, n=1, cutoff=0.6)
            raise InputError(
                f"{where} have no {what} {name!r}, which the training data have"
                + (f"; the nearest is {near[0]}" if near else f"; they have {', '.join(list(present)[:8])}")
            )
    return [list(present).index(name) for name in wanted]


def _codes(where: str, dataset: Dataset, test: Dataset) -> np.ndarray | None:
    """The number of each class of the test in the training data; None where there are no classes."""
    if dataset.task != "classification":
        return None
    mine, its = classes_of(dataset), classes_of(test)
    for name in its:
        require(
            name in mine, f"{where} have the class {name!r}, the training data have {', '.join(mine)}: use one rule"
        )
    return np.array([mine.index(name) for name in its])


def _aligned(trial: Trial, inputs: list[int], outputs: list[int], codes: np.ndarray | None) -> Trial:
    x = trial.x if inputs == list(range(trial.x.shape[1])) else np.asarray(trial.x[:])[:, inputs]
    y = trial.y
    if y is not None and outputs != list(range(y.shape[1])):
        y = np.asarray(y[:])[:, outputs]
    if y is not None and codes is not None and not (codes == np.arange(len(codes))).all():
        y = codes[np.asarray(y[:])]
    return replace(trial, x=x, y=y)


def _joined_extra(dataset: Dataset, test: Dataset, names: Mapping[str, str]) -> dict[str, Any]:
    """What is said by trial of both, and by the training data of everything else; `names` is new to old name."""
    extra = dict(dataset.extra)
    known, old = {trial.name for trial in dataset}, set(names.values())
    for key, value in test.extra.items():
        if isinstance(value, Mapping) and set(value) & old:
            mine = extra.get(key, {})
            kept = {name: each for name, each in mine.items() if name in known} if isinstance(mine, Mapping) else {}
            extra[key] = kept | {name: value[earlier] for name, earlier in names.items() if earlier in value}
    return extra
