"""Fragments, motion and the flow, on regions made by hand."""

import numpy as np
import pytest

from datasets.identity.crops import CROP
from datasets.identity.detections import MEASURES, Detections
from datasets.identity.fragments import cut_fragments, find_fragments
from datasets.identity.joining import join_fragments
from datasets.identity.motion import continuations, crossings_of, learn_motion
from datasets.identity.trajectories import Trajectories
from neuron_models.foundation.errors import InputError
from surrogates.identity.appearance import Appearance, held_out, known_again
from surrogates.identity.doubts import looks_in_doubt, tells_apart
from surrogates.identity.network import identity_network, learn_shades, shades
from surrogates.identity.tracking import with_hidden_crossings

FRAMES, MEET, PART = 60, 28, 32


def crossing_pair(frames=FRAMES) -> Detections:
    """Two animals on straight lines that are one region from MEET to PART."""
    rows, links, before = [], [], {}
    for frame in range(frames):
        places = np.array([[2.0 * frame, 100.0 + 0.5 * (frame - 30)], [2.0 * (60 - frame), 100.0 - 0.5 * (frame - 30)]])
        apart = not MEET <= frame < PART
        seen = {(0,): places[0], (1,): places[1]} if apart else {(0, 1): places.mean(axis=0)}
        now = {}
        for who, (x, y) in seen.items():
            now[who] = len(rows)
            rows.append((frame, x, y, 0.0, 100.0 * len(who), 10.0, 0.1, 0.1))
            links += [(row, now[who], 50) for old, row in before.items() if set(old) & set(who)]
        before = now
    return Detections(np.array(rows, float), np.array(links), frames)


def test_animals_that_cross_are_fragments_and_a_crossing():
    regions = crossing_pair()
    fragments = find_fragments(regions, 2)
    assert fragments.single.tolist() == [True, True, False, True, True]
    assert fragments.lengths.tolist() == [28, 28, 4, 28, 28]
    assert crossings_of(fragments).tolist() == [-1, -1, 0, -1, -1]
    assert fragments.coexist()[0].tolist() == [False, True, False, False, False]


def test_an_animal_that_breaks_into_pieces_is_no_crossing():
    rows, links, before = [], [], {}
    for frame in range(30):
        broken = frame == 15
        seen = {0: (2.0 * frame, 20.0, 100.0), 1: (2.0 * frame, 80.0, 55.0 if broken else 100.0)}
        seen |= {2: (2.0 * frame, 88.0, 42.0)} if broken else {}
        now = {}
        for which, (x, y, area) in seen.items():
            now[which] = len(rows)
            rows.append((frame, x, y, 0.0, area, 10.0, 0.1, 0.1))
            links += [(row, now[which], 40) for old, row in before.items() if (old > 0) == (which > 0)]
        before = now
    regions = Detections(np.array(rows, float), np.array(links), 30)
    fragments = find_fragments(regions, 2)
    assert fragments.single.all()
    found, odds = continuations(regions, fragments, learn_motion(regions, fragments), 30)
    reward = np.repeat(np.minimum(0.5 * fragments.lengths, 6.0)[:, None], 2, axis=1)
    reward[0, 1] = reward[1, 0] = -np.inf
    animal, _ = join_fragments(fragments, reward, found, odds)
    frames = [fragments.rows[k] for k in np.flatnonzero(animal == 1)]
    assert sum(map(len, frames)) == 30


def test_motion_carries_identities_through_a_crossing():
    regions = crossing_pair()
    fragments = find_fragments(regions, 2)
    links, odds = continuations(regions, fragments, learn_motion(regions, fragments), 30)
    reward = np.full((5, 2), 1.0)
    reward[0, 1] = reward[1, 0] = -np.inf
    animal, joined = join_fragments(fragments, reward, links, odds)
    ends = [regions.xy[rows[-1]] for rows in fragments.rows]
    straight = 3 if ends[3][0] > 60 else 4  # the animal that came from the left leaves to the right
    assert animal[straight] == 0
    assert animal[7 - straight] == 1
    assert animal[2] == -1
    assert (0, straight) in {tuple(pair) for pair in joined.tolist()}


def test_a_piece_of_no_animal_beside_a_crossing_is_part_of_it():
    fragments = find_fragments(crossing_pair(), 2)
    extended = with_hidden_crossings(fragments, np.array([0, 1, -1, -1, 1]))
    assert extended.single.tolist() == [True, True, False, False, True]
    assert with_hidden_crossings(fragments, np.array([0, 1, -1, 0, 1])).single.tolist() == fragments.single.tolist()


