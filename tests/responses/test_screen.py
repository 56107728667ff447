"""Ablations in the simulator: neurons switched off, screens of many, and what they do to behaviour."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectome.network import build_network, simulate
from connectome.scenario import load_scenario
from datasets.dataset import Dataset, Trial
from datasets.responses.activity import activity, compare_activity
from datasets.responses.screen import screen_ablations
from datasets.responses.screen_file import Screen, load_screen, save_screen
from datasets.responses.simulation import simulate_dataset
from neuron_models.circuit import Clamp, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.stimulus import Pulse

AVA, AVB = ("AVAL", "AVAR"), ("AVBL", "AVBR")


def switched_off_and_rebuilt(placed, scenario, ablations, settings=None):
    """The largest difference, in V, between a network with neurons switched off and one built without them."""
    names = placed.names
    simulation = Simulation(build_network(placed))
    off = [simulate(simulation, scenario.ablate(lost), 0, names, settings) for lost in ablations]
    intact = simulate(simulation, scenario, 0, names, settings)
    worst, moved = 0.0, []
    for lost, found in zip(ablations, off, strict=True):
        rebuilt = Simulation(build_network(placed.without(lost)))
        wanted = simulate(rebuilt, replace(scenario, ablated=lost), 0, names, settings)
        rest = [index for index, name in enumerate(names) if name not in lost]
        moved.append(np.abs(found - intact)[:, rest].max())
        worst = max(worst, np.abs(found - wanted)[:, rest].max())
        silent = [names.index(name) for name in lost]
        np.testing.assert_allclose(found[:, silent], -0.065, atol=1e-9)
    assert np.median(moved) > 1e-6  # some neurons drive nobody, most do
    return worst


def connected(placed, number, seed):
    """Neurons drawn among those that have contacts and are not stimulated."""
    inputs = load_scenario("fcm").inputs
    names = [name for name in placed.names if name not in placed.unconnected and name not in inputs]
    return [(str(name),) for name in np.random.default_rng(seed).choice(names, number, replace=False)]


@pytest.mark.slow
def test_neurons_switched_off_are_as_if_they_had_never_been_built(placed):
    scenario = load_scenario("fcm").select([3])
    short = replace(scenario, duration=200.0)
    worst = switched_off_and_rebuilt(placed, short, [("DVA", "AVBL")], RunSettings(200.0, 0.1, "coreneuron"))
    assert worst <= 1e-6


@pytest.mark.slow
def test_ten_random_ablations_are_as_if_they_had_never_been_built(placed):
    assert switched_off_and_rebuilt(placed, load_scenario("fcm").select([3]), connected(placed, 10, 7)) <= 1e-6


@pytest.mark.parametrize("simulator", ["neuron", "coreneuron"])
def test_a_switch_does_not_last_longer_than_its_run(small, simulator):
    simulation = Simulation(build_network(small))
    clamps, record = [Clamp(Site("AVBL"), 2.3 * Pulse(1.0, 5.0))], [Site("DB1"), Site("VB1")]
    settings = RunSettings(20.0, 0.1, simulator)
    before = simulation.run(clamps, record, settings)
    off = simulation.run(clamps, record, settings, ["DB1"])
    after = simulation.run(clamps, record, settings)
    np.testing.assert_array_equal(before, after)
    np.testing.assert_allclose(off[:, 0], -65.0, atol=1e-6)
    assert np.ptp(off[:, 1]) > 0.1
    with pytest.raises(InputError, match="no cell 'AVBX'"):
        simulation.run(clamps, record, settings, ["AVBX"])
    with pytest.raises(InputError, match="AVBL is ablated and cannot be stimulated"):
        simulation.run(clamps, record, settings, ["AVBL"])


def test_a_scenario_says_what_cannot_be_ablated():
    scenario = load_scenario("fcm")
    assert scenario.ablate(AVB).ablated == AVB
    for names, message in (
        (("AVBX",), "no neuron 'AVBX'; the nearest names are AVB"),
        (("AVBL", "AVBL"), "more than once: AVBL"),
        (scenario.inputs, "leaves no input of scenario fcm to stimulate"),
    ):
        with pytest.raises(InputError, match=message):
            scenario.ablate(names)
    with pytest.raises(InputError, match="more than once: AVBL"):
        scenario.ablate(AVB).ablate(("AVBL",))


@pytest.fixture(scope="module")
def crawling(placed):
    """One sequence of forward crawling, all neurons: intact, without AVB, without AVA, in mV from rest."""
    simulation, scenario = Simulation(build_network(placed)), load_scenario("fcm").select([3])
    runs = {"intact": scenario, "AVB": scenario.ablate(AVB), "AVA": scenario.ablate(AVA)}
    found = {name: 1000 * simulate(simulation, run, 0, placed.names) for name, run in runs.items()}
    return {name: dict(zip(placed.names, np.sqrt(((v - v[0]) ** 2).mean(0)), strict=True)) for name, v in found.items()}


def mean_of(run, names, prefixes):
    return np.mean([run[name] for name in names if name.startswith(prefixes) and name[2:].isdigit()])


@pytest.mark.slow
def test_without_avb_the_b_motor_neurons_fall_most_among_motor_neurons(crawling):
    """What drives forward crawling in the animal (Chalfie et al. 1985), and the publication's expectation."""
    names = list(crawling["intact"])
    left = {
        kind: mean_of(crawling["AVB"], names, kind) / mean_of(crawling["intact"], names, kind)
        for kind in (("DB", "VB"), ("DA", "VA"), ("AS",), ("DD", "VD"))
    }
    assert left["DB", "VB"] < 0.15
    assert left["DB", "VB"] == min(left.values())


