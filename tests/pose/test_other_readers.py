"""Files of labels that other programs write, beside what other readers find in them: no value may differ."""

import imageio.v3
import numpy as np
import pandas as pd
import pytest
import sleap_io

from datasets.pose.formats.label_files import load_labels

NODES = ("head", "thorax", "tail")
SKELETON = sleap_io.Skeleton(list(NODES), [("head", "thorax"), ("thorax", "tail")])
FRAMES = 12


def made(animals: int, followed: bool, predicted: bool, holes: bool, movie) -> sleap_io.Labels:
    """Labels of some animals, drawn at random."""
    rng = np.random.default_rng(animals)
    tracks = [sleap_io.Track(f"t{k}") for k in range(animals)] if followed else []
    video = sleap_io.Video(str(movie), open_backend=False)
    frames = []
    for frame in range(0, 3 * FRAMES, 3 if holes else 1):
        instances = []
        for k in range(animals):
            xy = rng.uniform(5, 55, (3, 2))
            xy[rng.random(3) < 0.2] = np.nan
            xy[0] = 20.0 + k
            track = tracks[k] if followed else None
            if predicted:
                scores = rng.uniform(0.1, 1, 3)
                each = sleap_io.PredictedInstance.from_numpy(
                    xy, skeleton=SKELETON, point_scores=scores, score=0.5, track=track
                )
            else:
                each = sleap_io.Instance.from_numpy(xy, skeleton=SKELETON, track=track)
            if not (holes and followed and k == 1 and frame % 2):
                instances.append(each)
        frames.append(sleap_io.LabeledFrame(video, frame, instances))
    return sleap_io.Labels(frames, videos=[video], skeletons=[SKELETON], tracks=tracks)


KINDS = [
    (animals, followed, predicted, holes)
    for animals in (1, 2)
    for followed in (False, True)
    for predicted in (False, True)
    for holes in (False, True)
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".slp", ".h5"])
def test_sleap(kind, suffix, movie, tmp_path):
    animals, followed, predicted, _ = kind
    if suffix == ".h5" and animals == 2 and not followed:
        pytest.skip("analysis files keep tracks alone")
    labels, path = made(*kind, movie), tmp_path / f"t{suffix}"
    if suffix == ".slp":
        sleap_io.save_slp(labels, str(path), embed=False, verbose=False)
        other = sleap_io.load_slp(str(path), open_videos=False)
    else:
        sleap_io.save_analysis_h5(labels, str(path))
        other = sleap_io.load_analysis_h5(str(path))
    (tracks,) = load_labels(path)
    assert tracks.skeleton.keypoints == NODES
    assert tracks.frames.tolist() == [frame.frame_idx for frame in other.labeled_frames]
    for row, frame in enumerate(other.labeled_frames):
        found = tracks.xy[row][~np.isnan(tracks.xy[row, ..., 0]).all(axis=1)]
        assert np.allclose(found, [each.numpy() for each in frame.instances], equal_nan=True)
        for each in frame.instances if followed else ():
            index = tracks.animals.index(each.track.name)
            assert np.allclose(tracks.xy[row, index], each.numpy(), equal_nan=True)
            if predicted:
                there = ~np.isnan(each.numpy()[:, 0])
                assert np.allclose(tracks.scores[row, index][there], each.points["score"][there])
    assert (tracks.scores is not None) == predicted