def test_pictures_that_were_held_out_tell_animals_from_pictures():
    fragments = find_fragments(crossing_pair(), 2)
    of = np.repeat([0, 1], 28)
    frame = np.tile(np.arange(28), 2)
    held = held_out(of, frame, len(fragments))
    assert held.reshape(2, 28).sum(axis=1).tolist() == [7, 7]
    assert (frame[held] >= 21).all()
    rng = np.random.default_rng(0)
    points = rng.normal(0, 0.1, (56, 8)) + 10.0 * of[:, None]
    assert known_again(points, of, held, fragments) == 1.0
    points[held] = rng.normal(5, 5, (14, 8))  # learned by heart: new pictures lie anywhere
    assert known_again(points, of, held, fragments) < 0.6
    points[held] = 10.0 * (1 - of[held])[:, None]
    assert known_again(points, of, held, fragments) == -1.0


@pytest.mark.parametrize(
    ("silhouette", "told_apart", "again", "used"),
    [(0.95, 0.9, 0.9, True), (0.95, 0.9, float("nan"), True), (0.95, 1.0, 0.2, False), (0.4, 0.99, 0.9, True),
     (0.4, 0.9, 0.9, False), (0.4, 0.99, float("nan"), False)],
)  # fmt: skip
def test_looks_are_used_where_they_tell_animals_apart(silhouette, told_apart, again, used):
    none = np.zeros((0, 8)), np.zeros(0, int), np.zeros(0, int), np.zeros((2, 8))
    looks = Appearance(None, *none, silhouette, 100, told_apart, again)
    assert tells_apart(looks) is used
    assert bool(looks_in_doubt(looks)) is not (used and told_apart >= 0.97)


def test_shades_within_bodies_are_what_the_network_sees():
    rng = np.random.default_rng(0)
    crops = np.zeros((20, CROP, CROP), np.uint8)
    crops[:, 20:40, 10:50] = rng.normal(120, 9, (20, 20, 40)).clip(1, 255)
    network = identity_network(0)
    learn_shades(network, crops)
    seen = np.asarray(network.layers[0](shades(crops)))[crops > 0]
    assert abs(seen.mean()) < 1e-3
    assert seen.std() == pytest.approx(1, abs=0.01)


def test_appearance_outweighs_motion():
    regions = crossing_pair()
    fragments = find_fragments(regions, 2)
    links, odds = continuations(regions, fragments, learn_motion(regions, fragments), 30)
    right = 3 if regions.xy[fragments.rows[3][-1]][0] > 60 else 4
    reward = np.full((5, 2), 1.0)
    reward[0, 1] = reward[1, 0] = -np.inf
    reward[right], reward[7 - right] = (-30.0, 1.0), (1.0, -30.0)  # the looks say that they turned back
    animal, _ = join_fragments(fragments, reward, links, odds)
    assert (animal[right], animal[7 - right]) == (1, 0)


def test_pieces_of_a_fragment_know_their_parent():
    fragments = find_fragments(crossing_pair(), 2)
    pieces = cut_fragments(fragments, 10)
    assert pieces.lengths[pieces.single].max() == 10
    assert np.bincount(pieces.parent).tolist() == [3, 3, 1, 3, 3]
    assert len(pieces.links) == 0
    for index, rows in enumerate(pieces.rows):
        assert set(rows) <= set(fragments.rows[pieces.parent[index]])
        assert pieces.last[index] - pieces.first[index] + 1 == len(rows)


@pytest.mark.parametrize(("animals", "text"), [(5, "no frame shows 5"), (1, "show more than 1")])
def test_a_wrong_number_of_animals_is_refused(animals, text):
    with pytest.raises(InputError, match=text):
        find_fragments(crossing_pair(), animals)


def test_an_exchange_from_a_frame_on():
    xy = np.arange(24.0).reshape(6, 2, 2)
    tracks = Trajectories(xy, np.zeros((6, 2), int), np.ones((6, 2)), 25.0, 10.0, "v.mp4")
    changed = tracks.exchanged(4, 0, 1)
    np.testing.assert_array_equal(changed.xy[:4], xy[:4])
    np.testing.assert_array_equal(changed.xy[4:], xy[4:, ::-1])
    assert MEASURES[0] == "frame"
