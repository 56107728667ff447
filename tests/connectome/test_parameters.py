"""Parameter sets, the networks that they make, and files that are wrong."""

import importlib.util
import json
from dataclasses import replace

import numpy as np
import pytest

from connectome.c302_files import morphology
from connectome.contact import Contact
from connectome.graded import graded_network
from connectome.network import NetworkParameters
from connectome.network_parameters import parameters_of
from connectome.parameters import PARAMETER_SETS, load_parameters
from connectome.wirings.table import Pair, WiringTable
from neuron_models.foundation.errors import InputError
from neuron_models.graded.rest import resting_potentials


@pytest.fixture
def own(tmp_path):
    """Write the set kunert2014 to a file, with changes."""
    import importlib.resources

    text = (importlib.resources.files("connectome") / "data" / "parameters" / "kunert2014.toml").read_text()

    def write(*changes):
        changed = text
        for before, after in changes:
            assert before in changed
            changed = changed.replace(before, after, 1)
        path = tmp_path / "mine.toml"
        path.write_text(changed)
        return path

    return write


@pytest.mark.parametrize("name", PARAMETER_SETS)
def test_every_value_says_where_it_comes_from(name):
    found = load_parameters(name)
    for parameter in found.parameters.values():
        assert parameter.unit
        assert len(parameter.source) > 8
        assert parameter.certainty in ("measured", "derived", "assumed")


def test_the_published_set_is_the_default_of_the_network():
    found, network = load_parameters(), NetworkParameters()
    for name in ("g_leak", "e_leak", "c_m", "r_axial"):
        assert found[name] == getattr(network.membrane, name)
    for name in ("tau_rise", "tau_decay", "threshold", "delay"):
        assert found[name] == getattr(network.excitatory, name)
    assert (found["g_synapse"], found["e_excitatory"]) == (network.excitatory.g_max, network.excitatory.e_rev)
    assert (found["e_inhibitory"], found["g_gap"]) == (network.e_inhibitory, network.gap_junction.g)


