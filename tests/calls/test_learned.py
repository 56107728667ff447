"""Datasets that teach calls, and the network that finds them."""

import numpy as np
import pytest
import soundfile

from datasets.calls.background import joined_pieces, quiet_frames, quiet_pieces
from datasets.calls.call import Call
from datasets.calls.recording import open_recording
from datasets.calls.spectrogram import spectrogram_of
from datasets.calls.teaching import BAND_BINS, FRAMES, TeachingSettings, teaching_dataset
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.calls.detection.learned import LearnedSettings, detect_learned
from surrogates.calls.detection.scores import event_counts
from surrogates.calls.detection.unet import calls_unet, entropy_of_calls
from surrogates.runs.model_file import ModelSignature, save_model


@pytest.fixture(scope="module")
def quiet(made):
    """Four seconds of background."""
    return made(seconds=4.0, calls=0.0, clicks=0.0, rustles=0.0, seed=8)[1]


@pytest.fixture(scope="module")
def lesson(quiet):
    return teaching_dataset([(quiet, ())], TeachingSettings(10, faintest=10.0, loudest=10.0))


def test_calls_are_where_the_dataset_says(lesson):
    """Points of calls at 10 dB are louder than nearly all others; the last of five stretches validates."""
    assert lesson.trials[0].x.shape == (FRAMES, len(lesson.x_names))
    assert lesson.trials[0].y.shape == (FRAMES, -(-len(lesson.x_names) // BAND_BINS))
    x, y, _ = lesson.stacked()
    bins = np.repeat(y, BAND_BINS, axis=2)[:, :, : x.shape[2]] > 0
    assert np.median(x[bins]) > np.quantile(x[~bins], 0.98)
    assert abs(np.median(x[~bins])) < 0.3
    assert [trial.split for trial in lesson].count("validation") == 2


def test_the_same_seed_gives_the_same_dataset_and_a_file_gives_it_back(lesson, quiet, tmp_path):
    again = teaching_dataset([(quiet, ())], TeachingSettings(10, faintest=10.0, loudest=10.0))
    save_dataset(again, tmp_path / "a.h5")
    read = load_dataset(tmp_path / "a.h5")
    assert read.task == "detection"
    for one, other in zip(read, lesson, strict=True):
        assert np.array_equal(one.x[:], other.x)
        assert np.array_equal(one.y[:], other.y)


def test_a_recording_that_is_hardly_quiet_teaches_no_background(quiet):
    full = [Call(0.2 * k, 0.2 * k + 0.17) for k in range(20)]
    with pytest.raises(InputError, match="no recording has a quarter of a second without a call"):
        teaching_dataset([(quiet, full)], TeachingSettings(10))


def test_quiet_pieces_are_joined_where_none_is_long_enough(quiet, lesson):
    full = [Call(0.4 * k, 0.4 * k + 0.1) for k in range(10)]
    made = teaching_dataset([(quiet, full)], TeachingSettings(10, faintest=10.0, loudest=10.0))
    assert all(trial.name.endswith("joined") for trial in made)
    assert not any(trial.name.endswith("joined") for trial in lesson)
    x, y, _ = made.stacked()
    bins = np.repeat(y, BAND_BINS, axis=2)[:, :, : x.shape[2]] > 0
    assert abs(np.median(x[~bins])) < 0.3


def test_joints_keep_the_power_of_noise_and_hold_nothing_of_calls(tmp_path):
    """Noise of known power with bursts where calls are: of fifty joints none is louder or fainter than noise."""
    rng, rate = np.random.default_rng(0), 250_000
    sound = 0.01 * rng.normal(size=rate)
    calls = [Call(0.1 * k + 0.04, 0.1 * k + 0.06) for k in range(10)]
    for call in calls:
        sound[round(call.start * rate) : round(call.stop * rate)] = 0.9
    soundfile.write(tmp_path / "a.wav", sound, rate, "FLOAT")
    recording = open_recording(tmp_path / "a.wav")
    spectrogram = spectrogram_of(recording)
    quiet = quiet_frames(calls, spectrogram, 0, spectrogram.frames(len(sound)))
    pieces = quiet_pieces(quiet, spectrogram)
    assert len(pieces) == 10
    with recording.reader() as reader:
        joined = joined_pieces(reader, pieces, spectrogram, 4 * rate, rng)
    assert len(joined) == 4 * rate
    assert np.abs(joined).max() < 0.06
    parts = joined.reshape(-1, 1000).std(axis=1)  # 4 ms, shorter than a joint
    assert (parts.min(), parts.max()) == pytest.approx((0.01, 0.01), rel=0.15)


def test_the_loss_is_the_cross_entropy_with_calls_weighed():
    true, odds = np.array([[[1.0, 0.0]]]), np.array([[[0.3, -1.2]]])
    p = 1 / (1 + np.exp(-odds))
    wanted = -(3 * true * np.log(p) + (1 - true) * np.log(1 - p)).mean((-2, -1))
    assert np.asarray(entropy_of_calls(true, odds)) == pytest.approx(wanted, rel=1e-5)


@pytest.fixture(scope="module")
def untaught(lesson, tmp_path_factory):
    """A network that has learned nothing, but says of everything that it is no call."""
    model = calls_unet(len(lesson.x_names), len(lesson.y_names), filters=2)
    weights = model.get_layer("odds").get_weights()
    model.get_layer("odds").set_weights([0 * weights[0], weights[1] - 3])
    path = tmp_path_factory.mktemp("model") / "model.keras"
    return save_model(model, path, ModelSignature.of(lesson, "calls_unet"))


def test_a_network_that_sees_no_call_finds_none(untaught, quiet):
    assert detect_learned(quiet, untaught) == ()


def test_another_rate_is_refused(untaught, made):
    _, slow = made(seconds=2.0, rate=300_000, calls=0.0)
    assert spectrogram_of(slow).bins > 0
    with pytest.raises(InputError, match="has learned 184 frequencies every"):
        detect_learned(slow, untaught)
    with pytest.raises(InputError, match="--sure must be from"):
        LearnedSettings(sure=1.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("teach", "r.wav", "--out", "t.csv"), "name ends in .h5"),
        (("teach", "r.wav", "--out", "t.h5", "--stretches", 1), "stretches must be from 8 to 20000, got 1"),
        (("teach", "r.wav", "--out", "t.h5", "--faintest", 9, "--loudest", 1), "faintest is at most loudest"),
        (
            ("teach", "r.wav", "--out", "t.h5", "--loudest", 2147483648),
            "calls are -100 to 100 dB over their background",
        ),
        (("detect", "r.wav", "--out", "c.csv", "--model", "none.keras"), "none.keras"),
        (("detect", "r.wav", "--out", "c.csv", "--model", "x.keras", "--band", "30-90"), "leave --band out"),
    ],
)
def test_bad_input_is_one_line(wormtwin, quiet, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.wav").write_bytes(quiet.path.read_bytes())
    status, _, error = wormtwin("calls", *words)
    assert status == 2
    assert said in " ".join(error.split())
    assert [path.name for path in tmp_path.iterdir()] == ["r.wav"]


@pytest.mark.long
def test_a_network_learns_to_find_calls(wormtwin, made, tmp_path, monkeypatch):
    """Background of one recording, calls of another; fine-tuned by the common command."""
    monkeypatch.chdir(tmp_path)
    _, quiet = made(seconds=20.0, calls=0.0, seed=9)
    sample, recording = made(seconds=10.0, seed=3)
    assert wormtwin("calls", "teach", quiet.path, "--stretches", 40, "--out", "t.h5")[0] == 0
    assert wormtwin("train", "--data", "t.h5", "--model", "calls_unet", "--epochs", 10, "--out", "run")[0] == 0
    assert wormtwin("evaluate", "--data", "t.h5", "--model", "run/model.keras")[0] == 0
    found = detect_learned(recording, tmp_path / "run" / "model.keras")
    assert event_counts(found, sample.calls).f1 > 0.9
