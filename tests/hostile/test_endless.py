"""What HDF5 never comes back from, or crashes on, ends in one line: a child process reads a file of others first."""

import os
import shutil
import signal
from pathlib import Path

import h5py
import pytest

from datasets.pose.formats.deeplabcut_table import is_table
from datasets.store import is_dataset_file, load_dataset, save_dataset
from neuron_models.foundation import hdf5_check
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.hdf5 import open_hdf5, require_own_data
from neuron_models.foundation.short_lived import Outcome, try_in_child


def _loop(step):
    while True:
        pass


def _wait(step):
    signal.pause()


def _crash(step):
    os.kill(os.getpid(), signal.SIGSEGV)


def _raise(step):
    raise ValueError("nobody reads this")


def children() -> set[str]:
    """The processes that this one has begun and not yet taken leave of (Linux)."""
    return {child for task in Path("/proc/self/task").glob("*/children") for child in task.read_text().split()}


@pytest.mark.parametrize(
    ("work", "outcome"),
    [
        (lambda step: step(), Outcome.DONE),
        (_raise, Outcome.UNKNOWN),
        (_crash, Outcome.CRASHED),
        (_loop, Outcome.ENDLESS),
        (_wait, Outcome.UNKNOWN),  # as for a lock that another thread held
    ],
)
def test_how_work_ends_is_said_and_no_child_stays(work, outcome):
    before = children()  # those of other tests
    assert try_in_child(work, 0.2 if work in (_loop, _wait) else 30) is outcome
    assert children() <= before


def test_steps_may_be_many():
    assert try_in_child(lambda step: [step() for _ in range(20_000)], 30) is Outcome.DONE


@pytest.fixture
def damaged(tmp_path, linear_response):
    """A dataset whose heap of texts has zeros for the size of a text: HDF5 1.14 walks through it for ever."""
    path = save_dataset(linear_response(), tmp_path / "whole.h5")
    content = bytearray(path.read_bytes())
    place = content.index(b"GCOL") + 16  # behind the head of the heap is that of its first text
    content[place : place + 64] = bytes(64)
    (tmp_path / "a.h5").write_bytes(content)
    return tmp_path / "a.h5"


def test_texts_that_hdf5_never_ends_to_read_are_one_line(wormtwin, refused, damaged, monkeypatch):
    monkeypatch.setattr(hdf5_check, "_SECONDS", 0.2)
    refused(wormtwin("dataset", "info", damaged), str(damaged), "damaged")
    monkeypatch.setattr(hdf5_check, "_SECONDS", 0.1)
    for peek in (is_dataset_file, is_table, require_own_data):
        with pytest.raises(InputError, match=r"a\.h5: the HDF5 library never ended|not a whole"):
            peek(damaged)


def test_a_crash_of_hdf5_is_one_line(tmp_path, linear_response, monkeypatch):
    path = shutil.copy(save_dataset(linear_response(), tmp_path / "a.h5"), tmp_path / "b.h5")
    monkeypatch.setattr(hdf5_check, "_look_through", lambda *_: _crash(None))
    with pytest.raises(InputError, match=r"b\.h5: the HDF5 library crashed when it read it"):
        load_dataset(path)


def test_a_file_is_looked_through_once_until_it_changes(tmp_path, linear_response, monkeypatch):
    looks = []
    real = hdf5_check.try_in_child
    monkeypatch.setattr(hdf5_check, "try_in_child", lambda *given: looks.append(given) or real(*given))
    path = save_dataset(linear_response(), tmp_path / "a.h5")
    load_dataset(path)
    assert looks == []  # this process wrote it
    copy = shutil.copy(path, tmp_path / "b.h5")
    for _ in range(2):
        load_dataset(copy)
    assert len(looks) == 1
    with h5py.File(copy, "r+") as file:
        file["elsewhere"] = h5py.ExternalLink("secret.h5", "/x")
    with pytest.raises(InputError, match="elsewhere"):
        load_dataset(copy)
    assert len(looks) == 2


def test_where_no_child_can_be_made_the_file_is_looked_through_here(tmp_path, monkeypatch):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = h5py.SoftLink("/elsewhere")
        file["n"] = 1.0
    require_own_data(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["far"] = h5py.ExternalLink("secret.h5", "/x")
    with pytest.raises(InputError, match="far is a link to data elsewhere"), open_hdf5(tmp_path / "a.h5", "file"):
        pass
