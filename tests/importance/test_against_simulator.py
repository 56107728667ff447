"""Silencing inputs in the simulator: what must change and what must not, and data that were not simulated so."""

from dataclasses import replace

import numpy as np
import pytest

from connectome.scenario import Scenario
from datasets.responses.resimulation import connectome_of, scenario_of
from datasets.responses.simulation import simulate_dataset
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError
from neuron_models.stimulus import Pulse, Silence
from surrogates.importance.against_simulator import silence, silenced_datasets, simulator_table
from surrogates.importance.against_simulator import simulated as simulated_of
from surrogates.importance.groups import parse_groups
from surrogates.importance.problem import prepare_attribution


@pytest.fixture
def pair():
    """Stimuli to AVBL, which drives both outputs, and to VB1, which drives none but itself."""
    rows = tuple((2.3 * Pulse(4.0, 1.0), 0.5 * Pulse(float(width), 2.0)) for width in (2, 4, 6, 8))
    names = ("one", "two", "three", "four")
    split = ("train", "validation", "test", "test")
    return Scenario("pair", ("AVBL", "VB1"), ("DB1", "VB1"), names, rows, split, duration=20.0)


@pytest.fixture
def simulated(pair, small, tmp_path, monkeypatch):
    """Its simulation on three neurons, which the network of the dataset is found to be."""
    monkeypatch.setattr("datasets.responses.resimulation.load_connectome", lambda source: small)
    return simulate_dataset(pair, small, tmp_path / "pair.h5")


def test_the_scenario_comes_back_from_the_dataset(pair, simulated, tmp_path):
    again = scenario_of(load_dataset(tmp_path / "pair.h5"))
    assert replace(again, ablated=()) == pair
    assert scenario_of(simulated) == again


def test_silence_takes_the_stimulus_alone_away(pair):
    silent = silence(pair, ("VB1",))
    assert [row[1] for row in silent.stimuli] == [Silence()] * 4
    assert [row[0] for row in silent.stimuli] == [row[0] for row in pair.stimuli]
    assert silent.ablated == ()


def test_what_is_silenced_changes_what_it_drives_and_nothing_else(simulated, tmp_path):
    problem = prepare_attribution(simulated, parse_groups("", simulated.x_names))
    silenced = silenced_datasets(problem, tmp_path)
    table = simulator_table(problem, silenced)
    assert (table.inputs, table.outputs, table.trials) == (("AVBL", "VB1"), ("DB1", "VB1"), ("three", "four"))
    (avb_on_db, avb_on_vb), (vb_on_db, vb_on_vb) = table.values
    assert vb_on_db < 1e-9 < avb_on_db  # VB1 has no contact but the synapse that it gets
    assert vb_on_vb > 1e-3
    assert avb_on_vb > 0
    assert table.over_time.shape == (40, 2, 2)
    # Without AVBL's stimulus, DB1 is at rest: its whole response is AVBL's.
    response = np.stack([trial.y[:, 0] - trial.y[0, 0] for trial in problem.dataset])
    assert avb_on_db == pytest.approx(np.sqrt((response**2).mean()), rel=1e-3)


def test_simulations_that_are_there_are_not_repeated(simulated, tmp_path, capsys):
    problem = prepare_attribution(simulated, parse_groups("both=AVBL+VB1", simulated.x_names))
    first = simulator_table(problem, silenced_datasets(problem, tmp_path))
    capsys.readouterr()
    again = simulator_table(problem, silenced_datasets(problem, tmp_path))
    assert capsys.readouterr().out.count("is already complete") == 2
    np.testing.assert_array_equal(again.values, first.values)


def test_names_of_inputs_do_not_lead_out_of_the_folder(simulated, tmp_path, monkeypatch):
    problem = prepare_attribution(simulated, {"../../x": ("AVBL", "VB1")})
    written = []
    monkeypatch.setattr(
        "surrogates.importance.against_simulator.require_equal", lambda q, out, network: simulated_of(q)
    )
    monkeypatch.setattr(
        "surrogates.importance.against_simulator.simulate_dataset",
        lambda scenario, connectome, path, **_: written.append(path) or simulated,
    )
    silenced_datasets(problem, tmp_path)
    assert [path.resolve().parent for path in written] == [tmp_path.resolve() / "simulator"]


def test_other_voltages_are_reported(simulated, tmp_path):
    moved = replace(simulated, trials=tuple(replace(trial, y=trial.y + 0.01) for trial in simulated))
    problem = prepare_attribution(moved, parse_groups("", moved.x_names))
    with pytest.raises(InputError, match=r"'three', simulated anew, differs from dataset 'pair' by up to 0.01 V"):
        silenced_datasets(problem, tmp_path)


def test_data_that_cannot_be_simulated_anew(simulated, linear_response, tmp_path):
    with pytest.raises(InputError, match="was not simulated by `wormtwin simulate`"):
        scenario_of(linear_response())
    with pytest.raises(InputError, match="has 1 trial, but the stimuli of 4"):
        scenario_of(simulated.select([0]))
    with pytest.raises(InputError, match="the inputs of trial 'two' are not those"):
        scenario_of(simulated.select([1, 0, 2, 3]))
    other = replace(simulated, extra={**simulated.extra, "network": "elsewhere"})
    with pytest.raises(InputError, match="simulated on the network 'elsewhere', which is none of the known ones"):
        connectome_of(other)
    path = save_dataset(simulated, tmp_path / "kept.h5")
    with pytest.raises(InputError, match="which placed is not: say with --network"):
        connectome_of(replace(load_dataset(path), extra={**simulated.extra, "network": "x"}), "placed")
