"""What a map is made of: each part against a closed form, or against what must not change it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from datasets.behaviour.mapping import wavelets as module
from datasets.behaviour.mapping.bodies import Body, BodySettings, bodies_of_tracks
from datasets.behaviour.mapping.density import Regions, cut_regions, join_by_changes
from datasets.behaviour.mapping.egocentric import Axis, egocentric
from datasets.behaviour.mapping.measures import Measures, Recipe, Weights, raw_numbers
from datasets.behaviour.mapping.regions_table import region_bouts, shares, transitions
from datasets.behaviour.mapping.sampling import even_sample, fair_sample
from datasets.behaviour.mapping.wavelets import Wavelets, amplitudes, wavelets_for
from datasets.dataset import PointTracks
from neuron_models.foundation.errors import InputError

WAVELETS = Wavelets(1.0, 50.0)
POINTS = ("head", "middle", "tail")


def test_a_sine_has_the_amplitude_that_the_formula_says():
    time = np.arange(2000) / 200
    for hertz in (2.0, 7.3, 20.0):
        found = amplitudes(3 * np.sin(2 * np.pi * hertz * time)[:, None], 200.0, WAVELETS)[1000, 0]
        wanted = 3 * np.exp(-0.5 * 5.0**2 * (hertz / WAVELETS.frequencies - 1) ** 2)
        np.testing.assert_allclose(found, wanted, atol=0.01)


def test_frequencies_are_dyadic_and_follow_the_frame_rate():
    np.testing.assert_allclose(np.diff(np.log2(WAVELETS.frequencies)), np.log2(50) / 24)
    assert (wavelets_for(100.0, None, None, 25).lowest, wavelets_for(30.0, None, None, 25).highest) == (1.0, 15.0)
    with pytest.raises(InputError, match=r"show no more than 15 Hz: give --highest 15 or less, got 50 Hz"):
        WAVELETS.require_rate(30.0, "worm")


def test_blocks_give_what_the_whole_gives(monkeypatch):
    values = np.random.default_rng(0).normal(size=(900, 2)).cumsum(axis=0)
    whole = amplitudes(values, 50.0, Wavelets(1.0, 12.0, 6))
    monkeypatch.setattr(module, "_BLOCK", 200)
    np.testing.assert_allclose(amplitudes(values, 50.0, Wavelets(1.0, 12.0, 6)), whole, atol=2e-3)


def test_nothing_is_taken_from_across_a_gap():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(400, 2))
    values[200] = np.nan
    recipe = Recipe(Wavelets(1.0, 25.0, 5), Weights(), 0.5)
    scales = Measures(np.zeros(2), np.ones(2), np.ones(2, bool), np.ones((2, 0)), np.zeros(0), np.zeros((0, 0)))

    def numbers(of):
        rows = list(raw_numbers(Body("r", "a", of, np.zeros((400, 0)), 50.0), scales, recipe))
        return np.concatenate([at for at, _ in rows]), np.concatenate([each for _, each in rows])

    at, before = numbers(values)
    assert at.tolist() == [*range(200), *range(201, 400)]
    changed = values.copy()
    changed[201:] *= 100
    np.testing.assert_array_equal(numbers(changed)[1][:200], before[:200])
    short = values.copy()
    short[210] = np.nan
    assert set(range(201, 211)).isdisjoint(numbers(short)[0].tolist())


def test_own_coordinates_do_not_change_when_the_animal_is_moved_turned_or_larger():
    rng = np.random.default_rng(2)
    xy = np.array([[2.0, 0], [0.3, 0.4], [-2, 0]]) + 0.1 * rng.normal(size=(50, 3, 2))
    axis = Axis("tail", "head", "middle")
    angle = rng.uniform(-3, 3, 50)
    turn = np.stack([np.stack([np.cos(angle), -np.sin(angle)], 1), np.stack([np.sin(angle), np.cos(angle)], 1)], 1)
    moved = 7 * np.einsum("fij,fpj->fpi", turn, xy) + rng.normal(size=(50, 1, 2))
    np.testing.assert_allclose(egocentric(moved, POINTS, axis), egocentric(xy, POINTS, axis), atol=1e-9)
    at_the_right = egocentric(np.array([[[0.0, -1], [1, 0], [0, 1]]]), POINTS, Axis("tail", "head"))
    np.testing.assert_allclose(at_the_right[0, 1], [0, 0.5])  # up is ahead, x to the right


@pytest.mark.parametrize(
    ("points", "settings", "said"),
    [
        (("a", "b", "c"), BodySettings(), "which way does the body point? Give --axis BEHIND,AHEAD, two of a, b, c"),
        (POINTS, BodySettings(points=("paw",)), "has no point 'paw'; it has head, middle, tail"),
        (POINTS, BodySettings(axis=("tail", "tail")), "--axis names two points, got tail twice"),
        (POINTS, BodySettings(fps=None), "does not say its frame rate: give it by --fps"),
    ],
)
def test_tracks_that_cannot_be_used_are_refused(points, settings, said):
    xy = np.random.default_rng(0).normal(size=(30, 1, 3, 2))
    fps = 1.0 if "rate" in said else 30.0
    with pytest.raises(InputError, match=said.replace("?", r"\?")):
        bodies_of_tracks(PointTracks("t", points, ("one",), xy, fps), settings, Path("t.csv"))


def test_short_gaps_are_filled_when_asked_and_long_ones_never():
    xy = np.linspace(0, 1, 100)[:, None, None, None] + np.arange(3)[None, None, :, None] * np.ones((100, 1, 3, 2))
    holes = xy.copy()
    holes[10:12, 0, 1] = np.nan
    holes[50:80, 0, 1] = np.nan
    tracks = PointTracks("t", POINTS, ("one",), holes, 20.0)
    (body,) = bodies_of_tracks(tracks, BodySettings(fill=0.2), Path("t")).each
    (whole,) = bodies_of_tracks(PointTracks("t", POINTS, ("one",), xy, 20.0), BodySettings(), Path("t")).each
    assert (np.flatnonzero(~body.known()) == np.arange(50, 80)).all()
    np.testing.assert_allclose(body.values[10:12], whole.values[10:12], atol=1e-12)


def test_a_fair_sample_takes_of_every_region_alike():
    regions = np.repeat([0, 1, 2], [900, 10, 90])
    chosen = regions[fair_sample(regions, 60, np.random.default_rng(0))]
    assert np.bincount(chosen).tolist() == [25, 10, 25]
    assert len(fair_sample(regions, 5000, np.random.default_rng(0))) == 1000
    even = even_sample(1000, 100, np.random.default_rng(0))
    assert (even // 10 == np.arange(100)).all()


def test_hills_are_found_joined_and_ordered_by_size():
    rng = np.random.default_rng(3)
    true = np.repeat([0, 1, 2], [3000, 2000, 1000])
    points = np.array([[0, 0], [1.0, 0], [3, 3]])[true] + 0.15 * rng.normal(size=(6000, 2))
    regions = cut_regions(points, 0.08)
    assert adjusted_rand_score(true, regions.of(points)) > 0.99
    assert np.bincount(regions.of(points)).tolist() == sorted(np.bincount(regions.of(points)), reverse=True)
    assert cut_regions(points, 0.08, most=2).number == 2
    joined = cut_regions(points, 0.3, merge=0.5).of(points)
    assert adjusted_rand_score(true > 1, joined) > 0.99
    assert regions.density.sum() == pytest.approx(1)
    far = np.array([[-99.0, -99], [99, 99]])
    assert regions.of(far).max() < regions.number


def test_transitions_and_shares_are_counted_by_hand():
    each = [np.array([0, 0, 1, 1, -1, 0, 2]), np.array([1, 1]), np.array([-1])]
    bouts = region_bouts(each)
    assert [(b.body, b.region, b.start, b.end) for b in bouts] == [
        (0, 0, 0, 2), (0, 1, 2, 4), (0, 0, 5, 6), (0, 2, 6, 7), (1, 1, 0, 2),
    ]  # fmt: skip
    assert transitions(bouts, 3).tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 0]]
    np.testing.assert_allclose(shares(each, 3), [[0.5, 1 / 3, 1 / 6], [0, 1, 0], [np.nan] * 3])


def strip(*labels):
    """A map of one row whose cells have these regions."""
    return Regions(np.ones((len(labels), 1)) / len(labels), np.array(labels)[:, None], (0.0, 0.0), float(len(labels)))


def test_phases_of_one_behaviour_are_joined_and_what_lasts_stays():
    """Regions 0 and 1 take turns every frame, region 2 lasts: at 10 frames a second, 20 changes a second and 0.2."""
    stays = np.array([0, 1] * 50 + [2] * 50)
    joined = join_by_changes(strip(0, 1, 2), [(stays, 10.0)])
    assert joined.labels[0] == joined.labels[1] != joined.labels[2]
    apart = join_by_changes(strip(0, 1, 2), [(stays, 10.0)], often=30.0)
    assert len(np.unique(apart.labels)) == 3
    slow = np.repeat([0, 1], 50)
    assert join_by_changes(strip(0, 1), [(np.tile(slow, 5), 10.0)]).number == 2
    unknown = np.array([0, -1, 1, -1] * 50)
    assert join_by_changes(strip(0, 1), [(unknown, 10.0)]).number == 2


@given(st.lists(st.integers(-1, 4), min_size=2, max_size=60), st.floats(1, 200))
def test_joined_regions_hold_whole_regions(frames, fps):
    before = strip(0, 1, 2, 3, 4)
    after = join_by_changes(before, [(np.array(frames), fps)])
    assert 1 <= after.number <= 5
    assert set(np.unique(after.labels)) == set(range(after.number))
