"""Models derived from matrices: against closed forms, their own bounds and the linear engine."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov, svdvals

from neuron_models.circuit import RunSettings, Site
from neuron_models.foundation.errors import InputError
from neuron_models.linear.simulation import LinearSimulation
from neuron_models.stimulus import Pulse, Ramp, Triangle
from surrogates.responses.derived.balancing import balance
from surrogates.responses.derived.derivation import derive, linear_network


@pytest.fixture
def modes():
    """Six modes, two inputs, three outputs."""
    rng = np.random.default_rng(1)
    return np.array([0.025, 0.1, 0.3, 1.0, 4.0, 20.0]), rng.normal(size=(2, 6)), rng.normal(size=(3, 6))


def gain(system, frequency):
    return system.c @ np.linalg.solve(frequency * np.eye(len(system.a)) - system.a, system.b) + system.d


def test_hankel_singular_values_are_those_of_the_lyapunov_equations(modes):
    rates, drive, seen = modes
    reach = solve_continuous_lyapunov(-np.diag(rates), -drive.T @ drive)
    sight = solve_continuous_lyapunov(-np.diag(rates), -seen.T @ seen)
    expected = np.sqrt(np.sort(np.linalg.eigvals(reach @ sight).real)[::-1])
    np.testing.assert_allclose(balance(*modes).hankel, expected, rtol=1e-6)


def test_the_whole_system_keeps_its_gain_and_a_part_stays_below_its_bound(modes):
    rates, drive, seen = modes
    balanced = balance(*modes)
    for frequency in np.logspace(-3, 4, 40):
        whole = (seen / (1j * frequency + rates)) @ drive.T
        np.testing.assert_allclose(gain(balanced.truncated(6), 1j * frequency), whole, rtol=1e-6, atol=1e-9)
        for order in range(1, 6):
            error = svdvals(gain(balanced.truncated(order), 1j * frequency) - whole)[0]
            assert error <= balanced.bound(order) * (1 + 1e-9)
            assert balanced.truncated(order).poles.real.max() < 0


def test_a_part_is_exact_at_the_slowest_rate(modes):
    rates, drive, seen = modes
    for order in range(1, 6):
        part = balance(*modes).truncated(order)
        np.testing.assert_allclose(gain(part, 0.025), (seen / (0.025 + rates)) @ drive.T, rtol=1e-8)


@pytest.fixture
def driven(kick):
    """The scenario of three neurons with stimuli that are no pulses too, longer."""
    shapes = (Pulse(4.0, 1.0), Ramp(10.0, 2.0), Triangle(5.0, 6.0, 3.0), Pulse(8.3, 1.1))
    return replace(kick, stimuli=tuple((2.3 * shape,) for shape in shapes), duration=40.0, outputs=("DB1", "AVBL"))


def test_errors_are_below_their_bounds_and_fall_with_the_order(driven, small):
    found = [derive(driven, small, order=order) for order in (1, 3, 6)]
    for each in found:
        assert (each.errors <= each.bounds).all()
        assert each.rest == pytest.approx([-0.065, -0.065])
    assert found[2].errors.max() < 0.05 * found[0].errors.max()
    assert found[2].sampled.max() < 0.05


def test_the_least_order_within_an_error_is_found(driven, small):
    found = derive(driven, small, max_rmse=2e-3)
    assert found.bounds.max() <= 2e-3
    assert derive(driven, small, order=found.order - 1).bounds.max() > 2e-3


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"order": 10_000}, "--order must be 1 to "), ({"max_rmse": 1e-30}, "--max-rmse must be >= "), ({}, "--order")],
)
def test_what_cannot_be_derived_is_reported(driven, small, settings, message):
    with pytest.raises(InputError, match=message):
        derive(driven, small, **settings)


def test_a_derived_model_is_an_ordinary_model_file(driven, small, tmp_path, shown_whole):
    from surrogates.responses.derived.page import save_derived
    from surrogates.runs.model_file import load_model

    found = derive(driven, small, order=4)
    page = save_derived(found, driven, small.source, tmp_path / "derived")
    assert "derived model" in page.read_text()
    shown_whole(page)
    model, signature = load_model(tmp_path / "derived" / "model.keras")
    assert (signature.x_names, signature.y_names, signature.dt) == (("AVBL",), ("DB1", "AVBL"), 0.5)
    times = np.arange(driven.samples) * 0.5
    x = np.stack([row[0].at(times) for row in driven.stimuli])[..., None]
    y = model.predict(x, verbose=0)
    np.testing.assert_allclose(y[:, 0], -0.065, atol=1e-6)
    facts = json.loads((tmp_path / "derived" / "derived.json").read_text())
    assert facts["order"] == 4
    assert len(facts["rmse_bounds_V"]) == 4
    simulation = LinearSimulation(linear_network(small))
    sites, settings = [Site(name) for name in driven.outputs], RunSettings(driven.duration, 0.5, "linear")
    wanted = simulation.run_many([driven.clamps(n) for n in range(4)], sites, settings)[:, : driven.samples] / 1000
    np.testing.assert_allclose(np.sqrt(((y - wanted) ** 2).mean((1, 2))), found.sampled, rtol=1e-3)


def test_the_command_refuses_orders_that_are_none(wormtwin, tmp_path):
    status, _, error = wormtwin("derive", "--order", "many", "--out", tmp_path / "a")
    assert status == 2
    assert error.strip() == "wormtwin: --order must be a whole number or auto, got 'many'"
