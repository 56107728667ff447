"""NeuroML 2 networks as wirings: our own export comes back, and c302's form is read."""

import pytest

from connectome.network import build_network
from connectome.neuroml_export import save_neuroml
from connectome.wiring import load_connectome, load_table
from connectome.wirings.table import table_of
from neuron_models.foundation.errors import InputError

HEAD = '<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="a">'
C302 = (
    HEAD
    + '<gapJunction id="gap" conductance="0.05 nS"/><silentSynapse id="silent"/>'
    + '<gradedSynapse2 id="up" erev="0 mV"/><gradedSynapse2 id="down" erev="-80 mV"/><network id="n">'
    + "".join(f'<population id="{name}" component="c" size="1"/>' for name in ("AVAL", "VB01", "DD1", "MDR01"))
    + "{}</network></neuroml>"
)


def projection(tag: str, pre: str, post: str, connections: str) -> str:
    return f'<{tag} id="p" presynapticPopulation="{pre}" postsynapticPopulation="{post}">{connections}</{tag}>'


def continuous(pre: str, post: str, synapse: str, weight: str) -> str:
    parts = f'preComponent="silent" postComponent="{synapse}" weight="{weight}"'
    return projection("continuousProjection", pre, post, f'<continuousConnectionInstanceW id="0" {parts}/>')


def test_our_own_export_comes_back(tmp_path):
    placed = load_connectome("placed")
    save_neuroml(build_network(placed), placed.source, tmp_path / "worm.net.nml")
    again, expected = load_table(tmp_path / "worm.net.nml"), table_of(placed)
    assert again.neurons == placed.names
    for signed in (False, True):
        found, wanted = (each.matrix("chemical", placed.names, signed) for each in (again, expected))
        assert (found == wanted).all()
    gaps = again.matrix("gap_junction", placed.names)
    both = placed.adjacency("gap_junction")
    assert ((gaps > 0) == (both > 0)).all()
    assert any("listed from both sides and counted once" in note for note in again.notes)


def test_the_form_of_c302(tmp_path):
    gap = '<electricalConnectionInstanceW id="0" synapse="gap" weight="2"/>'
    text = C302.format(
        continuous("AVAL", "VB01", "up", "3.0")
        + continuous("DD1", "VB01", "down", "1.0")
        + continuous("AVAL", "MDR01", "up", "1.0")
        + projection("electricalProjection", "AVAL", "DD1", gap)
        + projection("electricalProjection", "DD1", "AVAL", gap)
    )
    path = tmp_path / "small.net.nml"
    path.write_text(text)
    found = load_table(path)
    assert found.neurons == ("AVAL", "DD1", "VB1")
    pairs = {(pair.pre, pair.post): (pair.kind, pair.number, pair.sign) for pair in found.pairs}
    assert pairs == {
        ("AVAL", "VB1"): ("chemical", 3.0, 1),
        ("DD1", "VB1"): ("chemical", 1.0, -1),
        ("AVAL", "DD1"): ("gap_junction", 2.0, None),
    }
    assert any("no neurons were left out: MDR1" in note for note in found.notes)
    assert load_connectome(path).names == ("AVAL", "DD1", "VB1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<neuroml", "line 1: truncated or not XML"),
        ('<neuroml xmlns="http://morphml.org"/>', "this is no NeuroML 2 network"),
        (C302.format(""), "there is no contact between two neurons"),
        (C302.format(continuous("AVAL", "DD1", "up", "much")), "must be a number > 0, got 'much'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, message):
    path = tmp_path / "wrong.nml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_table(path)