def test_a_file_is_a_set(own):
    found = load_parameters(own(("value = 1.0", "value = 2")))
    assert (found.name, found["c_cell"]) == ("mine", 2.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('unit = "pF"', 'unit = "nF"'), r"mine.toml, line 4: c_cell is in pF, got 'nF'"),
        (("value = 1.0", "value = -1.0"), r"line 4: c_cell must be > 0 pF, got -1.0"),
        (("value = 1.0", "value = nan"), r"line 4: c_cell must be > 0 pF, got nan"),
        (("value = -35.0", "value = 900"), r"e_leak must be from -200 to 200 mV, got 900"),
        (("[c_cell]", "[c_sell]"), r"line 4: a graded set has no 'c_sell'; it has c_cell, g_leak_cell"),
        (
            ('certainty = "assumed"', 'certainty = "sure"'),
            r"certainty is one of measured, derived, assumed, got 'sure'",
        ),
        (('unit = "pF"\n', ""), r"c_cell is a table with value, unit, source, certainty"),
        (('model = "graded"', 'model = "spiking"'), r"model is one of events, graded, got 'spiking'"),
        (("[c_cell]", "[c_cell"), r"this is no TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(own, change, message):
    with pytest.raises(InputError, match=message):
        load_parameters(own(change))


def test_unknown_sets():
    with pytest.raises(InputError, match=r"no parameter set 'kunert': did you mean kunert2014"):
        load_parameters("kunert")
    with pytest.raises(InputError, match="there is no such file"):
        load_parameters("nowhere.toml")
    with pytest.raises(InputError, match="needs a graded parameter set"):
        graded_network(WiringTable("x", ("AVAL",), (), "x"), load_parameters("published2012"))


def test_the_rest_of_two_neurons_by_hand():
    pairs = (
        Pair("AVAL", "DB1", "chemical", 2.0, "Acetylcholine", 1),
        Pair("VD1", "DB1", "chemical", 3.0, "GABA", -1),
    )
    network = graded_network(WiringTable("x", ("AVAL", "DB1", "VD1"), pairs, "x"), load_parameters("kunert2014"))
    s = 1 / 11
    expected = (0.01 * -35 + 0.3 * s * -45) / (0.01 + 0.2 * s + 0.3 * s)
    assert resting_potentials(network) == pytest.approx([-35, expected, -35], abs=1e-9)


@pytest.mark.shared
def test_the_rest_is_that_of_another_laboratory(shared):
    if not all(map(importlib.util.find_spec, ("cect", "wormneuroatlas"))):
        pytest.skip("cect and wormneuroatlas are not installed")
    from connectome.wirings.named import named_table
    from connectome.wirings.signs import with_fenyves_signs

    saved = json.loads((shared / "reference" / "kunert_rest_v0_3.json").read_text())["rest"]
    aliases = {"AWCOF": "AWCL", "AWCOFF": "AWCL", "AWCON": "AWCR"}
    expected = {aliases.get(name, name): 1000 * volts for name, volts in saved.items()}
    table = named_table("randi2023")
    excited = tuple(replace(pair, sign=1) if pair.kind == "chemical" else pair for pair in table.pairs)
    signed = with_fenyves_signs(replace(table, pairs=excited))  # there, only what is predicted to inhibit does
    network = graded_network(signed, load_parameters("kunert2014"), tuple(expected))
    apart = np.abs(network.thresholds - np.array(list(expected.values())))
    assert np.median(apart) <= 0.03
    assert (apart < 0.1).sum() >= 250


def test_commands(wormtwin, refused, own):
    status, out, _ = wormtwin("connectome", "parameters")
    assert status == 0
    assert all(name in out for name in PARAMETER_SETS)
    status, out, _ = wormtwin("connectome", "parameters", "kunert2014")
    assert status == 0
    assert "0.125" in out
    assert "assumed" in out
    refused(wormtwin("connectome", "parameters", own(('unit = "pF"', 'unit = "F"'))), "mine.toml", "is in pF, got 'F'")


def test_sets_make_networks():
    assert parameters_of(load_parameters()) == NetworkParameters()
    graded = parameters_of(load_parameters("kunert2014"))
    shape = morphology("AVAL")
    membrane = graded.membrane_of(shape)
    assert membrane.c_m * 1e6 * shape.area * 1e-8 == pytest.approx(1.0)  # pF
    assert membrane.c_m * 1e-3 / membrane.g_leak == pytest.approx(100.0)  # ms
    contact = Contact("VD1", "DB1", "chemical", "GABA", 0, 0.5, 0, 0.5)
    assert graded.mechanism(contact).e_rev == -45.0
    assert graded.mechanism(replace(contact, sign=1)).e_rev == 0.0
    assert graded.mechanism(replace(contact, kind="gap_junction")).g == 1e-4


def test_scaled_stimuli(kick):
    scaled = kick.scaled(0.01)
    assert scaled.stimuli[0][0].step_means(0.5, 8) == pytest.approx(0.01 * kick.stimuli[0][0].step_means(0.5, 8))
    assert kick.scaled(1.0) is kick
    with pytest.raises(InputError, match="finite number but 0, got 0"):
        kick.scaled(0.0)


def test_graded_simulation(wormtwin, small, kick, tmp_path, monkeypatch):
    from datasets.store import load_dataset

    monkeypatch.setattr("connectome.wiring.load_connectome", lambda source=None: small)
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick)
    out = tmp_path / "graded.h5"
    call = ("simulate", "--scenario", "fcm", "--sequences", "1", "--parameters", "kunert2014", "--scale", "0.001")
    status, _, error = wormtwin(*call, "--out", out)
    assert status == 0, error
    dataset = load_dataset(out)
    assert dataset.extra["network"].endswith("parameters kunert2014")
    y = dataset.trials[0].y[:]
    assert y[0, 0] == pytest.approx(-0.035, abs=1e-4)
    assert y[:, 0].max() > y[0, 0] + 1e-4
