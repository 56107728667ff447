"""Labels and predictions in the files of other tools, out and in again, and tracks that grow."""

import numpy as np
import pytest

from datasets.pose.formats.deeplabcut_table import load_table
from datasets.pose.formats.export_files import SUFFIXES, save_labels
from datasets.pose.formats.label_files import load_labels
from datasets.pose.formats.tracks_file import growing_tracks, load_tracks, save_tracks
from datasets.pose.tracks import Tracks
from neuron_models.foundation.errors import InputError


@pytest.fixture
def predicted(tracks):
    scores = np.where(np.isnan(tracks.xy[..., 0]), np.nan, np.random.default_rng(0).uniform(0.1, 1, (13, 2, 3)))
    return Tracks(**{**vars(tracks), "scores": scores})


def same(a, b, **tolerance):
    return np.allclose(a, b, equal_nan=True, **tolerance)


@pytest.mark.parametrize("kind", SUFFIXES)
@pytest.mark.parametrize("scored", [False, True])
def test_labels_return_from_the_files_of_other_tools(kind, scored, tracks, predicted, tmp_path):
    given = predicted if scored else tracks
    path = save_labels([given], tmp_path / f"t{SUFFIXES[kind]}", kind)
    (found,) = load_labels(path)
    assert found.skeleton.keypoints == tracks.skeleton.keypoints
    assert found.skeleton.pairs == tracks.skeleton.pairs
    assert same(found.xy, given.xy, atol=1e-4)
    if kind == "coco":  # which knows images alone, that are written beside it
        assert same(found.footage[:], tracks.footage[tracks.frames], atol=0)
        return
    assert np.array_equal(found.frames, given.frames)
    assert found.animals == ("one", "two")
    assert (found.scores is not None) == scored
    if scored:
        assert same(found.scores[~np.isnan(given.scores)], given.scores[~np.isnan(given.scores)], atol=1e-4)
    if kind != "dlc":
        assert found.skeleton.edges == tracks.skeleton.edges
        assert found.video == str(tracks.footage.path)


def test_other_readers_agree_with_what_is_written(predicted, tmp_path):
    sleap_io = pytest.importorskip("sleap_io")
    import pandas as pd

    read = sleap_io.load_slp(save_labels([predicted], tmp_path / "t.slp", "slp"))
    assert read.skeletons[0].node_names == list(predicted.skeleton.keypoints)
    assert read.labeled_frames[0].instances[0].numpy() == pytest.approx(predicted.xy[0, 0])
    table = pd.read_csv(save_labels([predicted], tmp_path / "t.csv", "dlc"), header=[0, 1, 2, 3], index_col=0)
    assert table.index.tolist() == predicted.frames.tolist()
    column = table["wormtwin"]["two"]["wingR"]["likelihood"]
    assert same(column, predicted.scores[:, 1, 2])


def test_tables_of_one_animal_have_no_individuals(predicted, tmp_path):
    one = Tracks(**{**vars(predicted), "xy": predicted.xy[:, :1], "scores": predicted.scores[:, :1], "animals": ()})
    path = save_labels([one], tmp_path / "t.csv", "dlc")
    assert "individuals" not in path.read_text()
    assert same(load_table(path).xy, one.xy)
    path.write_text(path.read_text().replace(",30.0,", ",thirty,"))
    with pytest.raises(InputError, match="not a whole table of DeepLabCut"):
        load_table(path)


def test_frames_that_no_video_has_are_refused(predicted):
    frames = np.arange(len(predicted.frames))
    frames[-1] = 2**62
    with pytest.raises(InputError, match="a video has fewer than"):
        Tracks(**{**vars(predicted), "frames": frames})


def test_tracks_are_written_a_batch_at_a_time(predicted, tmp_path):
    out = tmp_path / "tracks.h5"
    none = {"frames": np.zeros(0, int), "xy": np.zeros((0, 2, 3, 2)), "scores": None}
    empty = Tracks(**{**vars(predicted), **none})
    first, last = (
        (predicted.frames[some], predicted.xy[some], predicted.scores[some]) for some in (slice(5), slice(5, None))
    )
    with growing_tracks(out, empty, "model A") as growing:
        assert growing.done == 0
        growing.append(*first)
        with pytest.raises(InputError, match="another process is at work"), growing_tracks(out, empty, "model A"):
            pass
    assert not out.exists()
    assert same(load_labels(tmp_path / "tracks.h5.partial")[0].xy, predicted.xy[:5], atol=1e-4)
    with (
        pytest.raises(InputError, match="the beginning of another prediction"),
        growing_tracks(out, empty, "model B"),
    ):
        pass
    with growing_tracks(out, empty, "model A") as growing:
        assert growing.done == 5
        growing.append(*last)
        read = load_tracks(growing.finish())
    assert [each.name for each in tmp_path.iterdir()] == ["tracks.h5"]
    assert read.skeleton == predicted.skeleton
    assert read.animals == ("one", "two")
    assert same(read.xy, predicted.xy, atol=1e-4)
    assert same(read.scores, predicted.scores, atol=1e-4)
    with pytest.raises(InputError, match="exists: delete it"):
        save_tracks(predicted, out)
    assert same(load_labels(out)[0].xy, predicted.xy, atol=1e-4)


def test_convert_and_what_it_refuses(wormtwin, refused, predicted, tmp_path):
    source = save_tracks(predicted, tmp_path / "tracks.h5")
    for to, suffix in (("", ".slp"), ("analysis", ".h5"), ("dlc", ".csv")):
        option = ("--to", to) if to else ()
        status, text, _ = wormtwin("pose", "convert", source, "--out", tmp_path / f"c{suffix}", *option)
        assert status == 0
        assert "13 frames" in text
    call = ("pose", "convert", source, "--out")
    refused(wormtwin(*call, tmp_path / "c.xyz"), "its name must end in .slp")
    refused(wormtwin(*call, tmp_path / "c.slp", "--to", "word"), "--to must be one of slp", "'word'")
    refused(wormtwin(*call, tmp_path / "c.slp", "--to", "dlc"), "a file for dlc ends in .csv")
    (tmp_path / "cut.h5").write_bytes(source.read_bytes()[:3000])
    refused(wormtwin("pose", "convert", tmp_path / "cut.h5", "--out", tmp_path / "d.slp"), "cut.h5")
