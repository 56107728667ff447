"""The network for key points that begins from photographs: its maps, its two phases, its command."""

import json
from dataclasses import replace

import jax
import numpy as np
import pytest

from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.backbone.lite0 import PREFIX
from surrogates.backbone.two_phases import train_in_two_phases
from surrogates.pose.models import POSE_MODELS
from surrogates.pose.refined_maps import DEVIATION, RefinedEntropy
from surrogates.runs.model_file import load_model
from surrogates.training.configuration import TrainingConfig

Y = np.array([[[10.3, 7.6, 1], [21.0, 16.5, 1], [0, 0, 0]]], np.float32)


def perfect_maps():
    """Maps of 6 x 8 pixels of 4 that are as sure as can be, with exact ways."""
    maps = np.full((1, 3, 6, 8, 3), -30.0, np.float32)
    centre = [4 * np.arange(number) + 1.5 for number in (6, 8)]
    for keypoint, (x, y, _) in enumerate(Y[0]):
        maps[0, 1, ..., keypoint] = (x - centre[1][None, :]) / DEVIATION
        maps[0, 2, ..., keypoint] = (y - centre[0][:, None]) / DEVIATION
        maps[0, 0, int(y / 4), int(x / 4), keypoint] = 0.0
    return maps


def test_ways_lead_to_the_key_point_from_a_coarse_map():
    loss, maps = RefinedEntropy(), perfect_maps()
    found = np.asarray(jax.jit(loss.peaks(refine=True))(maps))
    np.testing.assert_allclose(found[0, :2, :2], Y[0, :2, :2], atol=1e-4)
    coarse = np.asarray(jax.jit(loss.peaks(refine=False))(maps))
    np.testing.assert_array_equal(coarse[0, :2, :2], [[9.5, 5.5], [21.5, 17.5]])
    off = maps.copy()
    off[:, 1:, ..., 0] += 0.3
    other = maps.copy()
    other[..., 2] += np.arange(8, dtype=np.float32)[:, None][:, 0][None, None, None]
    judge = jax.jit(loss)
    assert judge(Y, off)[0] > judge(Y, maps)[0] + 1e-4
    assert judge(Y, other)[0] == pytest.approx(float(judge(Y, maps)[0]))  # nobody labelled the third


def test_its_maps_stand_for_squares_of_four_pixels(fish):
    model = POSE_MODELS["pose_transfer"].for_data(fish, filters=4)
    assert model.output_shape == (None, 3, 16, 16, 4)
    learning = {layer.name for layer in model.layers if layer.trainable_weights}
    assert not any(name.startswith(PREFIX) for name in learning)
    for settings, text in (({"weights": "resnet"}, "must be imagenet or random"), ({"filters": 0}, "filters must be")):
        with pytest.raises(InputError, match=text):
            POSE_MODELS["pose_transfer"].for_data(fish, **settings)


@pytest.mark.slow
def test_the_backbone_is_frozen_first_and_its_statistics_stay(fish):
    kind = POSE_MODELS["pose_transfer"]
    model = kind.for_data(fish, filters=8, seed=1)
    before = {layer.name: layer.get_weights() for layer in model.layers if layer.name.startswith("backbone_block_3")}
    few = replace(kind.objective_for(fish, {"rotation": 5.0}), batches=1, at_once=10)
    config = TrainingConfig(epochs=2, batch_size=4, learning_rate=0.002)
    training = train_in_two_phases(model, fish, config, few, progress=False)
    assert len(training.history["loss"]) == 2
    after = {name: model.get_layer(name).get_weights() for name in before}
    for name in ("backbone_block_3_expand_norm", "backbone_block_3_project_norm"):
        assert all(np.array_equal(a, b) for a, b in zip(before[name], after[name], strict=True))
    head = kind.for_data(fish, filters=8, seed=1).get_layer("maps").get_weights()[0]
    assert not np.array_equal(head, model.get_layer("maps").get_weights()[0])


@pytest.mark.slow
def test_it_trains_predicts_and_opens_again_from_the_command_line(make_fish, tmp_path, wormtwin):
    data = save_dataset(make_fish({"train": 6, "validation": 2, "test": 2}), tmp_path / "fish.h5")
    command = ("train", "--data", data, "--model", "pose_transfer", "--filters", 4)
    few = ("--epochs", 1, "--batch-size", 2, "--weights", "random")
    status, _, err = wormtwin(*command, *few, "--out", tmp_path / "r")
    assert status == 0, err
    assert json.loads((tmp_path / "r" / "scores.json").read_text())["settings"]["weights"] == "random"
    model, signature = load_model(tmp_path / "r" / "model.keras")
    assert (signature.model, model.count_params() > 3_000_000) == ("pose_transfer", True)
    assert wormtwin("evaluate", "--data", data, "--model", tmp_path / "r" / "model.keras")[0] == 0
