"""Scenarios of one's own on the command line: written, shown, simulated, screened, and refused in a line."""

import numpy as np
import pytest

from connectome.scenario import load_scenario
from datasets.responses.linear_floor import WEAK, LinearFloor, linear_floor
from datasets.responses.resimulation import scenario_of, settings_of
from datasets.responses.simulation import simulate_dataset
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError
from surrogates.responses.experiments.experiments import Entry, Experiment
from surrogates.responses.experiments.simulated import Worm, on_worm, with_notes

OWN = """inputs = ["AVBL"]
voltage_clamps = ["VB1"]
outputs = ["DB1", "VB1 clamp_current", "DB1 gap_current"]
duration = 10
settle = 5
[holding]
VB1 = -65.0
"""
SEQUENCE = '[[sequences]]\nsplit = "{}"\n[sequences.stimuli]\nAVBL = "2.3*pulse width={} onset=1"\n'


@pytest.fixture
def own(tmp_path):
    """A scenario file on the network of three neurons; gives its path."""

    def write(text: str = OWN, widths: tuple[int, ...] = (2, 3, 4)):
        splits = ("train", "validation", "test")
        parts = [SEQUENCE.format(split, width) for split, width in zip(splits, widths, strict=False)]
        path = tmp_path / "own.toml"
        path.write_text(text + "".join(parts))
        return path

    return write


@pytest.fixture
def _three_neurons(small, monkeypatch):
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda source=None: small)


@pytest.mark.usefixtures("_three_neurons")
def test_an_own_scenario_is_simulated_and_told_in_its_units(wormtwin, own, tmp_path):
    status, _, err = wormtwin("simulate", "--scenario", own(), "--out", tmp_path / "own.h5")
    assert status == 0, err
    dataset = load_dataset(tmp_path / "own.h5")
    assert (dataset.name, dataset.x_names, dataset.x_units) == ("own", ("AVBL", "VB1"), "nA or mV")
    assert dataset.y_units == "V or nA"
    assert dataset.extra["units"]["VB1 clamp_current"] == "nA"
    y = np.asarray(dataset.trials[0].y)
    assert y[0, 0] == pytest.approx(-0.065, abs=1e-6)
    assert np.abs(y[:, 2]).max() > 1e-3
    again = scenario_of(dataset)
    assert again.clamps(0)[1].waveform.at(np.array([0.0]))[0] == -65.0
    assert settings_of(dataset).duration == 15.0


@pytest.mark.usefixtures("_three_neurons")
def test_what_takes_a_scenario_takes_a_file(wormtwin, own, tmp_path):
    plain = own(OWN.replace('voltage_clamps = ["VB1"]\n', "").replace(", ", "] #", 1).partition("[holding]")[0])
    plain.write_text(plain.read_text().replace("settle = 5", "settle = 0"))
    status, out, err = wormtwin("scenario", "show", plain)
    assert status == 0, err
    assert "own: 3 sequences of 10 ms" in out
    for call in (
        ("screen", "--scenario", plain, "--neurons", "VB1", "--out", tmp_path / "screen"),
        ("scenario", "run", plain, "--sequences", "1", "--out", tmp_path / "run"),
        ("derive", "--scenario", plain, "--order", "2", "--out", tmp_path / "derived"),
    ):
        status, _, err = wormtwin(*call)
        assert status == 0, err


def test_a_new_scenario_is_written_once_and_reads_back(wormtwin, tmp_path, refused):
    path = tmp_path / "mine.toml"
    assert wormtwin("scenario", "new", "--out", path, "--like", "nictation", "--sequences", "1,3")[0] == 0
    assert load_scenario(path).inputs == load_scenario("nictation").inputs
    refused(wormtwin("scenario", "new", "--out", path), "mine.toml exists", "choose another --out")
    refused(wormtwin("scenario", "new", "--out", tmp_path / "mine.txt"), "ends in .toml")
    assert wormtwin("scenario", "list")[0] == 0


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        (OWN.replace("settle", "setle"), (), ("line 5", "'setle'", "did you mean settle", "it has title, inputs")),
        (OWN, ("--simulator", "linear"), ("simulator linear has no voltage clamps",)),
        (OWN.replace("DB1 gap_current", "DB1 calcium"), (), ("DB1 has no calcium",)),
        (OWN.replace("settle = 5", "settle = 0.05"), (), ("must divide the duration of 10.05 ms",)),
    ],
)
@pytest.mark.usefixtures("_three_neurons")
def test_what_cannot_be_simulated_is_told_in_a_line(wormtwin, own, tmp_path, refused, text, arguments, words):
    refused(wormtwin("simulate", "--scenario", own(text), "--out", tmp_path / "x.h5", *arguments), *words)
    assert not (tmp_path / "x.h5").exists()


@pytest.mark.usefixtures("_three_neurons")
def test_models_and_screens_of_potentials_refuse_the_rest(wormtwin, own, tmp_path, refused):
    refused(wormtwin("derive", "--scenario", own(), "--out", tmp_path / "d"), "own clamps voltages")
    refused(wormtwin("screen", "--scenario", own(), "--out", tmp_path / "s"), "a screen compares potentials")
    assert not list(tmp_path.glob("*/*.h5"))


def test_a_linear_network_has_no_floor(small, kick, tmp_path):
    """Without a threshold crossing the network of events is linear: weak stimuli tell all of it."""
    weak = kick.scaled(1e-3)
    simulate_dataset(weak, small, tmp_path / "kick.h5")
    floor = linear_floor(tmp_path / "kick.h5", weak, small, tmp_path / "kick-linear.h5")
    span = np.ptp(np.asarray(load_dataset(tmp_path / "kick.h5").trials[3].y), axis=0).max()
    assert floor.rmse < 1e-5 * span
    assert WEAK == 1e-4
    strong = simulate_dataset(kick, small, tmp_path / "strong.h5")
    bent = linear_floor(tmp_path / "strong.h5", kick, small, tmp_path / "strong-linear.h5")
    assert bent.of_range[strong.y_names.index("VB1")] > 0.01
    assert "mV RMSE" in bent.in_words


def test_experiments_on_another_worm_have_no_published_figures_and_a_note(own):
    entries = (Entry("gru", {"units": 2}, {"test": 0.3}), Entry("gru", {"units": 2}, without=("AVB",)))
    experiment = Experiment("1", "one", "fcm", entries)
    assert on_worm([experiment], Worm()) == [experiment]
    (changed,) = on_worm([experiment], Worm(parameters="kunert2014", scale=0.003))
    assert [dict(entry.published) for entry in changed.entries] == [{}, {}]
    (moved,) = on_worm([experiment], Worm(scenario=str(own())))
    assert (len(moved.entries), moved.scenario[-8:]) == (1, "own.toml")
    worm = Worm(parameters="kunert2014", scale=0.003)
    floor = LinearFloor(0.001, "V", ("DB1",), np.array([0.01]))
    (noted,) = with_notes([changed], {("fcm", 0.5): floor}, worm)
    assert noted.note == f"Parameters kunert2014, stimuli times 0.003. every 0.5 ms: {floor.in_words}."
    assert noted.floors == {0.5: 0.001}
    assert with_notes([experiment], {("fcm", 0.5): floor}, Worm())[0].note == ""
    with pytest.raises(InputError, match="has no sequence of the split test"):
        on_worm([experiment], Worm(scenario=str(own(widths=(2, 3)))))
