"""The generator of crawling worms: what it must have in it to stand for real ones."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from datasets.posture.actions import BACKWARD, FORWARD, PAUSE, TURN, draw_actions
from datasets.posture.feature_tables import worm_table
from datasets.posture.generator.crawling import TURN_ANGLE, crawling_angles, fluctuation
from datasets.posture.generator.sample import SampleSettings, individual, make_sample, sample_worm
from datasets.posture.generator.strains import N2, STRAINS, parse_strains
from datasets.posture.recording import recordings_of
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError

SHORT = SampleSettings(strains=("N2", "trp-4"), worms=2, duration=30.0)


def test_there_are_eight_strains_and_each_says_where_it_comes_from():
    assert len(STRAINS) >= 8
    assert {"N2", "CB4856", "ED3049", "trp-4"} <= set(STRAINS)
    for name, strain in STRAINS.items():
        assert strain.name == name
        assert any(character.isdigit() for character in strain.source), name


def test_the_document_has_the_numbers_of_the_strains():
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "posture-sample.md").read_text()
    for strain in STRAINS.values():
        numbers = [value for value in vars(strain).values() if isinstance(value, float)]
        assert f"| {strain.name} | {' | '.join(f'{number:g}' for number in numbers)} |" in page
        assert f"- **{strain.name}**: {strain.source}." in page


def test_two_worms_differ_from_their_strain_by_opposite_amounts():
    one, other = (individual(SHORT, "trp-4", index) for index in (2, 3))
    assert one.frequency * other.frequency == pytest.approx(STRAINS["trp-4"].frequency ** 2)
    assert one.frequency != pytest.approx(individual(SHORT, "trp-4", 0).frequency)
    spread = [np.log(individual(SHORT, "N2", 2 * i).frequency / N2.frequency) for i in range(300)]
    assert np.std(spread) == pytest.approx(SHORT.spread, rel=0.12)


def test_the_same_seed_gives_the_same_worms_however_many():
    few, many = make_sample(SHORT), make_sample(replace(SHORT, strains=("trp-4", "CB4856", "N2"), worms=3))
    found = {trial.name: trial.x for trial in many}
    for trial in few:
        assert np.array_equal(trial.x, found[trial.name], equal_nan=True)
    other = make_sample(replace(SHORT, seed=1))
    assert not np.allclose(few.trials[0].x, other.trials[0].x, equal_nan=True)
    assert not np.allclose(few.trials[0].x, few.trials[1].x, equal_nan=True)


def test_a_sample_is_a_dataset_like_that_of_real_worms():
    dataset = make_sample(replace(SHORT, fps=8.0, points=17))
    recordings = recordings_of(dataset)
    assert [each.strain for each in recordings] == ["N2", "N2", "trp-4", "trp-4"]
    assert len({each.individual for each in recordings}) == 4
    for each in recordings:
        assert each.fps == pytest.approx(8.0)
        assert each.angles.shape == (240, 16)
        assert each.length == pytest.approx(1.05, rel=0.3)
        assert each.angles[each.valid()].mean(axis=1) == pytest.approx(0.0, abs=1e-12)
    assert dataset.extra["sample"]["worms"] == 2


def test_actions_come_as_often_and_last_as_long_as_the_strain_says():
    actions = draw_actions(replace(N2, dwelling_time=1e-3, roaming_time=1e6), 300_000, 10.0, np.random.default_rng(0))
    action = actions.action
    edges = np.concatenate(([0], np.flatnonzero(np.diff(action)) + 1, [len(action)]))
    doing, lasts = action[edges[:-1]], np.diff(edges) / 10
    assert lasts[doing == FORWARD].mean() == pytest.approx(N2.forward_time, rel=0.12)
    assert np.median(lasts[doing == BACKWARD]) == pytest.approx(N2.reversal_time, rel=0.1)
    after_forward = doing[1:][doing[:-1] == FORWARD]
    assert (after_forward == PAUSE).mean() == pytest.approx(N2.pausing, abs=0.03)
    after_backward = doing[1:][doing[:-1] == BACKWARD]
    assert (after_backward == TURN).mean() == pytest.approx(N2.omega, abs=0.03)
    assert set(after_backward) == {TURN, FORWARD}
    assert len(actions.turns) == (doing == TURN).sum()
    assert actions.roaming.mean() > 0.99


def test_dwelling_and_roaming_share_the_time():
    actions = draw_actions(N2, 120_000, 1.0, np.random.default_rng(0))
    expected = N2.roaming_time / (N2.roaming_time + N2.dwelling_time)
    assert actions.roaming.mean() == pytest.approx(expected, abs=0.05)


def test_fluctuations_have_unit_variance_and_their_time_constant():
    slow = fluctuation(400_000, 20.0, np.random.default_rng(0))
    assert slow.std() == pytest.approx(1.0, rel=0.05)
    assert slow[:1000].std() < 2
    assert np.mean(slow[20:] * slow[:-20]) == pytest.approx(3 * np.exp(-2), abs=0.05)  # (1 + 2) exp(-2)


def test_an_omega_turn_turns_the_worm_and_a_reversal_moves_the_wave_headward():
    worm = sample_worm(SampleSettings(duration=900.0, noise=0.0, place_noise=0.0, gaps=0.0), "N2", 1)
    heading, turned = worm.recording.mean_angle, []
    for first, lasts, side in worm.actions.turns:
        if first > 20 and first + lasts < len(heading) - 20:
            after = heading[int(first + lasts) : int(first + lasts) + 20].mean()
            turned.append(side * (after - heading[int(first) - 20 : int(first)].mean()))
    assert len(turned) > 10
    assert 1.5 < np.median(np.abs(turned)) < TURN_ANGLE
    assert np.abs(np.sign(turned).sum()) == len(turned), "a turn's side is that of its bend"


def test_nothing_jumps_from_frame_to_frame():
    actions = draw_actions(N2, 20_000, 10.0, np.random.default_rng(2))
    angles = crawling_angles(N2, actions, 24, 10.0, np.random.default_rng(2))
    assert np.abs(np.diff(angles, axis=0)).max() < 1.0


def test_missing_frames_are_as_many_as_asked_and_hide_half_of_the_turns():
    settings = SampleSettings(duration=900.0, gaps=2.0)
    worm = sample_worm(settings, "N2", 0)
    assert not np.isfinite(worm.recording.angles[~worm.recording.valid()]).any()
    whole = sample_worm(replace(settings, gaps=0.0), "N2", 0).recording
    assert whole.valid().all()
    seen = worm.recording.valid()
    assert 0.002 < 1 - seen.mean() < 0.1
    middles = [seen[int(first + lasts / 2)] for first, lasts, _ in worm.actions.turns]
    assert 0.15 < np.mean(middles) < 0.85


@pytest.mark.slow
def test_strains_differ_in_a_definite_order_and_individuals_overlap():
    table = worm_table(recordings_of(make_sample(SampleSettings(duration=600.0))))
    for key, order in ORDERS.items():
        means = table.groupby("strain")[key].mean()
        assert list(means.sort_values().index) == order
        worms = table.set_index("strain")[key]
        neighbours = pairwise(order)
        assert sum(worms[a].max() > worms[b].min() for a, b in neighbours) >= 5


ORDERS = {
    "mean_speed": ["egl-30", "trp-4", "nmr-1", "N2", "ED3049", "cat-2", "tph-1", "CB4856"],
    "mean_curvature": ["egl-30", "ED3049", "CB4856", "N2", "nmr-1", "tph-1", "cat-2", "trp-4"],
}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"worms": 0}, "a sample has 1 to 200 worms a strain, got 0"),
        ({"strains": ("N3",)}, "there is no strain 'N3' to generate: there are N2, CB4856, ED3049, trp-4"),
        ({"strains": ()}, "a sample needs a strain"),
        ({"strains": ("N2", "N2")}, "the sample names a strain more than once: N2"),
        ({"fps": 0.0}, "the frame rate must be > 0 Hz, got 0.0"),
        ({"duration": 0.0}, "a sample needs 10 to a million frames a worm, got 0"),
        ({"duration": float("nan")}, "got nan"),
        ({"points": 2}, "a midline of a sample has 5 to 500 points, got 2"),
        ({"noise": -1.0}, "the noise of a sample must be >= 0, got -1.0"),
        ({"ratio": 0.0}, "the drag ratio must be > 0 and finite, got 0.0"),
        ({"seed": -1}, "the seed of a sample must be a whole number"),
    ],
)
def test_impossible_samples_are_reported(changed, message):
    with pytest.raises(InputError) as text:
        replace(SHORT, **changed)
    assert message in str(text.value)


def test_names_of_strains_are_read():
    assert parse_strains("") == tuple(STRAINS)
    assert parse_strains("trp-4, N2") == ("trp-4", "N2")


# --- the command


def test_make_sample_writes_what_it_says(wormtwin, tmp_path, saved_figures):
    out, picture = tmp_path / "sample.h5", tmp_path / "sample.png"
    options = ("--strains", "N2,CB4856", "--worms", 2, "--minutes", 0.5, "--seed", 3, "--picture", picture)
    status, printed, _ = wormtwin("posture", "make-sample", *options, "--out", out)
    assert status == 0
    assert f"4 worms of 2 strains in {out}" in printed
    assert picture.is_file()
    names = [trial.name for trial in load_dataset(out)]
    titles = [axes.get_title(loc="left") for axes in saved_figures["sample.png"].axes]
    assert [title for title in titles if title] == names[:3]
    made = make_sample(SampleSettings(strains=("N2", "CB4856"), worms=2, duration=30.0, seed=3))
    found = load_dataset(out)
    assert all(np.array_equal(a.x, b.x, equal_nan=True) for a, b in zip(made, found, strict=True))
    assert found.extra == made.extra
    status, printed, _ = wormtwin("dataset", "info", out)
    assert status == 0
    assert "generated, seed 3" in printed


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--strains", "N2,unc-99"], "there is no strain 'unc-99' to generate: there are N2"),
        (["--worms", 0], "a sample has 1 to 200 worms a strain, got 0"),
        (["--minutes", 0], "a sample needs 10 to a million frames a worm, got 0"),
        (["--picture", "a.gif"], "a picture's name ends in .png, .svg, .pdf, got 'a.gif'"),
    ],
)
def test_make_sample_tells_what_is_wrong(wormtwin, tmp_path, options, text):
    out = tmp_path / "sample.h5"
    status, _, found = wormtwin("posture", "make-sample", "--out", out, *options)
    assert status == 2
    assert text in found
    assert len(found.strip().splitlines()) == 1
    assert not out.exists()
