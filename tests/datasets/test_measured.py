"""An infinite number is no measurement: every reader leaves a gap there, and says so."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest

from datasets.pose.formats.label_files import load_labels
from datasets.store import load_dataset
from neuron_models.foundation.measured import measured_points

FRAMES = 90


def deeplabcut(path, values=None):
    """A table of one animal of three points that walks to the right; infinite and half places among them."""
    columns = pd.MultiIndex.from_product(
        [["net"], ["nose", "body", "tail"], ["x", "y", "likelihood"]], names=["scorer", "bodyparts", "coords"]
    )
    along = np.arange(FRAMES)[:, None]
    table = np.hstack([part for k in range(3) for part in (along - 20.0 * k, 50 + 0 * along, 0.9 + 0 * along)])
    for (row, column), value in (values or {}).items():
        table[row, column] = value
    frame = pd.DataFrame(table, columns=columns)
    frame.to_csv(path) if path.suffix == ".csv" else frame.to_hdf(path, key="df", mode="w")
    return frame


WRONG = {(5, 0): np.inf, (6, 1): -np.inf, (7, 3): np.nan, (8, 2): np.inf}
NOTES = (
    "2 points with an infinite coordinate, the first is nose in frame 5",
    "1 point with one coordinate alone, the first is body in frame 7",
    "1 infinite score, which counts as 0",
)


@pytest.mark.parametrize("kind", ["csv", "h5"])
def test_infinite_places_are_gaps_of_the_table_that_pandas_reads(kind, tmp_path):
    if kind == "h5":
        pytest.importorskip("tables")
    truth = (
        deeplabcut(tmp_path / f"t.{kind}", WRONG)
        .replace([np.inf, -np.inf], np.nan)
        .to_numpy(copy=True)
        .reshape(-1, 3, 3)
    )
    truth[np.isnan(truth[..., :2]).any(axis=-1)] = np.nan
    truth[8, 0, 2] = 0.0
    (found,) = load_labels(tmp_path / f"t.{kind}")
    np.testing.assert_array_equal(found.xy[:, 0], truth[..., :2])
    np.testing.assert_array_equal(found.scores[:, 0], truth[..., 2])
    assert found.notes == NOTES


def test_behaviours_and_maps_say_what_was_left_out_of_tracks(tmp_path, wormtwin):
    deeplabcut(tmp_path / "t.csv", WRONG)
    walk = np.arange(FRAMES) < 40
    pd.DataFrame({"walk": walk.astype(int), "rest": 1 - walk}).to_csv(tmp_path / "l.csv", index=False)
    arguments = ["behaviour", "import", tmp_path / "t.csv", "--labels", tmp_path / "l.csv", "--fps", 30]
    status, out, _ = wormtwin(*arguments, "--out", tmp_path / "d.h5")
    assert status == 0
    assert all(f"Left out: t.csv: {note}" in " ".join(out.split()) for note in NOTES)
    assert not np.isinf(load_dataset(tmp_path / "d.h5").trials[0].x).any()


def test_scores_in_percent_are_no_likelihood(tmp_path, wormtwin):
    deeplabcut(tmp_path / "t.csv", {(0, 2): 97.0})
    status, _, error = wormtwin(
        *("behaviour", "import", tmp_path / "t.csv", "--fps", 30, "--likelihood", 0.6, "--out", tmp_path / "d.h5")
    )
    assert (status, error) == (2, "wormtwin: t: its scores go up to 97, and a likelihood lies from 0 to 1\n")
    assert not (tmp_path / "d.h5").exists()


def write_midlines(path):
    along = np.linspace(0, 1, 12)
    midlines = np.stack([np.stack([along, 0.1 * np.sin(6 * along + 0.2 * t)], axis=1) for t in range(FRAMES)])
    midlines[5, 3, 0] = np.inf
    if path.suffix == ".npy":
        np.save(path, midlines)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file["skeletons"] = midlines
    else:
        record = {"id": "1", "t": (np.arange(FRAMES) / 10).tolist()}
        record |= {"x": midlines[..., 0].tolist(), "y": midlines[..., 1].tolist()}
        path.write_text(json.dumps({"units": {"t": "s", "x": "mm", "y": "mm"}, "data": record}))
    return "1 infinite value, the first at [5, 3, 0]"


def write_amplitudes(path):
    amplitudes = np.random.default_rng(0).normal(size=(FRAMES, 4))
    amplitudes[5, 2] = -np.inf
    with h5py.File(path, "w") as file:
        file["1/tseries"], file["1/frameRate"] = amplitudes, 10.0
    return "1 infinite value, the first at [5, 2]"


def write_traces(path):
    traces = np.random.default_rng(0).normal(size=(FRAMES, 2))
    traces[5] = np.inf, 1.0
    np.savez(path, traces_1=traces, fps_1=3.0, neurons=["AVAL", "AVAR"])
    return "1 infinite value, the first at [5, 0]"


@pytest.mark.parametrize(
    ("topic", "name", "write"),
    [
        ("posture", "w.npy", write_midlines),
        ("posture", "w.h5", write_midlines),
        ("posture", "w.wcon", write_midlines),
        ("posture", "w.h5", write_amplitudes),
        ("calcium", "w.npz", write_traces),
    ],
)
def test_infinite_values_of_recordings_do_not_count(topic, name, write, tmp_path, wormtwin):
    told = write(tmp_path / name)
    given = ("--fps", 10, "--unit", "mm") if topic == "posture" else ()
    status, out, _ = wormtwin(topic, "import", tmp_path / name, *given, "--out", tmp_path / "d.hdf5")
    assert status == 0
    assert told in " ".join(out.split())
    (trial,) = load_dataset(tmp_path / "d.hdf5")
    assert np.flatnonzero(~trial.valid()).tolist() == [5]
    assert not np.isinf(trial.x).any()


def test_points_that_are_known_stay_as_they_are():
    xy = np.random.default_rng(0).normal(size=(4, 2, 3, 2))
    xy[1, 0, 2] = np.nan
    found, notes = measured_points(xy, np.arange(4), "abc")
    assert found is xy
    assert notes == ()


def test_a_recording_that_cannot_be_described_is_left_out_beside_others(tmp_path, wormtwin):
    names = ["scorer", "individuals", "bodyparts", "coords"]
    levels = [["net"], ["a", "b", "c"], ["nose", "body", "tail"], ["x", "y", "likelihood"]]
    values = np.random.default_rng(0).uniform(size=(FRAMES, 27))
    pd.DataFrame(values, columns=pd.MultiIndex.from_product(levels, names=names)).to_csv(tmp_path / "three.csv")
    deeplabcut(tmp_path / "one.csv")
    files = (tmp_path / "one.csv", tmp_path / "three.csv")
    status, out, _ = wormtwin("behaviour", "import", *files, "--fps", 30, "--out", tmp_path / "d.h5")
    assert status == 0
    assert "Left out: three: features are those of one or two animals, the tracks have 3" in " ".join(out.split())
    assert [trial.name for trial in load_dataset(tmp_path / "d.h5")] == ["one"]
