"""The generator of calcium recordings: what it must have in it to stand for real ones."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.calcium.features import with_features
from datasets.calcium.neuron_sets import NEURON_SETS
from datasets.calcium.recording import Recording, as_dataset
from datasets.calcium.sample import SampleSettings, make_sample, sample_worm, species_mixture
from datasets.calcium.state_cycle import CYCLE, draw_states
from datasets.calcium.state_rules import STATES
from datasets.calcium.states import apply_rule
from datasets.dataset import Dataset
from neuron_models.foundation.errors import InputError

SHORT = SampleSettings(worms=2, duration=60.0)


def contiguous_runs(states, fps):
    """The name and the seconds of each stretch but the last, which the end cuts."""
    edges = np.concatenate(([0], np.flatnonzero(np.diff(states)) + 1))
    return [(STATES[states[a]], (b - a) / fps) for a, b in pairwise(edges)]


def test_states_follow_the_cycle_and_last_as_long_as_it_says():
    found = contiguous_runs(draw_states(200_000, 3.0, np.random.default_rng(0)), 3.0)
    for (before, _), (after, _) in pairwise(found):
        assert CYCLE[before].follows.get(after, 0) > 0
    for name, stage in CYCLE.items():
        seconds = [length for state, length in found if state == name]
        assert np.median(seconds) == pytest.approx(stage.dwell, rel=0.12)
        after = [b for (a, _), (b, _) in pairwise(found) if a == name]
        for following, chance in stage.follows.items():
            assert after.count(following) / len(after) == pytest.approx(chance, abs=0.05)


def test_every_stage_names_stages_with_chances_that_add_up():
    assert set(CYCLE) == set(STATES) - {"no_state"}
    for stage in CYCLE.values():
        assert set(stage.follows) <= set(CYCLE)
        assert sum(stage.follows.values()) == pytest.approx(1)


@pytest.mark.shared
def test_what_follows_what_is_counted_in_real_worms(shared):
    from datasets.calcium.recordings import load_npz

    counts = {}
    for trial in load_npz(shared / "data" / "calcium" / "kato2015_worms1-4.npz"):
        for (a, _), (b, _) in pairwise(contiguous_runs(trial.y[:, 0], 1.0)):
            counts.setdefault(a, []).append(b)
    for name, stage in CYCLE.items():
        for following, chance in stage.follows.items():
            assert counts[name].count(following) / len(counts[name]) == pytest.approx(chance, abs=0.04)


def test_the_same_seed_gives_the_same_worms_however_many():
    few, many = make_sample(SHORT), make_sample(replace(SHORT, worms=3))
    other = make_sample(replace(SHORT, seed=1))
    for a, b in zip(few, many, strict=False):
        assert (a.x[:] == b.x[:]).all()
    assert len(many) == 3
    assert not np.array_equal(few.trials[0].x[:20], other.trials[0].x[:20])
    assert not np.array_equal(few.trials[0].x[:20], few.trials[1].x[:20])


def test_a_sample_is_a_dataset_like_that_of_real_worms():
    dataset = make_sample(SampleSettings(worms=3, duration=120.0, fps=2.5))
    assert dataset.x_names == NEURON_SETS["kato_2015"]
    assert dataset.task == "classification"
    assert [trial.group for trial in dataset] == ["worm1", "worm2", "worm3"]
    rates = dataset.extra["fps"]
    assert all(len(trial) == round(120 * rates[trial.name]) for trial in dataset)
    assert len({len(trial) for trial in dataset}) > 1
    assert all(abs(rate / 2.5 - 1) <= 0.03 for rate in rates.values())


def test_the_traces_are_the_truth_seen_through_the_indicator():
    """Without noise, wandering and bleaching a trace is the saturated mixture, delayed by the decay."""
    clean = replace(SHORT, noise=0.0, wander=0.0, bleaching=0.0, decay=0.0)
    worm = sample_worm(clean, 1)
    drive = worm.activity @ worm.mixture.T
    expected = 1 + np.tanh(2 * drive - 0.5)
    ratio = worm.recording.traces / expected
    assert np.allclose(ratio, ratio[0])  # one gain a neuron


def test_the_activity_follows_the_place_of_the_state():
    worm = sample_worm(replace(SHORT, delay=0.0, duration=600.0), 0)
    for k, name in enumerate(STATES[:-1]):
        inside = worm.recording.states == k
        assert np.allclose(worm.activity[inside], CYCLE[name].place)


def test_bleaching_takes_its_share_of_the_light():
    settings = replace(SHORT, noise=0.0, wander=0.0, decay=0.0)
    kept, lost = (1 + sample_worm(replace(settings, bleaching=b), 0).recording.traces for b in (0.0, 0.4))
    assert np.allclose(lost[0], kept[0])
    assert np.allclose(lost[-1], 0.6 * kept[-1])


def test_noise_and_wandering_have_the_size_that_is_asked_for():
    settings = SampleSettings(worms=1, duration=20_000.0, bleaching=0.0, decay=0.0, noise=0.0, wander=0.0)
    quiet = sample_worm(settings, 0)
    noisy = sample_worm(replace(settings, noise=0.1), 0).recording.traces
    assert (noisy - quiet.recording.traces).std() == pytest.approx(0.1, rel=0.02)
    gains = quiet.recording.traces[0] / (1 + np.tanh(2 * quiet.activity[0] @ quiet.mixture.T - 0.5))
    wandering = (sample_worm(replace(settings, wander=0.5), 0).recording.traces - quiet.recording.traces) / gains
    assert wandering.std() == pytest.approx(0.5, rel=0.05)
    assert wandering[:10].std() < 1.0  # from the first frame on
    frames = round(20 * quiet.recording.fps)
    assert np.mean(wandering[frames:] * wandering[:-frames]) / 0.25 == pytest.approx(np.exp(-1), abs=0.1)


def test_worms_without_variability_mix_alike():
    alike = replace(SHORT, variability=0.0)
    assert np.array_equal(sample_worm(alike, 0).mixture, species_mixture(alike))
    assert np.array_equal(sample_worm(alike, 1).mixture, species_mixture(alike))
    own = sample_worm(SHORT, 0).mixture - species_mixture(SHORT)
    size = np.sqrt((species_mixture(SHORT) ** 2).mean())
    assert own.std() == pytest.approx(SHORT.variability * size, rel=0.3)


def accuracy(linear_model, train, test):
    """Of logistic regression on features, in percent."""
    sides = [
        (np.concatenate([t.x[t.valid()] for t in side]), np.concatenate([t.y[t.valid(), 0] for t in side]))
        for side in (train, test)
    ]
    return 100 * linear_model.LogisticRegression(max_iter=200).fit(*sides[0]).score(*sides[1])


def scores(linear_model, dataset: Dataset) -> tuple[float, float]:
    """Four states: one part of the same worm after training on the rest of it; a worm unseen after all others."""
    ruled = apply_rule(with_features(dataset), "four")
    own = [accuracy(linear_model, *next(iter(ruled.select([i]).folds(4, by="block")))) for i in range(len(ruled))]
    pooled = [accuracy(linear_model, *sides) for sides in ruled.folds(len(ruled))]
    return float(np.mean(own)), float(np.mean(pooled))


@pytest.mark.slow
def test_individual_worms_defeat_a_pooled_model():
    linear_model = pytest.importorskip("sklearn.linear_model")
    settings = SampleSettings(worms=3)
    own, pooled = scores(linear_model, make_sample(settings))
    alike_own, alike_pooled = scores(linear_model, make_sample(replace(settings, variability=0.0)))
    assert own > pooled + 4, "twice the data of other worms must be worth less than the worm's own"
    assert alike_pooled > alike_own - 3, "worms that are wired alike must not differ"


@given(st.integers(1, 5), st.floats(5, 40), st.floats(1, 20), st.integers(0, 2**31 - 1))
def test_any_sample_is_whole(worms, seconds, fps, seed):
    settings = SampleSettings(worms=worms, duration=max(seconds, 11 / fps), fps=fps, seed=seed, neurons=("XYZ", "AVAL"))
    dataset = make_sample(settings)
    assert len(dataset) == worms
    assert all(np.isfinite(trial.x).all() for trial in dataset)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"worms": 0}, "a sample has 1 to 200 worms, got 0"),
        ({"fps": 0.0}, "must be > 0 Hz, got 0.0"),
        ({"duration": 1.0}, "needs 10 to 10 million frames a worm, got 3"),
        ({"noise": -1.0}, "the noise of a sample must be >= 0, got -1.0"),
        ({"bleaching": 1.0}, "the bleaching of a sample must be from 0 to under 1.0, got 1.0"),
        ({"neurons": ("VB1", "VB01")}, "a sample names a neuron more than once: VB1"),
        ({"neurons": ()}, "a sample needs a neuron"),
        ({"seed": -1}, "the seed of a sample must be a whole number"),
    ],
)
def test_impossible_samples_are_reported(changed, message):
    with pytest.raises(InputError) as text:
        replace(SHORT, **changed)
    assert message in str(text.value)


# --- commands


def test_make_sample_writes_what_it_prints(wormtwin, tmp_path):
    from datasets.store import load_dataset

    out = tmp_path / "sample.h5"
    status, printed, _ = wormtwin("calcium", "make-sample", "--worms", 2, "--minutes", 3, "--seed", 4, "--out", out)
    assert status == 0
    assert f"2 worms, 15 neurons in {out}" in printed
    assert "sustained" in printed
    made = make_sample(SampleSettings(worms=2, duration=180.0, seed=4))
    found = load_dataset(out)
    assert all((a.x == b.x).all() and (a.y == b.y).all() for a, b in zip(made, found, strict=True))
    assert found.extra == made.extra
    status, printed, _ = wormtwin("dataset", "info", out)
    assert status == 0
    assert "generated, seed 4" in printed


def npz(path, **changed):
    """Two worms in an `.npz`."""
    arrays = {"neurons": np.array(["AVAL", "RIML"]), "state_names": np.array(STATES)}
    for i in (1, 2):
        worm = sample_worm(replace(SHORT, neurons=("AVAL", "RIML")), i).recording
        arrays |= {f"traces_{i}": worm.traces, f"states_{i}": worm.states + 1, f"fps_{i}": worm.fps}
    np.savez(path, **(arrays | changed))
    return path


def test_import_reads_files_into_a_dataset(wormtwin, tmp_path):
    from datasets.store import load_dataset

    out = tmp_path / "worms.h5"
    files = npz(tmp_path / "a.npz"), npz(tmp_path / "b.npz")
    status, printed, _ = wormtwin(
        "calcium", "import", *files, "--out", out, "--neurons", "RIML", "--states", "two", "--fps", 2
    )
    assert status == 0
    assert f"4 worms, 1 neuron in {out}" in printed
    dataset = load_dataset(out)
    assert dataset.extra["classes"] == ["forward", "reverse"]
    assert dataset.extra["rule"] == "two"
    assert dataset.dt == 500


@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        ({}, ["--states", "five"], "there is no state rule 'five': give two, two_turns, four, seven"),
        ({}, ["--states", "a=sleep,b=forward"], "the class 'a' (sleep) has no state of dataset 'a', which has forward"),
        ({}, ["--neurons", "AVBL"], "recording 'worm1' has no neuron AVBL"),
        ({}, ["--fps", "0"], "the frame rate must be > 0 Hz, got 0.0"),
        (
            {"traces_2": np.zeros((5, 2)), "states_2": np.ones(5, int)},
            [],
            "recording 'worm2' is shorter than a window: 5 of its 5 frames count in a row, a window has 8",
        ),
        ({"neurons": np.array(["AVAL", "AVAL"])}, [], "has no neuron of one trace: AVAL"),
    ],
)
def test_import_tells_what_is_wrong_in_a_line(wormtwin, tmp_path, changed, options, message):
    out = tmp_path / "worms.h5"
    status, _, text = wormtwin("calcium", "import", npz(tmp_path / "a.npz", **changed), "--out", out, *options)
    assert status == 2
    assert message in text
    assert len(text.strip().splitlines()) == 1
    assert not out.exists()


def test_a_recording_of_gaps_has_no_window(wormtwin, tmp_path):
    traces = sample_worm(replace(SHORT, neurons=("AVAL", "RIML")), 1).recording.traces.copy()
    traces[::7, 0] = np.nan
    path = npz(tmp_path / "a.npz", traces_1=traces)
    status, _, text = wormtwin("calcium", "import", path, "--out", tmp_path / "worms.h5")
    assert status == 2
    assert "'worm1' is shorter than a window: 6 of its" in text


@pytest.mark.parametrize("rule", ["", "two"])
def test_recordings_are_drawn_in_the_colours_of_their_states(wormtwin, tmp_path, rule):
    out, picture = tmp_path / "sample.h5", tmp_path / "sample.svg"
    wormtwin(
        "calcium", "make-sample", "--worms", 2, "--minutes", 3, "--out", out, *(["--states", rule] if rule else [])
    )
    status, printed, _ = wormtwin("dataset", "plot", out, "--out", picture, "--inputs", "AVAL,RIML")
    assert status == 0
    assert f"2 trials in {picture}" in printed
    drawn = picture.read_text().lower()
    forward, reverse, uncounted = "#0072b2", "#d55e00", "#9a9a9a"
    assert {forward, reverse, uncounted} <= {part[:7] for part in drawn.split("stroke: ")[1:]}
    assert ("#56b4e9" in drawn) == (rule == "")  # slowing has a colour of its own without a rule
    status, _, text = wormtwin("dataset", "plot", out, "--out", picture, "--outputs", "AVAL")
    assert status == 2
    assert "choose what is drawn by --inputs" in text


def test_recordings_without_states_are_drawn_too():
    from datasets.calcium.plots import is_calcium, plot_recordings

    one = Recording("a", np.random.default_rng(0).normal(size=(40, 2)), ("AVAL", "RIML"), 3.0)
    one.traces[10:15] = np.nan
    dataset = as_dataset([one], "one")
    assert is_calcium(dataset)
    axes = plot_recordings(dataset).axes
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["AVAL", "RIML"]
    assert np.isnan(np.concatenate([p.vertices for p in axes[0].collections[0].get_paths()])).any()
