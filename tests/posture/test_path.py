"""Paths by resistive force theory, against closed forms and symmetries."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import j0

from datasets.posture.generator.sample import SampleSettings, sample_worm
from datasets.posture.locomotion.agar import AGAR, NonlinearDrag, PowerDrag, agar_drag
from datasets.posture.locomotion.drag_fit import fit_ratio
from datasets.posture.locomotion.path import LinearDrag, crawl, midlines, with_path
from datasets.posture.recording import PostureRecording, angles_dataset, recordings_of
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError


def wave(amplitude=0.8, waves=1.5, frames=61, segments=48, cycles=2.0):
    """A wave that travels from head to tail: angles without their mean, and the mean."""
    index = (np.arange(segments) + 0.5) / segments
    time = np.linspace(0, cycles, frames)[:, None]
    angles = amplitude * np.cos(2 * np.pi * (waves * index - time))
    mean = angles.mean(axis=1)
    return angles - mean[:, None], mean


def wriggle(frames=30, segments=24, seed=0):
    """A worm that does something of its own."""
    rng = np.random.default_rng(seed)
    angles, _ = wave(frames=frames, segments=segments, cycles=rng.uniform(0.5, 1.5))
    slow = np.cumsum(rng.normal(scale=0.05, size=(frames, 3)), axis=0)
    index = (np.arange(segments) + 0.5) / segments
    angles = angles + slow @ np.stack([index, index**2, np.sin(3 * index)])
    return angles - angles.mean(axis=1, keepdims=True)


def closed_form(amplitude, waves, ratio):
    """Body lengths a cycle of a long body (Keaveny and Brown 2017)."""
    mean_cos, mean_square = j0(amplitude), (1 + j0(2 * amplitude)) / 2
    excess = (ratio - 1) * (1 - mean_square)
    return mean_cos / waves * excess / (1 + excess)


@pytest.mark.parametrize(("amplitude", "waves", "ratio", "known"), [(0.6, 4, 40, 0.1972), (1.0, 4, 10, 0.1487)])
@pytest.mark.parametrize("segments", [48, 200])
def test_a_wave_crawls_as_fast_as_the_closed_form_says(amplitude, waves, ratio, known, segments):
    assert closed_form(amplitude, waves, ratio) == pytest.approx(known, abs=5e-5)
    angles, mean = wave(amplitude, waves, segments=segments)
    shift = crawl(angles, mean, law=LinearDrag(ratio)).centroid[-1] / 2
    assert -shift[0] == pytest.approx(known, rel=0.01)  # against the tangent, which points to the tail
    assert abs(shift[1]) < 0.01 * known


@pytest.mark.parametrize("waves", [1.0, 1.5, 2.0])
def test_sixteen_angles_are_enough_once_they_are_resampled(waves):
    """The published scripts keep 16 angles of a midline; to sum drag over so few points is wrong by percents."""
    few, many = (crawl(*wave(0.8, waves, segments=n), law=LinearDrag(40.0)).centroid[-1, 0] for n in (16, 400))
    assert few == pytest.approx(many, rel=0.01)
    coarse = crawl(*wave(0.8, waves, segments=16), law=LinearDrag(40.0), points=16).centroid[-1, 0]
    assert abs(coarse / many - 1) > 0.01


LAWS = {"linear": LinearDrag(40.0), "agar": agar_drag(1.7, 10.0)}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_symmetries(law):
    angles = wriggle()
    path = crawl(angles, law=law)
    assert np.hypot(*path.centroid[-1]) > 0.05
    still = crawl(np.repeat(angles[:1], 5, axis=0), law=law)
    assert np.allclose(still.centroid, 0, atol=1e-14)
    assert np.allclose(still.heading, 0, atol=1e-14)
    mirrored = crawl(-angles, law=law)
    assert np.allclose(mirrored.centroid, path.centroid * [1, -1], atol=1e-7)
    assert np.allclose(mirrored.heading, -path.heading, atol=1e-7)
    start = np.full(len(angles), path.heading[-1])
    back = crawl(angles[::-1], start, law=law)
    assert np.allclose(back.centroid[::-1] - back.centroid[-1], path.centroid, atol=1e-7)
    assert np.allclose(back.heading[::-1], path.heading, atol=1e-7)


@given(st.floats(-10, 10), st.integers(0, 20), st.floats(0.2, 200))
def test_a_worm_that_starts_turned_goes_the_same_way_turned(turn, seed, ratio):
    angles = wriggle(frames=12, seed=seed)
    straight = crawl(angles, law=LinearDrag(ratio), points=60)
    turned = crawl(angles, np.full(12, turn), law=LinearDrag(ratio), points=60)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    assert np.allclose(turned.centroid, straight.centroid @ rotation, atol=1e-9)
    assert np.allclose(turned.heading, straight.heading + turn)


def test_equal_drag_along_and_across_moves_nothing():
    path = crawl(wriggle(), law=LinearDrag(1.0))
    assert np.abs(path.centroid).max() < 1e-12


@given(st.floats(2, 100), st.integers(0, 20))
def test_the_nonlinear_law_with_powers_of_one_is_the_linear_law(ratio, seed):
    angles = wriggle(frames=10, seed=seed)
    linear = crawl(angles, law=LinearDrag(ratio))
    power = crawl(angles, law=NonlinearDrag(PowerDrag(1.0, ratio, 1.0, 1.0), 10.0))
    assert np.allclose(power.centroid, linear.centroid, atol=1e-9)
    assert np.allclose(power.heading, linear.heading, atol=1e-9)


@pytest.mark.parametrize("percent", AGAR)
def test_force_and_torque_are_balanced_on_agar(percent):
    """The drags of one step, added up here from the published law, are nothing beside their sizes."""
    from datasets.posture.locomotion.path import body_steps

    law, fps, length = AGAR[percent], 10.0, 1.1
    steps = body_steps(wriggle(frames=8, segments=200))
    move = agar_drag(percent, fps, length)(steps)
    speed = 1000 * length * fps
    t_x, t_y = steps.tangent[..., 0], steps.tangent[..., 1]
    along = speed * (steps.along + t_x * move[:, :1] + t_y * move[:, 1:2] + steps.arm_along * move[:, 2:])
    across = speed * (steps.across - t_y * move[:, :1] + t_x * move[:, 1:2] + steps.arm_across * move[:, 2:])
    pull = law.along * np.sign(along) * np.abs(along) ** law.along_power
    push = law.across * np.sign(across) * np.abs(across) ** law.across_power
    size = np.hypot(pull, push).mean()
    for total in (t_x * pull - t_y * push, t_y * pull + t_x * push, steps.arm_along * pull + steps.arm_across * push):
        assert np.abs(total.mean(axis=1)).max() < 2e-3 * size


def test_a_gap_stays_a_gap_and_the_path_pauses():
    angles, mean = wave(frames=60)
    whole = crawl(angles, mean)
    broken, turned = angles.copy(), mean.copy()
    broken[20:30] = np.nan
    turned[30:] += 1.0
    path = crawl(broken, turned)
    assert np.isnan(path.centroid[20:30]).all()
    assert np.isnan(path.heading[20:30]).all()
    assert np.allclose(path.centroid[:20], whole.centroid[:20])
    assert np.allclose(path.centroid[30], path.centroid[19])
    assert path.heading[30] - path.heading[19] == pytest.approx(turned[30] - turned[19])
    after = crawl(angles[30:], np.full(30, path.heading[30]))
    assert np.allclose(path.centroid[30:] - path.centroid[30], after.centroid)


def test_many_worms_at_once_are_each_alone():
    both = np.stack([wriggle(seed=1), wriggle(seed=2)])
    both[1, 5] = np.nan
    together = crawl(both, np.zeros(both.shape[:2]))
    for worm in range(2):
        alone = crawl(both[worm], np.zeros(len(both[worm])))
        assert np.array_equal(together.centroid[worm], alone.centroid, equal_nan=True)
        assert np.array_equal(together.heading[worm], alone.heading, equal_nan=True)


def test_midlines_are_where_the_path_is_and_as_long_as_the_worm():
    angles, mean = wave()
    recording = with_path(PostureRecording("w", angles, mean, 10.0, length=1.2))
    lines = midlines(recording, 49)
    assert np.allclose(lines.mean(axis=1), recording.centroid)
    assert np.hypot(*np.diff(lines, axis=1).transpose(2, 0, 1)).sum(axis=1) == pytest.approx(1.2)
    found = np.unwrap(np.arctan2(np.diff(lines[..., 1], axis=1), np.diff(lines[..., 0], axis=1)), axis=1)
    assert np.allclose(found, recording.angles + recording.mean_angle[:, None])
    assert lines[-1, 0, 0] < lines[0, 0, 0]  # the head, at lower x, went on towards lower x


@pytest.mark.parametrize("ratio", [10.0, 40.0])
def test_a_known_ratio_is_found_again(ratio):
    worm = sample_worm(SampleSettings(duration=120.0, ratio=ratio), "N2", 0).recording
    fit = fit_ratio(worm)
    assert fit.ratio == pytest.approx(ratio, rel=0.05)
    assert fit.explained > 0.99


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"centroid": None}, "'N2_1' has no places to fit a drag ratio to"),
        ({"length": None}, "only where the worm's length is known"),
        ({"fps": 1e4}, "has no stretch of 10001 frames"),
        ({"centroid": np.zeros((200, 2))}, "the worm did not move"),
    ],
)
def test_what_cannot_be_fitted_is_reported(changed, text):
    worm = sample_worm(SampleSettings(duration=20.0, gaps=0.0), "N2", 0).recording
    with pytest.raises(InputError, match=text):
        fit_ratio(replace(worm, **changed))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: LinearDrag(0.0), "the drag ratio must be > 0 and finite, got 0.0"),
        (lambda: LinearDrag(float("nan")), "got nan"),
        (lambda: agar_drag(2.0, 10.0), "there is no drag for agar of 2 %: it was measured at 1, 1.7, 3, 4, 6 %"),
        (lambda: PowerDrag(1.0, 1.0, 0.0, 1.0), "the drag's along_power must be > 0, got 0.0"),
        (lambda: crawl(np.zeros((0, 8))), "there are no frames"),
        (lambda: crawl(np.full((4, 8), np.nan)), "there is no frame with a midline"),
    ],
)
def test_impossible_drags_are_reported(make, text):
    with pytest.raises(InputError) as error:
        make()
    assert text in str(error.value)


# --- the command


@pytest.fixture
def worms(tmp_path):
    """Two short recordings in a file."""
    settings = SampleSettings(strains=("N2", "trp-4"), worms=1, duration=30.0)
    recordings = [sample_worm(settings, name, 0).recording for name in settings.strains]
    save_dataset(angles_dataset(recordings, "two"), tmp_path / "two.h5")
    return tmp_path / "two.h5", recordings


@pytest.mark.parametrize("options", [[], ["--ratio", 40], ["--agar", 1.7], ["--fit"]])
def test_the_command_writes_paths_and_draws_them(wormtwin, tmp_path, worms, saved_figures, options):
    status, printed, text = wormtwin("posture", "path", worms[0], "--out", tmp_path / "out", *options)
    assert status == 0, text
    found = recordings_of(load_dataset(tmp_path / "out" / "path.h5"))
    for axes, crawled in zip(saved_figures["path.png"].axes, found, strict=True):
        drawn = {line.get_label(): line.get_xydata() for line in axes.lines}
        assert axes.get_title() == crawled.name
        np.testing.assert_allclose(drawn["by its shapes"], crawled.centroid - crawled.centroid[0], atol=1e-6)
        assert drawn["its head"].shape == (1, 2)
    assert "way by path" in printed
    found = load_dataset(tmp_path / "out" / "path.h5")
    assert found.x_names[-2:] == ("centroid_x", "centroid_y")
    if options[:1] == ["--ratio"]:
        expected = with_path(worms[1][0], LinearDrag(40.0))
        assert np.allclose(found.trials[0].x[:, -2:], expected.centroid, equal_nan=True)
    assert ("explained" in printed) == (options == ["--fit"])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--ratio", -1], "the drag ratio must be > 0 and finite, got -1.0"),
        (["--agar", 5], "there is no drag for agar of 5 %"),
        (["--agar", 1, "--fit"], "--ratio, --agar and --fit exclude each other"),
    ],
)
def test_the_command_tells_what_is_wrong(wormtwin, tmp_path, worms, options, text):
    status, _, found = wormtwin("posture", "path", worms[0], "--out", tmp_path / "out", *options)
    assert status == 2
    assert text in found.splitlines()[-1]
    assert not (tmp_path / "out").exists()
