"""The benchmark of forecasts, its tables, and the commands on forecasts."""

import json
from dataclasses import replace

import numpy as np
import pytest

from datasets.calcium.sample import SampleSettings, make_sample
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.calcium.forecasts.benchmark import ForecastEffort, benchmark_trajectories
from surrogates.calcium.forecasts.section import trajectory_section
from surrogates.calcium.forecasts.tables import runs_table, save_trajectory_tables, summary_table
from surrogates.calcium.forecasts.windows import HORIZON
from surrogates.calcium.forecasts.windows import forecastable as ready
from surrogates.calcium.forecasts.windows import forecasts as cut_forecasts


@pytest.fixture(scope="module")
def measured(recordings, tmp_path_factory):
    """A benchmark of two short worms."""
    out = tmp_path_factory.mktemp("benchmark")
    names, training = ("persistence", "linear", "mlp"), ForecastEffort(epochs=1, batch_size=64)
    return benchmark_trajectories(recordings(2), out, models=names, training=training), out


def test_the_table_of_persistence_is_its_formula(recordings, measured):
    runs = runs_table(measured[0])
    assert len(runs) == 3 * 2 * HORIZON
    cut = cut_forecasts(ready(recordings(2)).select([1]))
    kept = runs[(runs["model"].str.endswith("persistence")) & (runs["unseen"] == "worm2")]
    wanted = np.sqrt(((cut.future - cut.seen[:, -1:]).astype(float) ** 2).mean((0, 2)))
    np.testing.assert_allclose(kept["rmse"], wanted, rtol=1e-6)
    np.testing.assert_allclose(kept["ahead"], 0.33 * np.arange(1, HORIZON + 1))


def test_the_summary_counts_the_cases_below_persistence_and_autoregression(measured):
    benchmark, _ = measured
    summary = summary_table(runs_table(benchmark))
    rows = summary[(summary["training_worms"] == 1) & (summary["step"] == 3)].set_index("model")
    assert (rows["cases"] == 2).all()
    found = {
        name: [
            errors[2]
            for (model, worms), unseen in benchmark.runs.items()
            if model == name and len(worms) == 1
            for errors in unseen.values()
        ]
        for name in benchmark.models
    }
    best = np.min([found[name] for name in benchmark.models if not name.endswith("mlp")], axis=0)
    mine = np.array(found["calcium_trajectory_mlp"])
    assert rows["below"]["calcium_trajectory_mlp"] == (mine < best).sum()
    assert rows["mean"]["calcium_trajectory_mlp"] == pytest.approx(mine.mean())
    assert rows["sd"]["calcium_trajectory_mlp"] == pytest.approx(mine.std(ddof=1))


def test_a_benchmark_goes_on_where_it_stopped(recordings, measured):
    benchmark, out = measured
    stopped = out / "trajectories" / "calcium_trajectory_mlp" / "1.json"
    record = json.loads(stopped.read_text())
    kept = out / "trajectories" / "calcium_trajectory_linear" / "1.json"
    before = kept.stat().st_mtime_ns
    stopped.unlink()
    again = {"models": ("linear", "mlp"), "sizes": (1,), "training": benchmark.training}
    benchmark_trajectories(recordings(2), out, **again)
    assert kept.stat().st_mtime_ns == before
    assert json.loads(stopped.read_text()) == record
    renamed = replace(recordings(2), x_names=recordings(2).x_names[::-1])
    with pytest.raises(InputError, match="another data"):
        benchmark_trajectories(renamed, out, **again)


def test_tables_and_section_are_written(measured, tmp_path):
    runs, summary = save_trajectory_tables(measured[0], tmp_path)
    assert (tmp_path / "trajectories.csv").read_text().startswith("model,training_worms,trained_on,unseen,step,ahead")
    section = trajectory_section(runs, summary)
    said = [block.text for block in section.blocks if type(block).__name__ == "Note"]
    mean = summary.pivot(index="step", columns="model", values="mean")
    mean.columns = [name.removeprefix("calcium_trajectory_") for name in mean.columns]
    below = mean["mlp"] < mean[["persistence", "linear"]].min(axis=1)
    assert ("not at the last step" in said[0]) == (not below[HORIZON])


@pytest.mark.parametrize(
    ("worms", "options", "message"),
    [
        (1, {}, "two worms or more"),
        (2, {"models": ("mlp", "calcium_trajectory_mlp")}, "named twice"),
        (2, {"models": ("crystal",)}, "no model of trajectories 'crystal'"),
        (2, {"sizes": (2,)}, "from 1 to 1, got 2"),
        (2, {"jobs": 0}, "--jobs must be >= 1"),
    ],
)
def test_a_benchmark_that_cannot_be_is_reported(recordings, worms, options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        benchmark_trajectories(recordings(worms), tmp_path, **options)


def test_the_commands_train_and_evaluate_forecasts(recordings, wormtwin, tmp_path):
    dataset = recordings(3).with_split(["train", "validation", "test"])
    data = save_dataset(dataset, tmp_path / "worms.h5")
    out, name = tmp_path / "out", "calcium_trajectory_linear"
    status, printed, text = wormtwin("train", "--data", data, "--model", name, "--out", out)
    assert status == 0, text
    assert "step 16" in printed
    scores = json.loads((out / "scores.json").read_text())["scores"]
    assert set(scores) == {"train", "validation", "test"}
    assert (out / "errors.png").exists()
    arguments = ("evaluate", "--data", data, "--model", out / "model.keras", "--plot", tmp_path / "e.png")
    status, again, text = wormtwin(*arguments)
    assert status == 0, text
    assert f"{scores['test']['model'][15]:.4f}" in again
    other = save_dataset(replace(dataset, x_names=("AVAL", "RIML", "VB2")), tmp_path / "other.h5")
    status, _, text = wormtwin("evaluate", "--data", other, "--model", out / "model.keras")
    assert (status, text.count("\n")) == (2, 1)
    assert "AVAL, RIML, AVBL" in text


def test_a_recording_too_short_is_reported_by_the_command(recordings, wormtwin, tmp_path):
    data = save_dataset(recordings(3, 20).with_split(["train", "validation", "test"]), tmp_path / "worms.h5")
    status, _, text = wormtwin("train", "--data", data, "--model", "calcium_trajectory_mlp", "--out", tmp_path / "out")
    assert (status, len(text.strip().splitlines())) == (2, 1)
    assert "too short to forecast" in text


def test_the_benchmark_names_wrong_models_of_trajectories_first(wormtwin, tmp_path):
    data = save_dataset(make_sample(SampleSettings(worms=2, duration=60.0)), tmp_path / "worms.h5")
    out = tmp_path / "out"
    status, _, text = wormtwin("calcium", "benchmark", data, "--out", out, "--trajectories", "crystal")
    assert (status, text.count("\n")) == (2, 1)
    assert "no model of trajectories 'crystal'; there are persistence, linear" in text
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.shared
def test_forecasts_of_real_worms_are_below_persistence_and_autoregression(shared, tmp_path):
    from datasets.calcium.recordings import load_npz

    dataset = load_npz(shared / "data" / "calcium" / "kato2015_worms1-4.npz")
    names = ("persistence", "linear", "mlp")
    summary = summary_table(runs_table(benchmark_trajectories(dataset, tmp_path, models=names)))
    mean = summary.pivot(index="step", columns="model", values="mean")
    persisting, linear, network = (mean[f"calcium_trajectory_{name}"] for name in names)
    assert (network < np.minimum(persisting, linear)).loc[3:].all()
