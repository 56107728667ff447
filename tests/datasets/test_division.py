"""Parts by name and by size, in time and by frame, and test files of their own."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.dataset import Dataset, Trial
from datasets.parts.blocks import cut_in_time
from datasets.parts.division import DIVISION, Named, Shares, divided, divided_groups
from datasets.parts.external_test import shared_groups, with_test_file
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError

WORMS = ("worm1", "worm2", "worm3", "worm4", "worm5")


def worms(number=5, length=100, names=("AVAL", "VB2"), seed=0, prefix="worm"):
    rng = np.random.default_rng(seed)
    trials = tuple(
        Trial(f"{prefix}{i + 1}", rng.normal(size=(length + i, len(names))), group=f"{prefix}{i + 1}")
        for i in range(number)
    )
    extra = {"fps": {trial.name: 3.0 + i for i, trial in enumerate(trials)}, "note": {"a": 1}}
    return Dataset("worms", trials, 330.0, names, x_units="dF/F", task="next_step", extra=extra)


def parts(dataset):
    return {split: [t.name for t in part] for split, part in dataset.by_split().items()}


def test_parts_by_name_and_what_is_kept():
    found = divided(worms(), Named(("worm5",), ("worm2", "worm4")))
    assert parts(found) == {"train": ["worm1", "worm3"], "validation": ["worm2", "worm4"], "test": ["worm5"]}
    assert found.extra[DIVISION] == {"test": ["worm5"], "validation": ["worm2", "worm4"], "by": "name"}


@pytest.mark.parametrize(
    ("division", "words"),
    [
        (Named(("wurm5",)), "no trial or group 'wurm5': the nearest is worm5"),
        (Named(("xyz",)), "there are worm1"),
        (Named(("worm5",), ("worm5",)), "cannot be in both test and validation"),
        (Named(WORMS), "no trial left to train on"),
    ],
)
def test_what_cannot_be_divided_is_reported(division, words):
    with pytest.raises(InputError, match=words):
        divided(worms(), division)


def test_shares_are_reported_when_wrong():
    for wrong in ((0.5, 0.2, 0.2), (1.0,), (0.0, 0.5, 0.5), (1.2, -0.2), (1.0, 0.0)):
        with pytest.raises(InputError, match="fractions must be"):
            Shares(wrong)
    with pytest.raises(InputError, match="--by must be one of"):
        Shares((0.5, 0.5), "worm")


def test_two_recordings_of_one_animal_stay_together():
    dataset = worms()
    trials = tuple(replace(t, group="animal") if i > 2 else t for i, t in enumerate(dataset))
    dataset = replace(dataset, trials=trials)
    assert parts(divided(dataset, Named(("animal",))))["test"] == ["worm4", "worm5"]
    with pytest.raises(InputError, match=r"'animal' is in several parts: worm4 \(train\), worm5 \(test\)"):
        divided(dataset, Named(("worm5",)))
    apart = divided(dataset, Named(("worm5",), apart=True))
    assert divided_groups(apart) == ["animal"]
    for seed in range(10):
        assert not divided_groups(divided(dataset, Shares((0.5, 0.25, 0.25), "group", seed)))
    assert any(divided_groups(divided(dataset, Shares((0.6, 0.2, 0.2), "trial", seed))) for seed in range(10))


@pytest.mark.parametrize("by", ["group", "trial", "diverse"])
def test_parts_by_size(by):
    dataset = worms(20, 40)
    first, second, other = (divided(dataset, Shares((0.7, 0.15, 0.15), by, seed)) for seed in (0, 0, 1))
    assert {split: len(names) for split, names in parts(first).items()} == {"train": 14, "validation": 3, "test": 3}
    assert parts(first) == parts(second) != parts(other)
    two = divided(dataset, Shares((0.95, 0.05), by))
    assert {split: len(names) for split, names in parts(two).items()} == {"train": 19, "test": 1}
    with pytest.raises(InputError, match="--by block"):
        divided(dataset.select([0]), Shares((0.7, 0.15, 0.15), by))


def test_blocks_are_consecutive_and_lose_nothing():
    dataset = worms(2, 100)
    found = divided(dataset, Shares((0.7, 0.15, 0.15), "block"))
    assert [trial.name for trial in found][:3] == ["worm1-train", "worm1-validation", "worm1-test"]
    assert [len(trial) for trial in found][:3] == [70, 15, 15]
    for number, whole in enumerate(dataset):
        again = np.concatenate([trial.x for trial in found.trials[3 * number : 3 * number + 3]])
        np.testing.assert_array_equal(again, whole.x)
    assert found.extra["fps"]["worm2-test"] == 4.0
    assert found.extra["block_of"]["worm2-test"] == "worm2"
    assert found.extra["note"] == {"a": 1}
    with pytest.raises(InputError, match="too few for blocks"):
        cut_in_time(worms(1, 2), {"train": 0.5, "validation": 0.25, "test": 0.25})


def test_blocks_of_a_recording_are_scaled_as_the_recording():
    from datasets.calcium.features import with_features

    dataset = worms(2, 100)
    whole, blocks = with_features(dataset), with_features(divided(dataset, Shares((0.6, 0.4), "block")))
    again = np.concatenate([blocks.trials[0].x, blocks.trials[1].x])
    np.testing.assert_allclose(again[:, :2], whole.trials[0].x[:, :2], atol=1e-12)


def test_labelled_frames_of_one_video_are_drawn_as_deeplabcut_draws_them():
    from datasets.pose.generator.sample import SampleSettings, make_sample

    sample = make_sample(SampleSettings(frames=40, size=32, animals=1))
    found = divided(sample, Shares((0.95, 0.05), "frame", seed=3))
    assert {trial.split: len(trial) for trial in found} == {"train": 38, "test": 2}
    assert {trial.group for trial in found} == {sample.trials[0].group}
    blocks = divided(sample, Shares((0.75, 0.25), "block"))
    assert [len(trial) for trial in blocks] == [30, 10]
    np.testing.assert_array_equal(blocks.trials[1].y, sample.trials[0].y[30:])
    with pytest.raises(InputError, match="--by block"):
        divided(worms(), Shares((0.95, 0.05), "frame"))


def test_a_test_file_is_joined_by_name():
    dataset = divided(worms(), Named(("worm5",)))
    other = worms(2, names=("VB2", "RIML", "AVAL"), seed=1)
    found = with_test_file(dataset, replace(other, name="later"))
    assert parts(found) == {"train": list(WORMS[:4]), "test": ["later:worm1", "later:worm2"]}
    np.testing.assert_array_equal(found.trials[-1].x, other.trials[1].x[:, [2, 0]])
    assert found.extra["fps"]["later:worm2"] == 4.0
    assert found.extra["fps"]["worm2"] == 4.0
    assert shared_groups(found) == ["worm1", "worm2"]


def test_classes_of_a_test_file_are_joined_by_name():
    def named(classes, seed):
        dataset = worms(1, seed=seed)
        trials = tuple(replace(t, y=np.arange(len(t))[:, None] % 2) for t in dataset)
        about = {"y_names": ("state",), "task": "classification", "extra": {"classes": list(classes)}}
        return replace(dataset, trials=trials, **about)

    found = with_test_file(named(("go", "back"), 0), named(("back", "go"), 1))
    np.testing.assert_array_equal(found.trials[1].y[:4, 0], [1, 0, 1, 0])
    with pytest.raises(InputError, match="the class 'rest'"):
        with_test_file(named(("go", "back"), 0), named(("go", "rest"), 1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_names": ("AVAL", "VB02")}, "no input 'VB2', which the training data have; the nearest is VB02"),
        ({"x_units": "V"}, "inputs in 'V'"),
        ({"dt": 500.0}, "sampled every 500 ms"),
        ({"extra": {"eigenworms": {"a": 1}}}, "other eigenworms"),
    ],
)
def test_a_test_file_of_other_data_is_refused(change, words):
    with pytest.raises(InputError, match=words):
        with_test_file(worms(), replace(worms(seed=1), **change))


def test_a_test_file_with_learned_trials_is_refused_whatever_they_are_called():
    dataset = worms()
    renamed = replace(dataset, trials=(replace(dataset.trials[1], name="new"),), name="copy")
    with pytest.raises(InputError, match="trial 'new' of the test data 'copy' is trial 'worm2'"):
        with_test_file(dataset, renamed)


def test_the_command_divides_in_place_or_into_a_new_file(wormtwin, refused, tmp_path):
    data = save_dataset(worms(), tmp_path / "worms.h5")
    status, text, _ = wormtwin("dataset", "split", data, "--leave-out", "worm5", "--validation", "worm4")
    assert status == 0
    assert "worm5" in text
    assert parts(load_dataset(data)) == {"train": list(WORMS[:3]), "validation": ["worm4"], "test": ["worm5"]}
    refused(wormtwin("dataset", "split", data, "--test", "wurm5"), "the nearest is worm5")
    refused(wormtwin("dataset", "split", data, "--test", "worm5", "--validation", "worm5"), "worm5 cannot be in both")
    refused(wormtwin("dataset", "split", data, "--fractions", "a,b"), "numbers such as 0.7,0.15,0.15")
    refused(wormtwin("dataset", "split", data, "--by", "block"), "name a new file for them by --out")
    out = tmp_path / "blocks.h5"
    assert wormtwin("dataset", "split", data, "--fractions", "0.8,0.2", "--by", "block", "--out", out)[0] == 0
    assert load_dataset(out).extra["division"]["by"] == "block"
    text = wormtwin("dataset", "info", out)[1]
    assert "division" in text
