"""The published scenarios, and random stimuli."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from connectome.random_stimuli import farthest_points, random_scenario
from connectome.scenario import SCENARIOS, load_scenario
from neuron_models.foundation.errors import InputError
from neuron_models.stimulus import Silence


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "split"),
    [
        ("fcm", 4, 4, (20, 10, 10)),
        ("fcm_wide", 4, 16, (20, 10, 10)),
        ("nictation", 6, 6, (20, 10, 10)),
        ("nictation_wide", 6, 12, (20, 10, 10)),
        ("fcm_nictation", 10, 28, (40, 20, 20)),
    ],
)
def test_scenarios_have_their_published_sizes(name, inputs, outputs, split):
    scenario = load_scenario(name)
    assert (len(scenario.inputs), len(scenario.outputs)) == (inputs, outputs)
    assert tuple(Counter(scenario.split)[part] for part in ("train", "validation", "test")) == split
    assert scenario.samples == 1000
    assert scenario.name == name
    assert name in SCENARIOS


def test_peaks_are_the_published_currents():
    t = np.arange(0, 500, 0.5)
    peaks = {}
    for name in ("fcm", "nictation"):
        scenario = load_scenario(name)
        for row in scenario.stimuli:
            for cell, waveform in zip(scenario.inputs, row, strict=True):
                peaks[cell] = max(peaks.get(cell, 0.0), waveform.at(t).max())
    assert peaks["PLML"] == peaks["PLMR"] == pytest.approx(1.4)
    assert peaks["AVBL"] == peaks["AVBR"] == pytest.approx(2.3)
    assert {peaks[cell] for cell in peaks if cell.startswith("IL2")} == {4.8}


def test_in_the_joint_scenario_the_other_inputs_are_silent():
    scenario = load_scenario("fcm_nictation")
    fcm, nictation = scenario.stimuli[0], scenario.stimuli[40]
    assert all(isinstance(w, Silence) for w in fcm[4:])
    assert all(isinstance(w, Silence) for w in nictation[:4])
    assert scenario.sequences[40] == "nictation_01"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outputs": ()}, "fcm has no outputs: name at least one neuron"),
        ({"outputs": ("DB1", "AVBX")}, "there is no neuron 'AVBX'; the nearest names are AVB"),
        ({"outputs": ("DB1", "DB1")}, "names an output more than once: DB1"),
        ({"dt": 0.0}, "sampling interval must be > 0 ms"),
        ({"split": ("train",) * 39 + ("exam",)}, "got exam"),
        ({"split": ("train",)}, "one split a sequence"),
    ],
)
def test_a_wrong_scenario_says_what_is_wrong(change, message):
    with pytest.raises(InputError, match=message):
        replace(load_scenario("fcm"), **change)


def test_unknown_scenarios_and_sequences():
    with pytest.raises(InputError, match="there are fcm, fcm_wide"):
        load_scenario("swimming")
    with pytest.raises(InputError, match="sequences 1 to 40, not 41"):
        load_scenario("fcm").select([1, 41])
    assert load_scenario("fcm").select([3, 1]).sequences == ("fcm_03", "fcm_01")


def test_an_ablated_input_gets_no_current():
    scenario = replace(load_scenario("fcm"), ablated=("AVBL",))
    assert [clamp.site.cell for clamp in scenario.clamps(0)] == ["PLML", "PLMR", "AVBR"]


def test_random_stimuli_are_seeded_and_more_diverse_than_plain_draws():
    base = load_scenario("fcm")
    drawn = random_scenario(base, 30, seed=5)
    assert drawn == random_scenario(base, 30, seed=5)
    assert drawn.stimuli != random_scenario(base, 30, seed=6).stimuli
    assert (len(drawn.sequences), drawn.inputs) == (30, base.inputs)
    t = np.arange(0, 500, 2.0)
    values = np.array([[w.at(t) for w in row] for row in drawn.stimuli])
    assert len({row.tobytes() for row in values}) == 30
    assert np.isfinite(values).all()


def test_farthest_points_spread_better_than_chance():
    points = np.random.default_rng(0).normal(size=(200, 5))
    chosen = points[farthest_points(points, 20)]

    def nearest(p):
        return (np.linalg.norm(p[:, None] - p[None], axis=-1) + 99 * np.eye(len(p))).min(1).min()

    assert nearest(chosen) > max(nearest(points[i : i + 20]) for i in range(0, 180, 20))
