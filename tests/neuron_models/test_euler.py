"""Steps like NEURON's against NEURON itself."""

import numpy as np
import pytest

from neuron_models.circuit import Circuit, Clamp, Junction, RunSettings, Site
from neuron_models.engine import Simulation
from neuron_models.foundation.errors import InputError
from neuron_models.linear.euler import EulerSimulation
from neuron_models.stimulus import parse
from neuron_models.synapse import ChemicalSynapse, GapJunction

CLAMPS = [Clamp(Site("A"), 0.2 * parse("pulse_train width=5 period=25 number=2 onset=5.3 + 0.3*ramp rise=40 onset=10"))]


@pytest.fixture
def circuit(sphere):
    """Three cells with every kind of contact."""
    junctions = (
        Junction(Site("A"), Site("B"), ChemicalSynapse(g_max=4e-4)),
        Junction(Site("B"), Site("C"), ChemicalSynapse(g_max=5e-4, e_rev=-80.0, threshold=-50.0, delay=1.37)),
        Junction(Site("B"), Site("C"), GapJunction(2e-4)),
        Junction(Site("A"), Site("C"), GapJunction(1e-4)),
        Junction(Site("C"), Site("C"), GapJunction(3e-4)),
    )
    return Circuit((sphere("A"), sphere("B", 12.0), sphere("C", 30.0)), junctions)


@pytest.mark.parametrize(("dt", "ablated"), [(0.1, ()), (0.05, ("B",)), (0.25, ())])
def test_steps_are_neurons_to_a_nanovolt(circuit, dt, ablated):
    sites, settings = [Site(name) for name in "ABC"], RunSettings(60.0, dt)
    found = EulerSimulation(circuit).run(CLAMPS, sites, settings, ablated)
    np.testing.assert_allclose(found, Simulation(circuit).run(CLAMPS, sites, settings, ablated), atol=1e-6, rtol=0)
    assert np.ptp(found, axis=0).max() > 50.0


def test_an_ablated_cell_cannot_be_stimulated(circuit):
    with pytest.raises(InputError, match="A is ablated and cannot be stimulated"):
        EulerSimulation(circuit).run(CLAMPS, [Site("B")], RunSettings(1.0), ["A"])
