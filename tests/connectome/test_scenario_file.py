"""Scenarios of one's own: read from TOML, written as TOML, and refused with the line of the fault."""

from dataclasses import replace

import numpy as np
import pytest

from connectome.places import cells_of, probe_named, site_named, units_of
from connectome.scenario import load_scenario
from connectome.scenario_text import scenario_text
from connectome.toml_lines import line_of
from neuron_models.circuit import Clamp, Site, VoltageClamp
from neuron_models.foundation.errors import InputError

TOUCH = """title = "Tail touch"
inputs = ["PLML", "AVAL:12:0.3"]
voltage_clamps = ["PVCL"]
outputs = ["AVBL", "DB1:6:0.5", "PVCL clamp_current", "DB1 synaptic_current"]
duration = 20
sampling = 0.5
settle = 10
ablated = ["AVBR"]

[holding]
PLML = 0.1
PVCL = -60.0

[[sequences]]
name = "first"
split = "train"
[sequences.stimuli]
PLML = "1.4*pulse width=5 onset=2"
PVCL = "20*pulse width=10 onset=5"

[[sequences]]
split = "test"
[sequences.stimuli]
PLML = { file = "currents.csv", column = "left", scale = 2 }
"AVAL:12:0.3" = { file = "currents.npy", column = 1 }
"""


@pytest.fixture
def touch(tmp_path):
    """A scenario file with stimuli of every kind beside it; gives the path, with some text replaced."""
    left = np.linspace(0, 1, 40)
    rows = "\n".join(f"{0.5 * k},{value!r}" for k, value in enumerate(left.tolist()))
    (tmp_path / "currents.csv").write_text(f"time,left\n{rows}\n")
    np.save(tmp_path / "currents.npy", np.stack([left, 1 - left], axis=1))

    def write(old: str = "", new: str = ""):
        assert old in TOUCH
        path = tmp_path / "touch.toml"
        path.write_text(TOUCH.replace(old, new, 1) if old else TOUCH)
        return path

    return write


def test_a_file_says_what_is_driven_held_and_recorded(touch):
    scenario = load_scenario(touch())
    assert (scenario.name, scenario.sequences) == ("touch", ("first", "touch_02"))
    assert scenario.inputs == ("PLML", "AVAL:12:0.3", "PVCL")
    assert (scenario.split, scenario.samples, scenario.ablated) == (("train", "test"), 40, ("AVBR",))
    current, dendrite, held = scenario.clamps(0)
    assert (type(current), current.site) == (Clamp, Site("PLML"))
    assert dendrite.site == Site("AVAL", 12, 0.3)
    assert (type(held), held.site) == (VoltageClamp, Site("PVCL"))
    t = np.array([0.0, 11.0, 12.0, 16.9, 17.0])  # ten milliseconds of settling come first
    np.testing.assert_allclose(current.waveform.at(t), [0.1, 0.1, 1.5, 1.5, 0.1])
    np.testing.assert_allclose(held.waveform.at(np.array([0.0, 15.0, 25.0])), [-60.0, -40.0, -60.0])


def test_samples_of_files_are_joined_by_name_and_kept_between_samples(touch):
    scenario = load_scenario(touch())
    x = scenario.values(1)
    np.testing.assert_allclose(x[:, 0], 0.1 + 2 * np.linspace(0, 1, 40))
    np.testing.assert_allclose(x[:, 1], 1 - np.linspace(0, 1, 40))
    finer = replace(scenario, dt=0.25).values(1)
    np.testing.assert_allclose(finer[::2], x)
    np.testing.assert_allclose(finer[1::2], x)


def test_a_whole_csv_file_gives_every_input_its_column(touch):
    path = touch('split = "test"\n[sequences.stimuli]', 'split = "test"\nstimuli = "both.csv"\n[nothing]')
    rows = "\n".join(f"{k},{-k}" for k in range(40))
    (path.parent / "both.csv").write_text(f"PVCL,PLML\n{rows}\n")
    path.write_text(path.read_text().partition("[nothing]")[0])
    x = load_scenario(path).values(1)
    np.testing.assert_allclose(x[:, 0], 0.1 - np.arange(40))
    np.testing.assert_allclose(x[:, 1], 0.0)
    np.testing.assert_allclose(x[:, 2], np.arange(40) - 60.0)


