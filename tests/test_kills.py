"""Commands that are stopped, killed, or started twice on one output."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from datasets.store import save_dataset
from neuron_models.foundation.output import sole_writer

ROOT = Path(__file__).parent.parent
WORKERS = """
import os, sys, time
from pathlib import Path
from neuron_models.foundation.workers import Call, run_calls

def wait(folder, number):
    (Path(folder) / str(os.getpid())).touch()
    while True:
        time.sleep(0.01)

if __name__ == "__main__":
    with run_calls([Call(wait, sys.argv[1], (number,)) for number in range(2)], jobs=2) as finished:
        list(finished)
"""


def begin(command, folder, **options):
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(list(map(str, command)), env=environment, start_new_session=True, **quiet, **options)


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            pytest.fail("it took too long")
        time.sleep(0.01)
    return found


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def in_shared_memory():
    return {each.name for each in Path("/dev/shm").glob("*") if re.match(r"(wormtwin|sem\.loky)-", each.name)}


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    script, pids = tmp_path / "script.py", tmp_path / "pids"
    script.write_text(WORKERS)
    pids.mkdir()
    parent = begin([sys.executable, script, pids], tmp_path)
    workers = until(lambda: found if len(found := [int(each.name) for each in pids.iterdir()]) == 2 else None)
    parent.kill()
    parent.wait()
    until(lambda: not any(map(alive, workers)))


def test_a_second_command_on_one_output_is_reported(wormtwin, refused, linear_response, tmp_path):
    data = save_dataset(linear_response(), tmp_path / "a.h5")
    with sole_writer(tmp_path / "out"):
        for call in (
            ("train", "--data", data, "--model", "linear"),
            ("tune", "--data", data),
            ("dataset", "split", data),
            ("pose", "convert", data),
        ):
            refused(wormtwin(*call, "--out", tmp_path / "out"), "another process is at work on", "choose another --out")
    assert {each.name for each in tmp_path.iterdir()} == {"a.h5"}


def test_what_a_kill_left_beside_an_output_is_removed(wormtwin, linear_response, tmp_path):
    data = save_dataset(linear_response(), tmp_path / "a.h5")
    (tmp_path / ".b.h5-abcdefgh.unfinished").mkdir()
    (tmp_path / ".b.h5.lock").touch()
    assert wormtwin("dataset", "split", data, "--out", tmp_path / "b.h5")[0] == 0
    assert {each.name for each in tmp_path.iterdir()} == {"a.h5", "b.h5"}


@pytest.fixture
def commands(linear_response, movie, tmp_path):
    """Commands that resume, each with the file that tells whether its result is that of an uninterrupted run."""
    data = save_dataset(linear_response(), tmp_path / "a.h5")
    search = ("--data", data, "--max-rmse", "1e-9", "--models", "linear,state_space", "--max-units", "4")
    tuning = ("--data", data, "--model", "rnn", "--units", "2", "--trials", "3", "--epochs", "2")
    return {
        "reduce": (("reduce", *search, "--jobs", "2"), "tried.csv"),
        "tune": (("tune", *tuning), "trials.csv"),
        "align": (("pose", "align", movie, "--size", "24"), ""),
    }


def content(out, name):
    if not name:
        return out.read_bytes()
    lines = (out / name).read_text().splitlines()
    dropped = [k for k, column in enumerate(lines[0].split(",")) if column == "seconds"]
    return [[cell for k, cell in enumerate(line.split(",")) if k not in dropped] for line in lines]


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("name", ["align", "reduce", "tune"])
def test_commands_that_are_killed_end_with_the_same(name, commands, tmp_path):
    """`KILLS` kills a command at moments drawn by a seed: of the whole group, the parent or one worker."""
    rng, kills = random.Random(name), int(os.environ.get("KILLS", "3"))
    options, table = commands[name]
    indices, before = tmp_path / "tmp", in_shared_memory()
    indices.mkdir()
    out = {which: tmp_path / f"{which}.h5" for which in ("whole", "killed")}
    command = [sys.executable, "-c", "from run_experiments import main; main()", *options, "--out"]
    started = time.monotonic()
    assert begin([*command, out["whole"]], indices).wait() == 0
    seconds, wanted = time.monotonic() - started, content(out["whole"], table)
    for _ in range(kills):
        kill_one(begin([*command, out["killed"]], indices), rng, seconds)
    finished = begin([*command, out["killed"]], indices).wait()
    assert finished == 0 or (name == "align" and out["killed"].exists())
    assert content(out["killed"], table) == wanted
    assert list(indices.iterdir()) == []
    assert in_shared_memory() <= before
    left = [each for each in tmp_path.rglob("*") if each.name.endswith((".unfinished", ".lock", ".partial"))]
    assert left == []


def kill_one(process, rng, seconds):
    time.sleep(rng.uniform(0.2, 1.0) * seconds)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    workers = [int(each) for each in children.read_text().split()] if process.poll() is None else []
    whom = rng.choice(["group", "parent", "worker"])
    if process.poll() is None and whom == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None and whom == "worker" and workers:
        os.kill(rng.choice(workers), signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    until(lambda: not any(map(alive, workers)))
