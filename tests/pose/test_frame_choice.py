"""The choice of frames to label: balanced, reproducible, and more varied than an even one."""

import numpy as np
import pandas as pd
import pytest

from datasets.dataset import Trial
from datasets.pose.sampling.frame_choice import ChoiceSettings, choose_frames, diversity, gather, uniform_choice
from neuron_models.foundation.errors import InputError


@pytest.fixture(scope="module")
def recorded():
    """Frames of five postures, one of them in 90 % of the frames."""
    rng = np.random.default_rng(0)
    which = np.where(rng.random(300) < 0.9, 0, rng.integers(1, 5, 300))
    x = rng.normal(100, 4, (300, 1, 24, 30))
    for k, posture in enumerate(which):
        x[k, 0, 4 * posture : 4 * posture + 4] += 80
    return which, Trial("one", np.clip(x, 0, 255).astype(np.uint8))


def test_rare_postures_are_chosen_as_often_as_frequent_ones(recorded):
    which, trial = recorded
    settings = ChoiceSettings(frames=20, clusters=5, components=10)
    pool = gather([trial], settings)
    chosen = choose_frames(pool, settings)
    assert len(set(chosen.tolist())) == 20
    assert np.bincount(which[pool.frame[chosen]], minlength=5).tolist() == [4, 4, 4, 4, 4]
    assert sorted(which[pool.frame[chosen[:5]]]) == [0, 1, 2, 3, 4]  # and any beginning of the list is varied
    assert np.array_equal(chosen, choose_frames(gather([trial], settings), settings))
    even = diversity(pool, uniform_choice(pool, 20))
    assert diversity(pool, chosen).distance < even.distance
    assert diversity(pool, np.arange(300)).coverage == 1.0
    assert diversity(pool, np.arange(300)).distance == 0.0


def test_frames_that_do_not_count_are_not_chosen(recorded):
    trial = Trial("one", recorded[1].x, weight=(np.arange(300) % 2).astype(float))
    settings = ChoiceSettings(frames=30, clusters=5, components=5)
    pool = gather([trial], settings)
    assert (pool.frame % 2 == 1).all()


def test_a_choice_that_cannot_be_made_is_reported(recorded):
    with pytest.raises(InputError, match="500 frames are to be chosen of 300"):
        gather([recorded[1]], ChoiceSettings(frames=500))
    with pytest.raises(InputError, match="clusters of a choice must be >= 1, got 0"):
        ChoiceSettings(clusters=0)


def test_the_command_writes_a_table_and_a_picture(wormtwin, tmp_path):
    wormtwin("pose", "make-sample", "--out", tmp_path / "l.h5", "--frames", 40, "--size", 48, "--animals", 2)
    options = ("--frames", 12, "--clusters", 4, "--picture", tmp_path / "choice.png")
    status, text, error = wormtwin("pose", "suggest", tmp_path / "l.h5", "--out", tmp_path / "frames.csv", *options)
    assert status == 0, error
    assert "by cluster" in text
    table = pd.read_csv(tmp_path / "frames.csv")
    assert len(table) == 12
    assert table["cluster"][:4].nunique() == 4
    status, _, error = wormtwin("pose", "suggest", tmp_path / "no.mp4", "--out", tmp_path / "frames.csv")
    assert status == 2
    assert len(error.strip().splitlines()) == 1
