"""Postures of worms as recordings whose behaviours are learned: a worm that goes ahead, then back."""

import json

import numpy as np
import pandas as pd
import pytest

from datasets.behaviour.importing import labels_of
from datasets.posture.recording import AmplitudeRecording, amplitudes_dataset
from datasets.store import load_dataset, save_dataset

FPS, SECONDS, SPEED, LENGTH = 20.0, 12.0, 0.2, 1.0


def write_worms(path, *headings):
    """Straight worms of 1 mm that go ahead at 0.2 mm/s for the first half and back for the second, in WCON."""
    t = np.arange(int(FPS * SECONDS)) / FPS
    gone = SPEED * np.minimum(t, SECONDS - t)
    behind = np.linspace(0, LENGTH, 49)
    data = []
    for number, heading in enumerate(headings):
        along = gone[:, None] - behind
        data.append({"id": f"w{number}", "t": t.tolist(), "x": (along * np.cos(heading) + 3 * number).tolist(),
                     "y": (along * np.sin(heading)).tolist(), "head": "L"})  # fmt: skip
    units = {"t": "s", "x": "mm", "y": "mm"}
    path.write_text(json.dumps({"units": units, "data": data}))
    return path


def write_labels(path):
    back = (np.arange(int(FPS * SECONDS)) >= FPS * SECONDS / 2).astype(int)
    pd.DataFrame({"back": back, "ahead": 1 - back}).to_csv(path, index=False)
    return path


def test_lengths_and_speeds_are_those_of_the_worm(wormtwin, tmp_path):
    worms = write_worms(tmp_path / "worms.wcon", 0.3, -2.0)
    status, printed, error = wormtwin("behaviour", "import", worms, "--out", tmp_path / "d.h5")
    assert status == 0, error
    assert "2 recordings" in printed
    dataset = load_dataset(tmp_path / "d.h5")
    names = list(dataset.x_names)
    half = int(FPS * SECONDS / 2)
    for trial in dataset:
        x = np.asarray(trial.x[:])
        np.testing.assert_allclose(x[:, names.index("head to tail (mm)")], LENGTH, rtol=1e-5)
        ahead = x[:, names.index("speed ahead (mm/s)")]
        np.testing.assert_allclose(ahead[3 : half - 3], SPEED, rtol=1e-3)
        np.testing.assert_allclose(ahead[half + 3 : -3], -SPEED, rtol=1e-3)
        np.testing.assert_allclose(x[:, names.index("angle at midbody (rad)")], np.pi, atol=1e-3)
    assert len({trial.group for trial in dataset}) == 2


def test_what_is_labelled_is_learned(wormtwin, tmp_path):
    labels = write_labels(tmp_path / "labels.csv")
    given = [write_worms(tmp_path / f"{n}.wcon", heading) for n, heading in enumerate((0.1, 1.4, 2.9))]
    options = [part for _ in given for part in ("--labels", labels)]
    assert wormtwin("behaviour", "import", *given, *options, "--out", tmp_path / "d.h5")[0] == 0
    data = load_dataset(tmp_path / "d.h5")
    save_dataset(data.with_split(["train", "train", "test"]), tmp_path / "s.h5")
    train = ("train", "--data", tmp_path / "s.h5", "--model", "behaviour_boost", "--rounds", 5, "--out", tmp_path / "m")
    status, _, error = wormtwin(*train)
    assert status == 0, error
    predict = ("behaviour", "predict", tmp_path / "s.h5", "--model", tmp_path / "m" / "model.keras")
    status, _, error = wormtwin(*predict, "--out", tmp_path / "p.h5")
    assert status == 0, error
    assert (labels_of(load_dataset(tmp_path / "p.h5").trials[2]) == labels_of(data.trials[2])).mean() > 0.95


def test_a_file_of_several_worms_cannot_share_labels(wormtwin, refused, tmp_path):
    worms, labels = write_worms(tmp_path / "worms.wcon", 0.3, -2.0), write_labels(tmp_path / "labels.csv")
    call = ("behaviour", "import", worms, "--labels", labels, "--out", tmp_path / "d.h5")
    refused(wormtwin(*call), "holds 2 recordings, which cannot share the labels of")


@pytest.mark.parametrize("made", ["amplitudes", "shapes"])
def test_postures_without_places_are_refused(made, wormtwin, refused, tmp_path):
    worms = tmp_path / "p.h5"
    if made == "amplitudes":
        recording = AmplitudeRecording("w", np.random.default_rng(0).normal(size=(200, 4)), 10.0)
        save_dataset(amplitudes_dataset([recording], "worms"), worms)
        said = "holds postures as amplitudes"
    else:
        line = np.stack([np.linspace(0, 1, 49), np.zeros(49)], axis=1)
        np.savez(tmp_path / "lines.npz", midlines=np.repeat(line[None], 200, axis=0))
        assert wormtwin("posture", "import", tmp_path / "lines.npz", "--fps", 10, "--out", worms)[0] == 0
        said = "shapes without places"
    refused(wormtwin("behaviour", "import", worms, "--out", tmp_path / "d.h5"), said)
