"""Tables of importance: their file, their checks, and how far two of them agree."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from neuron_models.foundation.errors import InputError
from surrogates.importance.methods import importance
from surrogates.importance.storage import as_frame, load_importance, save_importance
from surrogates.importance.table import Importance
from surrogates.importance.trust import agreement


@pytest.fixture
def tables(models, data):
    return [importance(models["gru"], data, name) for name in ("occlusion", "permutation", "saliency")]


def test_tables_come_back_from_their_file(tables, tmp_path):
    path = save_importance(tables, tmp_path / "importance.h5")
    for before, after in zip(tables, load_importance(path), strict=True):
        for name in ("method", "inputs", "outputs", "units", "trials", "pooling", "time_axis", "dt", "about"):
            assert getattr(after, name) == getattr(before, name)
        for name in ("values", "by_trial", "over_time", "standard_error"):
            a, b = getattr(before, name), getattr(after, name)
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_array_equal(a, b)
    frame = as_frame(tables)
    assert len(frame) == 3 * 2 * 2
    cell = frame[(frame.method == "saliency") & (frame.input == "B") & (frame.output == "P")]
    assert cell.value.item() == tables[2].values[1, 0]
    assert set(frame.units) == {"V", "V/nA"}


def test_files_that_are_no_tables(tables, tmp_path):
    path = save_importance(tables, tmp_path / "importance.h5")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="not a whole file of importance tables"):
        load_importance(path)
    with pytest.raises(InputError, match="no such file"):
        load_importance(tmp_path / "other.h5")
    with pytest.raises(InputError, match="name a method more than once: occlusion"):
        save_importance([tables[0], tables[0]], path)


def test_a_table_checks_itself(tables):
    with pytest.raises(InputError, match="values has the shape"):
        replace(tables[0], inputs=("A", "B", "C"))
    with pytest.raises(InputError, match="pooling is one of"):
        replace(tables[0], pooling="median")
    with pytest.raises(InputError, match="over_time goes with a clock"):
        replace(tables[0], time_axis="")


def made(values, by_trial=None, **other):
    """A table with these values."""
    trials = np.stack([values, values]) if by_trial is None else by_trial
    names = tuple(f"i{n}" for n in range(len(values))), tuple(f"o{n}" for n in range(values.shape[1]))
    about = tuple(f"t{n}" for n in range(len(trials)))
    return Importance("occlusion", *names, "V", values, about, trials, "mean", **other)


def test_rank_correlations_are_those_of_scipy():
    rng = np.random.default_rng(1)
    by_trial = rng.integers(1, 6, (8, 4, 5)).astype(float)  # with ties
    one, other = made(by_trial.mean(0), by_trial), made(by_trial.mean(0) ** 3, by_trial**3)
    noisy = made((by_trial + 3 * rng.random(by_trial.shape)).mean(0), by_trial + 3 * rng.random(by_trial.shape))
    same, close = agreement(one, other, measure="same"), agreement(noisy, one)
    assert (same.rho, same.within, same.top, same.outputs) == (pytest.approx(1), pytest.approx(1), 5, 5)
    assert same.over_cells == pytest.approx((1, 1))
    assert same.difference == pytest.approx(np.sqrt(np.mean((one.values - other.values) ** 2)))
    assert close.rho == pytest.approx(spearmanr(noisy.values.ravel(), one.values.ravel()).statistic)
    assert close.over_cells[0] < close.rho < close.over_cells[1]
    assert close.over_trials[0] < close.over_trials[1] < 1
    assert np.isnan(close.difference)
    assert close.intervals == ("BCa", "BCa")
    assert same.intervals == ("BCa", "percentile")  # over cells nothing varies, so that BCa is not defined
    with pytest.raises(InputError, match="other inputs"):
        agreement(one, replace(other, inputs=("a", "b", "c", "d")))


def test_constant_tables_have_no_rank_correlation():
    flat = made(np.ones((2, 3)))
    found = agreement(flat, made(np.arange(6.0).reshape(2, 3)))
    assert np.isnan([found.rho, found.within, *found.over_trials]).all()
    assert found.intervals == ("", "")
