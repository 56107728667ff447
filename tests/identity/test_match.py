"""`wormtwin identity match`: the same animals in two videos."""

import json

import h5py
import numpy as np
import pytest

from datasets.identity.identity_file import load_identities, load_page_arrays, save_identities
from datasets.identity.trajectories import Trajectories
from neuron_models.foundation.errors import InputError

SHADES = (30, 110, 220)


def written(path, order, silhouette=0.95, names=("ann", "bob", "cleo"), images=12):
    """A file of animals that are bars of one shade each, in this order of shades, and a network that nobody trained."""
    from surrogates.identity.network import embedded, identity_network

    rng = np.random.default_rng(len(path.name))
    animal = np.repeat(np.arange(len(order)), images)
    crops = np.zeros((len(animal), 64, 64), np.uint8)
    crops[:, 24:40, 8:56] = (np.array(SHADES)[list(order)][animal][:, None, None] + rng.integers(-9, 9, (16, 48))) % 256
    network = identity_network(3)
    arrays = {"crops": crops, "point_animal": animal, "point_frame": np.arange(len(animal))}
    arrays["points"] = embedded(network, crops)
    arrays |= {f"weights{k}": values for k, values in enumerate(network.get_weights())}
    shape = (20, len(order))
    tracks = Trajectories(
        np.zeros((*shape, 2)), np.zeros(shape, int), np.ones(shape), 30.0, 10.0, "v.mp4", (), silhouette,
        animals=names[: len(order)],
    )  # fmt: skip
    save_identities(tracks, path, arrays)
    return path


def test_each_animal_finds_itself(wormtwin, tmp_path):
    first, second = written(tmp_path / "a.h5", (0, 1, 2)), written(tmp_path / "bb.h5", (2, 0, 1))
    status, out, err = wormtwin("identity", "match", first, second, "--out", tmp_path / "m.json")
    assert status == 0, err
    found = json.loads((tmp_path / "m.json").read_text())
    assert {(row["first"], row["second"]) for row in found["matches"]} == {
        ("ann", "bob"),
        ("bob", "cleo"),
        ("cleo", "ann"),
    }
    assert all(row["sure"] and row["agree"] == 1.0 for row in found["matches"])
    assert "3 of 3 animals recognised" in out


def test_an_animal_of_one_video_only_is_named(wormtwin, tmp_path):
    first, second = written(tmp_path / "a.h5", (0, 1, 2)), written(tmp_path / "bb.h5", (2, 0))
    status, out, err = wormtwin("identity", "match", first, second, "--out", tmp_path / "m.json")
    assert status == 0, err
    rows = json.loads((tmp_path / "m.json").read_text())["matches"]
    assert [row["first"] for row in rows if row["second"] is None] == ["bob"]
    assert "in one video only" in out


def test_twins_cannot_be_told(wormtwin, tmp_path):
    first, second = written(tmp_path / "a.h5", (0, 0, 2)), written(tmp_path / "bb.h5", (2, 0, 0))
    _, out, _ = wormtwin("identity", "match", first, second, "--out", tmp_path / "m.json")
    rows = json.loads((tmp_path / "m.json").read_text())["matches"]
    assert {row["first"] for row in rows if row["sure"]} <= {"cleo"}
    assert "cannot tell" in out


def test_animals_that_no_network_could_tell_apart_are_not_matched(wormtwin, tmp_path):
    first, second = written(tmp_path / "a.h5", (0, 1, 2), silhouette=0.2), written(tmp_path / "bb.h5", (2, 0, 1))
    status, out, _ = wormtwin("identity", "match", first, second)
    assert status == 0
    assert "cannot be told apart by their looks (silhouette 0.20)" in out
    assert "0 of 3 animals recognised" in out


def test_what_cannot_be_matched_is_one_line(wormtwin, identities, tmp_path):
    good = written(tmp_path / "a.h5", (0, 1, 2))
    for arguments, text in (
        ((good, identities), "keeps no looks"),
        ((good, tmp_path / "none.h5"), "no such file"),
        ((good, good, "--out", tmp_path / "m.csv"), "ends in .json"),
        ((good, written(tmp_path / "few.h5", (0, 1), images=3)), "fewer than 10 pictures of ann, bob"),
    ):
        status, _, err = wormtwin("identity", "match", *arguments)
        assert status == 2
        assert text in err.splitlines()[-1]


