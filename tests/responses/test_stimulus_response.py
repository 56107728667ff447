"""Simulating a dataset: processes, stopping and going on, workers that die."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest

from connectome.network import NetworkParameters, build_network, simulate
from datasets.responses.simulation import simulate_dataset, simulation_job
from datasets.store import dataset_checksum, load_dataset, save_dataset
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.locks import lock_file
from neuron_models.foundation.wording import counted


def test_a_dataset_holds_what_was_injected_and_recorded(small, kick, tmp_path):
    simulate_dataset(kick, small, tmp_path / "kick.h5")
    dataset = load_dataset(tmp_path / "kick.h5")
    assert (dataset.x_names, dataset.y_names, dataset.dt) == (("AVBL",), ("DB1", "VB1"), 0.5)
    assert (dataset.x_units, dataset.y_units, dataset.task) == ("nA", "V", "regression")
    assert [trial.split for trial in dataset] == ["train", "train", "validation", "test"]
    assert dataset.extra["scenario"] == "kick"
    assert dataset.extra["network"] == "three neurons"
    assert set(dataset.extra["versions"]) == {"wormtwin", "neuron", "c302", "numpy"}
    simulation = Simulation(build_network(small))
    t = np.arange(40) * 0.5
    for index, trial in enumerate(dataset):
        np.testing.assert_array_equal(trial.y, simulate(simulation, kick, index))
        np.testing.assert_allclose(trial.x[:, 0], 2.3 * ((t >= 1) & (t < 3 + 2 * index)))
    with h5py.File(tmp_path / "kick.h5") as file:
        assert (file["x"].shape, file["y"].shape) == ((4, 40, 1), (4, 40, 2))
    assert [path.name for path in tmp_path.iterdir()] == ["kick.h5"]


def test_two_processes_give_the_same_data_as_one(small, kick, tmp_path):
    simulate_dataset(kick, small, tmp_path / "one.h5", jobs=1)
    simulate_dataset(kick, small, tmp_path / "two.h5", jobs=2)
    assert dataset_checksum(tmp_path / "one.h5") == dataset_checksum(tmp_path / "two.h5")


def test_all_neurons_can_be_recorded(small, kick, tmp_path):
    dataset = simulate_dataset(kick, small, tmp_path / "a.h5", record=small.names)
    assert dataset.y_names == ("AVBL", "DB1", "VB1")
    with pytest.raises(InputError, match="there is no neuron 'DB9'"):
        simulate_dataset(kick, small, tmp_path / "b.h5", record=["DB9"])


def test_a_finished_file_is_not_made_again_and_another_is_not_overwritten(small, kick, tmp_path, capsys):
    simulate_dataset(kick, small, tmp_path / "a.h5")
    before = (tmp_path / "a.h5").stat().st_mtime_ns
    simulate_dataset(kick, small, tmp_path / "a.h5")
    assert "already complete" in capsys.readouterr().out
    assert (tmp_path / "a.h5").stat().st_mtime_ns == before
    with pytest.raises(InputError, match="holds another simulation"):
        simulate_dataset(kick.select([1]), small, tmp_path / "a.h5")


SCRIPT = textwrap.dedent("""
    import os, signal, sys
    from dataclasses import dataclass, replace
    from connectome.contact import Connectome, Contact, Neuron
    from connectome.scenario import Scenario
    from datasets.responses.simulation import simulate_dataset, simulation_job
    from neuron_models.stimulus import Pulse, Waveform

    @dataclass(frozen=True)
    class Deadly(Waveform):
        def pieces(self):
            if os.environ.get("KILL"):
                os.kill(os.getpid(), signal.SIGKILL)
            return Pulse(4.0, 1.0).pieces()
        def __str__(self):
            return "deadly"

    if __name__ == "__main__":
        contacts = (Contact("AVBL", "DB1", "gap_junction", "Generic", 5, 0.5, 6, 0.5),)
        small = Connectome((Neuron("AVBL"), Neuron("DB1")), contacts, "two neurons")
        rows = tuple((2.3 * w,) for w in (Pulse(2.0), Pulse(3.0), Deadly(), Pulse(5.0)))
        kick = Scenario("kick", ("AVBL",), ("DB1",), ("a", "b", "c", "d"), rows, ("train",) * 4, duration=20.0)
        simulate_dataset(kick, small, sys.argv[1], jobs=int(sys.argv[2]))
