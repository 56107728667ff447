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
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras
from surrogates.posture.network.autoregression import choose_lags, fit_autoregression
from surrogates.posture.network.comparison import behaviour, bounded, compare, comparison_table, distance, same_order
from surrogates.posture.network.free_run import Drawing, generate
from surrogates.posture.network.generated import draw_seeds, generate_dataset
from surrogates.posture.network.losses import MixtureNLL
from surrogates.posture.network.networks import posture_lstm, posture_lstm_paper
from surrogates.posture.network.prediction import NETWORK, forecasts, score_next_frame
from surrogates.posture.network.segments import CONTEXT, segments, training_chunks, windows
from surrogates.posture.network.training import fit_linear_parts, train_on_pieces
from surrogates.registry import train_model
from surrogates.runs.model_file import load_model
from surrogates.training.configuration import Objective, TrainingConfig
from surrogates.training.jax_program import CompiledTraining


def crawl(frames: int, seed: int) -> np.ndarray:
    """Two amplitudes of a travelling wave whose pace changes, and its turns."""
    rng = np.random.default_rng(seed)
    pace = 0.5 + 0.2 * np.sin(np.arange(frames) / 40 + seed)
    phase = np.cumsum(pace) + rng.uniform(0, 6)
    x = np.stack([np.sin(phase), np.cos(phase), 0.1 * np.sin(2 * phase)], axis=1)
    return x + 0.02 * rng.standard_normal(x.shape)


@pytest.fixture(scope="module")
def waves():
    """Three recordings of 400 frames, the first with a gap."""
    found = []
    for index in range(3):
        x = crawl(400, index)
        if index == 0:
            x[100:103] = np.nan
        found.append(AmplitudeRecording(f"w{index}", x[:, :2], 10.0, turn=x[:, 2], strain="AB"[index % 2]))
    return amplitudes_dataset(found, "waves")


@pytest.fixture(scope="module")
def crawlers(tmp_path_factory):
    """Two strains of generated worms, as amplitudes in a file."""
    from datasets.posture.eigenworm_fit import fit_eigenworms
    from datasets.posture.eigenworms import amplitudes_of, pooled_angles
    from datasets.posture.generator.sample import SampleSettings, make_sample

    sample = make_sample(SampleSettings(strains=("N2", "trp-4"), worms=2, duration=60.0))
    path = tmp_path_factory.mktemp("crawlers") / "amplitudes.h5"
    save_dataset(amplitudes_of(sample, fit_eigenworms(pooled_angles(sample), method="pca")), path)
    return path


@pytest.fixture(scope="module")
def worms(crawlers):
    return load_dataset(crawlers)


@pytest.fixture(scope="module")
def trained(worms):
    config = TrainingConfig(epochs=15, learning_rate=0.004, batch_size=8, seed=3)
    return train_model("posture_lstm", worms, config, {"units": 8}, progress=False)


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


def test_recordings_of_a_split_keep_it_and_short_stretches_alone_are_told(waves):
    parts = segments(waves.with_split(["train", "validation", "test"])).by_split()
    assert {trial.name.partition(":")[0] for trial in parts["train"]} == {"w0"}
    assert sum(len(trial) + 1 for trial in parts["train"]) == 397  # the gap is left out, the last tenth is not
    assert len(parts["test"].trials[0]) == 399
    x = np.full((400, 2), np.nan)
    x[np.arange(400) % 51 < 50] = 1.0
    with pytest.raises(InputError, match="no uninterrupted stretch of 51 frames"):
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
def test_sizes_that_are_none_are_told(settings, text):
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


@pytest.mark.parametrize("settings", [{"layers": 2, "components": 3, "lags": 3}, {"components": 0, "lags": 0}])
def test_a_free_run_is_that_of_keras_step_by_step(waves, settings):
    model = posture_lstm(3, 3, units=6, seed=1, **settings)
    fit_linear_parts(model, segments(waves))
    frames = np.stack([seed.frames for seed in draw_seeds(waves, 2)])
    run = generate(model, frames, 20, Drawing(noise=0.0))
    read = frames
    for _ in range(20):
        padded = np.zeros((2, 70, 3), np.float32)  # one length, so that Keras compiles once
        padded[:, : read.shape[1]] = read
        following = model.predict(padded, verbose=0)[:, read.shape[1] - 1]
        read = np.concatenate([read, following[:, None]], axis=1)
    np.testing.assert_allclose(run, read[:, 50:], atol=1e-5)


