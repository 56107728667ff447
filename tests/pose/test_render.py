"""Skeletons drawn into videos."""

from datasets.pose.formats.export_files import save_labels
from datasets.video.video import open_video


def test_render_draws_the_keypoints_where_they_are(wormtwin, refused, tracks, movie, tmp_path):
    labels, out = save_labels([tracks], tmp_path / "t.slp", "slp"), tmp_path / "clip.mp4"
    call = ("pose", "render", "--video", movie, "--tracks", labels, "--out")
    status, text, _ = wormtwin(*call, out, "--start", 1, "--end", 20, "--every", 3)
    assert status == 0
    assert "7 frames" in text
    video = open_video(out)
    assert video.shape == (7, 3, 60, 90)
    for row, frame in enumerate(range(1, 20, 3)):
        x, y = tracks.xy[row, 0, 1].astype(int)
        red, _, blue = video[row][:, y, x].astype(int)
        assert blue > red + 25, frame  # the left wing is blue
    refused(wormtwin(*call, tmp_path / "clip.gif"), "ends in .mp4")
    refused(wormtwin(*call, tmp_path / "c.mp4", "--start", 30, "--end", 30), "no frame lies from --start 30")
    refused(wormtwin(*call, tmp_path / "c.mp4", "--end", 50), "--end 50", "40 frames")
    refused(wormtwin(*call, tmp_path / "c.mp4", "--every", 0), "--every", "0")


def test_a_video_that_ends_early_is_drawn_as_far_as_it_goes(wormtwin, refused, tracks, short_movie, tmp_path):
    labels, out = save_labels([tracks], tmp_path / "t.slp", "slp"), tmp_path / "r.mp4"
    refused(wormtwin("pose", "render", "--video", short_movie, "--tracks", labels, "--out", out), "ends early")
    assert len(open_video(out)) == len(open_video(short_movie).readable()) < 40
