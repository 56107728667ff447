"""The posture network: what it learns from, its training, its free runs, and what they are worth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp
from scipy.stats import norm

from datasets.dataset import Trial
from datasets.posture.recording import AmplitudeRecording, amplitudes_dataset
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.posture.network.autoregression import choose_lags, fit_autoregression
from surrogates.posture.network.losses import MixtureNLL
from surrogates.posture.network.networks import posture_lstm, posture_lstm_paper
from surrogates.posture.network.prediction import NETWORK, forecasts, score_next_frame
from surrogates.posture.network.segments import CONTEXT, segments, training_chunks, windows
from surrogates.posture.network.training import fit_linear_parts, train_on_pieces
from surrogates.registry import train_model
from surrogates.training.configuration import Objective, TrainingConfig
from surrogates.training.jax_program import CompiledTraining


@given(arrays(bool, st.integers(60, 200)))
def test_no_stretch_spans_a_gap_or_the_border_of_the_last_tenth(valid):
    x = np.arange(len(valid), dtype=float)[:, None] + np.array([0.0, 0.5])
    whole = np.concatenate([np.ones(60, dtype=bool), valid])
    x = np.concatenate([x[:60] - 60, x])
    data = amplitudes_dataset([AmplitudeRecording("one", np.where(whole[:, None], x, np.nan), 10.0)], "one")
    cut = segments(data)
    border = round(0.9 * len(x)) - 60
    for trial in cut:
        frames = np.append(trial.x[:, 0], trial.y[-1, 0])
        assert (np.diff(frames) == 1).all()
        assert whole[frames.astype(int) + 60].all()
        assert (frames < border).all() if trial.split == "train" else (frames >= border).all()
    assert segments(cut) is cut


def test_recordings_of_a_split_keep_it_and_short_stretches_alone_are_reported(waves):
    parts = segments(waves.with_split(["train", "validation", "test"])).by_split()
    assert {trial.name.partition(":")[0] for trial in parts["train"]} == {"w0"}
    assert sum(len(trial) + 1 for trial in parts["train"]) == 397  # the gap is left out, the last tenth is not
    assert len(parts["test"].trials[0]) == 399
    x = np.full((400, 2), np.nan)
    x[np.arange(400) % 51 < 50] = 1.0
    with pytest.raises(InputError, match="no uninterrupted segment of 51 frames"):
        segments(amplitudes_dataset([AmplitudeRecording("gaps", x, 10.0)], "gaps"))


def test_every_frame_is_learned_once_from_pieces_and_every_window_once_from_windows(waves):
    cut = segments(waves)
    indices = [np.arange(len(trial), dtype=float)[:, None] for trial in cut]
    x, y, weight = training_chunks(cut, indices)
    learned = sum(len(trial) - CONTEXT + 1 for trial in cut)
    assert weight.sum() == learned
    for frames, index, counts in zip(x, y[..., 0], weight, strict=True):
        first = int(index[0])
        assert any(
            np.array_equal(frames[counts > 0], np.asarray(t.x)[first:][: len(frames)][counts[: len(t) - first] > 0])
            for t in cut
            if len(t) > first and len(np.asarray(t.x)[first:][: len(frames)]) >= counts.sum()
        )
    x, y, weight = windows(cut, indices)
    assert len(x) == sum(len(trial) - 49 for trial in cut if len(trial) >= 50)
    assert (weight.sum(axis=1) == 1).all()
    assert (weight[:, -1] == 1).all()


def test_an_autoregression_finds_the_process_that_made_its_data():
    rng = np.random.default_rng(0)
    a = np.array([[0.6, 0.2], [-0.3, 0.5]])
    mixing = np.array([[0.3, 0.0], [0.2, 0.25]])
    x = np.zeros((20_000, 2))
    for t in range(1, len(x)):
        x[t] = 1.0 + x[t - 1] @ a + rng.standard_normal(2) @ mixing
    cut = segments(amplitudes_dataset([AmplitudeRecording("var", x, 10.0)], "var"))
    parts = cut.by_split()
    found = fit_autoregression(parts["train"], 1)
    np.testing.assert_allclose(found.past, a, atol=0.03)
    np.testing.assert_allclose(found.rest, [1.0, 1.0], atol=0.05)
    np.testing.assert_allclose(found.spread.T @ found.spread, mixing.T @ mixing, atol=0.005)
    left = np.concatenate([found.innovations(t.x, t.y) for t in parts["train"]])
    np.testing.assert_allclose(np.cov(left.T), np.eye(2), atol=0.02)
    lags = choose_lags(parts["train"], parts["validation"])
    assert fit_autoregression(parts["train"], lags).lags == lags


def test_the_published_setting_has_its_number_of_weights():
    # 4 gates of (inputs + units + 1) x units a layer, then a dense layer; and the fixed scales and mean of 7 channels
    model = posture_lstm_paper(7, 7)
    trainable = 4 * 260 * (7 + 260 + 1) + 3 * 4 * 260 * (260 + 260 + 1) + 260 * 7 + 7
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == trainable == 1_906_067
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.2] * 3


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"layers": 0}, "layers must be >= 1, got 0"),
        ({"units": 0}, "units must be >= 1, got 0"),
        ({"dropout": 1.0}, "dropout must be >= 0 and < 1, got 1.0"),
        ({"components": -1}, "components must be >= 0, got -1"),
        ({"lags": -1}, "lags must be >= 0, got -1"),
    ],
)
def test_sizes_that_are_none_are_reported(settings, text):
    with pytest.raises(InputError, match=text):
        posture_lstm(2, 2, **settings)


def test_the_surprise_is_the_log_likelihood_of_the_mixture():
    rng = np.random.default_rng(1)
    parameters, y = rng.normal(size=(5, 3 * (1 + 2 * 2))), rng.normal(size=(5, 2))
    apart = parameters[:, 3:].reshape(5, 3, 4)
    each = norm.logpdf(y[:, None], apart[..., :2], np.exp(apart[..., 2:])).sum(-1)
    weights = parameters[:, :3] - logsumexp(parameters[:, :3], axis=1, keepdims=True)
    expected = -logsumexp(weights + each, axis=1) / 2
    np.testing.assert_allclose(MixtureNLL(3)(y, keras.ops.convert_to_tensor(parameters)), expected, rtol=1e-5)


def test_a_whole_training_by_rmsprop_is_that_of_keras():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(6, 9, 2)).astype(np.float32), rng.normal(size=(6, 9, 2)).astype(np.float32)
    weight = rng.integers(0, 2, (6, 9)).astype(np.float32)
    model = keras.Sequential(
        [keras.Input((None, 2)), keras.layers.LSTM(3, return_sequences=True), keras.layers.Dense(2)]
    )
    start = model.get_weights()

    def loss(y, given):
        return keras.ops.mean((given - y) ** 2, -1)

    done = CompiledTraining(model, loss, "rmsprop").fit(
        start, (x, y, weight), (x, y, weight), epochs=4, batch_size=6, learning_rate=0.01
    )
    model.compile(keras.optimizers.RMSprop(0.01), loss=loss)
    scaled = weight / weight.mean()  # Keras divides by the number of samples
    for _ in range(4):
        model.train_on_batch(x, y, sample_weight=scaled)
    for ours, theirs in zip(done.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    assert done.best == 3
    assert len(done.loss) == 4


def test_the_last_tenth_is_predicted_better_than_by_repeating_and_beside_a_linear_autoregression(trained, worms):
    model, training = trained
    found = score_next_frame(model, worms)
    assert set(found.scores) == {NETWORK, "linear autoregression", "last frame repeated"}
    assert found.rmse(NETWORK, "validation") < 0.9 * found.rmse("last frame repeated", "validation")
    assert found.rmse(NETWORK, "validation") < 1.1 * found.rmse("linear autoregression", "validation")
    assert training.history["val_loss"][training.best_epoch] < training.history["val_loss"][0]
    repeated = np.concatenate([(t.y - t.x)[CONTEXT - 1 :] for t in segments(worms).by_split()["validation"]])
    assert found.rmse("last frame repeated", "validation") == pytest.approx(np.sqrt((repeated**2).mean()))


def test_an_untrained_network_that_gives_nothing_is_the_linear_autoregression(waves):
    cut = segments(waves)
    model = posture_lstm(3, 3, units=4, lags=3, components=0)
    linear = fit_linear_parts(model, cut)
    model.get_layer("innovation").set_weights([np.zeros((4, 3)), np.zeros(3)])
    for trial, found in zip(cut, forecasts(model, cut), strict=True):
        np.testing.assert_allclose(found, linear.predict(np.asarray(trial.x)), atol=1e-5)


def test_a_diverging_training_is_reported(waves):
    cut = segments(waves)
    wild = tuple(replace(t, x=np.asarray(t.x) * 1e30, y=np.asarray(t.y) * np.inf) for t in cut)
    with pytest.raises((FloatingPointError, InputError, np.linalg.LinAlgError)):
        train_on_pieces(posture_lstm(3, 3, units=4), replace(cut, trials=wild), TrainingConfig(epochs=2), Objective())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("train", "--model", "gru"), "predicting the next step, which model gru does not do"),
        (("train", "--model", "posture_lstm", "--strain", "XX"), "no strain 'XX'; its strains are N2, trp-4"),
        (("train", "--model", "posture_lstm", "--lags", "9", "--epochs", "1"), "lags must be between 0 and 5, got 9"),
    ],
)
def test_bad_input_is_one_line(wormtwin, crawlers, tmp_path, arguments, text):
    status, _, err = wormtwin(*arguments, "--data", crawlers, "--out", tmp_path / "m")
    assert status == 2
    assert text in err
    assert len(err.strip().splitlines()) == 1


def test_a_dataset_without_postures_or_of_other_channels_is_reported(trained, waves, linear_response):
    with pytest.raises(InputError, match="holds no postures, not as amplitudes"):
        train_model("posture_lstm", linear_response(), TrainingConfig(epochs=1), {}, progress=False)
    fewer = replace(
        waves,
        x_names=("a1", "a2"),
        trials=tuple(Trial(t.name, np.asarray(t.x)[:, :2], weight=t.weight, group=t.group) for t in waves),
    )
    with pytest.raises(InputError, match="the model takes 7 inputs"):
        score_next_frame(trained[0], fewer)


@pytest.mark.slow
@pytest.mark.parametrize("components", [0, 2])
def test_keras_trains_what_the_whole_program_trains(waves, components):
    losses = []
    for engine in ("keras", "auto"):
        config = TrainingConfig(epochs=2, batch_size=64, learning_rate=0.004, engine=engine)  # one batch an epoch
        settings = {"units": 4, "components": components, "dropout": 0.0}
        _, training = train_model("posture_lstm", waves, config, settings, progress=False)
        losses.append([*training.history["loss"], *training.history["val_loss"]])
    np.testing.assert_allclose(*losses, rtol=1e-3)
