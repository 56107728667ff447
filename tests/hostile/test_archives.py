"""NumPy files and archives of strangers: what is declared is there, and nothing of them is run."""

import io
import zipfile

import numpy as np
import pytest

from neuron_models.foundation import archives
from neuron_models.foundation.archives import load_arrays
from neuron_models.foundation.errors import InputError


def _header(shape, dtype="<f8") -> bytes:
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": dtype, "fortran_order": False, "shape": shape})
    return made.getvalue()


def test_arrays_are_those_that_numpy_reads(tmp_path):
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": np.asfortranarray(np.ones((3, 4))),
        "c": np.array("text"),
        "d": np.zeros(0),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **arrays)
        with np.load(tmp_path / "a.npz") as wanted:
            found = load_arrays(tmp_path / "a.npz")
            assert list(found) == wanted.files
            for key, array in found.items():
                assert array.dtype == wanted[key].dtype
                assert np.array_equal(array, wanted[key])
    np.save(tmp_path / "b.npy", arrays["a"])
    assert np.array_equal(load_arrays(tmp_path / "b.npy")["b"], arrays["a"])


def test_what_is_declared_and_not_there_is_refused_unread(tmp_path):
    (tmp_path / "a.npy").write_bytes(_header((2**36,)) + bytes(80))
    with pytest.raises(InputError, match="549,755,813,888 bytes are declared and 80 are there"):
        load_arrays(tmp_path / "a.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", _header((2**36,)))
    with pytest.raises(InputError, match=r"a\.npz: x: 549,755,813,888 bytes"):
        load_arrays(tmp_path / "a.npz")


def test_an_archive_larger_than_the_memory_is_refused(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(10**6))
    monkeypatch.setattr(archives, "_most", lambda: 10**6)
    with pytest.raises(InputError, match=r"unpacked it would take 0\.008 GB"):
        load_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff",
        b"PK\x03\x04",
        b"text",
        _header((3,)).replace(b"}", b"("),
        _header((3,)),
    ],
)
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.npz"):
        load_arrays(tmp_path / "a.npz")


def test_objects_are_not_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="Python objects"):
        load_arrays(tmp_path / "a.npz")
