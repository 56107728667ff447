"""Models of grimace: the ordinal fit, what is left out, scores, the commands."""

import csv
import json

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit

from datasets.grimace.generator.sample import SampleSettings, make_sample
from datasets.grimace.units import NOT_ESTABLISHED, OUTPUTS
from datasets.store import save_dataset
from surrogates.grimace.evaluation import calibration_error, score_faces
from surrogates.grimace.ordinal import fit_ordinal, folds_of


def test_the_ordinal_fit_finds_the_slopes_that_made_the_scores_and_is_calibrated():
    rng = np.random.default_rng(0)
    x, slopes = rng.normal(size=(1500, 4)), np.array([2.0, -1.0, 0.0, 0.5])
    odds = (x @ slopes)[:, None] + np.array([0.5, -1.5])
    y = (rng.random(1500)[:, None] < expit(odds)).sum(axis=1).astype(float)
    y[::50] = np.nan
    fit = fit_ordinal(x, y, [f"m{i % 12}" for i in range(1500)], 2)
    found = fit.slopes * fit.temperature
    np.testing.assert_allclose(found, slopes, atol=0.3)
    np.testing.assert_allclose(np.array(fit.offsets) * fit.temperature, [0.5, -1.5], atol=0.3)
    assert fit.temperature == pytest.approx(1.0, abs=0.2)
    folds = folds_of([f"m{i % 12}" for i in range(24)])
    assert all(folds[i] == folds[i + 12] for i in range(12))
    assert folds.max() == 9