def test_what_is_drawn_has_the_mean_and_spread_of_the_mixture(waves):
    model = posture_lstm(3, 3, units=4, lags=0, components=2)
    fit_linear_parts(model, segments(waves))
    _, rest, spread, _ = model.get_layer("forecast").get_weights()
    parameters = np.log([0.3, 0.7, *np.exp([1.0, 0, 0]), *[0.5] * 3, *np.exp([-1.0, 0, 0]), *[0.2] * 3])
    model.get_layer("innovation").set_weights([np.zeros((4, 14)), parameters])
    frames = np.repeat(draw_seeds(waves, 1)[0].frames[None], 4000, axis=0)
    drawn = generate(model, frames, 1)[:, 0]
    innovations = np.linalg.solve(spread.T, (drawn - rest).T).T
    mean, square = 0.3 * 1 - 0.7 * 1, 0.3 * (1 + 0.25) + 0.7 * (1 + 0.04)
    assert innovations[:, 0].mean() == pytest.approx(mean, abs=0.05)
    assert innovations[:, 0].var() == pytest.approx(square - mean**2, abs=0.06)
    assert np.abs(innovations[:, 1:].mean(axis=0)).max() < 0.03


def test_free_runs_are_their_worm_s_alone_and_the_same_for_a_seed(trained, worms):
    model, _ = trained
    frames = np.stack([seed.frames for seed in draw_seeds(worms, 4, seed=5)])
    text = []
    many = generate(model, frames, 300, Drawing(seed=2), done=text.append)
    beside = np.concatenate([frames[:2], frames[[0, 1]]])
    np.testing.assert_allclose(generate(model, beside, 300, Drawing(seed=2))[:2], many[:2], atol=1e-4)
    assert not np.allclose(generate(model, frames, 300, Drawing(seed=3)), many)
    assert sum(text) == 300
    recorded = np.concatenate([np.asarray(trial.x)[trial.valid()] for trial in worms])
    np.testing.assert_allclose(many.std(axis=(0, 1)), recorded.std(axis=0), rtol=0.5)


def test_generated_worms_are_a_dataset_like_the_recorded_ones(trained, worms, waves):
    made = generate_dataset(trained[0], worms, worms=4, frames=120, drawing=Drawing(seed=1))
    assert made.x_names == worms.x_names
    assert made.dt == worms.dt
    assert made.extra["posture"] == "amplitudes"
    assert [len(trial) for trial in made] == [120] * 4
    assert len({trial.group for trial in made}) == 4
    for name, origin in made.extra["generated"].items():
        assert made.extra["strain"][name] == worms.extra["strain"][origin["recording"]]
    found = compare(worms, made)
    assert list(found.generated)
    assert set(found.generated) == {"N2", "trp-4"}
    table = comparison_table(found).set_index(["measure", "strain"])
    assert list(table.index.unique("measure")) == ["speed", "head bend", "curvature", "amplitude"]
    assert table.loc[("speed", "N2"), "to_nearest"] == table.loc[("speed", "trp-4"), "to_nearest"] > 0
    assert list(behaviour(waves)["A"]) == ["amplitude"]  # of which eigenworms it is was not said


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda frames: frames[:, :49], "a seed must have 50 frames or more, got 49"),
        (lambda frames: frames[..., :2], "takes 7 channels, the seeds have 2"),
        (lambda frames: np.where(frames > 0.1, np.nan, frames), "a seed holds frames without a midline"),
    ],
)
def test_seeds_that_are_none_are_told(trained, worms, change, text):
    frames = np.stack([seed.frames for seed in draw_seeds(worms, 2)])
    with pytest.raises(InputError, match=text):
        generate(trained[0], change(frames), 5)


