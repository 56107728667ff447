"""Responses in NWB: read back by pynwb, and looked at by its inspector."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.responses.nwb_file import save_responses_nwb, session_start
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError

pynwb = pytest.importorskip("pynwb")


@pytest.fixture
def recorded(linear_response):
    """A dataset of neurons: two inputs in nA, potentials and a current."""
    made = replace(linear_response(), x_names=("PLML", "AVAL:12:0.3"), y_names=("DB1", "DB1 gap_current"))
    units = {"PLML": "nA", "AVAL:12:0.3": "nA", "DB1": "V", "DB1 gap_current": "nA"}
    return replace(made, y_units="V or nA", extra={"units": units, "ablated": ["AVBL"]})


def test_series_keep_values_units_names_and_times(recorded, wormtwin, tmp_path):
    save_dataset(recorded, tmp_path / "d.h5")
    status, out, err = wormtwin("dataset", "export-nwb", tmp_path / "d.h5", "--out", tmp_path / "d.nwb")
    assert status == 0, err
    assert "16 sequences" in out
    with pynwb.NWBHDF5IO(str(tmp_path / "d.nwb"), "r") as io:
        file = io.read()
        module = file.processing["misc"]
        potential, current = module["recorded_potential"], module["recorded_current"]
        assert (potential.unit, current.unit, current.conversion, potential.rate) == ("volts", "amperes", 1e-9, 2000.0)
        y = np.concatenate([trial.y for trial in recorded])
        np.testing.assert_allclose(potential.data[:, 0], y[:, 0], rtol=1e-6)
        np.testing.assert_allclose(current.data[:, 0], y[:, 1], rtol=1e-6)
        stimulus = file.stimulus["stimulus_current"]
        assert stimulus.data.shape == (16 * 60, 2)
        trials = file.trials.to_dataframe()
        assert list(trials["sequence"]) == [trial.name for trial in recorded]
        np.testing.assert_allclose(trials["start_time"], 0.03 * np.arange(16))
        assert list(trials["split"]) == [trial.split for trial in recorded]
        channels = module["channels"].to_dataframe()
        assert list(channels["neuron"]) == ["PLML", "AVAL", "DB1", "DB1"]
        cells = module["cells"].to_dataframe().set_index("cell")
        assert list(cells[cells["ablated"]].index) == ["AVBL"]
        assert cells.loc["DB1", "role"] == "motor"


def test_the_inspector_finds_nothing(recorded, tmp_path):
    inspector = pytest.importorskip("nwbinspector")
    began, by = session_start("2026-01-02T03:04+00:00", tmp_path)
    path = save_responses_nwb(recorded, tmp_path / "d.nwb", began, by)
    found = [each for each in inspector.inspect_nwbfile(nwbfile_path=str(path)) if each is not None]
    assert found == []


def test_what_cannot_be_exported_is_told(recorded, wormtwin, refused, tmp_path):
    save_dataset(replace(recorded, y_units="dF/F", extra={}), tmp_path / "d.h5")
    refused(
        wormtwin("dataset", "export-nwb", tmp_path / "d.h5", "--out", tmp_path / "d.nwb"), "'dF/F'", "NWB takes V, mV"
    )
    save_dataset(recorded, tmp_path / "e.h5")
    refused(wormtwin("dataset", "export-nwb", tmp_path / "e.h5", "--out", tmp_path / "d.txt"), "ends in .nwb")
    wrong = ("--out", tmp_path / "d.nwb", "--session-start", "yesterday")
    refused(wormtwin("dataset", "export-nwb", tmp_path / "e.h5", *wrong), "--session-start is a time", "'yesterday'")
    assert not (tmp_path / "d.nwb").exists()
    trials = tuple(replace(trial, y=None) for trial in recorded)
    with pytest.raises(InputError, match="trials without responses"):
        save_responses_nwb(replace(recorded, trials=trials), tmp_path / "d.nwb", *session_start("2026-01-02", tmp_path))
