"""Videos that identities cannot, or can only just, be found in: each says what is the matter."""

import numpy as np
import pytest

from datasets.identity.identity_file import load_identities
from datasets.segmentation.regions import SegmentSettings
from neuron_models.foundation.errors import InputError
from surrogates.identity.tracking import TrackingSettings, track_video

FRAMES, HEIGHT, WIDTH = 100, 90, 160


def rings():
    """The paths of three animals that swim in circles and never meet."""
    t = np.arange(FRAMES)
    return [
        np.stack([x + 18 * np.cos(pace * t), 45 + 18 * np.sin(pace * t)], axis=1)
        for x, pace in ((30, 0.11), (80, 0.13), (130, 0.09))
    ]


def film(paths, light=None, pale=(), paleness=150):
    """Dark ellipses on bright ground; those of `pale` are reflections."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rng = np.random.default_rng(0)
    out = np.empty((FRAMES, 1, HEIGHT, WIDTH), np.uint8)
    for now in range(FRAMES):
        shade = np.full((HEIGHT, WIDTH), 200.0)
        for number, path in enumerate([*paths, *pale]):
            if not np.isnan(path[now, 0]):
                step = path[now] - path[max(now - 1, 0)]
                angle = np.nan_to_num(np.arctan2(step[1], step[0]))
                along = (x - path[now, 0]) * np.cos(angle) + (y - path[now, 1]) * np.sin(angle)
                across = (y - path[now, 1]) * np.cos(angle) - (x - path[now, 0]) * np.sin(angle)
                shade[(along / 7) ** 2 + (across / 3) ** 2 < 1] = 60 if number < len(paths) else paleness
        lit = 1.0 if light is None else light(now, x)
        out[now, 0] = np.clip(shade * lit + rng.normal(0, 2, shade.shape), 0, 255)
    return out


def tracked(video, tmp_path, animals=3, **segment):
    tmp_path.mkdir(exist_ok=True)
    settings = TrackingSettings(animals, SegmentSettings(**segment), appearance=False)
    return track_video(video, "v", tmp_path / "t.h5", settings, 30.0, lambda _: None).trajectories


def states(tracks):
    return [np.bincount(tracks.status[:, who], minlength=3).tolist() for who in range(tracks.xy.shape[1])]


def follows(tracks, paths):
    """Whether each path is followed by one animal wherever it is in the picture."""
    away = np.linalg.norm(tracks.xy[:, :, None] - np.stack(paths, axis=1)[:, None], axis=-1)
    return bool((np.nanmax(away, axis=0).min(axis=0) < 4).all())


@pytest.mark.parametrize(("animals", "said"), [(2, "no frame shows 2 animals"), (4, "no frame shows 4 animals apart")])
def test_a_wrong_number_is_refused(tmp_path, animals, said):
    with pytest.raises(InputError, match=said):
        tracked(film(rings()), tmp_path, animals)


def test_what_was_found_is_kept_until_it_is_written(tmp_path):
    def full(_):
        raise OSError("no space left")

    settings = TrackingSettings(3, SegmentSettings(), appearance=False)
    with pytest.raises(OSError, match="no space"):
        track_video(film(rings()), "v", tmp_path / "t.h5", settings, 30.0, full)
    kept = tmp_path / "t.h5.partial"
    assert [each for each in kept.iterdir() if each.suffix == ".npz"]
    tracked(film(rings()), tmp_path)
    assert not kept.exists()


def test_an_animal_that_enters_and_leaves_is_lost_meanwhile(tmp_path):
    paths = rings()
    paths[2][:30] = paths[2][80:] = np.nan
    tracks = tracked(film(paths), tmp_path)
    assert sorted(states(tracks)) == [[50, 0, 50], [FRAMES, 0, 0], [FRAMES, 0, 0]]
    assert follows(tracks, paths)
    assert any("is lost in 50 % of the frames" in note for note in tracks.notes)


def test_an_animal_that_never_moves_is_said_to_be_ground(tmp_path):
    paths = rings()
    paths[2][:] = paths[2][0]
    with pytest.raises(InputError, match="one that never moves is taken for ground"):
        tracked(film(paths), tmp_path)


def test_an_animal_that_stops_is_followed(tmp_path):
    paths = rings()
    paths[2][30:] = paths[2][30]
    assert follows(tracked(film(paths), tmp_path), paths)


def test_animals_that_are_never_apart_are_refused(tmp_path):
    paths = rings()
    paths[1] = paths[0] + 4.0
    with pytest.raises(InputError, match="they must be apart at least once"):
        tracked(film(paths), tmp_path)


def test_light_that_rises_and_falls_changes_nothing(tmp_path):
    tracks = tracked(film(rings(), lambda now, x: 1 + 0.25 * np.sin(now / 9)), tmp_path)
    assert states(tracks) == [[FRAMES, 0, 0]] * 3
    assert follows(tracks, rings())


def test_light_that_moves_over_the_ground_is_refused(tmp_path):
    with pytest.raises(InputError, match="light that moves"):
        tracked(film(rings(), lambda now, x: 1 - 0.3 * np.exp(-(((x - 1.5 * now) / 25.0) ** 2))), tmp_path)


def test_faint_reflections_are_left_out_and_strong_ones_refused_or_left_out_by_a_threshold(tmp_path):
    mirrored = [np.stack([path[:, 0], 136 - path[:, 1]], axis=1) for path in rings()]
    pale = [np.where(path[:, 1:] > 70, path, np.nan) for path in mirrored]
    tracks = tracked(film(rings(), pale=pale), tmp_path)
    assert follows(tracks, rings())
    assert any("are left out, as reflections are" in note for note in tracks.notes)
    strong = film(rings(), pale=pale, paleness=100)
    with pytest.raises(InputError, match="show more than 3 animals"):
        tracked(strong, tmp_path / "again")
    assert follows(tracked(strong, tmp_path / "once", threshold=120.0), rings())


def test_a_cut_video_keeps_what_can_be_read(wormtwin, swimmers, tmp_path):
    import av

    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    with av.open(str(swimmers[0])) as old, av.open(str(whole), "w", options={"movflags": "faststart"}) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    data = whole.read_bytes()
    cut.write_bytes(data[: int(0.7 * len(data))])
    out = tmp_path / "t.h5"
    status, said, err = wormtwin("identity", "track", cut, "--animals", 3, "--no-appearance", "--out", out)
    assert status == 2
    assert "ends early" in err.splitlines()[-1]
    frames = len(load_identities(out).xy)
    assert 20 < frames < 90
    assert f"{frames} frames of 3 animals" in said


@pytest.mark.slow
def test_identical_twins_cannot_be_told(wormtwin, tmp_path):
    settings = "--animals 3 --frames 200 --length 24 --side 150 --difficulty 1 --seed 4"
    assert wormtwin("identity", "make-sample", "--out", tmp_path / "v.mp4", *settings.split())[0] == 0
    status, said, err = wormtwin(
        "identity", "track", tmp_path / "v.mp4", "--animals", 3, "--batches", 60, "--out", tmp_path / "t.h5"
    )
    assert status == 0, err
    assert "cannot be told apart by their looks" in said
