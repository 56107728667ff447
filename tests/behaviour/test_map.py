"""`wormtwin behaviour map`: what it leaves, that it comes out the same, goes on where it was, and what it refuses."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from datasets.behaviour.mapping.bodies import BodySettings, read_bodies
from datasets.pose.formats.tracks_file import save_tracks
from datasets.pose.generator.sample import ANIMALS
from datasets.pose.generator.video import ArenaSettings, make_video
from datasets.pose.tracks import Tracks

pytest.importorskip("openTSNE", reason="openTSNE is not installed: pip install 'wormtwin[map]'")
SMALL = ("--templates", "150", "--iterations", "60", "--scales", "8", "--perplexity", "10")


def save_flies(path, seed, frames=600, animals=2):
    video = make_video(ArenaSettings(frames=frames, width=900, height=900, animals=animals, seed=seed))
    xy = np.stack([body.keypoints for body in video.bodies], axis=1)
    xy[100:103, 0, 4] = np.nan
    names = tuple(f"fly{k + 1}" for k in range(animals))
    save_tracks(Tracks(path.stem, ANIMALS["fly"].skeleton, np.arange(frames), xy, None, names, video.fps), path)
    return [np.array(body.doing) for body in video.bodies]


@pytest.fixture(scope="module")
def flies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flies")
    save_flies(folder / "flies.h5", 1)
    save_flies(folder / "others.h5", 2)
    return folder


@pytest.fixture(scope="module")
def made(flies):
    """A map, whose folder nobody may change."""
    from run_experiments import run

    given = ("behaviour", "map", flies / "flies.h5", "--centre", "thorax", *SMALL, "--out", flies / "map")
    assert run([str(each) for each in given]) == 0
    return flies / "map"


def test_tables_say_what_the_frames_say(made, flies, wormtwin):
    folder = made
    printed = wormtwin("behaviour", "map", flies / "flies.h5", "--centre", "thorax", *SMALL, "--out", folder)[1]
    frames = pd.read_csv(folder / "frames.csv")
    assert len(frames) == 1200
    off = frames[(frames.animal == "fly1") & frames.frame.between(100, 102)]
    assert (off.region == 0).all()
    assert off.x.isna().all()
    assert "3 frames left out: a point is not known, or the stretch is too short" in printed
    on = frames[frames.region > 0]
    regions = pd.read_csv(folder / "regions.csv")
    np.testing.assert_allclose(regions.share, on.region.value_counts(normalize=True).sort_index(), atol=1e-5)
    assert regions.share.is_monotonic_decreasing
    animals = pd.read_csv(folder / "animals.csv")
    np.testing.assert_allclose(animals.iloc[:, 5:].sum(axis=1), 1, atol=1e-4)
    after = on.groupby("animal").region.shift(-1)
    next_to = on.groupby("animal").frame.shift(-1) == on.frame + 1
    changes = int((next_to & (after != on.region)).sum())
    assert pd.read_csv(folder / "transitions.csv")["count"].sum() == changes
    bouts = pd.read_csv(folder / "bouts.csv")
    assert (bouts.last_frame - bouts.first_frame + 1).sum() == len(on)
    assert set(pd.read_csv(folder / "clips.csv").region) == set(regions.region)
    assert len(pd.read_csv(folder / "poses.csv")) == len(regions) * 34
    assert {"map.png", "ethogram.png", "map.html"} <= {each.name for each in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes_and_a_stopped_map_goes_on(
    made, flies, wormtwin, refused, monkeypatch, tmp_path
):
    import surrogates.behaviour.map.mapping as mapping

    place, calls = mapping.place, []

    def stops(*arguments):
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return place(*arguments)

    arguments = ("behaviour", "map", flies / "flies.h5", "--centre", "thorax", *SMALL, "--out", tmp_path / "map")
    monkeypatch.setattr(mapping, "place", stops)
    wormtwin(*arguments)
    assert (tmp_path / "map" / "steps" / "placed-1.npz").exists()
    assert not (tmp_path / "map" / "map.html").exists()
    monkeypatch.setattr(mapping, "embed", lambda *_: pytest.fail("what is finished is made again"))
    monkeypatch.setattr(mapping, "place", place)
    assert wormtwin(*arguments)[0] == 0
    for name in ("frames.csv", "map.npz", "map.html", "poses.csv", "map.png"):
        assert (tmp_path / "map" / name).read_bytes() == (made / name).read_bytes(), name
    refused(wormtwin(*arguments, "--seed", "5"), "holds a map with another embedding")


def test_names_are_people_s_and_stay(made, flies, wormtwin, tmp_path):
    shutil.copytree(made, tmp_path / "map")
    (tmp_path / "map" / "names.csv").write_text("region,name\n1,walking\n")
    again = ("behaviour", "map", flies / "flies.h5", "--centre", "thorax", *SMALL, "--out", tmp_path / "map")
    assert wormtwin(*again)[0] == 0
    assert pd.read_csv(tmp_path / "map" / "regions.csv").name.iloc[0] == "walking"
    assert (tmp_path / "map" / "names.csv").read_text() == "region,name\n1,walking\n"
    _, out, _ = wormtwin(*again, "--regions", "1")  # the plane stays, the regions do not
    assert "earlier-names.csv" in out
    assert pd.read_csv(tmp_path / "map" / "regions.csv").name.tolist() == ["region 1"]
    (tmp_path / "n.csv").write_text("region,name\n1,all <b>\n")
    assert wormtwin(*again, "--regions", "1", "--names", tmp_path / "n.csv")[0] == 0
    assert "<b>" not in (tmp_path / "map" / "map.html").read_text()


def test_new_animals_are_placed_on_a_map(made, flies, wormtwin, tmp_path):
    status, _, error = wormtwin("behaviour", "map", flies / "flies.h5", "--apply", made, "--out", tmp_path / "same")
    assert status == 0, error
    for name in ("frames.csv", "regions.csv", "transitions.csv"):
        assert (tmp_path / "same" / name).read_bytes() == (made / name).read_bytes()
    status, _, error = wormtwin("behaviour", "map", flies / "others.h5", "--apply", made, "--out", tmp_path / "new")
    assert status == 0, error
    assert (pd.read_csv(tmp_path / "new" / "frames.csv").region > 0).mean() > 0.99


def test_worm_postures_are_mapped_as_angles_and_as_amplitudes(wormtwin, tmp_path):
    made = ("posture", "make-sample", "--strains", "N2", "--worms", "1", "--minutes", "0.5", "--out", tmp_path / "w.h5")
    assert wormtwin(*made)[0] == 0
    assert wormtwin("posture", "eigenworms", tmp_path / "w.h5", "--out", tmp_path / "a.h5")[0] == 0
    for name in ("w", "a"):
        status, _, error = wormtwin("behaviour", "map", tmp_path / f"{name}.h5", *SMALL, "--out", tmp_path / name)
        assert status == 0, error
        (body,) = read_bodies([tmp_path / f"{name}.h5"], BodySettings()).each
        outline = read_bodies([tmp_path / f"{name}.h5"], BodySettings()).outline(body.values[:5])
        lengths = np.linalg.norm(np.diff(outline, axis=1), axis=2).sum(axis=1)
        assert np.isfinite(lengths).sum() >= 3  # a posture may be a gap
        assert lengths[np.isfinite(lengths)] == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--highest", "60"), "has 100 frames a second, which show no more than 50 Hz: give --highest 50 or less"),
        (("--fps", "30", "--highest", "50"), "give --highest 15 or less, got 50 Hz"),
        (("--lowest", "70"), "the lowest frequency must be > 0 Hz and below the highest, got 70.0 and 50.0"),
        (("--axis", "head"), "--axis names two points, from behind to ahead"),
        (("--points", "paw"), "has no point 'paw'"),
        (("--rhythm", "0", "--posture", "0"), "one of rhythm, posture and motion must count"),
        (("--posture", "-1"), "weights must be 0 or more"),
        (("--shortest", "999"), "no animal is known for 999 s without a gap"),
        (("--templates", "3"), "a map is learned from 20 to 100,000 frames, got 3"),
        (("--merge", "2"), "hills are joined at a share of 0 to 1, got 2"),
        (("--changes", "0"), "regions are joined at more than 0 changes a second, got 0"),
        (("--width", "0"), "the width of the smoothing must be > 0, got 0"),
        (("--regions", "0"), "a map has 1 region or more, got 0"),
        (("--names", "none.csv"), "--names none.csv: there is no such file"),
        (("--apply", "nothing"), "there is no such folder; name one that `wormtwin behaviour map` wrote"),
        (("--seed", "-1"), "the seed of a map must be a whole number"),
        (("--scales", "1"), "a map has 2 to 100 frequencies, got 1"),
    ],
)
def test_what_cannot_be_is_one_line(wormtwin, refused, flies, tmp_path, arguments, said):
    refused(wormtwin("behaviour", "map", flies / "flies.h5", *arguments, "--out", tmp_path / "m"), said)
    assert not (tmp_path / "m" / "map.html").exists()


def test_maps_and_animals_that_do_not_go_together_are_refused(made, flies, wormtwin, refused, tmp_path):
    folder, new = made, ("behaviour", "map", flies / "others.h5", "--out", tmp_path / "m", "--apply")
    refused(wormtwin(*new, folder, "--lowest", "2"), "--lowest belongs to the map")
    refused(wormtwin(*new[:3], "--out", folder, "--apply", folder), "is the map itself: choose another folder")
    refused(wormtwin(*new, folder, "--fps", "40"), "give --highest 20 or less, got 50 Hz")
    worm = ("posture", "make-sample", "--strains", "N2", "--worms", "1", "--minutes", "0.2", "--out", tmp_path / "w.h5")
    assert wormtwin(*worm)[0] == 0
    refused(wormtwin(*new[:2], tmp_path / "w.h5", *new[3:], folder), "was made of other points than these animals have")
    shutil.copytree(folder, tmp_path / "bad")
    settings = json.loads((folder / "map.json").read_text())
    for change, said in (
        ({"version": 9}, "is of version 9; this wormtwin reads 1"),
        ({"channels": ["x"]}, "the map is damaged: middle has the shape"),
        ({"wavelets": 3}, "the map is damaged"),
    ):
        (tmp_path / "bad" / "map.json").write_text(json.dumps({**settings, **change}))
        refused(wormtwin(*new, tmp_path / "bad"), said)
    (tmp_path / "bad" / "map.npz").write_bytes(b"PK")
    refused(wormtwin(*new, tmp_path / "bad"), "delete it and run again")
    (tmp_path / "n.csv").write_text("region,name\n99,x\n")
    refused(wormtwin(*new, folder, "--names", tmp_path / "n.csv"), "n.csv, line 2: regions are 1 to")


def test_a_page_is_whole_and_shows_a_region_that_is_pointed_at(made, shown_whole, browser):
    page = made / "map.html"
    shown_whole(page)
    tab, faults = browser.new_page(), []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.goto(page.as_uri())
    second = tab.locator("#regions button").nth(1)
    second.hover()
    assert tab.locator("#title").text_content() == second.locator("b").text_content()
    tab.close()
    assert not faults


@pytest.mark.long
def test_what_generated_flies_do_is_recovered(wormtwin, tmp_path):
    doing = save_flies(tmp_path / "f.h5", 1, frames=4000)
    status, _, error = wormtwin(
        "behaviour", "map", tmp_path / "f.h5", "--centre", "thorax", "--templates", "1500", "--out", tmp_path / "map"
    )
    assert status == 0, error
    frames = pd.read_csv(tmp_path / "map" / "frames.csv")
    on = frames.region.to_numpy() > 0
    assert adjusted_rand_score(np.concatenate(doing)[on], frames.region[on]) > 0.7
