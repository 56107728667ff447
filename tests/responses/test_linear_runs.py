"""The simulators that need no NEURON, wherever a simulator is chosen."""

import numpy as np
import pytest

from connectome.network import default_settings
from datasets.responses.resimulation import settings_of
from datasets.responses.screen import screen_ablations
from datasets.responses.simulation import simulate_dataset


@pytest.fixture
def by(small, kick, tmp_path):
    """Simulate four sequences of three neurons by a simulator."""

    def run(simulator: str, dt: float | None = None):
        settings = default_settings(kick, simulator, dt)
        return simulate_dataset(kick, small, tmp_path / f"{simulator}-{dt}.h5", settings=settings)

    return run


@pytest.mark.slow
def test_linear_is_where_neuron_goes_with_shorter_steps(by):
    linear = by("linear").stacked()[1]
    errors = [np.abs(by("coreneuron", dt).stacked()[1] - linear).max() for dt in (0.1, 0.0125)]
    assert np.ptp(linear) > 0.1
    assert errors[1] < 0.2 * errors[0]


def test_euler_gives_neurons_voltages(by):
    np.testing.assert_allclose(by("euler").stacked()[1], by("neuron").stacked()[1], atol=1e-9)


def test_a_dataset_knows_its_simulator(by):
    dataset = by("linear")
    assert dataset.extra["simulator"] == "linear"
    assert settings_of(dataset).simulator == "linear"
    assert settings_of(dataset).dt == dataset.dt


def test_a_screen_is_run_by_the_linear_engine(small, kick, tmp_path):
    found = {
        simulator: screen_ablations(
            kick.select([1]), small, tmp_path / f"{simulator}.h5", settings=default_settings(kick, simulator)
        )
        for simulator in ("linear", "coreneuron")
    }
    np.testing.assert_allclose(found["linear"].rms, found["coreneuron"].rms, rtol=0.03, atol=1e-7)


def test_the_command_simulates_without_neuron(wormtwin, small, kick, tmp_path, monkeypatch):
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda network: small)
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick)
    status, printed, error = wormtwin("simulate", "--simulator", "linear", "--out", tmp_path / "a.h5")
    assert (status, error.count("Traceback")) == (0, 0)
    assert "4 sequences in" in printed
    status, _, error = wormtwin("simulate", "--simulator", "brian", "--out", tmp_path / "b.h5")
    assert status == 2
    assert "simulator must be one of neuron, coreneuron, linear, euler, got 'brian'" in error
