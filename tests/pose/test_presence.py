"""Key points that are often absent, in a project whose images have two sizes."""

import json
from dataclasses import replace

import imageio.v3
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_recall_fscore_support

from datasets.pose.labelled import absence_is_told, keypoints_of
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.pose.maps import MapEntropy, MapError
from surrogates.pose.prediction import KeyPoints
from surrogates.pose.presence import score_presence
from surrogates.runs.model_file import load_model

PARTS = ("body", "hand", "tongue")


def scene(rng, size):
    """A dim body that is always there, a bright hand and a dark tongue that come and go."""
    down, across = np.mgrid[: size[0], : size[1]]
    spots = rng.uniform(8, np.array(size[::-1]) - 8, (3, 2))
    shown = np.array([True, rng.random() < 0.5, rng.random() < 0.5])
    image = 110 + 5 * rng.standard_normal(size)
    for (x, y), there, light, width in zip(spots, shown, (40, 90, -80), (4.0, 2.0, 2.0), strict=True):
        image += there * light * np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * width**2))
    return np.clip(image, 0, 255).astype(np.uint8), np.where(shown[:, None], spots, np.nan)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("mouse"), np.random.default_rng(0)
    for video, size, number in (("wide", (40, 56), 120), ("high", (56, 40), 60)):
        where = folder / "labeled-data" / video
        where.mkdir(parents=True)
        rows = {}
        for k in range(number):
            image, points = scene(rng, size)
            imageio.v3.imwrite(where / f"img{k:03d}.png", image)
            rows[f"labeled-data/{video}/img{k:03d}.png"] = points.ravel()
        columns = pd.MultiIndex.from_product([["me"], PARTS, ["x", "y"]], names=["scorer", "bodyparts", "coords"])
        pd.DataFrame.from_dict(rows, orient="index", columns=columns).to_csv(where / "CollectedData_me.csv")
    (folder / "config.yaml").write_text("scorer: me\nbodyparts:\n" + "".join(f"- {part}\n" for part in PARTS))
    return folder


@pytest.mark.slow
def test_presence_is_learned_and_told(project, wormtwin, tmp_path):
    data = tmp_path / "mouse.h5"
    status, text, _ = wormtwin("pose", "import", project, "--out", data)
    assert status == 0
    assert "Filled up: frames of 56 x 40, 40 x 56" in text
    assert absence_is_told(load_dataset(data))
    call = ("train", "--data", data, "--model", "pose_small", "--filters", 8, "--epochs", 3, "--batch-size", 16)
    status, text, _ = wormtwin(*call, "--learning-rate", 0.004, "--out", tmp_path / "run")
    assert status == 0
    assert "Presence: confidence >=" in text
    presence = json.loads((tmp_path / "run" / "scores.json").read_text())["presence"]
    assert presence["validation"]["f1"] >= 0.9
    assert presence["validation"]["absent"] > 5
    kept = load_model(tmp_path / "run" / "model.keras")[1].details["presence"]
    assert kept == {"threshold": presence["validation"]["threshold"], "chosen_on": "validation"}
    tests = load_dataset(data)
    save_dataset(tests.select([0]).with_split(["test"]), tmp_path / "tests.h5")
    status, text, _ = wormtwin("evaluate", "--data", tmp_path / "tests.h5", "--model", tmp_path / "run" / "model.keras")
    assert status == 0
    assert f"confidence >= {kept['threshold']:.3g}, chosen on validation frames" in text


def test_what_a_missing_label_means(project, wormtwin, refused, tracks, tmp_path):
    from datasets.pose.formats.export_files import save_labels

    out = tmp_path / "o.h5"
    assert wormtwin("pose", "import", project, "--missing", "unknown", "--out", out)[0] == 0
    assert not absence_is_told(load_dataset(out))
    refused(wormtwin("pose", "import", project, "--missing", "maybe", "--out", out), "--missing must be", "'maybe'")
    for kind, text in (("t.slp", True), ("t.csv", False)):
        labels = save_labels([tracks], tmp_path / kind, "slp" if text else "dlc")
        call = ("pose", "import", labels, "--video", tracks.video, "--size", 24, "--out", tmp_path / f"{kind}.h5")
        assert wormtwin(*call)[0] == 0
        assert absence_is_told(load_dataset(tmp_path / f"{kind}.h5")) == text


@pytest.mark.parametrize("loss", [MapError(1), MapEntropy(1)])
def test_an_even_map_is_right_for_what_is_absent(loss):
    y = np.array([[[8.0, 8.0, -1.0]]], np.float32)
    peaked = np.zeros((1, 16, 16, 1), np.float32)
    peaked[0, 8, 8] = 6.0
    flat = np.zeros_like(peaked)
    assert float(loss(y, flat)[0]) < float(loss(y, peaked)[0])
    assert float(loss(np.abs(y), flat)[0]) > float(loss(np.abs(y), peaked / 6)[0])
    assert float(loss.peaks(refine=True)(flat)[0, 0, 2]) < 0.1
    assert float(loss(0 * y, peaked)[0]) == 0  # nothing known, nothing lost


def test_scores_of_presence_are_those_of_scikit_learn(make_fish):
    rng = np.random.default_rng(1)
    fish = make_fish({"train": 30, "test": 30})
    trials = []
    for trial in fish:
        y = np.array(trial.y)
        y[rng.random(y.shape[:2]) < 0.4] = np.nan
        y[:, 0] = 1.0  # one point always, so that every frame counts
        trials.append(replace(trial, y=y))
    holes = replace(fish, trials=tuple(trials), extra={**fish.extra, "missing": "absent"})
    found = []
    for trial in holes:
        there = np.isfinite(trial.y[..., 0])
        found.append(KeyPoints(np.zeros(trial.y.shape), np.clip(0.4 * there + rng.uniform(0, 0.6, there.shape), 0, 1)))
    scores = score_presence(holes, found)
    assert scores["test"].chosen_on == "train"
    there = np.isfinite(holes.trials[1].y[..., 0]).ravel()
    said = found[1].confidence.ravel() >= scores["test"].threshold
    expected = precision_recall_fscore_support(there, said, average="binary")[:3]
    assert (scores["test"].precision, scores["test"].recall, scores["test"].f1) == pytest.approx(expected)
    assert score_presence(fish, found) == {}


def test_a_models_own_threshold_scores_other_frames(make_fish):
    fish = make_fish({"test": 12})
    y = np.array(fish.trials[0].y)
    y[::3, 1] = np.nan
    holes = replace(fish, trials=(replace(fish.trials[0], y=y),), extra={**fish.extra, "missing": "absent"})
    there = np.isfinite(keypoints_of(holes.trials[0])).all(axis=-1)
    confidence = np.random.default_rng(0).random(there.shape)
    found = [KeyPoints(np.zeros((*there.shape, 2)), confidence)]
    score = score_presence(holes, found, {"threshold": 0.5, "chosen_on": "validation"})["test"]
    wanted = precision_recall_fscore_support(there.ravel(), (confidence >= 0.5).ravel(), average="binary")
    assert (score.threshold, score.chosen_on) == (0.5, "validation")
    assert (score.precision, score.recall, score.f1) == pytest.approx(wanted[:3])


@pytest.mark.parametrize("presence", [0.5, {"threshold": 2.0, "chosen_on": "train"}, {"threshold": 0.5}])
def test_a_threshold_that_is_none_is_told(presence):
    from datasets.pose.topic import TOPIC

    with pytest.raises(InputError, match="presence must hold a threshold from 0 to 1"):
        TOPIC.validate_details(("a x", "a y"), {"presence": presence})
