"""Muscles by name, and what drives them."""

import importlib.util

import numpy as np
import pytest

from connectome.muscles import MUSCLES, drive, is_dorsal, junctions_of, neuromuscular_junctions, place_of
from neuron_models.foundation.errors import InputError
from neuron_models.muscle import ElectricalMuscle, FirstOrderMuscle, muscle_model
from run_experiments import run

with_cect = pytest.mark.skipif(importlib.util.find_spec("cect") is None, reason="cect is not installed")


def test_the_muscles_have_the_names_of_the_field():
    assert len(MUSCLES) == 95
    assert (MUSCLES[0], MUSCLES[-1], "MVL24" in MUSCLES) == ("MDL01", "MVR24", False)
    assert sum(map(is_dorsal, MUSCLES)) == 48
    assert (place_of("MDL01"), place_of("MVR24")) == (0, 23)


@with_cect
def test_cook_2019_has_956_pairs_on_95_muscles():
    found = neuromuscular_junctions()
    assert len(found) == 956
    assert {each.muscle for each in found} == set(MUSCLES)
    released = [part for each in found for part in each.transmitter.split("_")]
    assert (released.count("Acetylcholine"), released.count("GABA"), released.count("Glutamate")) == (739, 212, 40)


@with_cect
def test_gaba_inhibits_but_that_of_avl():
    signs = {each.neuron: each.sign for each in neuromuscular_junctions()}
    assert [signs[name] for name in ("DD3", "VD5", "DB3", "VA8", "AVL")] == [-1, -1, 1, 1, 1]


@with_cect
def test_dorsal_neurons_drive_dorsal_muscles():
    names = ("DB3", "VB5", "DD3", "VD6")
    matrix = drive(names)
    dorsal = np.array([is_dorsal(name) for name in MUSCLES])
    assert (matrix[~dorsal][:, 0] == 0).all()
    assert (matrix[dorsal][:, 0] > 0).any()
    assert (matrix[dorsal][:, 1] == 0).all()
    assert (matrix[~dorsal][:, 1] > 0).any()
    assert (matrix[:, 2:] <= 0).all()
    assert (np.abs(matrix).sum(axis=1) <= 1).all()


def test_activation_is_first_order():
    muscle = FirstOrderMuscle()
    state = muscle.rest(2)
    for _ in range(100):
        state = muscle.step(state, np.array([0.5, -0.5]), 1.0)
    np.testing.assert_allclose(state[0], [0.5 * (1 - np.exp(-1)), -0.5 * (1 - np.exp(-1))])
    np.testing.assert_allclose(muscle.activation(state), [state[0, 0], 0])


def test_the_electrical_muscle_charges_through_its_own_conductance():
    muscle = ElectricalMuscle()
    state = muscle.rest(1)
    for _ in range(3000):
        state = muscle.step(state, np.array([1.0]), 1.0)
    end = muscle.g_leak * muscle.e_leak / (muscle.g_leak + muscle.g_largest)
    np.testing.assert_allclose(state[:, 0], [end, muscle.depolarization(np.array([end]))[0]], rtol=1e-9)
    once = muscle.step(muscle.rest(1), np.array([1.0]), 2.0)
    assert once[0, 0] == pytest.approx(end + (muscle.e_leak - end) * np.exp(-2.0 * 9.5 / 60))
    assert muscle.activation(muscle.step(muscle.rest(1), np.array([-1.0]), 50.0)) == 0


def test_what_does_not_exist_is_told():
    with pytest.raises(InputError, match="no muscle 'MDL25'; the nearest names are MDL"):
        junctions_of(muscles=["MDL25"])
    with pytest.raises(InputError, match="first-order, electrical"):
        muscle_model("hill")


@with_cect
def test_the_command_lists_who_drives_what(capsys, tmp_path):
    table = tmp_path / "m.csv"
    assert run(["connectome", "muscles", "MDL12", "DB3", "--out", str(table)]) == 0
    shown = capsys.readouterr().out
    assert "DB3" in shown
    assert "excites" in shown
    assert table.read_text().startswith("neuron,muscle,number,transmitter,sign\nDB3,MDL")
    assert run(["connectome", "muscles"]) == 0
    assert "956 pairs" in capsys.readouterr().out
    assert run(["connectome", "muscles", "MDL99"]) == 2
    error = capsys.readouterr().err
    assert "no muscle or neuron 'MDL99'" in error
    assert len(error.splitlines()) == 1
    assert run(["connectome", "muscles", "--out", str(tmp_path / "m.txt")]) == 2
