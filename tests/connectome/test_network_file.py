"""The published network file, and files that are wrong."""

import gzip
import re
from collections import Counter

import pandas
import pytest

from connectome.c302_files import c302_folder, contact_table
from connectome.network_file import load_network_file
from connectome.wiring import NETWORK_VARIABLE, load_connectome
from neuron_models.foundation.errors import InputError

FILE = """<?xml version="1.0" encoding="UTF-8"?>
<networkml xmlns="http://morphml.org/networkml/schema"><projections units="Physiological Units">
<projection name="P1" source="AVAL" target="DB1">
<synapse_props synapse_type="GABA" internal_delay="0" weight="1.0" threshold="0.0"/>
<connections size="2">
<connection id="0" pre_segment_id="4" pre_fraction_along="0.25" post_segment_id="5" post_fraction_along="0.5"/>
<connection id="1" pre_segment_id="9" pre_fraction_along="0.75" post_segment_id="6" post_fraction_along="0.1"/>
</connections></projection>
<projection name="P2" source="AVAL" target="VB1">
<synapse_props synapse_type="Glutamate_GJ" internal_delay="0" weight="1.0" threshold="0.0"/>
<connections size="1">
<connection id="0" pre_segment_id="4" post_segment_id="5"/>
</connections></projection>
</projections></networkml>"""


@pytest.fixture
def network(tmp_path):
    def write(text=FILE, name="network.xml"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


@pytest.mark.parametrize("name", ["network.xml", "network.xml.gz"])
def test_contacts_are_read_as_they_stand(network, name):
    connectome = load_network_file(network(name=name))
    first, _, gap = connectome.contacts
    assert (first.pre, first.post, first.kind, first.transmitter) == ("AVAL", "DB1", "chemical", "GABA")
    assert (first.pre_segment, first.pre_fraction, first.post_segment, first.post_fraction) == (4, 0.25, 5, 0.5)
    assert (gap.kind, gap.transmitter, gap.pre_fraction) == ("gap_junction", "Glutamate", 0.5)
    names = connectome.names
    assert connectome.adjacency("chemical")[names.index("AVAL"), names.index("DB1")] == 2
    assert connectome.adjacency("gap_junction")[names.index("VB1"), names.index("AVAL")] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"DB1"', '"DB99"'), "line 3: projection P1 names the unknown neuron 'DB99'"),
        (('pre_segment_id="9"', 'pre_segment_id="9999"'), "line 7: connection 1 of P1: AVAL has no segment 9999"),
        (('pre_segment_id="9"', 'pre_segment="9"'), "line 7: connection 1 of P1: a place is missing"),
        (('along="0.75"', 'along="7.5"'), r"line 7: connection 1 of P1: .*fraction must be in \[0, 1\], got 7.5"),
        (('size="2"', 'size="3"'), "line 3: projection P1 announces 3 connections and has 2"),
        (('"GABA"', '"gaba"'), "line 4: projection P1 has the unknown synapse type 'gaba'; is it GABA"),
        (('"Glutamate_GJ"', '"generic_gj"'), "line 10: projection P2 has the unknown .*'generic_gj'; is it Generic_GJ"),
        (('"GABA"', '"ElectSyn"'), "line 4: .*'ElectSyn'; there are Acetylcholine, .*, with _GJ for a gap junction"),
        (('synapse_type="GABA"', ""), "line 3: projection P1 has no synapse type"),
        (('weight="1.0"', 'weight="10.0"'), "line 4: projection P1 has weight '10.0': only 1 can be simulated"),
        (('internal_delay="0"', 'internal_delay="20"'), "line 4: projection P1 has internal_delay '20'"),
        (('threshold="0.0"', 'threshold="-20"'), "line 4: projection P1 has threshold '-20'"),
        (('<connections size="2">', '<synapse_props/><connections size="2">'), "line 5: .* a second synapse type"),
        (('<connections size="2">', '<connectivity_pattern/><connections size="2">'), "line 5: .* a connectivity"),
        (('<connection id="1"', '<connection id="1" post_cell_id="3"'), "line 7: connection 1 of P1: post_cell_id is"),
        (
            ('along="0.1"/>', 'along="0.1"><properties weight="10.0"/></connection>'),
            "line 7: projection P1 has weight '10.0'",
        ),
        (("http://morphml.org/networkml/schema", "http://www.neuroml.org/schema/neuroml2"), "this is NeuroML 2"),
        (("</networkml>", ""), "line 14: truncated or not XML"),
        (("projection ", "projektion "), "truncated or not XML|no projections"),
    ],
)
def test_a_wrong_file_names_the_connection_and_its_line(network, change, message):
    with pytest.raises(InputError, match=message):
        load_network_file(network(FILE.replace(*change)))


