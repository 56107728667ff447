"""The placement that needs no network file."""

from collections import Counter

import numpy as np
import pytest

from connectome.c302_files import contact_table, morphology
from connectome.placement import place_contacts
from neuron_models.foundation.errors import InputError


def indices(connectome):
    return sorted(
        (c.pre, c.post, c.kind, c.pre_segment, c.pre_fraction, c.post_segment, c.post_fraction)
        for c in connectome.contacts
    )


def test_contacts_are_of_the_table_within_reach_and_never_on_a_soma(placed):
    assert (len(placed.neurons), len(placed.contacts)) == (302, 6702)
    assert placed.unconnected == ("CANL", "CANR", "VC6")
    table, found = Counter(), Counter((c.pre, c.post, c.kind) for c in placed.contacts)
    for (pre, post, kind, _), number in contact_table().items():
        table[pre, post, kind] += number
    assert all(number <= table[key] for key, number in found.items())
    for contact in placed.contacts:
        pre, post = morphology(contact.pre), morphology(contact.post)
        assert contact.pre_segment not in pre.cables[0].segments
        assert contact.post_segment not in post.cables[0].segments
        ends = [
            pre.position(contact.pre_segment, contact.pre_fraction),
            post.position(contact.post_segment, contact.post_fraction),
        ]
        assert np.linalg.norm(np.subtract(*ends)) <= 50.0 + 1e-3


def test_the_same_seed_places_alike_and_another_one_otherwise(placed):
    again, other = place_contacts(), place_contacts(seed=8)
    assert again is not placed
    assert indices(again) == indices(placed)
    assert indices(again) != indices(other)
    assert 6600 < len(other.contacts) < 6800


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seed": 2**63}, "64 bits"),
        ({"reach": 0.0}, "reach must be positive"),
        ({"reach": float("nan")}, "reach must be positive"),
        ({"tries": 0}, "tries must be at least 1, got 0"),
    ],
)
def test_wrong_arguments(wrong, message):
    with pytest.raises(InputError, match=message):
        place_contacts(**wrong)


@pytest.mark.shared
def test_the_default_seed_gives_the_published_network(placed, published):
    assert indices(placed) == indices(published)
    chemical = {c for c in placed.contacts if c.kind == "chemical"}
    assert chemical == {c for c in published.contacts if c.kind == "chemical"}
