"""Blocks of the training worms choose the epoch where no worm validates, and quick starts train as they stand."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.calcium.sample import SampleSettings, make_sample
from datasets.calcium.states import apply_rule
from datasets.store import save_dataset
from surrogates.calcium.forecasts.windows import forecastable, forecasts
from surrogates.calcium.held_out import HELD_OUT, hold_out_blocks
from surrogates.calcium.states.networks import WINDOW
from surrogates.calcium.states.windows import BEFORE, featured, label_windows
from surrogates.registry import model_kind
from surrogates.runs.fitting import evaluate, fit
from surrogates.training.configuration import TrainingConfig


@pytest.fixture(scope="module")
def worms():
    return apply_rule(make_sample(SampleSettings(worms=3, duration=400.0)), "four")


def frames_seen(dataset, smoothing):
    """The frames of each recording that windows of its parts show, smoothing included."""
    windows, reach = label_windows(dataset), smoothing // 2 + 1
    found = {}
    for trial, at in zip(windows.trial, windows.at, strict=True):
        each = dataset.trials[trial]
        key = each.group, each.split
        first = at - BEFORE - reach
        found.setdefault(key, set()).update(range(first, first + WINDOW + 2 * reach))
    return found


def test_no_window_of_a_held_block_shares_a_frame_with_a_learned_one(worms):
    training = worms.with_split(["train", "train", "test"])
    found = hold_out_blocks(featured(training))
    assert [t.split for t in found] == ["train", "validation", "train", "validation", "test"]
    seen = frames_seen(found, 5)
    for worm in ("worm1", "worm2"):
        assert not seen[worm, "train"] & seen[worm, "validation"]
    share = found.trials[1].valid().sum() / training.trials[0].valid().sum()
    assert share == pytest.approx(HELD_OUT, abs=0.04)
    np.testing.assert_array_equal(found.trials[1].x, found.trials[0].x)


def test_forecasts_of_held_blocks_share_no_frame_either(worms):
    found = hold_out_blocks(forecastable(worms.with_split(["train"] * 3)))
    parts = found.by_split()
    frames = {split: set() for split in parts}
    for split, part in parts.items():
        cut = forecasts(part.select([0]))
        frames[split] = {int(start) + k for start in cut.start for k in range(24)}
    assert frames["validation"]
    assert not frames["train"] & frames["validation"]


def test_a_short_recording_holds_nothing_out(worms):
    short = replace(worms, trials=tuple(replace(t, x=t.x[:60], y=t.y[:60], weight=None) for t in worms))
    dataset = featured(short.with_split(["train"] * 3))
    assert hold_out_blocks(dataset) is dataset


def test_a_network_without_a_validation_worm_stops_by_its_held_blocks(worms):
    kind = model_kind("calcium_mlp")
    done = fit(kind, worms, {"units": 4}, TrainingConfig(epochs=400, learning_rate=0.02), progress=False)
    assert "no trial of 'sample' was in a part: all 3 train" in done.note
    assert "--leave-out worm3" in done.note
    assert "blocks of the training trials are held out" in done.note
    assert len(done.training.history["loss"]) == len(done.training.history["val_loss"]) < 400
    assert set(done.evaluation.scores) == {"train", "validation"}
    again = evaluate(kind, done.model, done.signature, worms)
    assert again.scores["validation"] == done.evaluation.scores["validation"]
    other = apply_rule(make_sample(SampleSettings(worms=2, duration=400.0, seed=4)), "four")
    assert set(evaluate(kind, done.model, done.signature, other).scores) == {"unseen"}


def test_what_is_solved_at_once_learns_all_frames(worms):
    done = fit(model_kind("calcium_logistic"), worms, {}, TrainingConfig(), progress=False)
    assert set(done.evaluation.scores) == {"train"}
    assert "the training loss chooses the epoch" not in done.note


def test_import_and_train_as_the_documents_show_it(wormtwin, worms, tmp_path):
    data = save_dataset(worms, tmp_path / "worms.h5")
    call = ("train", "--data", data, "--model", "calcium_trajectory_linear", "--out", tmp_path / "run")
    status, text, error = wormtwin(*call)
    assert status == 0, error
    assert "all 3 train (`wormtwin dataset split FILE --leave-out worm3` leaves one out)" in text
