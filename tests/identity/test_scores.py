"""IDF1 and switches against counts by hand."""

import numpy as np
import pytest

from datasets.identity.scores import score_identities
from neuron_models.foundation.errors import InputError


def two(frames=10):
    truth = np.zeros((frames, 2, 2))
    truth[:, 1] = 100.0
    return truth


def test_the_truth_is_right():
    scores = score_identities(two(), two(), 5.0)
    assert (scores.idf1, scores.switches, scores.matched, scores.correct) == (1.0, 0, 1.0, 1.0)


def test_a_swap_in_the_middle_is_half_right_and_two_switches():
    found = two()
    found[6:] = found[6:, ::-1]
    scores = score_identities(found, two(), 5.0)
    assert scores.idf1 == pytest.approx(12 / 20)  # the 12 places before it, of 20 and 20
    assert scores.switches == 2
    assert scores.matched == 1.0


def test_lost_places_cost_recall_alone():
    found = two()
    found[:4, 0] = np.nan
    assert score_identities(found, two(), 5.0).idf1 == pytest.approx(2 * 16 / (20 + 16))


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="is it one video"):
        score_identities(two(9), two(), 5.0)
    with pytest.raises(InputError, match="--distance"):
        score_identities(two(), two(), 0.0)
    with pytest.raises(InputError, match="no place"):
        score_identities(two(), np.full((10, 2, 2), np.nan), 5.0)