""")


def run_script(tmp_path, out, jobs, kill):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "KILL": "1" if kill else ""}
    command = [sys.executable, str(script), str(tmp_path / out), str(jobs)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path):
    killed = run_script(tmp_path, "a.h5", 1, kill=True)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "a.h5").exists()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "a.h5.partial").glob("*.npy")}
    assert [path.name for path in sorted(kept)] == ["000000.npy", "000001.npy"]
    resumed = run_script(tmp_path, "a.h5", 1, kill=False)
    assert resumed.returncode == 0, resumed.stderr
    assert "2 simulations in" in resumed.stdout
    assert not (tmp_path / "a.h5.partial").exists()
    assert run_script(tmp_path, "b.h5", 1, kill=False).returncode == 0
    assert dataset_checksum(tmp_path / "a.h5") == dataset_checksum(tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_worker_that_dies_is_reported_and_what_was_finished_is_kept(tmp_path):
    died = run_script(tmp_path, "a.h5", 2, kill=True)
    assert "a worker process died (out of memory?)" in died.stderr
    assert not (tmp_path / "a.h5").exists()
    kept = list((tmp_path / "a.h5.partial").glob("*.npy"))
    resumed = run_script(tmp_path, "a.h5", 2, kill=False)
    assert f"{counted(4 - len(kept), 'simulation')} in" in resumed.stdout


def test_two_commands_cannot_write_one_file(small, kick, tmp_path):
    (tmp_path / "a.h5.partial").mkdir()
    key = simulation_job(kick, small).key
    (tmp_path / "a.h5.partial" / "manifest.json").write_text(json.dumps({"key": key}))
    with lock_file(tmp_path / "a.h5.partial" / "lock"), pytest.raises(InputError, match="another process is at work"):
        simulate_dataset(kick, small, tmp_path / "a.h5")


def test_a_half_written_result_is_made_again(small, kick, tmp_path, capsys):
    partial = tmp_path / "a.h5.partial"
    partial.mkdir()
    (partial / "manifest.json").write_text(json.dumps({"key": simulation_job(kick, small).key}))
    (partial / "000002.npy").write_bytes(b"")
    simulate_dataset(kick, small, tmp_path / "a.h5")
    assert "4 simulations in" in capsys.readouterr().out


def test_a_dataset_that_was_split_again_is_not_taken_for_the_simulated_one(small, kick, tmp_path):
    dataset = simulate_dataset(kick, small, tmp_path / "a.h5")
    save_dataset(dataset.with_split(["test"] * 4), tmp_path / "a.h5")
    with pytest.raises(InputError, match="holds another simulation"):
        simulate_dataset(kick, small, tmp_path / "a.h5")


def test_a_partial_folder_of_another_run_is_not_touched(small, kick, tmp_path):
    (tmp_path / "a.h5.partial").mkdir()
    (tmp_path / "a.h5.partial" / "manifest.json").write_text('{"key": "other"}')
    (tmp_path / "a.h5.partial" / "000000.npy").write_bytes(b"")
    with pytest.raises(InputError, match="beginning of another simulation"):
        simulate_dataset(kick, small, tmp_path / "a.h5")


def test_a_partial_folder_without_results_stops_nobody(small, kick, tmp_path):
    with pytest.raises(InputError, match="more than 32767"):
        simulate_dataset(kick, small, tmp_path / "a.h5", parameters=NetworkParameters(longest_compartment=1e-4))
    assert len(simulate_dataset(kick, small, tmp_path / "a.h5")) == 4