def test_bounds_and_distances_are_what_they_say(waves):
    x = np.zeros((60, 3))
    x[0] = waves.trials[1].x[:].max(axis=0)
    far = x.copy()
    far[30, 1] = 3.2
    made = amplitudes_dataset(
        [AmplitudeRecording(name, each[:, :2], 10.0, turn=each[:, 2]) for name, each in (("near", x), ("far", far))],
        "x",
    )
    assert bounded(waves, made).tolist() == [True, False]
    rng = np.random.default_rng(0)
    values = rng.normal(size=5000)
    assert distance(values, values + 0.3) == pytest.approx(0.3)
    assert distance(values, 2 * values) == pytest.approx(np.abs(values).mean())


def test_the_order_of_strains_is_that_of_their_means(waves):
    def behave(**means):
        return {strain: {"speed": np.array([mean, mean])} for strain, mean in means.items()}

    found = compare(waves, waves)
    real = behave(a=1.0, b=2.0, c=3.0)
    assert same_order(replace(found, real=real, generated=behave(a=0.5, b=0.6, c=9.0)), "speed")
    assert not same_order(replace(found, real=real, generated=behave(a=0.7, b=0.6, c=9.0)), "speed")


def test_a_diverging_training_is_told(waves):
    cut = segments(waves)
    wild = tuple(replace(t, x=np.asarray(t.x) * 1e30, y=np.asarray(t.y) * np.inf) for t in cut)
    with pytest.raises((FloatingPointError, InputError, np.linalg.LinAlgError)):
        train_on_pieces(posture_lstm(3, 3, units=4), replace(cut, trials=wild), TrainingConfig(epochs=2), Objective())


def test_the_commands_go_from_recordings_to_generated_worms_and_their_comparison(wormtwin, crawlers, tmp_path):
    fit = ("train", "--data", crawlers, "--model", "posture_lstm", "--units", 8, "--epochs", 3, "--out", tmp_path / "m")
    status, out, err = wormtwin(*fit)
    assert status == 0, err
    assert "last frame repeated" in out
    assert "linear autoregression" in out
    assert {"model.keras", "history.csv", "scores.json", "history.png", "traces.png"} <= {
        path.name for path in (tmp_path / "m").iterdir()
    }
    model = tmp_path / "m" / "model.keras"
    _, channels = load_model(model)
    assert channels.model == "posture_lstm"
    assert channels.y_names == channels.x_names
    status, again, _ = wormtwin("evaluate", "--data", crawlers, "--model", model, "--plot", tmp_path / "next.png")
    assert status == 0
    assert (tmp_path / "next.png").exists()
    assert [line for line in again.splitlines() if "network" in line] == [
        line for line in out.splitlines() if "network" in line
    ]
    made = tmp_path / "generated.h5"
    status, out, err = wormtwin(
        "posture", "generate", "--model", model, "--data", crawlers, "--frames", 300, "--worms", 4, "--out", made
    )
    assert status == 0, err
    assert "4 worms stay within 3 times" in out
    assert made.with_suffix(".png").exists()
    status, out, err = wormtwin("posture", "compare", "--data", crawlers, "--generated", made, "--out", tmp_path / "c")
    assert status == 0, err
    page = (tmp_path / "c" / "report.html").read_text()
    assert "head bend" in page
    assert "Wasserstein" in page
    assert (tmp_path / "c" / "comparison.csv").exists()
    refused = wormtwin("export", "--model", model, "--to", "numpy", "--out", tmp_path / "e")
    assert refused[0] == 2
    assert "not a chain of layers" in refused[2]
    status, _, err = wormtwin("importance", "--model", model, "--data", crawlers, "--out", tmp_path / "i")
    assert status == 2
    assert len(err.strip().splitlines()) == 1


@pytest.mark.slow
def test_the_size_study_is_a_table_and_a_picture(wormtwin, crawlers, tmp_path):
    sizes = ("--layers", 1, "--units", 8, "--epochs", 2, "--frames", 250, "--worms", 4)
    status, _out, err = wormtwin("posture", "sizes", crawlers, "--out", tmp_path / "s", *sizes)
    assert status == 0, err
    assert (tmp_path / "s" / "sizes.png").exists()
    assert len((tmp_path / "s" / "sizes.csv").read_text().splitlines()) == 2


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


def test_a_dataset_without_postures_or_of_other_channels_is_told(trained, waves, linear_response):
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
