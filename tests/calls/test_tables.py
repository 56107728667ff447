"""Tables of calls in and out."""

import numpy as np
import pytest

from datasets.calls.call import Call
from datasets.calls.tables.reading import read_calls
from datasets.calls.tables.writing import FORMS, SUFFIXES, write_calls
from neuron_models.foundation.errors import InputError

CALLS = (Call(0.5, 0.55, 50_000.0, 70_000.0, 0.75, "up"), Call(1.25, 1.3, 60_000.0, 61_000.0, 0.5, "flat"))


@pytest.mark.parametrize("form", FORMS)
def test_calls_come_back_from_every_form(tmp_path, form):
    path = tmp_path / f"calls{SUFFIXES.get(form, '.csv')}"
    write_calls(CALLS, path, form)
    read = read_calls(path)
    for one, other in zip(read.calls, CALLS, strict=True):
        assert (one.start, one.stop, one.low, one.high) == pytest.approx(
            (other.start, other.stop, other.low, other.high)
        )
    if form not in ("usvseg", "mupet"):
        assert [c.label for c in read.calls] == ["up", "flat"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('"0,0775","0,0811"\n"0,1773","0,2065"\n', [(0.0775, 0.0811), (0.1773, 0.2065)]),
        ("0.05,0.06\n0.1,0.2\n", [(0.05, 0.06), (0.1, 0.2)]),
        ("start;stop\n0,05;0,06\n", [(0.05, 0.06)]),
        ("#,start,end,duration,maxfreq,maxamp,meanfreq,cvfreq\n1,0.5,0.6,100,70,-20,65,0.1\n", [(0.5, 0.6)]),
        ("NumVocal,Start_sec,End_sec,Class\n1,0.5,0.6,chevron\n", [(0.5, 0.6)]),
        ("Syllable number,Syllable start time (sec),Syllable end time (sec)\n1,0.5,0.6\n", [(0.5, 0.6)]),
        ("Selection\tBegin Time (s)\tEnd Time (s)\n1\t0.5\t0.6\n", [(0.5, 0.6)]),
        ("start,duration\n0.5,100\n", [(0.5, 0.6)]),
        ("", []),
    ],
)
def test_tables_of_other_programs(tmp_path, text, wanted):
    (tmp_path / "t.csv").write_text(text)
    for call, times in zip(read_calls(tmp_path / "t.csv").calls, wanted, strict=True):
        assert (call.start, call.stop) == pytest.approx(times)


@pytest.mark.parametrize("channel", ["inf", "nan", "1e300"])
def test_a_channel_that_is_none_leaves_out_its_row(tmp_path, channel):
    (tmp_path / "c.csv").write_text(
        f"start_s,stop_s,low_hz,high_hz,score,label,channel\n0.1,0.2,,,,,{channel}\n0.5,0.6,,,,,2\n"
    )
    read = read_calls(tmp_path / "c.csv")
    assert [(call.start, call.channel) for call in read.calls] == [(0.5, 2)]
    assert len(read.left_out) == 1


def test_a_bad_row_is_left_out_and_named(tmp_path):
    (tmp_path / "t.csv").write_text("start,stop\n0.5,0.6\n0.9,0.8\nx,1\n-1,2\n0.7,0.75\n")
    read = read_calls(tmp_path / "t.csv")
    assert [c.start for c in read.calls] == [0.5, 0.7]
    assert read.left_out == (
        "row 3: a call must stop after it starts, got 0.9 to 0.8 s",
        "row 4: its start is 'x', no number",
        "row 5: a call must start at 0 s or later, got -1 s",
    )


