"""The method of Levenberg and Marquardt, against SciPy's and automatic differentiation."""

import jax
import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.signal import lfilter

from surrogates.registry import train_model
from surrogates.responses.models.with_core import lfr
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import predict, score
from surrogates.training.polish import Best, Quadratic, levenberg_marquardt
from surrogates.training.scanned_cell import ScannedCell


class Valley:
    """Rosenbrock's function, whose least value is 0 at (1, 1)."""

    def errors(self, at):
        return np.array([10 * (at[1] - at[0] ** 2), 1 - at[0]])

    def near(self, at):
        slopes = np.array([[-20 * at[0], 10.0], [-1.0, 0.0]])
        normal = slopes.T @ slopes
        return Quadratic(
            self.loss(at),
            lambda damping: -np.linalg.solve(normal + damping * np.diag(np.diag(normal)), slopes.T @ self.errors(at)),
        )

    def loss(self, at):
        return float((self.errors(at) ** 2).sum())

    def penalty(self, at):
        return 0.0


def test_it_finds_the_minimum_of_a_valley():
    best = Best(np.array([-1.2, 1.0]))
    levenberg_marquardt(Valley(), Valley().loss, best, 100, lambda *_: None)
    np.testing.assert_allclose(best.parameters, [1, 1], atol=1e-6)


@pytest.fixture
def scanned():
    """A cell of two states and two units, and two trials that begin in states of their own."""
    rng = np.random.default_rng(3)
    cell = lfr(1, 1, order=2, units=2).layers[-1].cell
    cell.set_weights([0.3 * rng.normal(size=each.shape) for each in cell.get_weights()])
    x, y, weight = rng.normal(size=(2, 30, 1)), rng.normal(size=(2, 30, 1)), np.ones((2, 30))
    weight[:, :4] = 0.0
    return ScannedCell(cell, (x, y, weight), (x, y, weight), free=True, decay=0.01)


@pytest.mark.slow
def test_its_damped_step_is_that_of_the_jacobian_of_automatic_differentiation(scanned):
    at = scanned.first + 0.1 * np.random.default_rng(4).normal(size=len(scanned.first))
    x, y, weight = scanned._train

    def errors(at):
        found = (scanned._run(at, x) - y) * np.sqrt(weight / y.size)[..., None]
        return found.ravel()

    with jax.enable_x64(True):
        slopes, gap = np.asarray(jax.jacfwd(errors)(at)), np.asarray(errors(at))
    decays = np.eye(len(at))[: len(scanned._begun)] * np.sqrt(0.01)
    slopes, gap = np.vstack([slopes, decays]), np.concatenate([gap, decays @ (at - scanned.first)])
    found = scanned.near(at)
    assert found.value == pytest.approx((gap**2).sum(), rel=1e-10)
    damped = slopes.T @ slopes
    wanted = -np.linalg.solve(damped + 0.1 * np.diag(np.diag(damped)), slopes.T @ gap)
    np.testing.assert_allclose(found.step(0.1), wanted, rtol=1e-4, atol=1e-7)


@pytest.mark.slow
def test_it_ends_where_scipys_least_squares_does(scanned):
    best = Best(scanned.first)
    levenberg_marquardt(scanned, scanned.loss, best, 60, lambda *_: None)
    x, y, weight = scanned._train
    run = jax.jit(scanned._run)

    def errors(at):
        with jax.enable_x64(True):
            gap = (np.asarray(run(at, x)) - y) * np.sqrt(np.asarray(weight) / y.size)[..., None]
        return np.concatenate([np.ravel(gap), 0.1 * (at[: len(scanned._begun)] - scanned._begun)])

    wanted = least_squares(errors, scanned.first, method="lm", max_nfev=3000)
    assert scanned.loss(best.parameters) + scanned.penalty(best.parameters) <= 2 * wanted.cost * 1.01


@pytest.mark.slow
def test_a_linear_model_is_refined_to_the_least_error_of_its_free_run(linear_response):
    """Its order is below that of the system: what the subspace gives is not the least error, which SciPy looks for."""
    dataset = linear_response(steps=200, number=6)
    solved, refined = (
        train_model("state_space", dataset, TrainingConfig(polish=steps), {"order": 1}, progress=False)
        for steps in (0, 60)
    )
    errors = [score(dataset, predict(model, dataset))["train"].rmse for model, _ in (solved, refined)]
    assert errors[1] < errors[0]
    assert refined[1].history["rmse"][refined[1].best_epoch] == pytest.approx(errors[1], rel=1e-4)
    x, y = (np.stack([np.asarray(getattr(t, name)[:], float) for t in dataset.by_split()["train"]]) for name in "xy")
    outputs, inputs = y.shape[-1], x.shape[-1]

    def gap(at):
        pole, *rest = at
        b, c, d, level = np.split(np.array(rest), np.cumsum([inputs, outputs, inputs * outputs]))
        state = lfilter([0, 1], [1, -pole], x @ b, axis=1)
        return (state[..., None] * c + x @ d.reshape(outputs, inputs).T + level - y).ravel()

    a, b, c, d, rest, _ = (np.ravel(each) for each in solved[0].layers[-1].cell.get_weights())
    wanted = least_squares(gap, np.concatenate([a, b, c, d, rest]), x_scale="jac")
    assert errors[1] <= np.sqrt((wanted.fun**2).mean()) * 1.001


def test_what_is_not_trained_so_takes_no_decay(wormtwin, refused, linear_response, tmp_path):
    from datasets.store import save_dataset

    save_dataset(linear_response(), tmp_path / "d.h5")
    train = ("train", "--data", tmp_path / "d.h5", "--out", tmp_path / "m", "--weight-decay")
    refused(wormtwin(*train, "0.1", "--model", "gru"), "model gru is trained without --weight-decay: leave it out")
    refused(wormtwin(*train, "-1", "--model", "lfr"), "weight decay must be >= 0, got -1")
    large = ("--model", "lfr", "--units", 60, "--order", 2, "--epochs", 1)
    refused(wormtwin(*train, "0.1", *large), "weight decay is for models of at most 400 weights, and this one has ")
    assert not (tmp_path / "m" / "model.keras").exists()
