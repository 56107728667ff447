"""What decides how well key points are found: divisions, fewer labels, side studies, masks."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.pose.sampling.splits import divide_frames, labelled_rows
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.pose.background import animal_mask
from surrogates.pose.evaluation import PoseEvaluation
from surrogates.pose.prediction import KeyPoints
from surrogates.pose.scores import score_keypoints
from surrogates.pose.studies import fewer_labels, run_study
from surrogates.runs.fitting import Fit
from surrogates.runs.model_file import ModelSignature
from surrogates.training.configuration import Training


def test_frames_of_one_video_are_divided(make_fish):
    fish = make_fish({"": 40})
    fish.trials[0].y[7] = np.nan
    parts = divide_frames(fish, {"train": 0.8, "validation": 0.1, "test": 0.1}, seed=3)
    assert {t.split: len(t) for t in parts} == {"train": 31, "validation": 4, "test": 4}
    assert {t.name for t in parts} == {"all-train", "all-validation", "all-test"}
    together = np.concatenate([t.y for t in parts])
    assert len(np.unique(together[:, 0, 0])) == 39
    assert parts.extra["body_length"]["all-test"] == 0.68 * 40


def test_fewer_labels_are_among_more(fish):
    few, more = (fewer_labels(fish, number, seed=1) for number in (10, 30))
    assert {split: sum(map(len, part)) for split, part in few.by_split().items()} == {
        "train": 9, "validation": 1, "test": 24
    }  # fmt: skip
    known = {tuple(y) for t in more for y in np.asarray(t.y)[:, 0]}
    assert all(tuple(y) in known for t in few for y in np.asarray(t.y)[:, 0])
    assert len(labelled_rows(more)) == 54
    with pytest.raises(InputError, match="50 labelled frames to learn from, 60"):
        fewer_labels(fish, 60, seed=1)


def test_the_mask_holds_the_animal(draw_fish):
    images, keypoints = draw_fish(4, 9)
    for image, indices in zip(images, keypoints, strict=True):
        mask = animal_mask(image)
        column, row = indices.mean(axis=0).round().astype(int)
        assert mask[row, column]
        assert 0.05 < mask.mean() < 0.4
        assert not mask[[0, -1]].any()


@pytest.mark.parametrize(("what", "unit"), [("rotation", "degrees"), ("bend", "share of their side")])
def test_a_study_compares_and_keeps_its_trainings(what, unit, fish, tmp_path, monkeypatch, saved_figures):
    trainings = []

    def guess(kind, dataset, settings, config):
        trainings.append(changed := settings[what])
        found = [KeyPoints(np.asarray(t.y) + np.float32(1 + changed), np.ones((len(t), 4))) for t in dataset]
        training = Training({"loss": [1.0], "val_loss": [1.0], "pixels": [3.0], "val_pixels": [2.0]}, 0, 5.0)
        network = keras.Model(image := keras.Input((8, 8, 1)), keras.layers.Identity()(image))
        evaluation = PoseEvaluation(dataset, found, score_keypoints(dataset, found))
        return Fit(kind, network, training, dataset, ModelSignature.of(dataset, kind.name), evaluation)

    monkeypatch.setattr("surrogates.pose.studies.fit", guess)
    for _ in range(2):
        table = run_study(what, fish, tmp_path, model="pose_small", epochs=1, values=("0", "0.5"))
    assert trainings == [0, 0.5]
    assert table[f"{what} of training images ({unit})"].tolist() == ["0", "0.5"]
    assert np.allclose(table["median_px"], np.array([1, 1.5]) * 2**0.5, atol=1e-3)
    left, right = saved_figures["study.png"].axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), table["median_px"])
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["0", "0.5"]
    again = {"model": "pose_small", "epochs": 1, "values": ("0",)}
    assert run_study(what, replace(fish, name="x"), tmp_path, **again)["data"].tolist() == ["x"]
    assert trainings == [0, 0.5]
    moved = replace(fish.trials[0], y=np.asarray(fish.trials[0].y) + 1)
    with pytest.raises(InputError, match="holds runs with another data"):
        run_study(what, replace(fish, trials=(moved, *fish.trials[1:])), tmp_path, **again)
