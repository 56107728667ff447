"""The whole network against the published voltages, and cut-off neurons."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from connectome.as_run import as_run
from connectome.contact import Contact
from connectome.network import NetworkParameters, build_network, simulate
from connectome.scenario import load_scenario
from neuron_models.circuit import RunSettings
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.synapse import ChemicalSynapse, GapJunction


def contact(pre, post, kind, transmitter):
    return Contact(pre, post, kind, transmitter, 5, 0.5, 6, 0.5)


def test_contacts_become_the_mechanisms_of_their_kind():
    parameters = NetworkParameters()
    kinds = [("gap_junction", "GABA"), ("chemical", "GABA"), ("chemical", "Glutamate")]
    gap, inhibitory, excitatory = (parameters.mechanism(contact("AVAL", "DB1", *kind)) for kind in kinds)
    assert gap == GapJunction(g=1e-4)
    assert inhibitory == replace(ChemicalSynapse(), e_rev=-70.0)
    assert excitatory.e_rev == 0.0


def test_a_description_is_data_with_a_stable_fingerprint(small):
    one, other = build_network(small), build_network(small)
    assert one == other
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != build_network(small, NetworkParameters(longest_compartment=10.0)).fingerprint


def test_an_ablated_neuron_drives_nobody(small, kick):
    intact = simulate(Simulation(build_network(small)), kick, 0)
    gone = simulate(Simulation(build_network(small.without(["AVBL"]))), replace(kick, ablated=("AVBL",)), 0)
    assert np.ptp(intact[:, 0]) > 1e-3
    np.testing.assert_allclose(gone, -0.065, atol=1e-9)
    with pytest.raises(InputError, match="no neuron 'AVBX'"):
        small.without(["AVBX"])


def test_samples_begin_at_rest_and_stand_at_multiples_of_the_interval(small, kick):
    simulation = Simulation(build_network(small))
    fine = simulate(simulation, replace(kick, dt=0.1), 0)
    coarse = simulate(simulation, replace(kick, dt=0.5), 0)
    assert (len(fine), len(coarse)) == (200, 40)
    np.testing.assert_array_equal(fine[::5], coarse)
    np.testing.assert_allclose(coarse[0], -0.065)
    with pytest.raises(InputError, match=r"time step of 0\.1 ms does not divide the sampling interval of 0.25 ms"):
        simulate(simulation, replace(kick, dt=0.25), 0)


def published_error(shared, circuit, scenario, number, dt):
    """RMSE over range of each output of a published sequence, whose samples are 5 ms apart."""
    traces = pd.read_csv(shared / "reference" / "traces" / f"{scenario}_{number:02d}.csv")
    about = load_scenario(scenario)
    v = simulate(Simulation(circuit), about, number - 1, settings=RunSettings(500.0, dt, "coreneuron"))
    wanted = traces[list(about.outputs)].to_numpy()[:-1]
    return np.sqrt(((v[::10][: len(wanted)] - wanted) ** 2).mean(0)) / np.ptp(wanted, axis=0)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "number", "limit"), [("fcm", 3, 0.025), ("nictation", 1, 0.09)])
def test_published_voltages_are_reproduced(shared, placed, scenario, number, limit):
    assert published_error(shared, build_network(placed), scenario, number, 0.1).mean() <= limit


@pytest.mark.shared
@pytest.mark.parametrize(
    ("scenario", "number"),
    [
        ("fcm", 3),
        pytest.param("fcm", 15, marks=pytest.mark.slow),
        pytest.param("fcm", 40, marks=pytest.mark.slow),
        pytest.param("nictation", 1, marks=pytest.mark.slow),
    ],
)
def test_as_run_the_published_voltages_are_met_to_their_last_digits(shared, placed, scenario, number):
    circuit = build_network(as_run(placed), NetworkParameters(longest_compartment=1e6))
    assert published_error(shared, circuit, scenario, number, 0.05).max() < 1e-4


def test_as_run_four_neurons_lose_their_contacts_to_four_others(placed):
    rewired = as_run(placed)
    kinds = [contact.kind for contact in rewired.contacts]
    assert (kinds.count("chemical"), kinds.count("gap_junction")) == (1954, 896)
    assert {"AS10", "VA10", "VB10", "VD10"} < set(rewired.unconnected)
    assert {(c.pre_segment, c.post_fraction) for c in rewired.contacts} == {(0, 0.5)}


@pytest.mark.slow
def test_neuron_and_coreneuron_give_the_same_voltages_in_all_somata(placed):
    simulation, about = Simulation(build_network(placed)), load_scenario("fcm")
    both = [
        simulate(simulation, about, 19, placed.names, RunSettings(500.0, 0.1, simulator))
        for simulator in ("neuron", "coreneuron")
    ]
    assert both[0].shape == (1000, 302)
    np.testing.assert_allclose(both[0], both[1], atol=1e-9)
