"""Datasets on disk."""

import string
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datasets.dataset import Dataset, Trial
from datasets.store import load_dataset, save_dataset
from datasets.topics import topic_modules
from neuron_models.foundation.errors import InputError

names = st.text(string.ascii_letters + string.digits + " äµ", min_size=1, max_size=8)
values = st.one_of(st.none(), st.booleans(), st.integers(-99, 99), st.text(max_size=5), st.lists(st.integers(0, 9)))
extras = st.dictionaries(
    st.sampled_from(["states", "strain", "skeleton", "scenario"]), values | st.dictionaries(names, values, max_size=2)
)


@st.composite
def stored(draw):
    inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    equal, weighted = draw(st.booleans()), draw(st.booleans())
    dtype = draw(st.sampled_from([np.float32, np.float64, np.int32]))
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    trials = []
    for index, length in enumerate([lengths[0]] * len(lengths) if equal else lengths):
        x = draw(arrays(dtype, (length, inputs), elements=st.integers(-9, 9).map(float) if dtype != np.int32 else None))
        y = np.arange(length * outputs, dtype=dtype).reshape(length, outputs) if outputs else None
        weight = np.ones(length) if weighted else None
        split = draw(st.sampled_from(["", "train", "validation", "test"]))
        trials.append(Trial(f"{draw(names)}{index}", x, y, weight, draw(names), split))
    x_names, y_names = tuple("abc"[:inputs]), tuple("uv"[:outputs])
    dt = draw(st.floats(0.01, 100))
    return Dataset(draw(names), tuple(trials), dt, x_names, y_names, "nA", "V", source="s", extra=draw(extras))


def same(one: Dataset, other: Dataset) -> None:
    for field in ("name", "dt", "x_names", "y_names", "x_units", "y_units", "task", "source", "extra"):
        assert getattr(one, field) == getattr(other, field), field
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert (a.name, a.group, a.split) == (b.name, b.group, b.split)
        for key in ("x", "y", "weight"):
            left, right = getattr(a, key), getattr(b, key)
            assert (left is None) == (right is None)
            if left is not None:
                assert np.asarray(left[:]).dtype == np.asarray(right[:]).dtype
                np.testing.assert_array_equal(left[:], right[:])


@given(stored(), st.booleans())
def test_a_dataset_comes_back_as_it_was(tmp_path_factory, dataset, lazy):
    path = tmp_path_factory.mktemp("store") / "data.h5"
    save_dataset(dataset, path)
    same(dataset, load_dataset(path, lazy=lazy))
    assert [p.name for p in path.parent.iterdir()] == ["data.h5"]


def test_equal_trials_are_one_array(linear_response, tmp_path):
    save_dataset(linear_response(), tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["x"].shape == (16, 60, 2)
        assert file["y"].shape == (16, 60, 2)
        assert file["split"].asstr()[0] == "train"
        assert file.attrs["dt_ms"] == 0.5
        assert file.attrs["scenario"] == "toy"


def test_a_lazy_array_reads_only_what_is_asked_for(linear_response, tmp_path):
    save_dataset(linear_response(), tmp_path / "a.h5")
    lazy = load_dataset(tmp_path / "a.h5", lazy=True)
    whole = load_dataset(tmp_path / "a.h5")
    assert not isinstance(lazy.trials[3].x, np.ndarray)
    np.testing.assert_array_equal(lazy.trials[3].x[5:9, 1], whole.trials[3].x[5:9, 1])
    np.testing.assert_array_equal(lazy.windows(4).x, whole.windows(4).x)


class Endless:
    """Frames that are made when they are sliced, and the most bytes that were ever asked for at once."""

    dtype = np.dtype(np.uint8)

    def __init__(self, frames):
        self.shape, self.most = (frames, 1, 64, 64), 0

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, index):
        found = np.zeros((len(range(*index.indices(len(self)))), *self.shape[1:]), np.uint8)
        self.most = max(self.most, found.nbytes)
        return found