def test_scores_are_what_they_are_called():
    shares = np.zeros((4, 6, 3))
    shares[..., 0] = 0.8
    shares[..., 1] = 0.2
    true = np.zeros((4, 6))
    true[0] = 1
    true[1, 0] = np.nan
    score = score_faces([shares], [true])
    assert score.pain == 0.75
    assert score.units["orbital_tightening"] == pytest.approx(2 / 3)
    assert np.isnan(score.correlation)  # the expected scores do not vary
    assert calibration_error(np.array([0.85, 0.85]), np.array([1.0, 0.0])) == pytest.approx(0.35)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with faces, and a model of each kind that has learned them."""
    from run_experiments import run

    folder = tmp_path_factory.mktemp("grimace")
    faces = make_sample(SampleSettings(animals=6, images=8, size=64, coats=("white",), seed=5))
    data = save_dataset(faces, folder / "faces.h5")
    assert run(f"train --data {data} --model grimace_transfer --weights random --out {folder / 'run'}".split()) == 0
    for row in range(2):
        Image.fromarray(np.moveaxis(faces.trials[0].x[row], 0, -1)).save(folder / f"f{row}.png")
    return folder


def test_an_animal_is_left_out_and_every_file_says_that_animals_are_not_established(trained, wormtwin):
    text = json.loads((trained / "run" / "scores.json").read_text())
    assert set(text["scores"]) == {"train", "test"}
    assert text["scores"]["test"]["images"] == 8
    assert text["accuracy_on_animals"] == NOT_ESTABLISHED
    assert text["scores"]["train"]["every_unit"] > 0.7
    model = trained / "run" / "model.keras"
    table = trained / "s.csv"
    pictures = [trained / f"f{row}.png" for row in range(2)]
    to = ("--model", model, "--out", table)
    status, out, err = wormtwin("grimace", "score", *pictures, "--box", "middle", *to, "--confidence", 0)
    assert status == 0, err
    assert NOT_ESTABLISHED in out
    rows = list(csv.DictReader(table.open()))
    assert [row["image"] for row in rows] == ["f0.png", "f1.png"]
    assert {row["accuracy_on_animals"] for row in rows} == {"not established"}
    assert all(row[name] in ("0", "1", "2") for row in rows for name in OUTPUTS)
    status, out, _ = wormtwin("grimace", "score", pictures[0], "--box", "middle", *to, "--confidence", 1)
    assert "6 abstentions" in out


def test_where_it_looks_is_drawn(trained, wormtwin, refused):
    command = ("grimace", "explain", trained / "f0.png", "--model", trained / "run" / "model.keras")
    assert wormtwin(*command, "--out", trained / "heat.png", "--box", "middle")[0] == 0
    assert (trained / "heat.png").stat().st_size > 5000
    refused(wormtwin(*command, "--out", trained / "x.png", "--output", "tail"), "--output must be one of")
    refused(wormtwin(*command, "--out", trained / "x.png", "--box", "1,2,3"), "--box is left,top,width,height")


def test_a_fit_begins_from_a_trained_model_where_animals_left_out_gain_by_it():
    rng = np.random.default_rng(1)
    x, slopes = rng.normal(size=(40, 30)), rng.normal(size=30)
    animals = [f"m{i % 8}" for i in range(40)]
    odds = (x @ slopes)[:, None] + np.array([0.5, -1.5])
    y = (rng.random(40)[:, None] < expit(odds)).sum(axis=1).astype(float)
    new = rng.normal(size=(400, 30))
    truth = (new @ slopes)[:, None] + np.array([0.5, -1.5])
    plain, begun = fit_ordinal(x, y, animals, 2), fit_ordinal(x, y, animals, 2, odds)
    assert begun.started
    assert not plain.started
    given = begun.log_odds(new) + truth / begun.temperature
    assert np.abs(expit(given) - expit(truth)).mean() < 0.5 * np.abs(expit(plain.log_odds(new)) - expit(truth)).mean()
    misled = fit_ordinal(x, y, animals, 2, -5 * odds)
    assert not misled.started
    np.testing.assert_allclose(misled.slopes, plain.slopes)


def test_a_lab_begins_from_a_trained_model_and_another_kind_or_size_is_refused(trained, tmp_path, wormtwin, refused):
    faces = SampleSettings(animals=3, images=4, size=64, coats=("black",), seed=9)
    data = save_dataset(make_sample(faces), tmp_path / "own.h5")
    model = trained / "run" / "model.keras"
    begin = ("train", "--model", "grimace_transfer", "--start-from", model, "--out", tmp_path / "r", "--data")
    status, _, error = wormtwin(*begin, data)
    assert status == 0, error
    other = save_dataset(make_sample(SampleSettings(animals=3, images=4, size=32)), tmp_path / "small.h5")
    refused(wormtwin(*begin[:5], "--out", tmp_path / "s", "--data", other),
            "it is a grimace_transfer for images of 64 x 64 x 3", "this is a grimace_transfer for 32 x 32")  # fmt: skip
    refused(wormtwin("train", "--model", "grimace_small", "--start-from", model, "--epochs", 1, "--data", data,
                     "--out", tmp_path / "s"), "this is a grimace_small")  # fmt: skip
    refused(wormtwin(*begin[:4], tmp_path / "none.keras", "--out", tmp_path / "s", "--data", data), "none.keras")


@pytest.mark.slow
def test_the_backbone_is_opened_after_the_last_layer_was_fitted(tmp_path, wormtwin, refused):
    data = save_dataset(make_sample(SampleSettings(animals=5, images=4, size=32, seed=3)), tmp_path / "faces.h5")
    tuned = ("train", "--model", "grimace_tuned", "--weights", "random", "--data", data)
    assert wormtwin(*tuned, "--opened", 1, "--epochs", 2, "--out", tmp_path / "run")[0] == 0
    text = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert set(text["scores"]) == {"train", "validation", "test"}
    from surrogates.backbone.lite0 import PREFIX
    from surrogates.grimace.networks import BLOCKS, grimace_transfer
    from surrogates.runs.model_file import load_model

    begun = grimace_transfer(3, 6, size=(32, 32), weights="random", seed=0)
    done, _ = load_model(tmp_path / "run" / "model.keras")
    changed = {
        layer.name
        for layer, other in zip(begun.layers, done.layers, strict=True)
        if any(np.any(a != b) for a, b in zip(layer.get_weights(), other.get_weights(), strict=True))
    }
    last = f"{PREFIX}block_{BLOCKS - 1}_"
    assert changed == {f"{last}{part}" for part in ("expand", "depthwise", "project")} | {"one_or_more", "two"}
    refused(wormtwin(*tuned, "--opened", 12, "--out", tmp_path / "x"), "opened must be 1 to 11 blocks, got 12")
    few = save_dataset(make_sample(SampleSettings(animals=3, images=4, size=32)), tmp_path / "few.h5")
    refused(wormtwin(*tuned[:-1], few, "--out", tmp_path / "x"), "three animals must train")


def test_mistakes_are_one_line(tmp_path, wormtwin, refused):
    one = save_dataset(make_sample(SampleSettings(animals=1, images=4, size=32)), tmp_path / "one.h5")
    train = ("train", "--model", "grimace_small", "--out", tmp_path / "r", "--data")
    refused(wormtwin(*train, one), "has one animal: one must be left out")
    two = save_dataset(make_sample(SampleSettings(animals=2, images=4, size=32)), tmp_path / "two.h5")
    refused(wormtwin(*train, two), "two animals must train")
    calm = make_sample(SampleSettings(animals=4, images=1, size=32))
    same = save_dataset(calm, tmp_path / "same.h5")
    refused(wormtwin(*train, same), "nothing to learn")
    refused(wormtwin("train", "--model", "grimace_transfer", "--weights", "x", "--out", tmp_path / "r", "--data",
                     save_dataset(make_sample(SampleSettings(animals=4, images=4, size=32)), tmp_path / "d.h5")),
            "weights must be imagenet or random")  # fmt: skip


@pytest.mark.slow
def test_pretrained_features_find_the_units_of_unseen_individuals(tmp_path, wormtwin):
    data = save_dataset(make_sample(SampleSettings(animals=20, images=12, size=96, seed=2)), tmp_path / "faces.h5")
    assert wormtwin("train", "--data", data, "--model", "grimace_transfer", "--out", tmp_path / "run")[0] == 0
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())["scores"]["test"]
    assert scores["every_unit"] > 0.8
    assert scores["pain"] > 0.85
    assert scores["correlation"] > 0.87
