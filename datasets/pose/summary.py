"""What a dataset of images holds, as tables."""

import numpy as np
from rich.table import Table

from datasets.dataset import Dataset
from datasets.pose.labelled import absence_is_told, labelled_share, skeleton_of
from neuron_models.foundation.printing import print_whole

_KINDS = {"crops": "Crops", "frames": "Frames"}


def print_labelled(dataset: Dataset) -> None:
    """Print the images of each trial, and how often each key point is labelled."""
    tables = [_pictures(dataset)]
    if dataset.y_names:
        tables.append(_keypoints(dataset))
    channels, height, width = dataset.trials[0].x.shape[1:]
    text = f"{len(dataset.y_names)} key points" if dataset.y_names else "no labels"
    kind = _KINDS.get(dataset.extra.get("pose", ""), "Images")
    print(f"{kind} of {width} x {height} pixels, {'grey' if channels == 1 else 'colour'}, {text}")
    for key, what in (("left_out", "Left out"), ("filled_up", "Filled up")):
        if key in dataset.extra:
            print(f"{what}: {dataset.extra[key]}")
    predicted, number = dataset.extra.get("predicted", 0), sum(int(trial.valid().sum()) for trial in dataset)
    if absence_is_told(dataset):
        print("Missing labels: the key point is not visible (--missing absent)")
    if predicted:
        print(f"Labels: {number - predicted} of people, {predicted} predicted by a network")
    print_whole(*tables)


def _pictures(dataset: Dataset) -> Table:
    """The trials; of crops that were aligned, in how many frames the animal was not simply found."""
    flags = dataset.extra.get("flagged", {})
    what = "labelled" if dataset.y_names else "found"
    table = Table("trial", "group", "split", "images", what, "body length px", *(["flagged"] if flags else []))
    lengths = dataset.extra.get("body_length", {})
    for trial in dataset:
        length = lengths.get(trial.name) if isinstance(lengths, dict) else lengths
        text = "" if length is None else f"{length:.1f}"
        row = [trial.name, trial.group, trial.split or "none", str(len(trial)), str(int(trial.valid().sum())), text]
        contiguous_runs = flags.get(trial.name, {})
        reasons = ", ".join(f"{why} {sum(end - start for start, end in runs)}" for why, runs in contiguous_runs.items())
        table.add_row(*row, *([reasons] if flags else []))
    return table


def _keypoints(dataset: Dataset) -> Table:
    skeleton = skeleton_of(dataset)
    table = Table("key point", "labelled %", "connected to", "pair")
    partner = {left: right for pair in skeleton.pairs for left, right in (pair, pair[::-1])}
    for keypoint, share in zip(skeleton.keypoints, 100 * np.asarray(labelled_share(dataset)), strict=True):
        beside = [other for edge in skeleton.edges if keypoint in edge for other in edge if other != keypoint]
        table.add_row(keypoint, f"{share:.1f}", ", ".join(beside), partner.get(keypoint, ""))
    return table
