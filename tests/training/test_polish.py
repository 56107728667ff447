"""Training done well: scaled data, a rate that falls, L-BFGS at the end."""

import math

import numpy as np
import pytest

from surrogates.registry import MODELS, train_model
from surrogates.training.configuration import TrainingConfig
from surrogates.training.metrics import predict, score
from surrogates.training.polish import Best, lbfgs


@pytest.mark.parametrize("kind", ["gru", "lstm", "tdnn"])
def test_losses_are_in_the_units_of_the_data(kind, linear_response):
    dataset = linear_response()
    config = TrainingConfig(20, learning_rate=0.01, scale=True, anneal=True, polish=10)
    model, training = train_model(kind, dataset, config, {"units": 4}, progress=False)
    assert len(training.history["loss"]) > 20
    found = score(dataset, predict(model, dataset))["validation"].rmse
    assert found == pytest.approx(training.history["val_rmse"][training.best_epoch], rel=1e-3)
    assert training.history["val_rmse"][training.best_epoch] == min(training.history["val_rmse"])


def test_scales_and_polish_find_what_plain_epochs_do_not(linear_response):
    dataset, plain = linear_response(), TrainingConfig(40, learning_rate=0.01)
    well = TrainingConfig(40, learning_rate=0.01, scale=True, anneal=True, polish=60)
    rmse = [train_model("gru", dataset, each, {"units": 4}, False)[1].history["val_rmse"] for each in (plain, well)]
    assert min(rmse[1]) < 0.5 * min(rmse[0])


def test_l_bfgs_finds_the_minimum_of_a_valley():
    """Rosenbrock's function, whose minimum is at (1, 1)."""

    def ask(at: np.ndarray) -> tuple[float, np.ndarray]:
        a, b = at
        slope = np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])
        return (1 - a) ** 2 + 100 * (b - a * a) ** 2, slope

    best = Best(np.array([-1.2, 1.0]))
    lbfgs(ask, lambda at: ask(at)[0], best, 100, lambda *_: None)
    np.testing.assert_allclose(best.parameters, [1, 1], atol=1e-4)
    assert math.isclose(best.lowest, min(best.validation))


def test_what_cannot_be_scaled_or_polished_is_one_line(wormtwin, refused, linear_response, tmp_path):
    from datasets.store import save_dataset

    save_dataset(linear_response(), tmp_path / "d.h5")
    train = ("train", "--data", tmp_path / "d.h5", "--out", tmp_path / "m")
    refused(wormtwin(*train, "--model", "linear", "--polish"), "is solved at once and has no polish")
    refused(wormtwin(*train, "--polish-steps", "0"), "--polish-steps must be >= 1, got 0")
    refused(wormtwin(*train, "--epochs", 1, "--engine", "keras", "--polish"), "fast engine")
    assert not (tmp_path / "m" / "scores.json").exists()


def test_first_weights_are_drawn_by_the_seed_alone():
    one, other = (MODELS["lfr"].build(1, 1, seed=3).get_weights() for _ in range(2))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