@pytest.mark.slow
def test_without_avb_what_plm_drives_stays(crawling):
    for name in ("PLML", "PLMR", "LUAL", "PVR"):
        assert crawling["AVB"][name] > 0.9 * crawling["intact"][name]


@pytest.mark.slow
def test_without_ava_forward_crawling_stays(crawling):
    names = list(crawling["intact"])
    assert mean_of(crawling["AVA"], names, ("DB", "VB")) > 0.9 * mean_of(crawling["intact"], names, ("DB", "VB"))
    for name in ("DB1", "VB1", "LUAL", "PVR"):
        assert crawling["AVA"][name] > 0.9 * crawling["intact"][name]


def run_of(values, name="run"):
    return Dataset(name, (Trial("a", np.zeros((4, 1)), values),), 0.5, ("AVBL",), ("DB1", "VB1"), "nA", "V")


def test_activity_is_the_root_mean_square_from_rest():
    values = np.array([[-0.065, -0.065], [-0.064, -0.065], [-0.063, -0.065], [-0.065, -0.065]])
    np.testing.assert_allclose(activity(run_of(values)), [np.sqrt(5e-6 / 4), 0.0])
    table = compare_activity(run_of(values), run_of(np.full((4, 2), -0.065))).set_index("neuron")
    assert table.loc["DB1", "lost"] == 1.0
    assert table.loc["DB1", "role"] == "motor"
    np.testing.assert_allclose(table.loc["DB1", "change"], np.sqrt(5e-6 / 4))
    assert np.isnan(table.loc["VB1", "lost"])
    other = replace(run_of(values, "other"), y_names=("DB1", "VB2"))
    with pytest.raises(InputError, match="'run' and 'other' hold other neurons"):
        compare_activity(run_of(values), other)


def screen_of(shape=(2, 1, 2), seed=0):
    rng = np.random.default_rng(seed)
    rows, sequences, outputs = shape
    names = [f"N{index}" for index in range(rows)]
    return Screen(
        "toy",
        "none",
        tuple(names),
        tuple(f"s{index}" for index in range(sequences)),
        tuple(names[:1] + [f"P{index}" for index in range(outputs - 1)]),
        rng.uniform(0.01, 1, (sequences, outputs)),
        rng.uniform(0, 1, shape),
        rng.normal(size=shape),
        rng.uniform(0, 1, shape),
        "key",
    )


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4), st.integers(0, 99))
def test_a_screen_is_read_as_it_was_written(tmp_path_factory, rows, sequences, outputs, seed):
    screen = screen_of((rows, sequences, outputs), seed)
    found = load_screen(save_screen(screen, tmp_path_factory.mktemp("screen") / "screen.h5"))
    for name in ("ablations", "sequences", "outputs", "scenario", "network", "key"):
        assert getattr(found, name) == getattr(screen, name)
    for name in ("activity", "rms", "mean", "peak"):
        np.testing.assert_array_equal(getattr(found, name), getattr(screen, name))


