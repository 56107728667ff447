"""The benchmark of behaviour states, and the commands that train and evaluate its models."""

import json
from dataclasses import replace

import numpy as np
import pytest

import surrogates.calcium.states.benchmark as benchmark_module
from datasets.calcium.state_rules import STATES
from datasets.calcium.states import apply_rule
from datasets.dataset import Trial
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.calcium.states.benchmark import run_benchmark
from surrogates.calcium.states.inputs import Inputs, choose_inputs, prepared
from surrogates.calcium.states.protocol import FoldTraining, evaluate_set, training_sets
from surrogates.calcium.states.tables import accuracy_table
from surrogates.calcium.states.windows import label_windows

QUICK = FoldTraining(folds=3, blocks=3, steps=20)


@pytest.mark.slow
def test_inputs_are_chosen_without_the_worm_that_is_asked(worms, monkeypatch, tmp_path):
    seen = []

    def spy(dataset):
        seen.append({trial.name for trial in dataset})
        return choose_inputs(dataset)

    monkeypatch.setattr(benchmark_module, "choose_inputs", spy)
    done = run_benchmark(worms, tmp_path / "one", rules=["two"], models=["logistic"], training=QUICK)
    assert seen == [{f"worm{i + 1}" for i in chosen} for chosen in training_sets(3)]
    # A spoiled worm changes no figure of those that learn from others, but its own.
    rng = np.random.default_rng(9)
    last = worms.trials[2]
    spoiled = replace(last, x=rng.normal(size=last.x.shape), y=rng.permutation(last.y))
    other = run_benchmark(
        replace(worms, trials=(*worms.trials[:2], spoiled)),
        tmp_path / "two",
        rules=["two"],
        models=["logistic"],
        training=QUICK,
    )
    for chosen in ((0,), (1,), (0, 1)):
        assert done.inputs["two", chosen] == other.inputs["two", chosen]
        for mine, its in zip(
            done.records["two", "calcium_logistic", chosen],
            other.records["two", "calcium_logistic", chosen],
            strict=True,
        ):
            assert mine["seen"] == its["seen"]
            assert mine["unseen"].get("worm2") == its["unseen"].get("worm2")
            assert mine["unseen"]["worm3"] != its["unseen"]["worm3"]


def test_train_and_evaluate_tell_states(recordings, wormtwin, two, tmp_path, saved_figures):
    data, out = tmp_path / "two.h5", tmp_path / "out"
    save_dataset(two.with_split(["train", "validation", "test"]), data)
    status, shown, error = wormtwin("train", "--data", data, "--model", "calcium_mlp", "--epochs", 5, "--out", out)
    assert status == 0, error
    assert "Confusion (test)" in shown
    scores = json.loads((out / "scores.json").read_text())
    assert set(scores["scores"]) == {"train", "validation", "test"}
    assert set(scores["scores"]["test"]["recall"]) == {"forward", "reverse"}
    axes = next(each for each in saved_figures["confusion.png"].axes if "test" in each.get_title())
    drawn = dict(zip(("forward", "reverse"), np.diag(axes.images[0].get_array()), strict=True))
    assert drawn == pytest.approx(scores["scores"]["test"]["recall"], abs=1e-6)
    status, again, error = wormtwin(
        "evaluate", "--data", data, "--model", out / "model.keras", "--plot", tmp_path / "c.png"
    )
    assert status == 0, error
    table = again.split("Confusion")[1].strip()
    assert table in shown
    four = tmp_path / "four.h5"
    save_dataset(apply_rule(recordings(), "seven=forward=forward,back=sustained_reverse".partition("=")[2]), four)
    status, _, error = wormtwin("evaluate", "--data", four, "--model", out / "model.keras")
    assert (status, error.count("\n")) == (2, 1)
    assert "apply the same state rule" in error