@pytest.mark.slow
def test_the_same_animals_are_found_in_another_video(wormtwin, tmp_path):
    """Three individuals film after film; who is who is known from where they are."""
    from datasets.identity.identity_file import load_identities
    from datasets.topics import read_point_tracks

    who = {}
    for seed in (1, 2):
        video, out = tmp_path / f"{seed}.mp4", tmp_path / f"{seed}.h5"
        settings = "--animals 3 --frames 150 --length 24 --difficulty 0 --individuals 5"
        assert wormtwin("identity", "make-sample", "--out", video, "--seed", seed, *settings.split())[0] == 0
        assert wormtwin("identity", "track", video, "--animals", 3, "--batches", 60, "--out", out)[0] == 0
        found, true = load_identities(out).xy, read_point_tracks(tmp_path / f"{seed}.truth.h5")[0].xy[:, :, 0]
        near = np.nanmedian(np.linalg.norm(found[:, :, None] - true[:, None], axis=-1), axis=0)
        who[seed] = near.argmin(axis=1)
        assert sorted(who[seed]) == [0, 1, 2]
    status, _, err = wormtwin("identity", "match", tmp_path / "1.h5", tmp_path / "2.h5", "--out", tmp_path / "m.json")
    assert status == 0, err
    for row in json.loads((tmp_path / "m.json").read_text())["matches"]:
        first, second = (int(row[name].removeprefix("animal")) - 1 for name in ("first", "second"))
        assert who[1][first] == who[2][second]
        assert row["sure"]


def _gone(page, name):
    del page[name]


def _shorter(page, name):
    values = page[name][:-1]
    del page[name]
    page[name] = values


def _group(page, name):
    del page[name]
    page.create_group(name)


ALONE = ((_gone, "crops"), (_gone, "fragments"), (_shorter, "fragments"), (_shorter, "weights3"))
"""Changes that leave a file as it might have been written."""


@pytest.mark.parametrize("change", [_gone, _shorter, _group])
@pytest.mark.parametrize("name", ["points", "point_animal", "point_frame", "crops", "weights3", "fragments"])
def test_a_file_whose_arrays_do_not_belong_together_is_one_line(tmp_path, change, name):
    arrays = {"points": np.zeros((12, 8)), "point_animal": np.zeros(12, int), "point_frame": np.arange(12)}
    arrays |= {"crops": np.zeros((12, 64, 64), np.uint8), "fragments": np.zeros((3, 4), int)}
    arrays |= {f"weights{k}": np.zeros((2, 2)) for k in range(5)}
    facts = np.zeros((20, 1), int), np.ones((20, 1)), 30.0, 10.0, "v.mp4"
    path = save_identities(Trajectories(np.zeros((20, 1, 2)), *facts), tmp_path / "a.h5", arrays)
    with h5py.File(path, "r+") as file:
        change(file["identity/page"], name)
    if (change, name) in ALONE:
        assert set(load_page_arrays(path)) == set(arrays) - ({name} if change is _gone else set())
        return
    with pytest.raises(InputError, match=r"a\.h5: identity/page.*(missing|must)"):
        load_page_arrays(path)


@pytest.mark.parametrize("crossing", [[5, 4, [0], 1.0], [0, 20, [0], 1.0], [1, 2, [1], 1.0], [-1, 2, [0], None]])
def test_a_crossing_of_no_frame_or_animal_is_one_line(tmp_path, crossing):
    facts = np.zeros((20, 1), int), np.ones((20, 1)), 30.0, 10.0, "v.mp4"
    path = save_identities(Trajectories(np.zeros((20, 1, 2)), *facts), tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file["identity"].attrs["crossings"] = json.dumps([crossing])
    with pytest.raises(InputError, match="20 frames of 1 animals have no crossing"):
        load_identities(path)
