"""The page about a network that finds key points."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.pose.labelled import keypoints_of
from neuron_models.foundation.numerals import listed
from neuron_models.foundation.wording import counted
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.pose.finder import find_keypoints
from surrogates.pose.plots import (
    plot_circles,
    plot_error_by_keypoint,
    plot_error_shares,
    plot_examples,
    plot_pose_history,
    shown_trials,
)
from surrogates.pose.prediction import KeyPoints
from surrogates.pose.scores import NEAR, KeyPointScore, body_length, score_keypoints
from surrogates.runs.fitting import Fit
from surrogates.runs.model_file import ModelSignature

_LEAD = (
    "A convolutional network learned from labelled images where the key points of an animal are, and finds them in "
    "images that it has not seen. Method after Pereira et al. 2019 (LEAP)."
)


def write_pose_report(done: Fit, model: str, out: Path, more: Sequence[blocks.Section] = ()) -> Path:
    """Write `report.html` and its figures: how well key points are found, by which network, learned from what.

    Args:
        done: the trained network, what it found, and its scores.
        model: its name in the table of models.
        out: the folder.
        more: sections before that on the training.
    """
    split = next(name for name in ("test", "validation", "all", "train") if name in done.evaluation.scores)
    sections = (_result(done, model, split), _by_keypoint(done, split), *more, _training(done, model))
    return write_page(blocks.Page("Key points found in images", _LEAD, sections), out / "report.html")


def _result(done: Fit, model: str, split: str) -> blocks.Section:
    score = done.evaluation.scores[split]
    rows = shown_trials(done.dataset)
    part = done.dataset.select(rows)
    ways = {
        "refined between pixels": [done.evaluation.found[row] for row in rows],
        "highest pixel, as published": find_keypoints(
            done.model, ModelSignature.of(part, model), part, refine=False, progress=False
        ),
        "mean pose of the training frames": mean_pose(done.dataset, part),
    }
    shares = {name: relative_errors(part, found) for name, found in ways.items()}
    columns = (blocks.Column("way"), blocks.Column("median", "px", "lowest"), blocks.Column("90 %", "px", "lowest"),
               *(blocks.Column(f"within {100 * near:g} %", "% of key points", "highest") for near in NEAR))  # fmt: skip
    cells: list[tuple[blocks.Value | blocks.Cell, ...]] = []
    for name, found in ways.items():
        keypoints = score_keypoints(part, found)[split].keypoints
        cells.append((name, keypoints.median, keypoints.p90, *(100 * share for share in keypoints.near.values())))
    text = (
        f"Of {counted(score.keypoints.number, 'key point')} in {counted(score.frames, f'{split} frame')}, "
        f"{100 * score.keypoints.near['0.025']:.1f} % lie within 2.5 % of the body length of their label; the median "
        f"error is {score.keypoints.median:.2f} px, the mean average precision (OKS) {score.precision:.3f}."
    )
    return blocks.Section("How well", (
        blocks.Note(text),
        blocks.TableBlock(
            columns, (blocks.Rows(tuple(cells)),), f"Distance of found from labelled key points, {split} frames."
        ),
        blocks.FigureBlock("circles", plot_circles(done.dataset, done.evaluation.found),
                    "Around each key point of one image, how far half and 90 % of its predictions are off at most.",
                    "An image with two circles around every key point."),
        blocks.FigureBlock("examples", plot_examples(done.dataset, done.evaluation.found),
                    "Images that were not learned: labels (rings), what was found (dots), the skeleton (lines).",
                    "Images of the animal with rings and dots on its key points."),
        blocks.FigureBlock("shares", plot_error_shares(shares), "Key points within a distance of their label.",
                    "Curves of the share of key points over distance, one for each way.",
                    pd.DataFrame({name: np.sort(each)[:: max(1, len(each) // 500)] for name, each in shares.items()})),
    ))  # fmt: skip


def _by_keypoint(done: Fit, split: str) -> blocks.Section:
    scores = done.evaluation.scores[split].by_keypoint
    units = {"key point": "", "labelled": "", "median": "px", "90 %": "px", "95 %": "px", "within 2.5 %": "%"}
    columns = tuple(blocks.Column(*each) for each in units.items())
    rows: tuple[tuple[blocks.Value | blocks.Cell, ...], ...] = tuple(
        (name, s.number, s.median, s.p90, s.p95, 100 * s.near["0.025"]) for name, s in scores.items()
    )
    figure = blocks.FigureBlock(
        "by-keypoint",
        plot_error_by_keypoint(scores),
        "Median, 90th and 95th percentile of each key point's error.",
        "A row for each key point with three marks.",
        pd.DataFrame([{"key point": name, **_flat(score)} for name, score in scores.items()]),
    )
    return blocks.Section(
        "By keypoint", (figure, blocks.TableBlock(columns, (blocks.Rows(rows),), "The same in numbers."))
    )


def _flat(score: KeyPointScore) -> dict[str, float]:
    return {"labelled": score.number, "median": score.median, "p90": score.p90, "p95": score.p95, "rmse": score.rmse}


def _training(done: Fit, model: str) -> blocks.Section:
    frames = {split: each.frames for split, each in done.evaluation.scores.items()}
    entries = {
        "Data": done.dataset.source or done.dataset.name,
        "Frames": listed([f"{number} {split}" for split, number in frames.items()]),
        "Network": f"{model}, {counted(done.model.count_params(), 'parameter')}",
        "Training": f"{counted(len(done.training.history['loss']), 'epoch')}, best {done.training.best_epoch + 1}, "
        f"{done.training.seconds:.0f} s",
    }
    figure = blocks.FigureBlock(
        "history",
        plot_pose_history(done.training.history),
        "Training frames are turned, mirrored, moved, scaled and lit at random, which validation frames are not.",
        "Loss and pixel error over the epochs.",
        pd.DataFrame(done.training.history),
    )
    text = "Left and right key points are exchanged in a mirror; key points without label do not count."
    return blocks.Section("Training", (blocks.KeyValues(entries), figure, blocks.Paragraph(text)))


def mean_pose(dataset: Dataset, test: Dataset) -> list[KeyPoints]:
    """What one would say without looking: each key point's mean over the training frames."""
    learned = dataset.by_split().get("train", dataset)
    mean = np.nanmean(np.concatenate([keypoints_of(trial) for trial in learned]), axis=0)
    return [KeyPoints(np.tile(mean, (len(trial), 1, 1)), np.ones((len(trial), len(mean)))) for trial in test]


def relative_errors(dataset: Dataset, predictions: list[KeyPoints]) -> Float[np.ndarray, " keypoint"]:
    """The distances of labelled key points from what was found, over the body length."""
    each = [
        np.linalg.norm(keypoints.points - keypoints_of(trial), axis=-1) / body_length(dataset, trial)
        for trial, keypoints in zip(dataset, predictions, strict=True)
    ]
    errors = np.concatenate([array.ravel() for array in each])
    return errors[np.isfinite(errors)]
