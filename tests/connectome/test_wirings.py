"""Wirings by name, as counts and placed."""

import importlib.util
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from connectome.c302_files import contact_table
from connectome.contact import Connectome, Contact, require_covered
from connectome.network import NetworkParameters
from connectome.wiring import load_connectome
from connectome.wirings import cect_files
from connectome.wirings.cect_files import reading
from connectome.wirings.comparison import compare_wirings, plot_comparison
from connectome.wirings.named import NAMED, named_table
from connectome.wirings.placing import placed_table
from connectome.wirings.signs import sign_of
from connectome.wirings.table import Pair, WiringTable, table_of
from neuron_models.foundation.errors import InputError

with_cect = pytest.mark.skipif(importlib.util.find_spec("cect") is None, reason="cect is not installed")
with_atlas = pytest.mark.skipif(
    importlib.util.find_spec("wormneuroatlas") is None, reason="wormneuroatlas is not installed"
)

LISTED = {
    "Cook2019HermReader": (4879, 2883),
    "VarshneyDataReader": (2309, 1031),
    "White_whole": (2386, 1144),
    "WitvlietDataReader7": (2202, 576),
    "WitvlietDataReader8": (2186, 612),
}
"""Chemical pairs and directed gap junctions of each source, all cells, as counted by others in the same tables."""

BY_TRANSMITTER = {
    **{"Acetylcholine": 2756, "Glutamate": 1334, "GABA": 506, "Betaine": 150, "Dopamine": 1176, "Serotonin": 492},
    **{"Tyramine": 228, "Octopamine": 56},
}


@with_cect
@pytest.mark.parametrize("reader", LISTED)
def test_the_pairs_of_each_source(reader):
    found = reading(reader)
    assert tuple(int((found.matrices[kind] > 0).sum()) for kind in ("Generic_CS", "Generic_GJ")) == LISTED[reader]
    name = next(name for name, wiring in NAMED.items() if wiring.readers == (reader,))
    chemical, gap = LISTED[reader]
    assert any(f"{chemical:,} chemical pairs and {gap:,} directed" in note for note in named_table(name).notes)


@with_cect
def test_the_pairs_of_each_transmitter():
    found = reading("Wang2024HermReader")
    assert {label: int((matrix > 0).sum()) for label, matrix in found.matrices.items()} == BY_TRANSMITTER


@with_cect
@pytest.mark.parametrize("number", [7, 8])
def test_the_counts_are_those_of_the_authors_workbook(number):
    import openpyxl

    path = Path(importlib.util.find_spec("cect").origin).parent / "data" / f"witvliet_2020_{number} adult.xlsx"
    rows = openpyxl.load_workbook(path, read_only=True).active.iter_rows(min_row=2, max_col=4, values_only=True)
    table = named_table(f"witvliet{number}")
    known, chemical, gap = set(table.neurons), Counter(), Counter()
    for pre, post, kind, contacts in rows:
        if {pre, post} <= known:
            if kind == "chemical":
                chemical[pre, post] += contacts
            elif pre != post:
                gap[tuple(sorted((pre, post)))] += contacts
    assert {(p.pre, p.post): p.number for p in table.of_kind("chemical")} == chemical
    assert {(p.pre, p.post): p.number for p in table.of_kind("gap_junction")} == gap


@with_cect
def test_transmitters_decide_the_signs():
    pairs = named_table("cook2019").of_kind("chemical")
    found = {(pair.pre, pair.transmitter, pair.sign) for pair in pairs}
    assert {("VD1", "GABA", -1), ("AVAL", "Acetylcholine", 1), ("SMDVL", "Acetylcholine_GABA", 1)} <= found
    assert ("RMGL", "unknown", 1) in found
    assert sign_of("GABA") == -1
    with pytest.raises(InputError, match="no sign rule for the transmitter 'Histamine'"):
        sign_of("Acetylcholine_Histamine")


@with_cect
def test_the_consensus_is_the_mean_of_those_that_hold_both_neurons():
    consensus, single = named_table("consensus"), [named_table(n) for n in ("white", "witvliet7", "witvliet8")]
    names = ("AVAL", "VA8", "RIML")
    motor = [table.matrix("gap_junction", names)[0, 1] for table in single]
    assert motor[1:] == [0, 0]  # the brains have no VA8: the whole animal of White et al. alone tells
    assert consensus.matrix("gap_junction", names)[0, 1] == motor[0] > 0
    rim = sum(table.matrix("chemical", names)[2, 0] for table in single)
    assert rim / 4 <= consensus.matrix("chemical", names)[2, 0] <= rim / 4 + 3


@with_cect
@with_atlas
def test_predicted_signs():
    plain, predicted = named_table("white"), named_table("white:fenyves")
    changed = [(a, b) for a, b in zip(plain.pairs, predicted.pairs, strict=True) if a != b]
    assert all(a.sign == -b.sign and a.number == b.number for a, b in changed)
    assert len(changed) > 100
    assert "Fenyves" in predicted.source


