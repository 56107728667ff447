"""The algebra of datasets, by hypothesis."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError


def make(lengths, groups=None, masks=None):
    trials = []
    for index, length in enumerate(lengths):
        x = np.stack([np.full(length, index), np.arange(length)], axis=1).astype(float)
        weight = None if masks is None else np.array(masks[index], dtype=float)
        group = "" if groups is None else groups[index]
        trials.append(Trial(f"t{index}", x, x[:, :1] * 10 + x[:, 1:] / 10, weight, group))
    return Dataset("toy", tuple(trials), 1.0, ("trial", "time"), ("y",))


masked = st.lists(st.lists(st.booleans(), min_size=1, max_size=40), min_size=1, max_size=5)


@given(masked, st.integers(1, 6), st.integers(0, 3), st.integers(1, 4))
def test_windows_are_exactly_the_uninterrupted_stretches(masks, length, horizon, step):
    dataset = make([len(m) for m in masks], masks=masks)
    expected = []
    for index, mask in enumerate(masks):
        run_start = None
        for t in range(len(mask) + 1):
            inside = t < len(mask) and mask[t]
            if inside and run_start is None:
                run_start = t
            if not inside and run_start is not None:
                expected += [(index, s) for s in range(run_start, t - length - horizon + 1, step)]
                run_start = None
    if not expected:
        with pytest.raises(InputError, match="no uninterrupted stretch"):
            dataset.windows(length, horizon, step)
        return
    windows = dataset.windows(length, horizon, step)
    assert list(zip(windows.trial.tolist(), windows.start.tolist(), strict=True)) == expected
    for row, (index, start) in enumerate(expected):
        np.testing.assert_array_equal(windows.x[row], dataset.trials[index].x[start : start + length])
        first = start + length if horizon else start
        np.testing.assert_array_equal(windows.y[row], dataset.trials[index].y[first : first + (horizon or length)])


@given(st.lists(st.sampled_from("abcdef"), min_size=2, max_size=12), st.integers(2, 4), st.integers(0, 5))
def test_group_folds_part_the_trials_and_split_no_group(groups, k, seed):
    dataset = make([3] * len(groups), groups=groups)
    if len(set(groups)) < k:
        with pytest.raises(InputError, match="too few"):
            list(dataset.folds(k))
        return
    held = []
    for rest, fold in dataset.folds(k, seed=seed):
        assert not {t.group for t in rest} & {t.group for t in fold}
        assert len(rest) + len(fold) == len(dataset)
        held += [t.name for t in fold]
    assert sorted(held) == sorted(t.name for t in dataset)


@given(st.lists(st.integers(6, 30), min_size=1, max_size=4), st.integers(2, 5))
def test_block_folds_weigh_every_sample_once(lengths, k):
    dataset = make(lengths)
    total = [np.zeros(length) for length in lengths]
    for rest, fold in dataset.folds(k, by="block"):
        for index, (a, b) in enumerate(zip(rest, fold, strict=True)):
            np.testing.assert_array_equal(np.asarray(a.weight) + np.asarray(b.weight), 1.0)
            total[index] += b.weight
    for each in total:
        np.testing.assert_array_equal(each, 1.0)


def test_windows_never_reach_across_a_block_fold():
    for rest, fold in make([30]).folds(3, by="block"):
        inside = set(np.flatnonzero(fold.trials[0].weight))
        for start in rest.windows(4, 1).start:
            assert not inside & set(range(start, start + 5))


def test_stacking_needs_equal_lengths():
    x, y, weight = make([4, 4]).stacked()
    assert (x.shape, y.shape, weight) == ((2, 4, 2), (2, 4, 1), None)
    with pytest.raises(InputError, match="2 lengths"):
        make([4, 5]).stacked()
    assert make([2, 2], masks=[[1, 0], [1, 1]]).stacked()[2].tolist() == [[1, 0], [1, 1]]


def test_inputs_can_be_left_out():
    smaller = make([4]).without_inputs(["trial"])
    assert (smaller.x_names, smaller.trials[0].x.shape) == (("time",), (4, 1))
    with pytest.raises(InputError, match="no input 'z'; the inputs are trial, time"):
        make([4]).without_inputs(["z"])
    with pytest.raises(InputError, match="no input would be left"):
        make([4]).without_inputs(["trial", "time"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros(3)}, r"x must be \(time, input\)"),
        ({"x": np.zeros((0, 2)), "y": None}, "is empty"),
        ({"y": np.zeros((5, 1))}, "y has 5 samples and x has 3"),
        ({"weight": np.zeros(2)}, "weight has 2 samples"),
        ({"split": "exam"}, "got 'exam'"),
    ],
)
def test_a_wrong_trial_says_what_is_wrong(change, message):
    with pytest.raises(InputError, match=message):
        replace(Trial("t", np.zeros((3, 2)), np.zeros((3, 1))), **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dt": -1.0}, "dt must be > 0 ms, got -1"),
        ({"x_names": ("a",)}, "has 2 inputs"),
        ({"y_names": ()}, "has 1 outputs"),
    ],
)
def test_a_wrong_dataset_says_what_is_wrong(change, message):
    with pytest.raises(InputError, match=message):
        replace(make([3]), **change)


def test_key_points_have_two_coordinates():
    trial = Trial("t", np.zeros((4, 1, 8, 8)), np.zeros((4, 2, 1)))
    with pytest.raises(InputError, match=r"key points of trial 't' must be \(time, key point, 2\)"):
        Dataset("d", (trial,), 1.0, ("grey",), ("nose", "tail"), task="keypoints")


def test_doubled_trial_names_are_refused():
    dataset = make([3, 3])
    with pytest.raises(InputError, match="trial name more than once: t0"):
        replace(dataset, trials=(dataset.trials[0],) * 2)
