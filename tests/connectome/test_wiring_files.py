"""A user's own wiring: lists and matrices, CSV and Excel, right and wrong; contacts as CSV."""

import csv

import pandas as pd
import pytest

from connectome.c302_files import morphology
from connectome.contact_csv import save_contacts
from connectome.wirings.own_file import load_wiring_file
from neuron_models.foundation.errors import InputError

LIST = """pre,post,kind,number,transmitter,sign,notes
AVAL,VA08,chemical,3,Acetylcholine,,x
AVAL,VA8,chemical,2,Acetylcholine,,
AVAL,DB1,chemical,,,-,
VD1,DB1,chemical,4,,,
AVBL,DB1,gap_junction,2,,,
DB1,AVBL,electrical,3,,,
"""
EXPECTED = {
    ("AVAL", "VA8", "chemical"): (5.0, 1),
    ("AVAL", "DB1", "chemical"): (1.0, -1),
    ("VD1", "DB1", "chemical"): (4.0, -1),
    ("AVBL", "DB1", "gap_junction"): (3.0, None),
}


@pytest.fixture
def written(tmp_path):
    def write(text, name="mine.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def read(path):
    table = load_wiring_file(path)
    return table, {(p.pre, p.post, p.kind): (p.number, p.sign) for p in table.pairs}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_list(written, delimiter):
    table, found = read(written(LIST.replace(",", delimiter)))
    assert found == EXPECTED
    assert table.neurons == ("AVAL", "AVBL", "DB1", "VA8", "VD1")
    assert "not read: notes" in table.source
    assert "Gap junctions of 1 pairs" in table.source


def test_a_list_in_excel(tmp_path, written):
    pd.read_csv(written(LIST)).to_excel(tmp_path / "mine.xlsx", index=False)
    assert read(tmp_path / "mine.xlsx")[1] == EXPECTED


MATRIX = "chemical,AVAL,DB1\nAVAL,0,2\nVD1,,1.5\n"


def test_matrices(tmp_path, written):
    _, found = read(written(MATRIX))
    assert found == {("AVAL", "DB1", "chemical"): (2.0, 1), ("VD1", "DB1", "chemical"): (1.5, -1)}
    with pd.ExcelWriter(tmp_path / "two.xlsx") as book:
        for sheet in ("chemical", "gap junction"):
            frame = pd.DataFrame([[0, 2], [2, 0]], ["AVAL", "DB1"], ["AVAL", "DB1"])
            frame.to_excel(book, sheet_name=sheet, index_label="")
    _, found = read(tmp_path / "two.xlsx")
    assert found == {
        ("AVAL", "DB1", "chemical"): (2.0, 1),
        ("DB1", "AVAL", "chemical"): (2.0, 1),
        ("AVAL", "DB1", "gap_junction"): (2.0, None),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pre,post,kind\nAVAX,DB1,chemical\n", r"row 2: there is no neuron 'AVAX'; the nearest names are AVA"),
        ("pre,post,kind\nAVAL,DB1,chem\n", "row 2: the kind is one of chemical, gap_junction, got 'chem'"),
        ("pre,post,kind,number\nAVAL,DB1,chemical,-2\n", "row 2: the number of contacts must be >= 0 .* got '-2'"),
        ("pre,post,kind,number\nAVAL,DB1,chemical,nan\n", "row 2: the number of contacts must be >= 0 .* got 'nan'"),
        ("pre,post,kind,sign\nAVAL,DB1,chemical,?\n", r"row 2: the sign is \+ or -, got '\?'"),
        ("pre,post,kind,transmitter\nAVAL,DB1,chemical,Histamine\n", "row 2: there is no sign rule .*'Histamine'"),
        ("pre,post\nAVAL,DB1\n", "the column kind is missing"),
        ("what,AVAL\nAVAL,1\n", "its corner says 'what'"),
        ("chemical,AVAL,XYZ\nAVAL,1,1\n", "row 1: there is no neuron 'XYZ'"),
        ("pre,post,kind\n", "there is no contact in it"),
        ("", "there is no contact in it"),
        ("pre,post,kind\n" + "NO,DB1,chemical\n" * 5, "row 4: .*; and 2 more"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(written, text, message):
    with pytest.raises(InputError, match=message):
        load_wiring_file(written(text))


def test_a_file_that_is_no_table(tmp_path):
    (tmp_path / "broken.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError, match="this is no Excel file"):
        load_wiring_file(tmp_path / "broken.xlsx")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="this is no text"):
        load_wiring_file(tmp_path / "binary.csv")


def test_contacts_as_csv(small, tmp_path):
    save_contacts(small, tmp_path / "contacts.csv")
    rows = list(csv.DictReader((tmp_path / "contacts.csv").open()))
    assert [row["kind"] for row in rows] == ["gap_junction", "chemical"]
    x, y, z = (float(rows[0][f"post_{axis}_um"]) for axis in "xyz")
    assert (x, y, z) == pytest.approx(morphology("DB1").position(6, 0.5), abs=1e-3)
    with pytest.raises(InputError, match=r"ends in \.csv"):
        save_contacts(small, tmp_path / "contacts.txt")


def test_commands(wormtwin, written, tmp_path, refused):
    own = written(LIST)
    status, out, _ = wormtwin("connectome", "info", "--network", own)
    assert status == 0
    assert "5 neurons" in out
    status, out, _ = wormtwin("connectome", "compare", own, "table2012", "--plot", tmp_path / "c.png")
    assert status == 0
    assert "Pairs among the 5 neurons" in out
    assert (tmp_path / "c.png").is_file()
    status, out, _ = wormtwin("connectome", "export", "--network", own, "--out", tmp_path / "x.csv")
    assert status == 0
    assert (tmp_path / "x.csv").is_file()
    scenario = ("simulate", "--scenario", "fcm", "--network", own, "--out", tmp_path / "d.h5")
    refused(wormtwin(*scenario), "fcm", "PLML", "lacks")
    refused(wormtwin("connectome", "compare", own, "nonsense"), "there is no network nonsense")
