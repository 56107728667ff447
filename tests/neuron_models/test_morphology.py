"""Cells from NeuroML files."""

import math

import numpy as np
import pytest
from lxml import etree

from connectome.c302_files import c302_folder, morphology, neurons
from neuron_models.foundation.errors import InputError
from neuron_models.morphology import load_morphology

CELL = """<neuroml xmlns="http://www.neuroml.org/schema/neuroml2"><cell id="X"><morphology id="m">
<segment id="0"><proximal x="0" y="0" z="0" diameter="10"/><distal x="0" y="0" z="0" diameter="10"/></segment>
<segment id="1" name="a"><parent segment="0"/><proximal x="0" y="0" z="0" diameter="2"/>
<distal x="30" y="0" z="0" diameter="2"/></segment>
<segment id="2" name="b"><parent segment="1"/><distal x="30" y="40" z="0" diameter="1"/></segment>
<segment id="3" name="c"><parent segment="2" fractionAlong="0.25"/><distal x="90" y="10" z="0" diameter="1"/></segment>
<segmentGroup id="Soma" neuroLexId="sao864921383"><member segment="0"/></segmentGroup>
<segmentGroup id="Axon" neuroLexId="sao864921383"><member segment="1"/><member segment="2"/></segmentGroup>
<segmentGroup id="Branch" neuroLexId="sao864921383"><member segment="3"/></segmentGroup>
</morphology></cell></neuroml>"""


@pytest.fixture
def cell(tmp_path):
    def write(text=CELL):
        path = tmp_path / "X.cell.nml"
        path.write_text(text)
        return path

    return write


def test_a_cell_becomes_cables_with_branch_points(cell):
    soma, axon, branch = load_morphology(cell()).cables
    assert (soma.length, soma.parent) == (10.0, None)
    assert soma.points[0][3] == soma.points[1][3] == 10.0
    assert (axon.segments, axon.ends) == ((1, 2), (30.0, 70.0))
    assert (branch.parent, branch.parent_fraction) == (1, pytest.approx(40.0 / 70.0))
    assert branch.points[0] == (30.0, 10.0, 0.0, 1.75)
    assert axon.compartments(20.0) == 4
    assert axon.compartments(70.0) == 1


def test_places_along_a_cell(cell):
    shape = load_morphology(cell())
    assert shape.locate(2, 0.5) == (1, pytest.approx(50.0 / 70.0))
    assert shape.position(2, 0.5) == pytest.approx((30.0, 20.0, 0.0))
    assert shape.position(0, 0.5) == pytest.approx((0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("</cell>", ""), "not a readable NeuroML cell file"),
        (("cell id", "zell id"), "not a readable"),
        (('<member segment="2"/>', ""), r"segments \[2\] are in no unbranched cable"),
        (('<parent segment="1"/>', '<parent segment="9"/>'), "segment 2 comes before its parent 9"),
    ],
)
def test_a_wrong_cell_file_says_what_is_wrong(cell, change, message):
    with pytest.raises(InputError, match=message):
        load_morphology(cell(CELL.replace(*change)))


def test_a_segment_that_the_cell_lacks_is_named(cell):
    with pytest.raises(InputError, match="X has no segment 8: its segments are 0 to 3"):
        load_morphology(cell()).locate(8, 0.5)
    with pytest.raises(InputError, match=r"fraction must be in \[0, 1\], got 1.5"):
        load_morphology(cell()).locate(1, 1.5)


def test_all_302_neurons_load_with_every_segment_of_their_files():
    assert len(neurons()) == 302
    for name in ("AVAL", "DB1", "PVDL", "VC6", "RMED"):
        tree = etree.parse(c302_folder() / "NeuroML2" / f"{name}.cell.nml")
        length, ends = 0.0, {}
        for element in tree.iterfind(".//{*}segment"):
            points = {
                side: tuple(float(element.find(f"{{*}}{side}").get(k)) for k in "xyz")
                for side in ("proximal", "distal")
                if element.find(f"{{*}}{side}") is not None
            }
            parent = element.find("{*}parent")
            start = points.get("proximal") or ends[parent.get("segment")]
            ends[element.get("id")] = points["distal"]
            length += math.dist(start, points["distal"])
        shape = morphology(name)
        assert sorted(shape.segments) == sorted(int(key) for key in ends)
        assert sum(cable.length for cable in shape.cables[1:]) == pytest.approx(length, rel=1e-6)
        for key, index in ends.items():
            if int(key):
                np.testing.assert_allclose(shape.position(int(key), 1.0), index, atol=1e-6)


def test_an_unknown_neuron_gets_the_nearest_names():
    with pytest.raises(InputError, match=r"there is no neuron 'AVAK'; the nearest names are .*AVA"):
        morphology("AVAK")