def test_a_clock_that_is_late_is_set(tmp_path):
    (tmp_path / "t.csv").write_text("0.05,0.06\n0.1,0.2\n")
    assert read_calls(tmp_path / "t.csv", -0.02).calls[0].start == pytest.approx(0.03)
    with pytest.raises(InputError, match="puts 1 calls before the recording"):
        read_calls(tmp_path / "t.csv", -0.07)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"a,b\n1,2\n", "no columns that say when calls are"),
        ("t.csv", b"\xff\xfe\x00", "is no text in UTF-8"),
        ("t.csv", b"start,stop\n2,1\n", "no row is a call"),
        ("t.mat", b"nothing", "is no MATLAB file"),
    ],
)
def test_what_is_no_table_is_told(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_calls(tmp_path / name)


@pytest.mark.parametrize(("name", "form", "said"), [("a.xls", "", "ends in .csv"), ("a.csv", "raven", "ends in .txt"),
                                                    ("a.csv", "x", "--form must be one of")])  # fmt: skip
def test_names_and_forms_that_do_not_go_together(tmp_path, name, form, said):
    with pytest.raises(InputError, match=said):
        write_calls(CALLS, tmp_path / name, form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.shared
def test_the_real_table_with_decimal_commas(shared):
    read = read_calls(shared / "data" / "vocalisation" / "msa1_1.csv", -0.02)
    assert read.calls[0].start == pytest.approx(0.0575)
    assert read.left_out == ()


def test_a_struct_of_matlab_7_3(tmp_path):
    """HDF5 as MATLAB writes `table2struct(Calls, 'ToScalar', true)`: columns lie across, text is a cell of codes."""
    import h5py

    path = tmp_path / "t.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        calls = file.create_group("Calls")
        calls.attrs["MATLAB_class"] = np.bytes_("struct")
        columns = {"Box": np.array([[0.5, 50, 0.05, 20], [1.25, 60, 0.05, 1]]).T, "Score": np.array([[0.75, 0.5]])}
        columns["Accept"] = np.array([[1, 0]], np.uint8)
        for name, values in columns.items():
            calls[name] = values
            calls[name].attrs["MATLAB_class"] = np.bytes_("logical" if name == "Accept" else "double")
        kinds = calls.create_dataset("Type", (1, 2), h5py.ref_dtype)
        kinds.attrs["MATLAB_class"] = np.bytes_("cell")
        for place, kind in enumerate(("up", "flat")):
            text = file.create_dataset(f"#refs#/{kind}", data=np.array([[ord(letter)] for letter in kind], np.uint16))
            text.attrs["MATLAB_class"] = np.bytes_("char")
            kinds[0, place] = text.ref
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    read = read_calls(path)
    (call,) = read.calls
    assert (call.start, call.stop, call.low, call.high, call.label) == (0.5, pytest.approx(0.55), 50e3, 70e3, "up")
    assert read.left_out == ("call 2: rejected by whoever looked at it",)


RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\tBegin File\n"


def test_a_selection_of_raven_in_two_views_is_one_call_of_its_species(tmp_path):
    rows = [(1, "Waveform 1", 0.1), (1, "Spectrogram 1", 0.1), (2, "Waveform 1", 0.5), (3, "Spectrogram 1", 0.8)]
    lines = [f"{number}\t{view}\t1\t{start}\t{start + 0.1}\t3e4\t5e4\tEATO\ta.wav" for number, view, start in rows]
    (tmp_path / "r.txt").write_text(RAVEN + "\n".join(lines))
    read = read_calls(tmp_path / "r.txt")
    assert [(call.start, call.label, call.low) for call in read.calls] == [(s, "EATO", 3e4) for s in (0.1, 0.5, 0.8)]


def test_calls_of_two_recordings_are_not_mixed(tmp_path):
    rows = [f"{k}\tSpectrogram 1\t1\t{k}\t{k}.5\t3e4\t5e4\tEATO\t{name}.wav" for k, name in enumerate("ab")]
    (tmp_path / "r.txt").write_text(RAVEN + "\n".join(rows))
    with pytest.raises(InputError, match=r"has calls of 2 recordings \('a.wav', 'b.wav'\): give a table of each"):
        read_calls(tmp_path / "r.txt")


def test_tables_of_das(tmp_path):
    (tmp_path / "d.csv").write_text(",name,start_seconds,stop_seconds\n0,e,0.1,0.2\n1,f,0.3,0.4\n")
    assert [(c.start, c.stop, c.label) for c in read_calls(tmp_path / "d.csv").calls] == [
        (0.1, 0.2, "e"),
        (0.3, 0.4, "f"),
    ]
