"""Folders of long work: whose they are, who works in them, and what is left of a process that was killed."""

import signal
import subprocess
import sys

import numpy as np
import pytest

from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.locks import lock_file
from neuron_models.foundation.result_forms import JSON_FORM, array_form, folder_form
from neuron_models.foundation.resumable import (
    MANIFEST_FILE,
    Planned,
    Work,
    partial_folder,
    remove_leftover,
    resumable_folder,
    run_missing,
)
from neuron_models.foundation.scratch import scratch_folder, sweep, sweep_tree
from neuron_models.foundation.workers import Call

RUNS = Work("runs", {"data": "abc", "epochs": 3})
FILES = folder_form("scores.json", lambda path: path.read_text())


def test_a_second_work_leaves_the_folder_of_a_running_one_alone(tmp_path):
    first, second = (Work("simulation", {"key": key}, passing=True) for key in ("first", "second"))
    form, folder = array_form((2,)), tmp_path / "a.h5.partial"
    with resumable_folder(folder, first, form, tmp_path / "a.h5") as finished:
        with (
            pytest.raises(InputError, match=r"another process is at work on the simulation in .*a\.h5: wait"),
            resumable_folder(folder, second, form, tmp_path / "a.h5"),
        ):
            pass
        finished.keep("000000", np.zeros(2))
    with pytest.raises(InputError, match="beginning of another simulation"), resumable_folder(folder, second, form):
        pass
    with resumable_folder(folder, first, form) as finished:
        assert finished.has("000000")
        assert not finished.has("000001")
        finished.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_goes_when_its_file_was_made_before_a_kill_and_stays_when_not(tmp_path):
    out, work = tmp_path / "a.h5", Work("simulation", {"key": "first"}, passing=True)

    def stopped_after(*written):
        with resumable_folder(partial_folder(out), work, JSON_FORM, out) as finished:
            finished.keep("a", 7)
            with finished.last_step():
                for text in written:
                    out.write_text(text)
                raise KeyboardInterrupt

    out.write_text("made by an earlier run")
    with pytest.raises(KeyboardInterrupt):
        stopped_after()
    remove_leftover(out)
    assert partial_folder(out).is_dir()
    with pytest.raises(KeyboardInterrupt):
        stopped_after("made of the folder")
    with resumable_folder(partial_folder(out), work, JSON_FORM, out):
        remove_leftover(out)  # another process is at work in it
        assert partial_folder(out).is_dir()
    (tmp_path / ".a.h5-abcdefgh.unfinished" / "a.h5.partial").mkdir(parents=True)  # killed while it removed one
    remove_leftover(out)
    assert [each.name for each in tmp_path.iterdir()] == ["a.h5"]


def test_what_differs_is_named(tmp_path):
    with resumable_folder(tmp_path / "runs", RUNS, JSON_FORM) as finished:
        finished.keep("a", {"b": 1})
    with (
        pytest.raises(
            InputError, match=r"runs holds runs with another epochs \(3 instead of 4\): choose another --out"
        ),
        resumable_folder(tmp_path / "runs", Work("runs", {"data": "abc", "epochs": 4}), JSON_FORM),
    ):
        pass
    with resumable_folder(tmp_path / "runs", RUNS, JSON_FORM) as finished:
        assert finished.load("a") == {"b": 1}
    assert sorted(each.name for each in (tmp_path / "runs").iterdir()) == ["a.json", MANIFEST_FILE]


def test_a_folder_in_which_nothing_is_kept_leaves_nothing(tmp_path):
    with resumable_folder(tmp_path / "new" / "runs", RUNS, JSON_FORM):
        pass
    assert list(tmp_path.iterdir()) == []


