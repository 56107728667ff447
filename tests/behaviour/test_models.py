"""Classifiers: the Keras models give what scikit-learn's give, learn what is known, and come back from files."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datasets.behaviour.generator import BEHAVIOURS, WalkersSettings, make_walkers
from datasets.behaviour.importing import ImportSettings, import_recordings, labels_of
from datasets.pose.formats.tracks_file import save_tracks
from datasets.store import load_dataset, save_dataset
from surrogates.behaviour.boosting import boost, fit_boost, fit_forest, forest
from surrogates.behaviour.stumps import fit_stumps, stumps
from surrogates.behaviour.trees import as_float32
from tests.behaviour.conftest import CLASSES, tracks_of, walkers


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(900, 6)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int) + (x[:, 3] > 1.0)
    x[rng.random(x.shape) < 0.05] = np.nan
    return x, y


@pytest.fixture(scope="module")
def data(recordings, tmp_path_factory):
    tracks, labels = recordings
    dataset = import_recordings(tracks, labels, ImportSettings(classes=CLASSES), "walkers")
    path = tmp_path_factory.mktemp("data") / "walkers.h5"
    return save_dataset(dataset.with_split(["train", "train", "train", "test"]), path)


@pytest.mark.parametrize("classes", [2, 3])
def test_boosted_trees_are_scikit_learns(samples, classes):
    from sklearn.ensemble import HistGradientBoostingClassifier

    x, y = samples
    y = np.minimum(y, classes - 1)
    model = boost(6, classes, rounds=12, leaves=9, rate=0.2)
    fit_boost(model, x, y)
    theirs = HistGradientBoostingClassifier(
        max_iter=12, max_leaf_nodes=9, learning_rate=0.2, max_depth=24, min_samples_leaf=20, l2_regularization=1.0,
        max_features=0.1, early_stopping=False, random_state=0,
    ).fit(x, y)  # fmt: skip
    np.testing.assert_allclose(model.predict(x, verbose=0), theirs.predict_proba(x), atol=2e-6)


def test_a_forest_is_scikit_learns(samples):
    from sklearn.ensemble import RandomForestClassifier

    x, y = samples
    model = forest(6, 3, trees=7, leaves=20)
    fit_forest(model, x, y)
    theirs = RandomForestClassifier(
        7, max_leaf_nodes=20, max_depth=24, min_samples_leaf=3, class_weight="balanced_subsample", random_state=0
    ).fit(x, y)
    np.testing.assert_allclose(model.predict(x, verbose=0), theirs.predict_proba(x), atol=1e-5)


def test_stumps_find_a_threshold(samples):
    x, _ = samples
    y = (np.nan_to_num(x[:, 4]) > 0.3).astype(int)
    model = stumps(6, 2, rounds=20)
    fit_stumps(model, x, y)
    assert (model.predict(x, verbose=0).argmax(axis=1) == y).mean() > 0.97


@pytest.mark.parametrize(("build", "grow"), [(boost, fit_boost), (stumps, fit_stumps)])
def test_a_feature_that_is_never_known_counts_for_nothing(samples, build, grow, recwarn):
    """It does not stop the training, and what it is later changes no answer."""
    x, y = samples
    blind = np.where(np.arange(6) == 4, np.nan, x).astype(np.float32)
    model = build(6, 3, rounds=3)
    grow(model, blind, y)
    given = model.predict(blind[:50], verbose=0)
    assert np.isfinite(given).all()
    if build is boost:
        np.testing.assert_array_equal(model.predict(x[:50], verbose=0), given)
    assert not [each for each in recwarn if "NaN" in str(each.message)]


def test_thresholds_in_single_precision_part_the_same_numbers():
    rng = np.random.default_rng(0)
    thresholds = rng.normal(size=1000)
    for x in (as_float32(thresholds), np.nextafter(as_float32(thresholds), np.float32(9))):
        np.testing.assert_array_equal(x <= as_float32(thresholds), x.astype(float) <= thresholds)


def test_import_joins_labels_and_says_what_counts(data):
    dataset = load_dataset(data)
    assert dataset.extra["classes"] == list(CLASSES)
    for seed, trial in enumerate(dataset):
        np.testing.assert_array_equal(labels_of(trial), walkers(seed)[1])


def test_train_evaluate_predict_and_draw(data, wormtwin, tmp_path, coloured):
    out = tmp_path / "boost"
    status, printed, error = wormtwin(
        "train", "--data", data, "--model", "behaviour_boost", "--rounds", 20, "--out", out
    )
    assert status == 0, error
    assert "expected calibration error" in printed
    status, again, error = wormtwin("evaluate", "--data", data, "--model", out / "model.keras")
    assert status == 0, error
    line = next(line for line in reversed(again.splitlines()) if line.startswith("accuracy"))
    assert float(line.split("accuracy ")[1].split(",")[0]) > 0.9
    predicted = tmp_path / "predicted.h5"
    status, _, error = wormtwin("behaviour", "predict", data, "--model", out / "model.keras", "--out", predicted)
    assert status == 0, error
    true, given = (labels_of(load_dataset(path).trials[3]) for path in (data, predicted))
    assert (true == given).mean() > 0.9
    for name in ("e.png", "e.csv"):
        status, _, error = wormtwin("behaviour", "ethogram", predicted, "--out", tmp_path / name)
        assert status == 0, error
    assert coloured(tmp_path / "e.png", "#FCFCFA") < 0.97
    assert set(pd.read_csv(tmp_path / "e.csv")["behaviour"]) <= set(CLASSES)


def test_raters_agree_with_themselves(recordings, wormtwin):
    label = recordings[1][0]
    status, printed, error = wormtwin("behaviour", "agree", label, label, "--frames", 1500)
    assert status == 0, error
    assert "kappa 1.000" in printed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--animals", "a,c"), "has no animal 'c'; it has a, b"),
        (("--points", "nose,snout"), "has no point 'snout'; it has nose, body, tail"),
        (("--rename", "nose"), "--rename looks like snout=nose,tail_base=tail, got 'nose'"),
        (("--classes", "rest"), "two behaviours or more are needed, got rest"),
        (("--fps", 0), "--fps must be > 0, got 0"),
        (("--fps", "30,25"), "--fps gives 2 numbers for 1 recording"),
        (("--px-per-cm", "a"), "--px-per-cm is a number, or one a recording such as 50,30, got 'a'"),
        (("--px-per-cm", 9, "--mm-per-pixel", 1), "--mm-per-pixel and --px-per-cm say the same"),
        (("--likelihood", 0.5), "its tracker does not say how sure it is of points"),
        (("--likelihood", 2), "the least likelihood must be 0 to below 1, got 2"),
        (("--smooth", -1), "tracks are smoothed over 0 to 5 s, got -1"),
        (("--features", "colour"), "no feature holds 'colour'; there are points known, lower (1)"),
    ],
)
def test_wrong_input_is_one_line(recordings, options, said, wormtwin, refused, tmp_path):
    tracks, labels = recordings
    call = ("behaviour", "import", tracks[0], "--labels", labels[0], *options, "--out", tmp_path / "d.h5")
    refused(wormtwin(*call), said)
    assert not (tmp_path / "d.h5").exists()


def test_one_behaviour_alone_teaches_nothing(recordings, wormtwin, refused, tmp_path):
    tracks, labels = recordings
    dataset = import_recordings(tracks[:1], labels[:1], ImportSettings(classes=CLASSES), "one")
    still = np.asarray(dataset.trials[0].y) * 0
    trial = replace(dataset.trials[0], y=still, split="train")
    data = save_dataset(replace(dataset, trials=(trial,)), tmp_path / "still.h5")
    call = ("train", "--data", data, "--model", "behaviour_boost", "--out", tmp_path / "run")
    refused(wormtwin(*call), "the training recordings show rest only")


def test_a_recording_that_cannot_be_used_is_left_out(recordings, wormtwin, tmp_path):
    tracks, labels = recordings
    xy, _ = walkers(9, 400)
    short = save_tracks(tracks_of(xy, "short"), tmp_path / "short.h5")
    call = (
        "behaviour",
        "import",
        tracks[0],
        short,
        "--labels",
        labels[0],
        "--labels",
        labels[1],
        "--out",
        tmp_path / "d.h5",
    )
    status, printed, error = wormtwin(*call)
    assert status == 0, error
    assert "Left out: walk1.txt" in printed
    assert len(load_dataset(tmp_path / "d.h5")) == 1


def test_other_points_and_another_rate_at_prediction_are_refused(data, wormtwin, refused, tmp_path):
    out = tmp_path / "run"
    assert wormtwin("train", "--data", data, "--model", "behaviour_stumps", "--rounds", 5, "--out", out)[0] == 0
    xy, _ = walkers(9, 400)
    for name, tracks, said in (
        ("alone", tracks_of(xy[:, :1], "alone"), "the model was trained on the inputs points known, lower (1), points"),
        ("fast", tracks_of(xy, "fast", 60.0), "the model learned 30 frames a second"),
    ):
        save_tracks(tracks, tmp_path / f"{name}.h5")
        its = tmp_path / f"{name}_data.h5"
        assert wormtwin("behaviour", "import", tmp_path / f"{name}.h5", "--out", its)[0] == 0
        call = ("behaviour", "predict", its, "--model", out / "model.keras", "--out", tmp_path / "p.h5")
        refused(wormtwin(*call), said)
        assert not (tmp_path / "p.h5").exists()


def test_two_of_three_animals_are_chosen_and_a_part_that_is_never_seen_is_told(wormtwin, refused, tmp_path):
    xy, _ = walkers(9, 100)
    xy[:, :, 1] = np.nan
    three = replace(tracks_of(xy, "three"), xy=np.concatenate([xy, xy[:, :1]], axis=1), animals=("a", "b", "c"))
    save_tracks(three, tmp_path / "three.h5")
    call = ("behaviour", "import", tmp_path / "three.h5", "--out", tmp_path / "d.h5")
    refused(wormtwin(*call), "one or two animals, the tracks have 3 (a, b, c): choose by --animals")
    status, printed, error = wormtwin(*call, "--animals", "b,a")
    assert (status, error) == (0, "")
    assert "Left out: three.h5: body, which is known in no frame" in printed
    two = save_tracks(tracks_of(xy[:, ::-1], "two"), tmp_path / "two.h5")
    wanted = import_recordings([two], [], ImportSettings(), "two")
    np.testing.assert_array_equal(load_dataset(tmp_path / "d.h5").trials[0].x[:], wanted.trials[0].x)


def test_the_sample_is_what_it_says(wormtwin, refused, tmp_path):
    status, _, error = wormtwin("behaviour", "make-sample", "--out", tmp_path, "--recordings", 1, "--faulty", 0.05)
    assert status == 0, error
    whole = make_walkers(WalkersSettings())
    broken = make_walkers(WalkersSettings(faulty=0.05))
    np.testing.assert_array_equal(whole.labels, broken.labels)
    touched = np.zeros(3000, bool)
    for _, _, first, last in broken.faults:
        touched[first : last + 1] = True
    np.testing.assert_array_equal(broken.xy[~touched], whole.xy[~touched])
    assert {fault[0] for fault in broken.faults} == {"gap", "swap", "jitter"}
    dataset = import_recordings(
        [tmp_path / "pair1.csv"], [tmp_path / "pair1.labels.csv"], ImportSettings(30.0, classes=BEHAVIOURS), "pair"
    )
    np.testing.assert_array_equal(labels_of(dataset.trials[0]), whole.labels)
    call = ("behaviour", "make-sample", "--out", tmp_path / "x")
    refused(wormtwin(*call, "--faulty", 2), "the share of faulty frames must be 0 to 0.3, got 2")
