"""DeepLabCut projects out and in again: images, labels in both forms, splits; predictions as HDF5."""

import pickle

import numpy as np
import pandas as pd
import pytest
import yaml

from datasets.pose.formats.deeplabcut_split import load_shuffle
from datasets.pose.formats.label_files import load_labels
from datasets.pose.formats.tracks_file import save_tracks
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError


@pytest.fixture(scope="module")
def project(make_fish, tmp_path_factory):
    """A dataset of fish, and the project that was made of it."""
    from run_experiments import run

    folder = tmp_path_factory.mktemp("dlc")
    fish = make_fish({"train": 4, "validation": 1, "test": 2})
    save_dataset(fish, folder / "fish.h5")
    assert run(["pose", "project", str(folder / "fish.h5"), "--out", str(folder / "p"), "--scorer", "me"]) == 0
    return fish, folder / "p"


def test_labels_come_back_in_both_forms(project):
    fish, folder = project
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert (config["bodyparts"], config["skeleton"]) == (list(fish.y_names), [["nose", "tail"]])
    for kind in ("csv", "h5"):
        for trial in fish:
            (tracks,) = load_labels(folder / "labeled-data" / trial.name / f"CollectedData_me.{kind}")
            np.testing.assert_allclose(tracks.xy[:, 0], trial.y, atol=1e-4)
            assert tracks.images[0] == f"labeled-data/{trial.name}/img000000.png"
    frame = pd.read_hdf(folder / "labeled-data" / "train" / "CollectedData_me.h5")
    assert frame.columns.names == ["scorer", "bodyparts", "coords"]
    assert frame.index[0] == ("labeled-data", "train", "img000000.png")
    np.testing.assert_allclose(frame["me"]["tail"]["y"], np.asarray(fish.trials[0].y)[:, 1, 1], atol=1e-4)


def test_the_split_comes_back_by_the_names_of_images(project, tmp_path, wormtwin):
    fish, folder = project
    command = ("pose", "import", folder, "--shuffle", 1, "--out", tmp_path / "again.h5")
    status, _, err = wormtwin(*command)
    assert status == 0, err
    again = load_dataset(tmp_path / "again.h5")
    lengths = {split: sum(map(len, part)) for split, part in again.by_split().items()}
    assert lengths == {"train": 5, "test": 2}  # DeepLabCut has no validation part
    tested = next(trial for trial in again if trial.split == "test")
    original = next(trial for trial in fish if trial.split == "test")
    np.testing.assert_array_equal(np.asarray(tested.x)[:, 0], np.asarray(original.x)[:, 0])


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("rows", [[0, 2], np.array([0, 2]), [np.int64(0), np.int32(2)], np.array([0, 2], np.uint8)])
def test_shuffles_of_every_age_are_read(project, tmp_path, protocol, rows):
    folder, (table,) = tmp_path / "training-datasets/iteration-0/UnaugmentedDataSet_a", [
        *project[1].glob("training-datasets/*/*/CollectedData_me.csv")
    ]  # fmt: skip
    folder.mkdir(parents=True)
    (folder / table.name).write_bytes(table.read_bytes())
    images = [{"image": ("a", "b"), "size": np.array([1, 2, 3]), "joints": {0: np.array([[0.5, 1]])}}]
    content = pickle.dumps([images, rows, np.array([1]), 0.5], protocol)
    (folder / "Documentation_data-a_50shuffle3.pickle").write_bytes(content)
    shuffle = load_shuffle(tmp_path, 3)
    assert shuffle.test == ("test/img000001.png",)
    assert shuffle.train == ("test/img000000.png", "train/img000000.png")


class Runs:
    """Would run a command when it is unpickled by Python."""

    def __reduce__(self):
        return eval, ("open('ran', 'w')",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([[], Runs(), [1], 0.5], "it asks for builtins eval"),
        ([[], [0, 1], [1], 0.5], "an image is in both parts"),
        ([[], [0], [99], 0.5], "rows beyond the 7"),
        ([[], np.array([0.5]), [1], 0.5], "no whole numbers"),
        ([[], [0]], "no shuffle can be read"),
    ],
)
def test_a_shuffle_that_is_none_is_one_line_and_nothing_runs(project, tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "training-datasets/iteration-0/UnaugmentedDataSet_a"
    folder.mkdir(parents=True)
    (table,) = project[1].glob("training-datasets/*/*/CollectedData_me.csv")
    (folder / table.name).write_bytes(table.read_bytes())
    (folder / "Documentation_data-a_50shuffle1.pickle").write_bytes(pickle.dumps(content))
    with pytest.raises(InputError, match=message):
        load_shuffle(tmp_path, 1)
    with pytest.raises(InputError, match=r"0 shuffles of the number 7; there are Documentation_data-a_50shuffle1"):
        load_shuffle(tmp_path, 7)
    assert not (tmp_path / "ran").exists()


def test_predictions_go_back_as_hdf5(tmp_path, wormtwin):
    rng = np.random.default_rng(0)
    xy, scores = rng.uniform(0, 99, (5, 2, 3, 2)), rng.uniform(0, 1, (5, 2, 3))
    tracks = Tracks("m.mp4", Skeleton(("a", "b", "c")), np.array([0, 1, 2, 4, 7]), xy, scores, ("one", "two"), 30.0)
    save_tracks(tracks, tmp_path / "tracks.h5")
    command = ("pose", "convert", tmp_path / "tracks.h5", "--to", "dlc", "--out", tmp_path / "m.h5")
    assert wormtwin(*command)[0] == 0
    frame = pd.read_hdf(tmp_path / "m.h5")
    assert frame.columns.names == ["scorer", "individuals", "bodyparts", "coords"]
    assert frame.index.tolist() == [0, 1, 2, 4, 7]
    np.testing.assert_allclose(frame["wormtwin"]["two"]["b"]["likelihood"], scores[:, 1, 1], atol=1e-6)
    (again,) = load_labels(tmp_path / "m.h5")
    np.testing.assert_allclose(again.xy, xy, atol=1e-4)


def test_mistakes_are_one_line(project, tmp_path, wormtwin, refused, fish):
    data = save_dataset(fish, tmp_path / "fish.h5")
    refused(wormtwin("pose", "project", data, "--out", project[1]), "exists: delete it")
    refused(wormtwin("pose", "project", data, "--out", tmp_path / "p", "--scorer", "a b"), "must be a word")
    shuffled = ("pose", "import", project[1] / "labeled-data/train/CollectedData_me.csv", "--shuffle", 1)
    refused(wormtwin(*shuffled, "--out", tmp_path / "a.h5"), "--shuffle goes with a DeepLabCut project")