@pytest.mark.slow
def test_the_benchmark_by_command(recordings, wormtwin, worms, tmp_path, shown_whole):
    data, out = tmp_path / "worms.h5", tmp_path / "out"
    save_dataset(worms, data)
    arguments = ("calcium", "benchmark", data, "--out", out, "--rules", "two", "--models", "logistic,svm")
    arguments += ("--trajectories", "none")
    status, shown, error = wormtwin(*arguments)
    assert status == 0, error
    assert "82.8" in shown  # published for the SVM on unseen worms
    assert "±" in shown
    assert {path.name for path in out.iterdir()} >= {"accuracy.csv", "runs.csv", "benchmark.json", "report.html"}
    found = json.loads((out / "benchmark.json").read_text())
    assert found["rules"]["two"]["forward"] == ["forward", "slowing"]
    assert set(found["reading"]["two"]["without_ava"]) == {"calcium_logistic"}
    assert len(found["accuracy"]) == 2 * 2 * (3 + 2)  # models, protocols, seen by three sizes and unseen by two
    page = (out / "report.html").read_text()
    assert "Frames of all other states are no labels" in page
    shown_whole(out / "report.html")
    run = out / "runs" / "two" / "calcium_svm.json"
    before = run.stat().st_mtime_ns
    run.with_name("calcium_logistic.json").unlink()
    assert wormtwin(*arguments)[0] == 0
    assert run.stat().st_mtime_ns == before
    assert run.with_name("calcium_logistic.json").exists()
    save_dataset(recordings(seed=3), data)
    status, _, error = wormtwin(*arguments)
    assert (status, error.count("\n")) == (2, 1)
    assert "another data" in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--models", "logistic,transformer"), "there is no model of behaviour states 'transformer'; there are"),
        (("--rules", "five"), "there is no state rule 'five'"),
        (("--rules", "a=forward,b=swimming"), "the class 'b' (swimming) has no state"),
        (("--jobs", "0"), "--jobs must be >= 1"),
    ],
)
def test_the_benchmark_tells_what_is_wrong(wormtwin, worms, tmp_path, options, message):
    save_dataset(worms, tmp_path / "worms.h5")
    status, _, error = wormtwin("calcium", "benchmark", tmp_path / "worms.h5", "--out", tmp_path / "out", *options)
    assert (status, len(error.strip().splitlines())) == (2, 1)
    assert message in error


def test_worms_that_cannot_be_used_are_reported(worms, tmp_path):
    def run(dataset, models=("logistic",)):
        return run_benchmark(dataset, tmp_path, rules=["two"], models=models, training=QUICK)

    with pytest.raises(InputError, match="two worms or more, dataset 'worms' has one"):
        run(worms.select([0]))
    forward = np.full((600, 1), STATES.index("forward"))
    with pytest.raises(InputError, match=r"one state only|never comes in training"):
        run(replace(worms, trials=(replace(worms.trials[0], y=forward), *worms.trials[1:])))
    short = Trial("worm4", worms.trials[0].x[:6], worms.trials[0].y[:6])
    with pytest.raises(InputError, match="recording 'worm4' has 6 frames: too few for a window of 8"):
        label_windows(prepared(apply_rule(replace(worms, trials=(short,)), "two"), Inputs()))
    dataset = apply_rule(worms, "seven")
    seven = dataset.extra["classes"]
    rare = replace(dataset.trials[2], y=np.full((600, 1), seven.index("dorsal_turn")), weight=np.ones(600))
    with pytest.raises(InputError, match=r"the state dorsal_turn never comes in training \(worm1, worm2\)"):
        evaluate_set(replace(dataset, trials=(*dataset.trials[:2], rare)), "calcium_logistic", (0, 1), Inputs(), QUICK)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(("rule", "best", "graph"), [("two", 97.7, 97.0), ("four", 89.0, 87.0)])
def test_the_figures_on_real_worms(shared, rule, best, graph):
    """The published accuracies on an unseen worm (97.7 and 87 %), half a point off for three folds instead of ten."""
    from datasets.calcium.recordings import load_npz

    dataset = apply_rule(load_npz(shared / "data" / "calcium" / "kato2015_worms1-4.npz"), rule)
    found = {}
    for model in ("calcium_logistic", "calcium_gnn"):
        shares = []
        for left_out in range(4):
            learned = tuple(i for i in range(4) if i != left_out)
            inputs = choose_inputs(dataset.select(learned))
            for record in evaluate_set(dataset, model, learned, inputs, FoldTraining(folds=3)):
                if record["protocol"] == "paper":
                    table = record["unseen"][f"worm{left_out + 1}"]
                    shares.append(100 * np.trace(table) / np.sum(table))
        found[model] = np.mean(shares)
    assert max(found.values()) >= best
    assert found["calcium_gnn"] >= graph


def test_the_table_says_what_is_published(worms, tmp_path):
    done = run_benchmark(worms, tmp_path, rules=["two"], models=["svm"], training=QUICK)
    table = accuracy_table(done)
    shown = table.dropna(subset="published")
    assert {(row.asked, row.training_worms, row.published) for row in shown.itertuples()} == {
        ("seen", 1, 98.8),
        ("unseen", 2, 82.8),
    }
    row = table[(table.asked == "unseen") & (table.training_worms == 2) & (table.protocol == "strict")].iloc[0]
    assert row.combinations == 3
    assert row.accuracy == pytest.approx(100 * np.trace(row.confusion) / np.sum(row.confusion), abs=2)
