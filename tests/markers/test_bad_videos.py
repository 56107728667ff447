"""Videos and clicks that cannot be followed, through the command line; upright, mirrored and uneven ones that can."""

from dataclasses import replace

import av
import numpy as np
import pandas as pd
import pytest

from datasets.markers.clicks import write_clicks
from datasets.markers.clock import clock_of, even_index, evened, of_frames
from datasets.markers.files import write_marks
from datasets.topics import read_point_tracks
from datasets.video.video import open_video
from neuron_models.foundation.movies import save_movie


@pytest.fixture
def track(wormtwin, tmp_path):
    def call(video, clicks, *more):
        write_clicks(tuple(clicks), tmp_path / "c.csv")
        return wormtwin("markers", "track", video, "--clicks", tmp_path / "c.csv", "--out", tmp_path / "t.h5", *more)

    return call


def test_what_cannot_be_followed_is_one_line(sample, track, refused, tmp_path):
    clicks = sample.clicks
    corner = [replace(each, mark="ghost", x=4.0, y=260.0) for each in clicks if each.mark == "left"]
    refused(track(sample.video, [*clicks, *corner]), "ghost")
    twice = [replace(each, mark="third") for each in clicks if each.mark == "left"]
    refused(track(sample.video, [*clicks, *twice]), "left", "third", "one colour")
    frames = [frame.transpose(1, 2, 0) for frame in open_video(sample.video).frames(range(0, 150, 3))]
    grey = [np.repeat(frame.mean(axis=-1, keepdims=True).astype(np.uint8), 3, axis=-1) for frame in frames]
    save_movie(iter(grey), tmp_path / "grey.mp4", 20.0, quality=9)
    near = [replace(each, frame=each.frame // 3) for each in clicks]
    refused(track(tmp_path / "grey.mp4", near), "is grey: marks are recognised by their colour")
    assert not (tmp_path / "t.h5").exists()


def test_ground_that_has_the_colour_of_a_mark_is_one_line(sample, track, refused, tmp_path):
    near = [each for each in sample.clicks if each.frame < 40]
    frames = [frame.transpose(1, 2, 0).copy() for frame in open_video(sample.video).frames(range(40))]
    left = next(each for each in near if each.mark == "left")
    paint = frames[left.frame][round(left.y), round(left.x)]
    for frame in frames:
        frame[frame.max(axis=-1) < 90] = paint  # the dark floor
    save_movie(iter(frames), tmp_path / "ground.mp4", 60.0, quality=9)
    refused(track(tmp_path / "ground.mp4", near), "left")


def test_an_upright_mirrored_video_between_bars_is_followed(sample, tracks, track, tmp_path):
    shown = [frame.transpose(1, 2, 0)[:, ::-1] for frame in open_video(sample.video).frames(range(150))]
    upright = [np.pad(frame, ((0, 0), (60, 60), (0, 0))) for frame in shown]
    save_movie(iter(upright), tmp_path / "m.mp4", 60.0, quality=10)
    wide = upright[0].shape[1]
    status, said, error = track(tmp_path / "m.mp4", [replace(each, x=wide - 61 - each.x) for each in sample.clicks])
    assert status == 0, error
    assert "bars without a picture: 60 px left, 60 px right" in said
    (found,) = read_point_tracks(tmp_path / "t.h5")
    assert np.nanmedian(np.abs(wide - 61 - found.xy[:, 0, :2, 0] - tracks.xy[:, 0, :2, 0])) < 0.5


def uneven_movie(path, times, side=32):
    """A film whose frames have times of their own, in ms."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1000)
        stream.width = stream.height = side
        for time in times:
            frame = av.VideoFrame.from_ndarray(np.full((side, side, 3), 90, np.uint8), format="rgb24")
            frame.pts = int(time)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


@pytest.fixture
def uneven(tmp_path):
    """Places at a stroke of 5 Hz for 2 s of 6, seen at uneven times: frames of 60 Hz of which half are missing."""
    rng = np.random.default_rng(0)
    times = np.flatnonzero(rng.random(360) < 0.55) / 60
    times = np.round(1000 * (times - times[0]))
    seconds = times / 1000
    grooms = (seconds >= 2) & (seconds < 4)
    swing = np.where(grooms, 8 * np.sin(2 * np.pi * 5 * seconds), 0)
    xy = np.zeros((len(times), 1, 4, 2))
    xy[:, 0, 0] = np.stack([100 + swing, 100 - 8 + 0 * swing], 1)
    xy[:, 0, 1] = np.stack([100 + swing, 100 + 8 + 0 * swing], 1)
    xy[:, 0, 2], xy[:, 0, 3] = (30, 100), (110, 100)
    uneven_movie(tmp_path / "v.mkv", times)
    (known,) = read_point_tracks(_written(tmp_path))
    tracks = replace(
        known, points=("left", "right", "body", "snout"), xy=xy, fps=60.0, scores=None, video=str(tmp_path / "v.mkv")
    )
    write_marks(tracks, tmp_path / "u.h5")
    return tmp_path, seconds


def _written(folder):
    from datasets.dataset import PointTracks

    write_marks(PointTracks("u", ("left",), ("animal",), np.zeros((3, 1, 1, 2)), 60.0), folder / "k.h5")
    return folder / "k.h5"


def test_times_are_those_of_the_container_where_the_rate_varies(uneven, wormtwin, refused):
    folder, seconds = uneven
    command = ("markers", "bouts", folder / "u.h5", "--out", folder / "b.csv")
    status, said, error = wormtwin(*command, "--video", folder / "v.mkv")
    assert status == 0, error
    assert "the frame rate varies" in said
    table = pd.read_csv(folder / "b.csv")
    assert len(table) == 1
    assert table.start_s[0] == pytest.approx(2, abs=0.35)  # a rhythm is looked for in half a second
    assert table.end_s[0] == pytest.approx(4, abs=0.35)
    assert table.start_s[0] == pytest.approx(seconds[table.first_frame[0]], abs=2e-3)
    measured = ("markers", "trajectories", folder / "u.h5", "--out", folder / "p.csv", "--bouts", folder / "b.csv")
    assert wormtwin(*measured, "--video", folder / "v.mkv")[0] == 0
    rows = pd.read_csv(folder / "p.csv")
    assert rows.strokes.to_numpy() == pytest.approx([5, 5], abs=0.2)
    assert abs(rows.phase[1]) < 20
    refused(wormtwin(*command[:-1], folder / "x.csv", "--video", folder / "v.mkv", "--fps", 30), "give one")
    refused(wormtwin(*command[:-1], folder / "x.csv", "--video", folder / "none.mkv"), "there is no such video")
    uneven_movie(folder / "short.mkv", [0, 10, 40, 50])
    refused(wormtwin(*command[:-1], folder / "x.csv", "--video", folder / "short.mkv"), "has 4 frames, the tracks have")


def test_even_times_keep_places_and_gaps(uneven):
    folder, seconds = uneven
    (tracks,) = read_point_tracks(folder / "u.h5")
    clock = clock_of(tracks, folder / "v.mkv")
    np.testing.assert_allclose(clock, seconds, atol=2e-3)
    line = replace(tracks, xy=np.broadcast_to(clock[:, None, None, None], tracks.xy.shape).copy())
    line.xy[40, 0, 0] = np.nan
    even = evened(line, clock)
    known = even.xy[:, 0, 1, 0]
    np.testing.assert_allclose(known, np.arange(len(known)) / even.fps, atol=1e-9)
    assert np.isnan(even.xy[even_index(clock, 40), 0, 0]).all()
    mask = np.zeros(len(known), bool)
    mask[even_index(clock, 10) : even_index(clock, 20)] = True
    assert np.flatnonzero(of_frames(mask, clock)).tolist() == list(range(10, 20))
    uneven_movie(folder / "even.mkv", range(0, 20 * len(clock), 20))
    assert clock_of(tracks, folder / "even.mkv") is None