@pytest.mark.parametrize("lengths", [(5000, 5000), (5000, 6000)])
def test_long_trials_are_written_and_checked_a_stretch_at_a_time(tmp_path, monkeypatch, lengths):
    trials = tuple(Trial(f"t{k}", Endless(number), None) for k, number in enumerate(lengths))
    save_dataset(Dataset("long", trials, 10.0, ("grey",), task="keypoints"), tmp_path / "a.h5")
    assert all(0 < trial.x.most <= 2**24 < 4096 * len(trial) for trial in trials)
    read_values = []
    read = h5py.Dataset.__getitem__
    monkeypatch.setattr(h5py.Dataset, "__getitem__", lambda *given: read_values.append(read(*given)) or read_values[-1])
    found = load_dataset(tmp_path / "a.h5", lazy=True, checked=True)
    assert [len(trial) for trial in found] == list(lengths)
    assert max(value.nbytes for value in read_values if isinstance(value, np.ndarray)) <= 2**24


def test_a_lazy_dataset_can_be_saved_again(linear_response, tmp_path):
    save_dataset(linear_response(), tmp_path / "a.h5")
    save_dataset(load_dataset(tmp_path / "a.h5", lazy=True), tmp_path / "b.h5")
    same(load_dataset(tmp_path / "a.h5"), load_dataset(tmp_path / "b.h5"))


def damage_version(file):
    file.attrs["format_version"] = 99


def damage_format(file):
    file.attrs["format"] = "other"


def damage_values(file):
    file["y"][3, 4] = 1.0


def damage_array(file):
    del file["split"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_version, "its format has version 99, this wormtwin reads version 1"),
        (damage_format, "not a wormtwin-dataset"),
        (damage_values, "do not match their checksum"),
        (damage_array, "checksum|not a whole dataset file"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(linear_response, tmp_path, damage, message):
    path = save_dataset(linear_response(), tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        damage(file)
    with pytest.raises(InputError, match=message):
        load_dataset(path)


def test_truncated_missing_and_foreign_files(linear_response, tmp_path):
    path = save_dataset(linear_response(), tmp_path / "a.h5")
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(InputError, match="not a whole dataset file"):
        load_dataset(path)
    with pytest.raises(InputError, match="no such file"):
        load_dataset(tmp_path / "b.h5")
    (tmp_path / "c.h5").write_text("hello")
    with pytest.raises(InputError, match="not a whole dataset file"):
        load_dataset(tmp_path / "c.h5")


def test_names_of_the_format_cannot_be_taken(linear_response, tmp_path):
    with pytest.raises(InputError, match="'task' in extra is taken"):
        save_dataset(replace(linear_response(), extra={"task": "x"}), tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


def test_text_with_a_zero_in_it_comes_back(linear_response, tmp_path):
    dataset = replace(linear_response(), extra={"states": "a\0b"})
    assert load_dataset(save_dataset(dataset, tmp_path / "zero.h5")).extra == {"states": "a\0b"}


@pytest.mark.parametrize(
    ("name", "command"),
    [("c.nwb", "calcium import"), ("w.wcon", "posture import"), ("d.csv", "pose import"), ("v.wav", "calls teach")],
)
def test_a_file_of_another_kind_names_the_commands_that_read_it(name, command, tmp_path):
    (tmp_path / name).write_text("hello")
    with pytest.raises(InputError) as refused:
        load_dataset(tmp_path / name)
    assert f"{name} is not a dataset file (.h5): make one of it by `wormtwin" in str(refused.value)
    assert f"`wormtwin {command}`" in str(refused.value)


def test_a_folder_and_foreign_hdf5_name_commands_too(linear_response, tmp_path):
    with pytest.raises(InputError, match=r"is a folder, not a dataset file .*`wormtwin pose import` or `wormtwin gri"):
        load_dataset(tmp_path)
    with h5py.File(tmp_path / "a.h5", "w"):
        pass
    with pytest.raises(InputError, match="but not a wormtwin-dataset: make one of it by `wormtwin posture import`"):
        load_dataset(tmp_path / "a.h5")
    with pytest.raises(InputError, match=r"not a dataset file .*: the import command of a topic makes one"):
        load_dataset(Path(__file__))
    assert len(load_dataset(save_dataset(linear_response(), tmp_path / "a.nwb"))) == 16


def test_topics_name_their_readers_and_commands():
    from datasets.calcium.recordings import READERS as CALCIUM
    from datasets.posture.recordings import READERS as POSTURE
    from run_experiments import command_line

    imports = {name: kinds for module in topic_modules("datasets") for name, kinds in module.TOPIC.imports.items()}
    assert set(imports["calcium import"]) == set(CALCIUM)
    assert set(imports["posture import"]) == set(POSTURE)
    for name in imports:
        group, command = name.split()
        assert command in command_line().commands[group].commands
