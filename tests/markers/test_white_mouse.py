"""M-Track's white mouse: 61 frames whose paws were marked by eye, without looking at any tracker's output."""

from pathlib import Path

import pytest

from datasets.markers.clicks import ANIMAL, Click
from datasets.markers.files import read_places
from datasets.markers.mtrack_file import read_mtrack
from datasets.markers.scoring import fitted_onto, score_marks
from datasets.markers.tracking import TrackSettings, track_marks
from datasets.video.video import open_video

PAWS = Path(__file__).parent / "white_mouse_paws.csv"
CLICKED = (40, 248, 440, 632, 856)
BODY = ((575, 100), (600, 70), (545, 80))


def clicks_and_truth(path: Path):
    """Clicks in five of the frames; the others are the truth."""
    rows = [line.split(",") for line in PAWS.read_text().splitlines()]
    clicks = [Click(int(f), mark, float(x), float(y)) for f, mark, x, y in rows[1:] if int(f) in CLICKED]
    clicks += [Click(frame, ANIMAL, x, y) for frame in CLICKED for x, y in BODY]
    kept = [rows[0], *(row for row in rows[1:] if int(row[0]) not in CLICKED)]
    path.write_text("\n".join(",".join(row) for row in kept) + "\n")
    return clicks, read_places(path)


@pytest.mark.shared
@pytest.mark.slow
def test_paws_are_where_a_person_sees_them(shared, tmp_path):
    video = open_video(shared / "data" / "markers" / "Sample_Video_White_Mouse.mp4")
    clicks, truth = clicks_and_truth(tmp_path / "truth.csv")
    found = track_marks(video, clicks, TrackSettings(), tmp_path / "t.h5")
    for each in score_marks(found, truth):
        assert each.frames == 56
        assert each.median <= 2.0
        assert each.p95 <= 5.0
        assert each.swapped == 0
    assert "410 px left" in " ".join(found.notes)


@pytest.mark.shared
def test_mtrack_names_the_paws_the_same(shared, tmp_path):
    theirs = read_mtrack(shared / "data" / "markers" / "Sample_Video_White_Mouse_Output.txt")
    _, truth = clicks_and_truth(tmp_path / "truth.csv")
    assert len(theirs.xy) == 977
    for each in score_marks(fitted_onto(theirs, truth), truth):
        assert each.median < 10
