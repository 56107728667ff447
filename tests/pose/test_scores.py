"""Errors of key points."""

import numpy as np
import pytest

from surrogates.pose.prediction import KeyPoints
from surrogates.pose.scores import keypoint_score, mean_average_precision, score_keypoints, similarities


def test_errors_have_their_percentiles_and_shares():
    away = np.arange(1.0, 101.0)
    score = keypoint_score(np.append(away, np.nan), np.append(away, np.nan) / 200)
    assert (score.number, score.median) == (100, 50.5)
    assert score.p90 == pytest.approx(90.1)
    assert score.rmse == pytest.approx(np.sqrt(100 * 101 * 201 / 6 / 100))  # the sum of squares in closed form
    assert score.near == {"0.025": 0.05, "0.05": 0.1, "0.1": 0.2}


def test_scores_are_by_split_and_keypoint(fish):
    found = [KeyPoints(np.asarray(t.y) + np.array([3.0, 4.0]), np.ones((len(t), 4))) for t in fish]
    scores = score_keypoints(fish, found)
    assert list(scores) == ["train", "validation", "test"]
    assert scores["test"].by_keypoint["tail"].median == pytest.approx(5, abs=1e-5)
    assert scores["test"].keypoints.relative == pytest.approx(5 / (0.68 * 40), abs=1e-5)


def test_precision_is_that_of_coco():
    rng = np.random.default_rng(0)
    true = rng.uniform(0, 100, (40, 4, 2))
    given = true + rng.normal(0, 6, true.shape) * rng.uniform(0, 2, (40, 1, 1))
    true[:10, 2] = np.nan
    sure, area = rng.random(40), rng.uniform(2000, 9000, 40)
    mine = mean_average_precision(similarities(true, given, area, 0.06), sure)
    assert mine == pytest.approx(coco_precision(true, given, area, 0.06, sure), abs=1e-6)
    assert 0.1 < mine < 0.9


def coco_precision(true, given, area, sigma, sure) -> float:
    """The same by pycocotools."""
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")

    def points(xy):
        return np.nan_to_num(np.concatenate([xy, 2.0 * np.isfinite(xy[..., :1])], -1)).reshape(len(xy), -1).tolist()

    truth = coco.COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": k + 1} for k in range(len(true))],
        "categories": [{"id": 1, "name": "fish"}],
        "annotations": [
            {"id": k + 1, "image_id": k + 1, "category_id": 1, "keypoints": xy, "area": float(area[k]), "iscrowd": 0,
             "num_keypoints": int(np.isfinite(true[k, :, 0]).sum()), "bbox": [0, 0, 100, 100]}
            for k, xy in enumerate(points(true))
        ],
    }  # fmt: skip
    truth.createIndex()
    results = truth.loadRes(
        [{"image_id": k + 1, "category_id": 1, "keypoints": xy, "score": sure[k]} for k, xy in enumerate(points(given))]
    )
    judge = cocoeval.COCOeval(truth, results, "keypoints")
    judge.params.kpt_oks_sigmas = np.full(true.shape[1], sigma)
    judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
    judge.evaluate()
    judge.accumulate()
    return float(judge.eval["precision"].mean())


def test_pixels_of_scaled_images_are_reported(fish, wormtwin, capsys):
    from dataclasses import replace

    from datasets.pose.crops import Crops
    from surrogates.pose.evaluation import PoseEvaluation

    found = [KeyPoints(np.asarray(t.y) + 1.0, np.ones((len(t), 4))) for t in fish]
    half = {
        trial.name: Crops(
            "v.mp4", np.arange(len(trial)), np.zeros(len(trial), int), np.tile(2 * np.eye(2, 3), (len(trial), 1, 1))
        )
        for trial in fish
    }
    scaled = replace(fish, extra={**fish.extra, "crop": {name: crops.to_json() for name, crops in half.items()}})
    for dataset, text in ((fish, False), (scaled, True)):
        PoseEvaluation(dataset, found, score_keypoints(dataset, found)).print_scores()
        printed = capsys.readouterr().out
        assert ("1 px of them is 2 px of the video" in printed) == text
        assert "RMSE px" in printed