def test_folders_of_an_earlier_version_go_on_or_are_refused(tmp_path):
    (tmp_path / "claim.json").write_text('{"data": "abc", "epochs": 3, "more": 1}')
    (tmp_path / "a.json").write_text("7")
    with resumable_folder(tmp_path, RUNS, JSON_FORM) as finished:
        assert finished.load("a") == 7
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="earlier version"), resumable_folder(tmp_path / "file", RUNS, JSON_FORM):
        pass


@pytest.mark.parametrize(("manifest", "text"), [(None, "something else than runs"), ("[", "is damaged: delete")])
def test_folders_of_others_are_refused(tmp_path, manifest, text):
    (tmp_path / "photo.png").write_text("")
    if manifest:
        (tmp_path / MANIFEST_FILE).write_text(manifest)
    with pytest.raises(InputError, match=text), resumable_folder(tmp_path, RUNS, JSON_FORM):
        pass
    assert len(list(tmp_path.iterdir())) == 1 + bool(manifest)


def test_what_is_missing_is_run_and_damaged_results_are_reported(tmp_path):
    with resumable_folder(tmp_path, RUNS, JSON_FORM) as finished:
        finished.keep("1", 10)
        plan = [Planned(finished, str(number), Call(pow, number, (2,))) for number in range(3)]
        assert run_missing(plan, unit="run") == 2
        assert [finished.load(each.name) for each in plan] == [0, 10, 4]
        finished.file("2").write_text("{")
        with pytest.raises(InputError, match=r"2\.json: not a run of wormtwin: delete it and run again"):
            run_missing(plan, unit="run")


def test_the_file_that_says_that_all_are_there_is_written_last(tmp_path, monkeypatch):
    written = []
    with resumable_folder(tmp_path, RUNS, FILES) as finished:
        monkeypatch.setattr("pathlib.Path.replace", lambda path, to: written.append(to.name))
        finished.keep("seed-0", {"scores.json": b"1", "model.keras": b"2", "a.csv": b"3"})
    assert written == ["model.keras", "a.csv", "scores.json"]


KILLED = """
import os, signal, sys
from pathlib import Path
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.result_forms import JSON_FORM
from neuron_models.foundation.resumable import Work, resumable_folder
with resumable_folder(Path(sys.argv[1]), Work("runs", {"data": "abc", "epochs": 3}), JSON_FORM) as finished:
    finished.keep("a", 1)
    with atomic_write(finished.file("b")) as temporary:
        temporary.write_text("{")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_frees_the_folder_and_what_it_left_is_removed(tmp_path):
    died = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "runs"], check=False)
    assert died.returncode == -signal.SIGKILL
    assert {each.name for each in (tmp_path / "runs").iterdir()} > {"a.json", MANIFEST_FILE, "lock"}
    with resumable_folder(tmp_path / "runs", RUNS, JSON_FORM) as finished:
        assert (finished.load("a"), finished.has("b")) == (1, False)
    assert sorted(each.name for each in (tmp_path / "runs").iterdir()) == ["a.json", MANIFEST_FILE]


def test_only_what_nobody_works_on_is_swept(tmp_path):
    others = tmp_path / ".cache-abcdefgh"
    others.mkdir()
    with atomic_write(tmp_path / "deep" / "a.h5") as beside, scratch_folder(tmp_path, ".b.h5-") as mine:
        left = tmp_path / "deep" / ".c.h5-abcdefgh.unfinished"
        left.mkdir()
        (left / "c.h5").write_text("half")
        sweep(tmp_path / "deep", "a.h5")
        assert left.exists()
        sweep_tree(tmp_path)
        assert not left.exists()
        assert beside.parent.exists()
        assert mine.exists()
        beside.write_text("whole")
    assert {each.name for each in tmp_path.iterdir()} == {"deep", others.name}


def test_a_lock_is_held_once_and_leaves_no_file(tmp_path):
    with lock_file(tmp_path / "lock") as mine:
        with lock_file(tmp_path / "lock") as again:
            assert (mine, again) == (True, False)
        assert (tmp_path / "lock").exists()
    assert list(tmp_path.iterdir()) == []
