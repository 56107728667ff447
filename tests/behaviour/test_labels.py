"""Labels of people: each format read as its own rules say, and scores against scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat
from sklearn.metrics import cohen_kappa_score, f1_score

from datasets.behaviour.label_files import load_behaviour_labels, save_boris
from datasets.behaviour.labels import Bout, Labels, bouts_of
from datasets.behaviour.scoring import agreement, match_bouts
from neuron_models.foundation.errors import InputError

BOUTS = (Bout("walk", 0, 3), Bout("groom", 3, 5), Bout("walk", 8, 10))


def caltech(tmp_path, rows, channel="S1"):
    path = tmp_path / "a.txt"
    head = ["Caltech Behavior Annotator - Annotation File", "", f"{channel}:\tstart\tend\ttype", "---"]
    path.write_text("\n".join([*head, *rows]))
    return path


def test_caltech_counts_from_one_and_includes_the_last_frame(tmp_path):
    path = caltech(tmp_path, ["\t1\t3\twalk", "\t4\t5\tgroom", "\t9\t10\twalk"])
    assert load_behaviour_labels(path, 30.0).bouts == BOUTS


def test_hbehavior_is_a_vector_of_zero_and_one(tmp_path):
    vector = np.array([0, 1, 1, 0, 0, 1])
    savemat(tmp_path / "h.mat", {"hBehavior": {"TotalFrames": 6, "Freezing": {"Vector": vector, "Count": 2}}})
    labels = load_behaviour_labels(tmp_path / "h.mat", 30.0)
    assert labels.bouts == (Bout("Freezing", 1, 3), Bout("Freezing", 5, 6))
    np.testing.assert_array_equal(labels.by_frame(6, ["Freezing", "none"], "none"), 1 - vector)
    np.testing.assert_array_equal(labels.by_frame(6, ["Freezing"]), vector - 1)


def test_boris_counts_seconds_and_comes_back(tmp_path):
    path = save_boris(BOUTS, 25.0, tmp_path / "b.csv", "video")
    assert pd.read_csv(path)["Stop (s)"].tolist() == [0.12, 0.2, 0.4]
    assert load_behaviour_labels(path, 25.0).bouts == BOUTS


def test_columns_of_zero_and_one(tmp_path):
    pd.DataFrame({"frame": range(4), "walk": [1, 1, 0, 0], "groom": [0, 0, 0, 1]}).to_csv(
        tmp_path / "t.csv", index=False
    )
    labels = load_behaviour_labels(tmp_path / "t.csv", 30.0)
    assert labels.bouts == (Bout("walk", 0, 2), Bout("groom", 3, 4))
    assert labels.frames == 4
    pd.DataFrame({"frame": range(1, 5), "walk": [1, 1, 0, 0]}).to_csv(tmp_path / "t.csv", index=False)
    assert load_behaviour_labels(tmp_path / "t.csv", 30.0).bouts == (Bout("walk", 0, 2),)


@pytest.mark.shared
def test_real_labels_are_what_their_files_say(shared):
    folder = shared / "data" / "behaviour"
    path = folder / "rats" / "annotations" / "12_annot.txt"
    rats = load_behaviour_labels(path, 30.0)
    rows = [line.split() for line in path.read_text().splitlines() if line[:1] in " \t" and len(line.split()) == 3]
    first = rows[: len(rats.bouts)]
    assert [(b.behaviour, b.start + 1, b.end) for b in rats.bouts] == [
        (row[2], int(row[0]), int(row[1])) for row in first
    ]
    from pymatreader import read_mat

    path = folder / "freezing" / "hB_demo2_manual_annotations.mat"
    freezing = load_behaviour_labels(path, 50.0)
    vector = read_mat(str(path))["hBehavior"]["Freezing"]["Vector"]
    np.testing.assert_array_equal(freezing.by_frame(3600, ["Freezing", "none"], "none"), 1 - vector)


@pytest.mark.parametrize(
    ("bouts", "said"),
    [
        ((Bout("walk", 2, 2),), "walk from frame 2 to 1 ends before it begins"),
        ((Bout("walk", -1, 2),), "begins before frame 0: does the file count from 1?"),
        ((Bout("walk", 5, 12),), "lies past the last frame, 9"),
        ((Bout("walk", 0, 5), Bout("groom", 4, 6)), "groom from frame 4 to 5 overlaps walk from 0 to 4"),
    ],
)
def test_bouts_that_cannot_be_are_refused(bouts, said):
    with pytest.raises(InputError, match=said.replace("?", r"\?")):
        Labels(bouts, "labels.txt").by_frame(10, ["walk", "groom"])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "hello", "is no file of the Caltech Behavior Annotator"),
        ("a.csv", "walk\n2\n", "the column 'walk' holds other values than 0 and 1"),
        ("a.csv", "Behavior,Start (s),Stop (s)\nwalk,one,2\n", "line 2: start and stop are seconds, got 'one'"),
        ("a.csv", "Behavior,Start (s),Stop (s)\nwalk,1,2\n,3,4\n", "line 3: the behaviour has no name"),
        (
            "a.csv",
            "frame,walk\n0,1\n2,1\n",
            "line 3: a row is a frame, in order from 0 or 1; frame 1 comes here, got 2",
        ),
        (
            "a.csv",
            "frame,walk\n3,1\n2,1\n",
            "line 2: a row is a frame, in order from 0 or 1; frame 0 comes here, got 3",
        ),
        ("a.xyz", "", "labels are .txt"),
        ("a.mat", "no", "is no MATLAB file"),
    ],
)
def test_files_that_are_no_labels_are_one_line(name, text, said, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said.replace("(", r"\(").replace(")", r"\)")):
        load_behaviour_labels(tmp_path / name, 30.0)
    with pytest.raises(InputError, match="has no bouts in the channel S2; it has S1"):
        load_behaviour_labels(caltech(tmp_path, ["\t1\t3\twalk"]), 30.0, "S2")
    with pytest.raises(InputError, match="line 5: a bout is start, end and behaviour"):
        load_behaviour_labels(caltech(tmp_path, ["\t1\tx\twalk"]), 30.0)
    with pytest.raises(InputError, match="line 5: frames count from 1 in such files, got 0"):
        load_behaviour_labels(caltech(tmp_path, ["\t0\t4\twalk"]), 30.0)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=60))
def test_frame_scores_are_scikit_learns(pairs):
    true, given_ = (np.array(side) for side in zip(*pairs, strict=True))
    score = agreement([true], [given_], ["a", "b", "c"])
    shown = [c for c in range(3) if (true == c).any()]
    expected = f1_score(true, given_, labels=shown, average="macro", zero_division=0)
    assert score.macro_f1 == pytest.approx(expected)
    if len(set(true) | set(given_)) > 1:
        assert score.kappa == pytest.approx(cohen_kappa_score(true, given_))


def test_bouts_match_once_each():
    true = [Bout("a", 0, 10), Bout("a", 20, 30)]
    assert match_bouts(true, [Bout("a", 1, 10), Bout("a", 0, 6), Bout("a", 26, 34)]) == 1
    assert match_bouts(true, true) == 2
    assert bouts_of(np.array([0, 0, -1, 1]), ["a", "b"]) == (Bout("a", 0, 2), Bout("b", 3, 4))


def boris(path, rows, sep="\t"):
    """A table of aggregated events as BORIS exports it: observation, subject, behaviour, type, start and stop in s."""
    names = ["Observation id", "Subject", "Behavior", "Behavior type", "Start (s)", "Stop (s)"]
    pd.DataFrame(rows, columns=names).to_csv(path, sep=sep, index=False)
    return path


def test_events_of_boris_without_length_are_left_out_and_told(tmp_path, wormtwin):
    rows = [("o", "a", "walk", "STATE", 0.0, 0.5), ("o", "a", "bite", "POINT", 0.7, 0.7)]
    rows += [("o", "b", "walk", "STATE", 0.8, 0.801), ("o", "b", "rest", "STATE", 0.9, 1.0)]
    path = boris(tmp_path / "b.tsv", rows)
    status, out, error = wormtwin("behaviour", "agree", path, path, "--frames", 30)
    assert (status, error) == (0, "")
    text = " ".join(out.split())
    assert text.count("Left out: b.tsv: 2 events without length, or shorter than a frame, the first in line 3") == 1
    assert "Left out: b.tsv: who did it (a, b): bouts of all subjects count alike" in text
    with pytest.warns(UserWarning, match="left out"):
        assert load_behaviour_labels(path, 30.0).bouts == (Bout("walk", 0, 15), Bout("rest", 27, 30))
    with pytest.raises(InputError, match="holds events without length alone"):
        load_behaviour_labels(boris(tmp_path / "p.tsv", rows[1:2]), 30.0)


def test_observations_of_boris_are_not_mixed(tmp_path, wormtwin, refused):
    rows = [("one", "a", "walk", "STATE", 0.0, 0.5), ("two", "a", "rest", "STATE", 0.6, 1.0)]
    path = boris(tmp_path / "b.csv", rows, ",")
    refused(
        wormtwin("behaviour", "agree", path, path, "--frames", 30),
        "b.csv holds 2 observations ('one', 'two'): export each alone, as labels of its recording",
    )