def test_effects_are_relative_and_leave_out_the_lost_neuron():
    screen = screen_of((3, 2, 2))
    wanted = np.sqrt((screen.rms[1, :, 1] ** 2).mean() / (screen.activity[:, 1] ** 2).mean())
    np.testing.assert_allclose(screen.effect[1, 1], wanted)
    ranked = screen.ranked()
    assert np.isnan(ranked.set_index("ablation").loc["N0", "N0"])
    assert list(ranked["mean"]) == sorted(ranked["mean"], reverse=True)


def test_a_screen_of_a_small_network_equals_separate_simulations(small, kick, tmp_path):
    screen = screen_ablations(kick, small, tmp_path / "screen.h5", ablations=[("AVBL",), ("DB1",), ("DB1", "VB1")])
    intact = simulate_dataset(kick, small, tmp_path / "intact.h5")
    alone = simulate_dataset(kick.ablate(("DB1",)), small, tmp_path / "alone.h5")
    change = np.stack([b.y[:] - a.y[:] for a, b in zip(intact, alone, strict=True)])
    np.testing.assert_allclose(screen.rms[1], np.sqrt((change**2).mean(1)), atol=1e-7)
    np.testing.assert_allclose(screen.mean[1], change.mean(1), atol=1e-7)
    np.testing.assert_allclose(screen.effect[0], [1.0, 1.0], atol=1e-5)  # nothing is stimulated any more
    assert screen.effect[2, 0] == pytest.approx(1.0, abs=1e-5)


def test_a_stopped_screen_goes_on(small, kick, tmp_path, monkeypatch):
    import datasets.responses.screen as module

    real, done, again = module.simulate_here, [], []

    def kept(indices):
        def simulate(circuit, fingerprint, scenario, sequence, *more):
            if len(done) == 5 and indices is done:
                raise KeyboardInterrupt
            indices.append((scenario.ablated, sequence))
            return real(circuit, fingerprint, scenario, sequence, *more)

        return simulate

    monkeypatch.setattr(module, "simulate_here", kept(done))
    with pytest.raises(KeyboardInterrupt):
        screen_ablations(kick, small, tmp_path / "screen.h5")
    assert len(list((tmp_path / "screen.h5.partial").glob("*.npy"))) == 5
    monkeypatch.setattr(module, "simulate_here", kept(again))
    stopped = screen_ablations(kick, small, tmp_path / "screen.h5")
    assert sorted(done + again) == [(lost, row) for lost in [(), ("AVBL",), ("DB1",), ("VB1",)] for row in range(4)]
    monkeypatch.setattr(module, "simulate_here", real)
    whole = screen_ablations(kick, small, tmp_path / "whole.h5", jobs=2)
    np.testing.assert_array_equal(stopped.rms, whole.rms)
    with pytest.raises(InputError, match="holds another screen"):
        screen_ablations(kick, small, tmp_path / "whole.h5", ablations=[("DB1",)])


def test_the_scenario_command_reports_both_runs(wormtwin, tmp_path, small, kick, monkeypatch, shown_whole):
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda network: small)
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick_with_two_inputs(kick))
    status, out, err = wormtwin("scenario", "run", "kick", "--ablate", "VB1", "--out", tmp_path / "run")
    assert (status, err.count("Traceback")) == (0, 0)
    assert "DB1" in out
    for name in ("intact.h5", "without-VB1.h5", "activity.csv", "report.html", "figures/raster.png"):
        assert (tmp_path / "run" / name).exists()
    page = (tmp_path / "run" / "report.html").read_text()
    assert "without VB1" in page
    shown_whole(tmp_path / "run" / "report.html")
    assert wormtwin("scenario", "list")[0] == 0