def test_the_table_of_2012_counts_a_gap_junction_once():
    table, directed = named_table("table2012"), Counter()
    for (pre, post, kind, _), number in contact_table().items():
        directed[kind, pre, post] += number
    for pair in table.of_kind("gap_junction"):
        both = (directed["gap_junction", pair.pre, pair.post], directed["gap_junction", pair.post, pair.pre])
        assert pair.number == max(both)
    chemical = sum(number for (kind, *_), number in directed.items() if kind == "chemical")
    assert table.matrix("chemical").sum() == chemical
    assert "counted once" in " ".join(table.notes)


def test_a_wiring_covers_its_neurons_and_signs_reach_the_synapses():
    pairs = (
        Pair("AVAL", "DB1", "chemical", 2.5, "Acetylcholine", -1),
        Pair("AVAL", "DB1", "chemical", 0.4, "GABA", -1),
        Pair("AVAL", "AVBL", "gap_junction", 1.0, "Generic"),
    )
    connectome = placed_table(WiringTable("mine", ("AVAL", "AVBL", "DB1"), pairs, "mine: three pairs"))
    assert connectome.names == ("AVAL", "AVBL", "DB1")
    assert Counter(c.kind for c in connectome.contacts)["chemical"] <= 3
    assert "of 4 contacts placed" in connectome.source
    (first, *_) = connectome.contacts
    parameters = NetworkParameters()
    assert parameters.mechanism(first).e_rev == parameters.e_inhibitory
    with pytest.raises(InputError, match=r"scenario x needs PLML, which the wiring lacks \(mine, 3 neurons\)"):
        require_covered(["AVAL", "PLML"], connectome, "scenario x")


def test_counts_of_placed_contacts(small):
    counted = table_of(small)
    assert [(p.pre, p.post, p.kind, p.number, p.sign) for p in counted.pairs] == [
        ("AVBL", "DB1", "gap_junction", 1.0, None),
        ("AVBL", "VB1", "chemical", 1.0, 1),
    ]
    matrix = counted.matrix("gap_junction")
    assert np.array_equal(matrix, matrix.T)
    assert matrix.sum() == 2
    twice = Contact("DB1", "AVBL", "gap_junction", "Generic", 5, 0.5, 6, 0.5)
    both = table_of(Connectome(small.neurons, (*small.contacts, twice), "both sides"))
    assert both.of_kind("gap_junction")[0].number == 2.0


def test_comparison_by_hand(tmp_path):
    names = ("AVAL", "AVAR", "AVBL", "AVBR")

    def wiring(*counts):
        posts = ("AVAR", "AVBL", "AVBR")
        pairs = (Pair("AVAL", q, "chemical", float(n), "GABA", -1) for q, n in zip(posts, counts, strict=True) if n)
        return WiringTable("x", names, tuple(pairs), "x")

    chemical, gap = compare_wirings(wiring(1, 2, 4), wiring(3, 5, 9))
    assert (chemical.shared, chemical.pearson, chemical.spearman) == (3, pytest.approx(1.0), pytest.approx(1.0))
    assert np.isnan(gap.pearson)
    fewer, _ = compare_wirings(wiring(1, 2, 0), wiring(0, 5, 9))
    assert (len(fewer.first), fewer.shared) == (3, 1)
    plot_comparison((chemical, gap), ("one", "other"), tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 5000
    strangers = WiringTable("y", ("PLML",), (), "y")
    with pytest.raises(InputError, match="no neuron in common"):
        compare_wirings(wiring(1, 2, 3), strangers)


def test_what_a_wiring_needs_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(cect_files.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(cect_files, "wheel_folder", lambda: tmp_path)
    with pytest.raises(InputError, match=r"cect, which is not installed: pip install 'wormtwin\[wirings\]'"):
        cect_files.cect_folder()
    with pytest.raises(InputError, match=r"there is no network cook: give a path, or one of published, .*cook2019"):
        load_connectome("cook")


@with_cect
def test_a_wheel_alone_will_do(monkeypatch, tmp_path):
    import zipfile

    folder = Path(importlib.util.find_spec("cect").origin).parent
    with zipfile.ZipFile(tmp_path / "cect-0.3.5-py3-none-any.whl", "w") as wheel:
        wheel.write(folder / "cache" / "WitvlietDataReader7.json", "cect/cache/WitvlietDataReader7.json")
    monkeypatch.setattr(cect_files.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(cect_files, "wheel_folder", lambda: tmp_path)
    assert len(reading.__wrapped__("WitvlietDataReader7").cells) == 222
    with pytest.raises(InputError, match=r"Cook2019HermReader.json is missing or damaged"):
        reading.__wrapped__("Cook2019HermReader")


def test_neurons_of_a_pair_are_known():
    with pytest.raises(InputError, match="there is no neuron 'AVAX'"):
        WiringTable("x", ("AVAL",), (Pair("AVAL", "AVAX", "chemical", 1.0, "GABA", -1),), "x")
    for wrong in ((0.0, -1), (1.0, None)):
        with pytest.raises(InputError, match="chemical pair AVAL to AVAR"):
            Pair("AVAL", "AVAR", "chemical", wrong[0], "GABA", wrong[1])
