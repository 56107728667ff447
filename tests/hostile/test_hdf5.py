"""HDF5 files of strangers: their data lie in them, fit into them, and each field says what is wrong with it."""

import errno
import io
import json
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from datasets.calcium.matlab_file import read_matlab
from datasets.calcium.nwb_file import read_nwb
from datasets.pose.formats.label_files import load_labels
from datasets.pose.formats.tracks_file import is_tracks, load_tracks
from datasets.posture.formats.hdf5_file import read_hdf5
from datasets.posture.formats.raw import Reading
from datasets.responses.screen_file import load_screen
from datasets.store import dataset_checksum, load_dataset, save_dataset
from datasets.video.frame_readers import stored_reader
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.hdf5 import (
    TEXTS,
    column,
    inner_group,
    json_attribute,
    names_attribute,
    number_attribute,
    numbers,
    one_number,
    open_hdf5,
    stored_array,
    table_of,
    text_attribute,
    texts,
)
from surrogates.importance.storage import load_importance

SECRET = "secret.h5"


def _external_link(file):
    file["x"] = h5py.ExternalLink(SECRET, "/x")


def _virtual(file):
    layout = h5py.VirtualLayout((4, 3), "f8")
    layout[:] = h5py.VirtualSource(SECRET, "x", (4, 3), "f8")
    file.create_virtual_dataset("x", layout)


def _external_storage(file):
    file.create_dataset("x", (4, 3), "f8", external=[("secret.bin", 0, 96)])


def _deep_link(file):
    file["a/b/c"] = h5py.ExternalLink(SECRET, "/x")


ELSEWHERE = [_external_link, _virtual, _external_storage, _deep_link]


@pytest.fixture(params=ELSEWHERE)
def linked(request, tmp_path):
    """A file whose data lie in another file of this machine."""
    with h5py.File(tmp_path / SECRET, "w") as file:
        file["x"] = np.ones((4, 3))
    (tmp_path / "secret.bin").write_bytes(np.ones(12).tobytes())

    def make(name):
        with h5py.File(tmp_path / name, "w") as file:
            request.param(file)
        return tmp_path / name

    return make


READERS = {
    "a.h5": [
        load_dataset,
        lambda path: load_dataset(path, lazy=True),
        dataset_checksum,
        load_screen,
        load_importance,
        load_tracks,
        lambda path: read_hdf5(path, Reading()),
        load_labels,
        stored_reader,
    ],
    "a.slp": [load_labels],
    "a.nwb": [read_nwb, load_labels],
    "a.mat": [read_matlab, load_labels],
}