def test_all_faults_are_reported_at_once(network):
    text = FILE.replace('pre_segment_id="4"', 'pre_segment_id="4444"')
    with pytest.raises(InputError, match=r"connection 0 of P1.*; line 12: connection 0 of P2"):
        load_network_file(network(text))


def test_a_truncated_archive_and_a_missing_file(network, tmp_path):
    path = network(name="network.xml.gz")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="truncated or damaged"):
        load_network_file(path)
    with pytest.raises(InputError, match="No such file"):
        load_network_file(tmp_path / "nothing.xml")


def test_the_source_is_chosen_and_said(network, monkeypatch):
    path = network()
    assert "network.xml" in load_connectome(path).source
    assert "placed" in load_connectome().source
    monkeypatch.setenv(NETWORK_VARIABLE, str(path))
    assert "network.xml" in load_connectome().source
    assert "network.xml" in load_connectome("published").source
    for name, words in (("placed", "placed"), ("as-run", "as run for the publication")):
        monkeypatch.setenv(NETWORK_VARIABLE, name)
        assert words in load_connectome().source
    monkeypatch.setenv(NETWORK_VARIABLE, str(path) + "x")
    with pytest.raises(InputError, match="which is no file"):
        load_connectome()


def test_published_needs_the_file():
    with pytest.raises(InputError, match="wormtwin connectome download"):
        load_connectome("published")


@pytest.mark.shared
def test_the_published_file_has_its_counts(published):
    kinds = Counter(contact.kind for contact in published.contacts)
    pairs = {(c.pre, c.post, c.kind, c.transmitter) for c in published.contacts}
    assert (len(published.neurons), len(published.contacts)) == (302, 6702)
    assert kinds == {"chemical": 5221, "gap_junction": 1481}
    assert sum(kind == "chemical" for *_, kind, _ in pairs) == 1954
    assert sum(kind == "gap_junction" for *_, kind, _ in pairs) == 906
    assert published.unconnected == ("CANL", "CANR", "VC6")
    table = Counter()
    for (pre, post, kind, _), number in contact_table().items():
        table[pre, post, kind] += number
    assert sum(table.values()) == 8312
    found = Counter((c.pre, c.post, c.kind) for c in published.contacts)
    assert all(number <= table[key] for key, number in found.items())


def test_the_table_lists_most_gap_junctions_from_both_sides():
    """Counted by pandas, beside the figures of the documents."""
    table = pandas.read_excel(c302_folder() / "data" / "CElegansNeuronTables.xls", sheet_name="Connectome")
    pre, post, kind = (table[column] for column in table.columns[:3])
    listed = set(zip(pre[kind == "GapJunction"], post[kind == "GapJunction"], strict=True))
    mutual = {frozenset(pair) for pair in listed if pair[::-1] in listed and pair[0] != pair[1]}
    assert (len({frozenset(pair) for pair in listed}), len(mutual)) == (557, 527)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["gaba_lower.xml", "gj_lower.xml", "gj_elec.xml"])
def test_other_spellings_are_refused_with_their_line(wormtwin, refused, shared, name):
    file = shared / "cases" / "simulation" / "nml" / name
    refused(wormtwin("connectome", "info", "--network", file), "line 5: projection P1 has the unknown synapse type")


@pytest.mark.shared
def test_gap_junctions_listed_from_both_sides_are_one_pair(wormtwin, network_file):
    """Counted from the XML itself, by lines of text."""
    text = gzip.decompress(network_file.read_bytes()).decode()
    found = re.findall(r'source="(\w+)" target="(\w+)"[^>]*>\s*<synapse_props[^>]*synapse_type="\w+_GJ"', text)
    pairs = {frozenset(pair) for pair in found}
    mutual = {frozenset(pair) for pair in found if pair[::-1] in set(found) and pair[0] != pair[1]}
    alone = {pair for pair in pairs if len(pair) == 1}
    assert (len(pairs), len(mutual), len(alone)) == (550, 356, 5)
    assert len(set(found)) == len(pairs) + len(mutual) == 906
    _, text, _ = wormtwin("connectome", "info", "--network", network_file)
    assert "Gap junctions join 550 pairs of neurons (5 are a neuron and itself), 356 of them listed from both" in text
