"""Importance by retraining without an input."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_models.foundation.errors import InputError
from surrogates.importance.groups import plain_name
from surrogates.importance.methods import importance
from surrogates.importance.plan import Retraining, parse_retraining, retraining_like
from surrogates.registry import MODELS, model_kind
from surrogates.runs.fitting import fit_and_save
from surrogates.training.configuration import TrainingConfig


def test_retraining_finds_the_input_that_carries_an_output(data, models, tmp_path, monkeypatch):
    plan = Retraining("linear", {"lags": 2}, seeds=3)
    settings = {"plan": plan, "out": tmp_path}
    table = importance(models["linear"], data, "retraining", settings=settings)
    # In the long run A drives P by 0.07 and Q by 0.01, B drives P by 0.015 and Q by -0.005 (tests/conftest.py).
    assert table.ranks() == {"P": ("A", "B"), "Q": ("A", "B")}
    assert table.values[0, 0] > 3 * table.values[1, 0]
    assert table.about["seeds"] == 1  # a model in closed form needs none
    assert {path.parents[2].name for path in tmp_path.rglob("scores.json")} == {
        "all",
        "without-A",
        "without-B",
    }
    fails = lambda *_: pytest.fail("a run that is there is trained again")  # noqa: E731
    monkeypatch.setattr("surrogates.importance.retraining.train_run", fails)
    again = importance(models["linear"], data, "retraining", settings=settings)
    np.testing.assert_array_equal(again.values, table.values)
    with pytest.raises(InputError, match="holds runs with another data"):
        importance(models["linear"], replace(data, trials=data.trials[1:]), "retraining", settings=settings)


def test_models_of_one_label_share_no_runs(data, models, tmp_path):
    wide = {"plan": Retraining("tdnn", {"units": 2, "input_lags": 3}, epochs=1), "out": tmp_path}
    late = {"plan": Retraining("tdnn", {"input_lags": 2, "units": 3}, epochs=1), "out": tmp_path}
    importance(models["tdnn"], data, "retraining", settings=wide)
    with pytest.raises(InputError, match=r"TDNN-2-3.* holds runs with another settings"):
        importance(models["tdnn"], data, "retraining", settings=late)


def test_names_of_inputs_do_not_lead_out_of_the_folder(data, models, tmp_path):
    strange = replace(data, x_names=("a/../../../../../x", "B"))
    settings = {"plan": Retraining("linear", {"lags": 1}), "out": tmp_path / "out"}
    table = importance(models["linear"], strange, "retraining", settings=settings)
    assert table.inputs == strange.x_names
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    variants = {path.name for path in (tmp_path / "out" / "retraining" / "linear-1").iterdir()}
    assert len(variants) == 3
    assert {"all", "without-B"} < variants


@given(st.text(min_size=1), st.text(min_size=1))
def test_plain_names_are_safe_and_distinct(one, other):
    assert re.fullmatch("[A-Za-z0-9_-]{1,64}", plain_name(one))
    assert (plain_name(one) == plain_name(other)) == (one == other)


def test_retraining_takes_as_many_epochs_as_the_model_had(data, tmp_path):
    fit_and_save(model_kind("gru"), data, {"units": 2}, TrainingConfig(epochs=3), tmp_path, figures=False)
    assert retraining_like(tmp_path / "model.keras").epochs == 3
    assert retraining_like(tmp_path / "model.keras", 7).epochs == 7
    (tmp_path / "history.csv").write_text("nothing")
    assert retraining_like(tmp_path / "model.keras").epochs == 1000
    assert parse_retraining("gru units=2").epochs == 1000


def test_retraining_with_several_seeds_tells_their_spread(data, tmp_path):
    plan = Retraining("gru", {"units": 2}, epochs=3, seeds=2)
    table = importance(MODELS["gru"].build(2, 2, units=2), data, "retraining", settings={"plan": plan, "out": tmp_path})
    assert np.all(table.standard_error > 0)
    assert table.about == {**table.about, "model": "GRU-2", "epochs": 3, "seeds": 2, "diverged": 0}
