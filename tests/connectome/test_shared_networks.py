"""Legal network files of others: applied, or refused with the line; never dropped."""

import pytest

from connectome.contact import Contact
from connectome.network_file import load_network_file
from neuron_models.foundation.errors import InputError

pytestmark = pytest.mark.shared

SYNAPSE = Contact("AVAL", "DB1", "chemical", "Glutamate", 4, 0.5, 5, 0.5)
READ = {
    **dict.fromkeys(("plain", "bom", "utf16", "prefix", "neuroml_wrap", "nosize"), (SYNAPSE,)),
    "w1": (Contact("AVBL", "DB1", "chemical", "Glutamate", 4, 0.5, 5, 0.5),),
    "self": (Contact("AVAL", "AVAL", "chemical", "Glutamate", 4, 0.5, 5, 0.5),),
    "selfgj": (Contact("AVAL", "AVAL", "gap_junction", "Generic", 4, 0.5, 4, 0.5),),
    "empty": (),
}
REFUSED = {
    **dict.fromkeys(("weight10", "w10"), "line 5: projection P1 has weight '10.0'"),
    "weight0": "line 5: projection P1 has weight '0.0'",
    **dict.fromkeys(("delay20", "d20"), "line 5: projection P1 has internal_delay '20.0'"),
    "connprops": "line 6: projection P1 has weight '10.0'.*line 6: projection P1 has internal_delay '20.0'",
    "twoprops": "line 6: projection P1 has a second synapse type",
    "pattern": "line 6: projection P1 has a connectivity pattern",
    "nosegments": "line 6: connection 0 of P1: a place is missing",
    "gaba_lower": "line 5: projection P1 has the unknown synapse type 'gaba'",
    "gj_lower": "line 5: projection P1 has the unknown synapse type 'Generic_gj'",
    "gj_elec": "line 5: projection P1 has the unknown synapse type 'ElectSyn'",
    **dict.fromkeys(("gjonly.net", "c302like.net"), "this is NeuroML 2"),
}


@pytest.fixture(scope="module")
def files(shared):
    """The files by name, without their last suffix."""
    folder = shared / "cases" / "simulation" / "nml"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    return {each.stem: each for each in folder.iterdir()}


def test_every_file_has_an_answer(files):
    assert set(files) == {*READ, *REFUSED}


@pytest.mark.parametrize("name", READ)
def test_what_can_be_simulated_is_read(files, name):
    assert load_network_file(files[name]).contacts == READ[name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_dropped_is_refused(files, name):
    with pytest.raises(InputError, match=REFUSED[name]):
        load_network_file(files[name])