@pytest.mark.parametrize(("name", "read"), [(name, read) for name, readers in READERS.items() for read in readers])
def test_no_reader_follows_a_file_to_another_one(linked, name, read):
    path = linked(name)
    for package in {"a.nwb": ["pynwb"], "a.mat": ["pymatreader"], "a.slp": ["sleap_io"]}.get(name, []):
        pytest.importorskip(package)
    with pytest.raises(InputError, match=r"elsewhere|other files") as raised:
        read(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("make", ELSEWHERE)
def test_a_model_file_whose_weights_are_links_is_refused(make, tmp_path):
    from surrogates.runs.model_file import load_model

    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        make(file)
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("model.weights.h5", weights.getvalue())
    with pytest.raises(InputError, match=r"elsewhere|other files"):
        load_model(tmp_path / "model.keras")


def test_sizes_that_a_file_cannot_hold_are_refused_before_they_are_read(tmp_path, linear_response):
    path = save_dataset(linear_response(), tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file.create_dataset("big", (2**36,), "f8", chunks=(1024,))
    for read in (load_dataset, lambda path: load_dataset(path, lazy=True)):
        with pytest.raises(InputError, match=r"cannot hold the [\d,]+ bytes that it declares"):
            read(path)
    with h5py.File(tmp_path / "zeros.h5", "w") as file:  # as dense as deflate can make it
        file.create_dataset("x", data=np.zeros(2**26, np.uint8), chunks=(2**22,), compression="gzip")
    with open_hdf5(tmp_path / "zeros.h5", "file") as file:
        assert file["x"].shape == (2**26,)


def test_a_file_that_another_process_writes_is_not_called_damaged(tmp_path, linear_response):
    path = save_dataset(linear_response(), tmp_path / "a.h5")
    code = (
        f"import h5py, sys\nwith h5py.File({str(path)!r}, 'r+'):\n    print('open', flush=True)\n    sys.stdin.read()"
    )
    writer = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert writer.stdout.readline() == b"open\n"
        for read in (load_dataset, load_tracks, is_tracks, load_labels):
            with pytest.raises(InputError, match="at work in another process"):
                read(path)
    finally:
        writer.stdin.close()
        writer.wait()
    assert len(load_dataset(path)) == 16


def test_a_disk_without_locks_is_read_without_them(tmp_path, linear_response, monkeypatch):
    path = save_dataset(linear_response(), tmp_path / "a.h5")
    real = h5py.File

    def without_locks(*arguments, **options):
        if options.get("locking") is not False:
            raise OSError(errno.ENOLCK, "Unable to open file (unable to lock file, errno = 37)")
        return real(*arguments, **options)

    monkeypatch.setattr("neuron_models.foundation.hdf5.h5py.File", without_locks)
    with open_hdf5(path, "file", looked_through=False) as file:
        assert "x" in file


def test_an_error_of_the_system_is_not_called_damage(tmp_path, monkeypatch):
    (tmp_path / "a.h5").write_bytes(b"")

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", "a.h5")

    monkeypatch.setattr("neuron_models.foundation.hdf5.h5py.File", refuse)
    with pytest.raises(PermissionError), open_hdf5(tmp_path / "a.h5", "file"):
        pass


@pytest.fixture
def fields(tmp_path):
    """An open file of fields of many kinds."""
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["numbers"] = np.ones((4, 2))
        file["words"] = np.array(["a", "b"], dtype=h5py.string_dtype())
        file["scalar"] = 3.0
        file["empty"] = h5py.Empty("f8")
        file["table"] = np.zeros(3, dtype=[("a", "f8"), ("b", "f8", (2,)), ("c", "S3")])
        file.create_group("group")
        file.attrs.update(
            text="x", number=2.5, one=np.array([3]), blob=np.array([1, 2]), json='["a", 1]', names='["a"]'
        )
        yield file


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda f: numbers(f, "none", "frame"), "none is missing"),
        (lambda f: numbers(f, "group", "frame"), r"group must be numbers \(frame\), it is a group"),
        (lambda f: inner_group(f, "numbers"), "numbers must be a group, it is an array"),
        (lambda f: numbers(f, "empty", "frame"), "it is empty"),
        (lambda f: numbers(f, "words", "frame"), r"words must be numbers \(frame\), got texts of the shape \(2,\)"),
        (lambda f: numbers(f, "numbers", "frame point 2"), r"\(frame, point, 2\), got float64 of the shape \(4, 2\)"),
        (lambda f: numbers(f, "numbers", "frame 3"), r"\(frame, 3\), got float64 of the shape \(4, 2\)"),
        (lambda f: numbers(f, "table", "row"), "got a table"),
        (lambda f: one_number(f, "numbers"), "must be one number, got 8"),
        (lambda f: texts(f, "numbers"), "must be texts"),
        (lambda f: stored_array(f, "scalar", "frame", TEXTS), "must be texts"),
        (lambda f: table_of(f, "numbers"), "must be a table"),
        (lambda f: column(table_of(f, "table"), "b", "f"), "the column b must be one number a row"),
        (lambda f: column(table_of(f, "table"), "c", "f"), "the column c must be one number a row"),
        (lambda f: column(table_of(f, "table"), "d", "f"), "the column d is missing"),
        (lambda f: text_attribute(f, "none"), "the attribute none is missing"),
        (lambda f: text_attribute(f, "number"), "must be a text, got 2.5"),
        (lambda f: number_attribute(f, "blob"), r"must be a number, got \[1, 2\]"),
        (lambda f: json_attribute(f, "text", list), "must be JSON"),
        (lambda f: json_attribute(f, "json", dict), "must be a JSON dict"),
        (lambda f: names_attribute(f, "json"), "must be a list of texts"),
    ],
)
def test_a_field_says_what_is_wrong(fields, read, words):
    with pytest.raises(InputError, match=words) as raised:
        read(fields)
    assert "f" in str(raised.value)


def test_fields_as_they_should_be(fields):
    assert numbers(fields, "numbers", "frame 2").shape == (4, 2)
    assert one_number(fields, "scalar") == 3
    assert texts(fields, "words") == ("a", "b")
    assert number_attribute(fields, "one") == 3
    assert names_attribute(fields, "names") == ("a",)


CHANGES = {
    "x": lambda f: f.create_group("x"),
    "name": lambda f: f.create_dataset("name", data=np.arange(16)),
    "group": lambda f: f.create_dataset("group", data=["a"], dtype=h5py.string_dtype()),
    "y": lambda f: f.create_dataset("y", data=3.0),
    "split": lambda f: f.create_dataset("split", data=["odd"] * 16, dtype=h5py.string_dtype()),
    "weight": lambda f: f.create_dataset("weight", data=np.ones((16, 60, 2))),
    "extra": lambda f: f.create_dataset("extra", data=1.0),
}
ATTRIBUTES = {
    "dt_ms": "fast",
    "x_names": json.dumps({"a": 1}),
    "y_names": "5",
    "format_version": "one",
    "task": "walking",
    "dataset": 3,
    "x_units": np.arange(3),
    "sha256": np.arange(3),
    "scenario": "json:{",
    "source": h5py.Empty("S1"),
}


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("name", [*CHANGES, *ATTRIBUTES])
def test_a_dataset_with_a_wrong_field_is_one_line(tmp_path, linear_response, wormtwin, refused, name, checked):
    path = save_dataset(linear_response(), tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        if name in CHANGES:
            if name in file:
                del file[name]
            CHANGES[name](file)
        else:
            file.attrs[name] = ATTRIBUTES[name]
        if not checked:
            from datasets.store import _checksum

            file.attrs["sha256"] = ATTRIBUTES["sha256"] if name == "sha256" else _checksum(file)
    status, out, err = wormtwin("dataset", "plot", path, "--out", tmp_path / "a.png")
    assert "unforeseen by wormtwin" not in err
    refused((status, out, err), str(path) if "trial" not in err and "dataset '" not in err else "wormtwin")
