"""Poses in NWB: rows are frames, nodes and series are joined by name, and what others look for is there."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from datasets.pose.formats.export_files import save_labels
from datasets.pose.formats.label_files import load_labels
from datasets.pose.formats.nwb_poses import Session
from datasets.pose.tracks import Tracks
from neuron_models.foundation.errors import InputError

pynwb = pytest.importorskip("pynwb")
ndx_pose = pytest.importorskip("ndx_pose")
START = datetime(2024, 5, 31, 14, 30, tzinfo=UTC)


def foreign(folder, times, nodes=("head", "tail"), series=("head", "tail"), animals=("PoseEstimation",),
            unit="pixels", dimensions=2, **more):  # fmt: skip
    """A file as others write it; row k lies at (k, 2 k), and as far as it has a third coordinate, at 3 k."""
    file = pynwb.NWBFile("s", "i", START)
    module = file.create_processing_module("behavior", "d")
    skeleton = ndx_pose.Skeleton(name="skeleton", nodes=list(nodes))
    module.add(ndx_pose.Skeletons(skeletons=[skeleton]))
    rows = np.arange(len(times), dtype=float)
    for animal in animals:
        made = [
            ndx_pose.PoseEstimationSeries(
                name=name,
                data=np.stack([rows + 100 * index, 2 * rows, 3 * rows][:dimensions], axis=1),
                unit=unit,
                reference_frame="r",
                timestamps=np.asarray(times),
                confidence=np.ones(len(rows)),
                **more,
            )
            for index, name in enumerate(series)
        ]
        module.add(ndx_pose.PoseEstimation(name=animal, pose_estimation_series=made, skeleton=skeleton))
    with pynwb.NWBHDF5IO(str(folder / "f.nwb"), "w") as io:
        io.write(file)
    return folder / "f.nwb"


def camera_times(kind: str, number: int = 300) -> np.ndarray:
    rng = np.random.default_rng(0)
    times = np.arange(number) / 30
    if kind == "jitter":
        return 0.03 + times + rng.normal(0, 0.002, number)
    if kind == "drift":
        return np.cumsum(np.where(np.arange(number) % 20 == 7, 0.0433, 1 / 30))
    if kind == "one late":
        return times + 0.03 * (np.arange(number) == 50)
    return times


@pytest.mark.parametrize("kind", ["even", "jitter", "drift", "one late"])
def test_a_row_is_a_frame(kind, tmp_path):
    (tracks,) = load_labels(foreign(tmp_path, camera_times(kind)))
    assert tracks.frames.tolist() == list(range(300))
    assert tracks.xy[:, 0, 0, 0].tolist() == list(range(300))
    assert tracks.fps == pytest.approx(30, rel=0.01)


def test_a_gap_in_the_times_is_a_gap_in_the_frames(tmp_path):
    times = camera_times("jitter")
    times[100:] += 2.0
    times = np.delete(times, 200)
    (tracks,) = load_labels(foreign(tmp_path, times))
    assert tracks.frames[99] == 99
    assert tracks.frames[100] == 160
    assert tracks.frames[200] - tracks.frames[199] == 2


@pytest.mark.parametrize(
    ("nodes", "series"),
    [
        (("head", "tail"), ("tail", "head")),
        (("front/head", "tail"), ("front-head", "tail")),
        (("left_ear", "tail"), ("PoseEstimationSeriesLeftEar", "PoseEstimationSeriesTail")),
    ],
)
def test_nodes_and_series_are_joined_by_name(nodes, series, tmp_path):
    (tracks,) = load_labels(foreign(tmp_path, camera_times("even"), nodes, series))
    assert tracks.skeleton.keypoints == nodes
    first = [(0.0, 100.0), (100.0, 0.0)][series[0] == "tail"]
    assert tuple(tracks.xy[0, 0, :, 0]) == first


@pytest.mark.parametrize(("unit", "scaled"), [("pixels", True), ("px", True), ("meters", False)])
def test_points_are_scaled_as_pynwb_scales_them_where_they_are_pixels(unit, scaled, tmp_path):
    path = foreign(tmp_path, camera_times("even", 5), unit=unit, conversion=2.0, offset=5.0)
    (tracks,) = load_labels(path)
    with pynwb.NWBHDF5IO(str(path), "r", load_namespaces=True) as io:
        series = io.read().processing["behavior"]["PoseEstimation"]["tail"]
        other = series.get_data_in_units() if scaled else series.data[:]
    assert np.array_equal(tracks.xy[:, 0, tracks.skeleton.keypoints.index("tail")], other)
    assert ("scale" in " ".join(tracks.notes)) == (not scaled)


def test_a_third_coordinate_is_left_out_and_named(tmp_path):
    (tracks,) = load_labels(foreign(tmp_path, camera_times("even", 5), dimensions=3))
    assert tracks.xy.shape == (5, 1, 2, 2)
    assert tracks.notes == ("the third coordinate of PoseEstimation",)


def test_a_node_without_a_series_is_named(wormtwin, tmp_path):
    path = foreign(tmp_path, camera_times("even"), ("head", "tail", "ear"))
    status, text, _ = wormtwin("pose", "convert", path, "--out", tmp_path / "o.csv")
    assert status == 0
    assert "Left out: ear of PoseEstimation, of which there is no series" in text
    (tracks,) = load_labels(path)
    assert np.isnan(tracks.xy[:, 0, 2]).all()
    assert not np.isnan(tracks.xy[:, 0, :2]).any()


def test_animals_whose_times_differ_share_frames(tmp_path):
    (tracks,) = load_labels(foreign(tmp_path, camera_times("even"), animals=("a", "b")))
    assert tracks.animals == ("a", "b")
    assert tracks.xy.shape == (300, 2, 2, 2)


def one_animal(tracks, **changes) -> Tracks:
    return Tracks(**{**vars(tracks), "xy": tracks.xy[:, :1], "animals": ("one",), **changes})


def test_one_animal_lies_where_others_look_for_it(tracks, tmp_path):
    whole = Tracks("v.mp4", tracks.skeleton, np.arange(5, 15), tracks.xy[:10, :1], None, ("one",), 25.0)
    path = save_labels([whole], tmp_path / "t.nwb", "nwb", Session(START, "Drosophila melanogaster", "P3D"))
    with pynwb.NWBHDF5IO(str(path), "r", load_namespaces=True) as io:
        file = io.read()
        pose = file.processing["behavior"]["PoseEstimation"]
        series = pose.pose_estimation_series["head"]
        assert (series.rate, series.starting_time, series.timestamps) == (25.0, 0.2, None)
        assert (file.subject.subject_id, file.subject.species) == ("one", "Drosophila melanogaster")
        assert file.session_start_time == START
    (again,) = load_labels(path)
    assert again.animals == ("one",)
    assert np.array_equal(again.frames, whole.frames)


@pytest.mark.parametrize("number", [1, 2])
def test_the_inspector_finds_nothing_critical(number, tracks, tmp_path):
    inspector = pytest.importorskip("nwbinspector")
    given = one_animal(tracks) if number == 1 else tracks
    path = save_labels([given], tmp_path / "t.nwb", "nwb")
    found = [each for each in inspector.inspect_nwbfile(nwbfile_path=str(path)) if each is not None]
    worst = {each.importance.name for each in found}
    assert not worst & {"CRITICAL", "ERROR", "PYNWB_VALIDATION"}, found


def test_the_start_of_the_session(tracks, movie, wormtwin, refused, tmp_path):
    path = save_labels([one_animal(tracks)], tmp_path / "t.nwb", "nwb")
    with pynwb.NWBHDF5IO(str(path), "r", load_namespaces=True) as io:
        began = io.read().session_start_time
    assert abs(began - datetime.fromtimestamp(movie.stat().st_mtime, UTC)) < timedelta(seconds=1)
    gone = one_animal(tracks, video="gone.mp4", footage=None)
    with pytest.raises(InputError, match=r"gone\.mp4 is not there .*--session-start"):
        save_labels([gone], tmp_path / "u.nwb", "nwb")
    source = save_labels([gone], tmp_path / "u.csv", "dlc")
    call = ("pose", "convert", source, "--out", tmp_path / "u.nwb")
    refused(wormtwin(*call), "--session-start")
    refused(wormtwin(*call, "--session-start", "2024-05-31", "--age", "old"), "--age is a duration", "'old'")
    refused(wormtwin(*call, "--session-start", "2024-05-31", "--species", "fly"), "--species is a Latin name", "'fly'")
    assert wormtwin(*call, "--session-start", "2024-05-31T14:30:00")[0] == 0
