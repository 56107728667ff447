"""`wormtwin identity` from its command line: a sample, its identities, scores, other tools' files, wrong input."""

import h5py
import numpy as np
import pytest

from datasets.identity.identity_file import load_identities
from datasets.topics import read_point_tracks


def test_a_sample_is_tracked_and_scored(wormtwin, swimmers, identities):
    status, out, err = wormtwin("identity", "evaluate", identities, "--truth", swimmers[1])
    assert status == 0, err
    row = next(line for line in out.splitlines() if "swim.h5" in line)
    assert float(row.split("│")[2]) > 0.95
    assert "Hungarian tracker alone" in out
    tracks = load_identities(identities)
    assert tracks.xy.shape == (90, 3, 2)
    assert np.isnan(tracks.xy).mean() < 0.1
    assert len(tracks.crossings) >= 1


def test_the_same_seed_gives_the_same_video(swimmers):
    from datasets.identity.generator import SwimmerSettings, make_swimmers
    from datasets.video.video import open_video

    settings = SwimmerSettings(3, 90, 24.0, 0.0, 150, 4)
    film = make_swimmers(settings)
    difference = np.abs(open_video(swimmers[0])[10:12].astype(int) - film[10:12])
    assert difference.mean() < 3  # of 255: the film keeps other colours
    truth = read_point_tracks(swimmers[1])[0]
    np.testing.assert_allclose(truth.xy[:, :, 0], film.xy, atol=1e-3)


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("slp", "a.slp"),
        ("analysis", "a.h5"),
        ("dlc", "a.csv"),
        ("idtracker-csv", "i.csv"),
        ("idtracker-npy", "i.npy"),
        ("idtracker-h5", "i.h5"),
    ],
)
def test_identities_leave_as_files_of_other_tools(wormtwin, identities, tmp_path, to, name):
    out = tmp_path / name
    status, _, err = wormtwin("identity", "export", identities, "--to", to, "--out", out)
    assert status == 0, err
    wanted = load_identities(identities).xy
    if to == "idtracker-npy":
        found = np.load(out)
    elif to == "idtracker-h5":
        with h5py.File(out) as file:
            found = file["trajectories"][:]
            assert file["id_probabilities"].shape == wanted.shape[:2]
    elif to == "idtracker-csv":
        table = np.genfromtxt(out, delimiter=",", names=True)
        found = np.stack([[table[f"x{k}"], table[f"y{k}"]] for k in (1, 2, 3)]).transpose(2, 0, 1)
    else:
        found = read_point_tracks(out)[0].xy[:, :, 0]
    np.testing.assert_allclose(found, wanted[: len(found)], atol=0.01)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("track {video} --animals 9 --out {new}.h5", "no frame shows 9 animals apart"),
        ("track {video} --animals 1 --out {new}.h5", "no frame shows 1 animal apart"),
        ("track {video} --animals 0 --out {new}.h5", "--animals must be 1 to 200"),
        ("track {video} --animals 3 --out {new}.csv", "ends in .h5"),
        ("track {video} --animals 3 --out {old}", "exists"),
        ("track {new}.mp4 --animals 3 --out {new}.h5", "there is no such video"),
        ("track {video} --animals 3 --shade blue --out {new}.h5", "shade"),
        ("track {video} --animals 3 --gap -1 --out {new}.h5", "--gap must be"),
        ("make-sample --animals 0 --out {new}.mp4", "1 to 200 animals"),
        ("make-sample --difficulty 2 --out {new}.mp4", "difficulty"),
        ("make-sample --out {new}.avi", "a movie's name ends in .mp4"),
        ("make-sample --side 20 --out {new}.mp4", "frames of"),
        ("evaluate {old} --truth {new}.h5", "no such file"),
        ("export {truth} --to slp --out {new}.slp", "not identities"),
        ("export {old} --to mat --out {new}.mat", "--to must be one of"),
        ("export {old} --to idtracker-npy --out {new}.csv", "ends in .npy"),
    ],
)
def test_wrong_input_is_one_line(wormtwin, swimmers, identities, tmp_path, arguments, text):
    given = arguments.format(video=swimmers[0], truth=swimmers[1], old=identities, new=tmp_path / "new")
    status, _, err = wormtwin("identity", *given.split())
    assert status == 2
    assert text in err.splitlines()[-1]
    assert not (tmp_path / "new.h5").exists()


def test_an_animal_that_never_moves_is_taken_for_ground(wormtwin, tmp_path):
    import imageio.v3

    rng = np.random.default_rng(0)
    still = tmp_path / "still"
    still.mkdir()
    for frame in range(20):
        image = np.full((60, 60), 200) + rng.normal(0, 2, (60, 60))
        image[20:26, 20:40] = 40
        imageio.v3.imwrite(still / f"{frame:02d}.png", np.clip(image, 0, 255).astype(np.uint8))
    status, _, err = wormtwin("identity", "track", still, "--animals", 1, "--out", tmp_path / "t.h5")
    assert status == 2
    assert "no animal" in err.splitlines()[-1] or "never moves" in err.splitlines()[-1]