@pytest.mark.parametrize("animals", [1, 3])
@pytest.mark.parametrize("likelihood", [False, True])
@pytest.mark.parametrize("written", ["csv", "fixed", "table"])
def test_tables_of_deeplabcut(animals, likelihood, written, tmp_path):
    if written != "csv":
        pytest.importorskip("tables")
    coords = ["x", "y", "likelihood"][: 3 if likelihood else 2]
    names = [f"a{k}" for k in range(animals)]
    levels = [["me"], *([names] if animals > 1 else []), list(reversed(NODES)), coords]
    heads = ["scorer", *(["individuals"] if animals > 1 else []), "bodyparts", "coords"]
    columns = pd.MultiIndex.from_product(levels, names=heads)
    values = np.random.default_rng(0).uniform(0, 1, (FRAMES, len(columns)))
    path = tmp_path / f"t.{'csv' if written == 'csv' else 'h5'}"
    frame = pd.DataFrame(values, index=np.arange(3, 3 + FRAMES), columns=columns)
    if written == "csv":
        frame.to_csv(path)
        other = pd.read_csv(path, header=list(range(len(heads))), index_col=0)
    else:
        frame.to_hdf(path, key="df_with_missing", mode="w", format=written)
        other = pd.read_hdf(path)
    (tracks,) = load_labels(path)
    assert tracks.frames.tolist() == other.index.tolist()
    for k, name in enumerate(names):
        for j, node in enumerate(tracks.skeleton.keypoints):
            column = other["me"][name][node] if animals > 1 else other["me"][node]
            assert np.allclose(tracks.xy[:, k, j], column[["x", "y"]])
            if likelihood:
                assert np.allclose(tracks.scores[:, k, j], column["likelihood"])


def test_a_table_of_three_dimensions_says_that_it_is_read_in_two(tmp_path):
    columns = pd.MultiIndex.from_product([["me"], NODES, ["x", "y", "z"]], names=["scorer", "bodyparts", "coords"])
    table = pd.DataFrame(np.random.default_rng(0).uniform(0, 1, (FRAMES, 9)), columns=columns)
    table.to_csv(tmp_path / "t.csv")
    (tracks,) = load_labels(tmp_path / "t.csv")
    for j, node in enumerate(tracks.skeleton.keypoints):
        assert np.allclose(tracks.xy[:, 0, j], table["me"][node][["x", "y"]])
    assert tracks.notes == ("the third coordinate (z)",)


@pytest.mark.parametrize("animals", [1, 2])
def test_coco_that_sleap_io_writes(animals, tmp_path):
    images = []
    for k in range(3):
        images.append(str(tmp_path / f"i{10 - k}.png"))
        imageio.v3.imwrite(images[-1], np.full((60, 60), 40 * k, np.uint8))
    video = sleap_io.Video.from_filename(images)
    rng = np.random.default_rng(0)
    frames = [
        sleap_io.LabeledFrame(
            video, k, [sleap_io.Instance.from_numpy(rng.uniform(1, 50, (3, 2)), skeleton=SKELETON)] * animals
        )
        for k in range(3)
    ]
    path = tmp_path / "c.json"
    sleap_io.save_coco(sleap_io.Labels(frames, videos=[video], skeletons=[SKELETON]), str(path), images)
    other = sleap_io.load_coco(str(path))
    (tracks,) = load_labels(path)
    for row, frame in enumerate(other.labeled_frames):
        assert np.allclose(tracks.xy[row], [each.numpy() for each in frame.instances], atol=1e-3)
        assert tracks.images[row].endswith(f"i{10 - row}.png")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["clip.slp", "minimal_instance.slp"])
def test_labels_of_others(name, shared):
    path = shared / "data" / "pose" / name
    other = sleap_io.load_slp(str(path), open_videos=False)
    (tracks,) = load_labels(path)
    assert len(tracks) == len(other.labeled_frames)
    for row, frame in enumerate(other.labeled_frames):
        for order, each in enumerate(frame.instances):
            index = tracks.animals.index(each.track.name) if tracks.animals else order
            assert np.allclose(tracks.xy[row, index], each.numpy(), equal_nan=True)


@pytest.mark.shared
def test_both_tables_of_a_project(shared):
    (folder,) = (shared / "data" / "pose").glob("dlc_*/labeled-data/*")
    (text,), (binary,) = (load_labels(next(folder.glob(f"*.{kind}"))) for kind in ("csv", "h5"))
    assert np.allclose(text.xy, binary.xy, equal_nan=True)
    assert text.images == binary.images
