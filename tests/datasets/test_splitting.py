"""Splits whose parts are as diverse as each other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.dataset import Dataset, Trial
from datasets.parts.splitting import diversity, split_diverse
from neuron_models.foundation.errors import InputError


def clusters(number=40, seed=0):
    rng = np.random.default_rng(seed)
    kinds = rng.normal(size=(5, 20, 2))
    trials = [
        Trial(
            f"t{i:03d}", kinds[min(4, int(rng.exponential(1.5)))] * rng.uniform(0.5, 2) + 0.1 * rng.normal(size=(20, 2))
        )
        for i in range(number)
    ]
    return Dataset("clusters", tuple(trials), 1.0, ("a", "b"))


@settings(max_examples=20)
@given(st.integers(3, 60), st.integers(0, 9))
def test_every_trial_gets_one_part_of_the_asked_size(number, seed):
    divided = split_diverse(clusters(number), seed=seed)
    sizes = {part: sum(t.split == part for t in divided) for part in ("train", "validation", "test")}
    assert sum(sizes.values()) == number
    assert sizes["validation"] == sizes["test"] == max(1, round(number / 4))


def test_the_parts_are_as_diverse_as_each_other():
    dataset, rng = clusters(), np.random.default_rng(1)
    found = diversity(split_diverse(dataset))
    chance = [
        diversity(dataset.with_split(list(rng.permutation(["train"] * 20 + ["validation"] * 10 + ["test"] * 10))))
        for _ in range(50)
    ]
    for part in ("validation", "test"):
        assert abs(found.spread[part] - found.spread["train"]) < 0.1
        assert found.offset[part] < np.percentile([c.offset[part] for c in chance], 5)
    gap = np.mean([abs(c.spread["test"] - c.spread["train"]) for c in chance])
    assert abs(found.spread["test"] - found.spread["train"]) < gap


def test_the_same_seed_divides_in_the_same_way():
    first, second = (split_diverse(clusters(), seed=3) for _ in range(2))
    assert [t.split for t in first] == [t.split for t in second]


def test_wrong_shares_and_too_few_trials():
    with pytest.raises(InputError, match="add up to 1"):
        split_diverse(clusters(), shares=(0.5, 0.5, 0.5))
    with pytest.raises(InputError, match="at least 3 trials"):
        split_diverse(clusters(2))


def test_a_group_stays_together():
    dataset = clusters(24)
    trials = tuple(replace(t, group=f"animal {i // 3}") for i, t in enumerate(dataset))
    divided = split_diverse(replace(dataset, trials=trials))
    homes = {(t.group, t.split) for t in divided}
    assert len(homes) == 8
    assert {split for _, split in homes} == {"train", "validation", "test"}


def test_trials_of_any_length_and_equal_trials():
    dataset = clusters(8)
    shorter = tuple(replace(t, x=t.x[: 5 + i]) for i, t in enumerate(dataset))
    assert len(split_diverse(replace(dataset, trials=shorter))) == 8
    same = tuple(replace(t, x=dataset.trials[0].x) for t in dataset)
    assert diversity(split_diverse(replace(dataset, trials=same))).offset["test"] < 1e-12
    holed = tuple(replace(t, x=np.where(t.x > 0, t.x, np.nan)) for t in dataset)
    with pytest.raises(InputError, match="holds NaN"):
        split_diverse(replace(dataset, trials=holed))
