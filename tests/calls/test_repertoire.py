"""Contours, measures, classes, clusters, sequences."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from datasets.calls.call import Call
from datasets.calls.generator.contours import SHAPES, draw_contour
from datasets.calls.recording import open_recording
from neuron_models.foundation.errors import InputError
from surrogates.calls.repertoire.classes import classify, macro_f1, shape_classifier
from surrogates.calls.repertoire.clusters import find_clusters
from surrogates.calls.repertoire.contours import best_path, contours_of
from surrogates.calls.repertoire.measures import measures_of
from surrogates.calls.repertoire.sequences import sequences_of, transition_table

RATE = 250_000


def test_the_best_path_is_the_best_of_all():
    """Every path of a small grid is tried."""
    levels = (5 * np.random.default_rng(0).normal(size=(5, 9))).astype(np.float32)

    def worth(path):
        steps = np.abs(np.diff(path))
        cost = np.where(steps <= 6, np.minimum(0.8 * steps, 14.0), 14.0)
        return levels[np.arange(5), list(path)].sum() - cost.sum()

    best = max(itertools.product(range(9), repeat=5), key=worth)
    assert worth(tuple(best_path(levels))) == pytest.approx(worth(best), abs=1e-4)


def test_a_sweep_has_the_measures_that_it_was_made_with(tmp_path):
    time = np.arange(round(0.05 * RATE)) / RATE
    frequency = 50_000 + 4e5 * time  # 0.4 kHz/ms
    sound = 0.002 * np.random.default_rng(0).normal(size=RATE)
    sound[100_000:112_500] += 0.2 * np.sin(2 * np.pi * np.cumsum(frequency) / RATE)
    soundfile.write(tmp_path / "a.wav", sound, RATE)
    (contour,) = contours_of(open_recording(tmp_path / "a.wav"), [Call(0.4, 0.45, 50_000.0, 70_000.0)])
    found = measures_of(contour)
    assert found["slope_khz_per_ms"] == pytest.approx(0.4, abs=0.02)
    assert (found["start_khz"], found["stop_khz"]) == pytest.approx((50.0, 70.0), abs=2.0)
    assert found["duration_ms"] == pytest.approx(50.0)
    assert found["steps"] == 0
    assert found["sinuosity"] == pytest.approx(1.0, abs=0.1)
    assert found["tonality"] > 0.6
    tone = 10 * np.log10(0.2**2 / 2)
    assert tone - 3.5 < found["power_db"] < tone + 1  # a sweep leaves its bin within a frame


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_stay_in_their_band(shape):
    for seed in range(20):
        contour = draw_contour(shape, RATE, (45_000.0, 90_000.0), np.random.default_rng(seed))
        assert contour.min() >= 45_000
        assert contour.max() <= 90_001


def test_generated_shapes_are_named(made):
    sample, recording = made(seconds=30.0, seed=4)
    named = classify(contours_of(recording, sample.calls), shape_classifier())
    assert macro_f1([c.label for c in named], [c.label for c in sample.calls]) > 0.8


def test_clusters_that_are_there_are_found_and_stable():
    rng = np.random.default_rng(0)
    centres = np.repeat([[0, 0, 0], [8, 0, 0], [0, 8, 8]], 30, axis=0)
    found = find_clusters(centres + rng.normal(size=(90, 3)), resamples=5)
    assert found.number == 3
    assert found.stability.min() > 0.9
    assert found.agreement > 0.9
    with pytest.raises(InputError, match="10 calls or more, got 4"):
        find_clusters(rng.normal(size=(4, 3)))


def test_sequences_and_transitions_are_counted():
    calls = [Call(t, t + 0.05, label=name) for t, name in ((0.0, "a"), (0.1, "b"), (0.2, "a"), (1.0, "b"), (1.1, "b"))]
    found = sequences_of(calls)
    assert [len(each) for each in found] == [3, 2]
    table = transition_table(found)
    assert table.to_dict() == {"a": {"a": 0, "b": 1}, "b": {"a": 1, "b": 1}}


def test_labelled_calls_of_one_class_teach_nothing(ten_seconds):
    sample, recording = ten_seconds
    one = [c for c in contours_of(recording, sample.calls) if c.call.label == sample.calls[0].label]
    with pytest.raises(InputError, match="two classes of two calls are needed"):
        shape_classifier(one)


def test_labelled_calls_of_one_shape_are_told_apart_by_their_frequency(made):
    """Flat calls, labelled by whether they are above 70 kHz: contours about their mean are the same for both."""
    sample, recording = made(seconds=30.0, calls=150.0, shapes=("flat",), seed=6)
    calls = [replace(c, label="high" if c.low > 70_000 else "low") for c in sample.calls if abs(c.low - 70_000) > 8_000]
    contours = contours_of(recording, calls)
    taught, tested = contours[::2], contours[1::2]
    named = classify(tested, shape_classifier(taught))
    assert macro_f1([c.label for c in named], [c.call.label for c in tested]) > 0.9
