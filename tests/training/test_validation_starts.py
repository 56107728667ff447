"""Validation trials that begin anywhere: judged from the state that answers their first samples best."""

import jax
import numpy as np
import pytest

from surrogates.responses.models.with_core import lfr
from surrogates.training.scanned_cell import ScannedCell


@pytest.fixture
def cell():
    """Two states that decay over some twenty samples, with a weak nonlinearity."""
    rng = np.random.default_rng(4)
    cell = lfr(1, 1, order=2, units=2).layers[-1].cell
    cell.set_weights([0.1 * rng.normal(size=each.shape) for each in cell.get_weights()])
    first = cell.get_weights()[0]
    first[:2] += 0.9 * np.eye(2)
    cell.set_weights([first, *cell.get_weights()[1:]])
    return cell


def test_a_trial_that_begins_elsewhere_is_judged_from_its_own_state(cell):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(2, 60, 1))
    anything = (x, np.zeros((2, 60, 1)), None)
    probe = ScannedCell(cell, anything, anything, free=True)
    weights = probe.first[: -probe._free]
    starts = np.array([[2.0, -1.0], [-1.5, 0.5]]).ravel()
    with jax.enable_x64(True):
        run = np.asarray(probe._run(np.concatenate([weights, starts]), np.moveaxis(x, 0, 1)))
    y = np.moveaxis(run, 0, 1)
    from_rest, fitted = (ScannedCell(cell, (x, y, None), (x, y, None), True, warm_up) for warm_up in (0, 20))
    assert from_rest.judge(fitted.first) > 0.01 * y.var()
    assert fitted.judge(fitted.first) < 1e-8 * y.var()
