"""Worms that the network generates: free runs, and their comparison with recorded ones."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.posture.recording import AmplitudeRecording, amplitudes_dataset
from neuron_models.foundation.errors import InputError
from surrogates.posture.network.comparison import behaviour, bounded, compare, comparison_table, distance, same_order
from surrogates.posture.network.free_run import Drawing, generate
from surrogates.posture.network.generated import draw_seeds, generate_dataset
from surrogates.posture.network.networks import posture_lstm
from surrogates.posture.network.segments import segments
from surrogates.posture.network.training import fit_linear_parts
from surrogates.runs.model_file import load_model


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
def test_seeds_that_are_none_are_reported(trained, worms, change, text):
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


def test_what_is_known_of_one_side_alone_is_not_compared(worms):
    bare = replace(worms, extra={name: value for name, value in worms.extra.items() if name != "eigenworms"})
    found = compare(bare, worms)
    (measures,) = {tuple(each) for each in (*found.real.values(), *found.generated.values())}
    assert len(comparison_table(found)) == len(measures) * len(found.strains) > 0
    assert len(measures) < len(next(iter(compare(worms, worms).real.values())))


def test_the_order_of_strains_is_that_of_their_means(waves):
    def behave(**means):
        return {strain: {"speed": np.array([mean, mean])} for strain, mean in means.items()}

    found = compare(waves, waves)
    real = behave(a=1.0, b=2.0, c=3.0)
    assert same_order(replace(found, real=real, generated=behave(a=0.5, b=0.6, c=9.0)), "speed")
    assert not same_order(replace(found, real=real, generated=behave(a=0.7, b=0.6, c=9.0)), "speed")


@pytest.mark.slow
def test_the_commands_go_from_recordings_to_generated_worms_and_their_comparison(
    wormtwin, crawlers, tmp_path, shown_whole
):
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
    shown_whole(tmp_path / "c" / "report.html")
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