@pytest.mark.parametrize("name", ["fcm", "nictation_wide", "fcm_nictation"])
def test_a_published_scenario_written_and_read_again_is_the_same(name, tmp_path):
    scenario = load_scenario(name).select([1, 4, 11])
    (tmp_path / f"{name}.toml").write_text(scenario_text(scenario))
    again = load_scenario(tmp_path / f"{name}.toml")
    assert (again.inputs, again.outputs, again.split) == (scenario.inputs, scenario.outputs, scenario.split)
    for sequence in range(3):
        np.testing.assert_array_equal(again.values(sequence), scenario.values(sequence))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "duration = 20",
            "durations = 20",
            r"touch.toml, line 5: a scenario has no 'durations' \(did you mean duration",
        ),
        ('split = "test"', 'parts = "test"', "line 22: a sequence has no 'parts'; it has name, split, stimuli"),
        ("column = 1 }", "row = 1 }", "line 25: a stimulus from a file has no 'row'.* it has file, column, scale"),
        ('PLML = "1.4', 'PLMR = "1.4', "line 18: stimuli has no 'PLMR'.*it has PLML, AVAL:12:0.3, PVCL"),
        ("PLML = 0.1", "PLMX = 0.1", "line 11: holding has no 'PLMX'"),
        ('"AVBL", "DB1:6', '"AVBX", "DB1:6', "line 4: there is no neuron 'AVBX'; the nearest names are AVB"),
        ('"DB1:6:0.5"', '"DB1:999"', "line 4: DB1 has no segment 999"),
        ("PVCL clamp_current", "PVCL clamp_curent", "line 4: .*did you mean clamp_current"),
        ("PVCL clamp_current", "DVA clamp_current", "no voltage clamp sits there"),
        ('["PVCL"]', '["PVCL", "PLML"]', "both a current and a voltage clamp"),
        ('"AVAL:12:0.3"]', '"AVAL:12:0.3", "PVCL:0"]', "stimulates one place twice: PVCL:0 and PVCL"),
        ("width=5", "width=-5", "line 18: Pulse.width must be > 0 ms, got -5"),
        ("width=5", "breadth=5", "line 18: waveform .* pulse takes width, onset"),
        ('column = "left"', 'column = "lefd"', "line 24: there is no column of currents.csv 'lefd'.*left"),
        ("column = 1 }", "column = 2 }", "currents.npy has the columns 0 to 1, not 2"),
        ("duration = 20", "duration = 30", "has 40 rows, but duration / sampling makes 60 samples"),
        (
            "sampling = 0.5",
            "sampling = 0.25",
            "line 24: .*row 3: time is 0.5 ms, but at a sampling of 0.25 ms it is 0.25",
        ),
        ("duration = 20", "duration = 0", "line 5: duration must be > 0 ms, got 0"),
        ("settle = 10", "settle = nan", "line 7: settle .* must be a finite number, got nan"),
        ("PVCL = -60.0\n", "", "the voltage clamp of PVCL needs a potential"),
        ('split = "train"', 'split = "exam"', "got exam"),
        ('["AVBR"]', '"AVBR"', "line 8: ablated is a list of texts"),
        ("duration = 20", "duration = 20 30", "this is no TOML"),
        ("currents.npy", "nothing.npy", "line 25: .*nothing.npy: there is no such file"),
    ],
)
def test_a_fault_is_told_with_its_line(touch, old, new, message):
    with pytest.raises(InputError, match=message):
        load_scenario(touch(old, new))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full(40, np.nan), "column left holds nan in sample 1"),
        (np.ones(39), "has 39 rows, but duration / sampling makes 40 samples"),
    ],
)
def test_a_stimulus_of_another_length_or_without_a_number_is_refused(touch, values, message):
    path = touch()
    (path.parent / "currents.csv").write_text("left\n" + "\n".join(map(str, values)) + "\n")
    with pytest.raises(InputError, match=message):
        load_scenario(path)
    np.save(path.parent / "currents.npy", values.astype(object), allow_pickle=True)
    with pytest.raises(InputError, match=r"touch.toml, line 2[45]"):
        load_scenario(path)


def test_a_file_that_is_not_there_and_a_name_that_is_none_are_told(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        load_scenario(tmp_path / "none.toml")
    with pytest.raises(InputError, match=r"there are fcm, .* or the path of a .toml file"):
        load_scenario("fmc")


def test_places_and_probes_are_named_by_text():
    assert site_named("AVAL") == Site("AVAL")
    assert probe_named("AVAL:12").site == Site("AVAL", 12, 0.5)
    assert not probe_named("DB1:6:0.5 synaptic_current").whole
    assert cells_of(["AVAL:12:0.3", "DB1 synaptic_current"]) == ("AVAL", "DB1")
    assert units_of(["AVAL", "DB1 gap_current", "DB1 calcium"]) == ("V", "nA", "mM")
    for wrong in ("AVAL:x", "AVAL:1:2:3", ":3", ""):
        with pytest.raises(InputError, match=r"a place looks like AVAL or AVAL:12:0\.3"):
            site_named(wrong)


def test_currents_are_scaled_and_held_potentials_are_not(touch):
    scenario = load_scenario(touch()).scaled(10.0)
    current, _, held = scenario.clamps(0)
    assert current.waveform.at(np.array([13.0]))[0] == pytest.approx(15.0)
    assert held.waveform.at(np.array([16.0]))[0] == pytest.approx(-40.0)


def test_lines_of_keys_in_headers_and_arrays_of_tables():
    text = 'a = 1\n\n[b.c]\n"d:1" = 2\n[[e]]\nf = 1\n[e.g]\nh = 1\n[[e]]\n[e.g]\nh.i = 2\n'
    assert [line_of(text, path) for path in (("a",), ("b", "c", "d:1"), ("e", 0, "g", "h"))] == [1, 4, 8]
    assert line_of(text, ("e", 1, "g", "h", "i")) == 11
    assert line_of(text, ("e", 1, "g", "x")) == 10