def kick_with_two_inputs(kick):
    pair = tuple((row[0], row[0]) for row in kick.stimuli)
    return replace(kick, inputs=("AVBL", "VB1"), stimuli=pair)


def test_a_file_in_the_way_is_reported_before_anything_is_simulated(wormtwin, tmp_path, small, kick, monkeypatch):
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda network: small)
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick_with_two_inputs(kick))
    simulate_dataset(kick, small, tmp_path / "run" / "without-VB1.h5")
    status, _, err = wormtwin("scenario", "run", "kick", "--ablate", "VB1", "--out", tmp_path / "run")
    assert status == 2
    assert "without-VB1.h5 exists and holds another simulation" in err
    assert not (tmp_path / "run" / "intact.h5").exists()


def test_the_screen_command_reports_ranks(wormtwin, tmp_path, small, kick, monkeypatch, shown_whole):
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda network: small)
    monkeypatch.setattr("connectome.scenario.load_scenario", lambda name: kick)
    arguments = ("screen", "--out", tmp_path / "screen", "--together", "DB1+VB1", "--record", "all")
    status, out, _ = wormtwin(*arguments)
    assert status == 0
    assert "4 ablations" in out
    for name in ("screen.h5", "screen.csv", "report.html", "figures/effects.png", "figures/ranking.svg"):
        assert (tmp_path / "screen" / name).exists()
    first = (tmp_path / "screen" / "screen.csv").read_text().splitlines()[1]
    assert first.startswith("AVBL,")
    shown_whole(tmp_path / "screen" / "report.html")
    assert "already complete" in wormtwin(*arguments)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("scenario", "run", "fcm", "--ablate", "AVBX"), "no neuron 'AVBX'"),
        (("scenario", "run", "fcm", "--ablate", "AVBL,AVBL"), "more than once: AVBL"),
        (("scenario", "run", "fcm", "--ablate", ","), "names no neuron"),
        (("scenario", "run", "fcm", "--ablate", "AVBL,AVBR,PLML,PLMR"), "leaves no input of scenario fcm"),
        (("scenario", "run", "walking"), "no scenario 'walking'"),
        (("scenario", "run", "fcm", "--sequences", "41"), "sequences 1 to 40, not 41"),
        (("screen", "--neurons", "none"), "at least one neuron to ablate"),
        (("screen", "--neurons", "AVBX"), "no neuron 'AVBX'"),
        (("screen", "--neurons", "AVBL", "--together", "AVBL+AVBL"), "more than once: AVBL"),
        (("screen", "--neurons", "AVBL,AVBL"), "more than once: AVBL"),
        (("screen", "--together", "AVBL+AVBR,AVBR+AVBL"), "the ablation more than once: AVBL+AVBR"),
        (("screen", "--together", "AVBL+"), "--together looks like AVBL+AVBR"),
        (("screen", "--record", "some"), "--record must be one of outputs, all"),
        (("screen", "--jobs", "0"), "--jobs must be >= 1"),
    ],
)
def test_wrong_input_is_one_line(wormtwin, tmp_path, arguments, message, placed, monkeypatch):
    monkeypatch.setattr("connectome.wiring.load_connectome", lambda network: placed)
    status, _, err = wormtwin(*arguments, "--out", tmp_path / "out")
    assert status == 2
    assert len(err.strip().splitlines()) == 1
    assert message in err


def test_a_file_of_another_kind_is_reported(tmp_path, linear_response):
    from datasets.store import save_dataset

    save_dataset(linear_response(), tmp_path / "data.h5")
    with pytest.raises(InputError, match="holds no ablation screen"):
        load_screen(tmp_path / "data.h5")
    (tmp_path / "torn.h5").write_bytes(b"no")
    with pytest.raises(InputError, match="not a whole ablation screen"):
        load_screen(tmp_path / "torn.h5")
