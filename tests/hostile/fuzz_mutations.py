"""Wrong files out of right ones: bytes, structure of HDF5, JSON, archives and tables."""

import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

WRONG: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 3.5, float("nan"), float("inf"), -(2**63), 2**70, 1e308),
    *("", "x", "N2", "[red]a[/red]", "\x1b[2J", "=1+1", "\0", "\udcff", "a" * 3000),
    *([], {}, [[]], [1, [2, "x"]], {"a": None}, [None] * 3, [1e400]),
)


def mutated(source: Path, target: Path, rng: random.Random) -> str:
    """Write a wrong copy of a file or folder, and say how it was made wrong."""
    if source.is_dir():
        shutil.copytree(source, target)
        inside = sorted(each for each in target.rglob("*") if each.is_file())
        chosen = rng.choice(inside)
        original = chosen.rename(chosen.with_name("original"))
        how = mutated(original, chosen, rng) if rng.random() < 0.9 else "missing"
        original.unlink()
        return f"{chosen.name}: {how}"
    kinds: list[Callable[[Path, Path, random.Random], str]] = [_bytes]
    if h5py.is_hdf5(source):
        kinds += [_hdf5] * 4
    elif zipfile.is_zipfile(source):
        kinds += [_archive] * 4
    elif source.suffix in (".json", ".wcon"):
        kinds += [_json] * 4
    elif source.suffix in (".csv", ".tsv", ".dat", ".xml"):
        kinds += [_lines] * 3
    return rng.choice(kinds)(source, target, rng)


def _bytes(source: Path, target: Path, rng: random.Random) -> str:
    content = bytearray(source.read_bytes())
    how = rng.choice(["cut", "flip", "zero", "double", "empty", "other", "swap"])
    place = rng.randrange(max(1, len(content)))
    if how == "cut":
        content = content[:place]
    elif how == "flip":
        for _ in range(rng.choice([1, 3, 30])):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif how == "zero":
        content[place : place + 64] = bytes(len(content[place : place + 64]))
    elif how == "double":
        content = content[:place] + content[place // 2 :]
    elif how == "empty":
        content = bytearray()
    elif how == "other":
        content = bytearray(rng.randbytes(200))
    else:
        content[place : place + 8] = rng.randbytes(8)
    target.write_bytes(content)
    return how


def _hdf5(source: Path, target: Path, rng: random.Random) -> str:
    shutil.copy(source, target)
    with h5py.File(target, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        if rng.random() < 0.4 or not names:
            return _attribute(file, rng.choice(["/", *names]), rng)
        name = rng.choice(names)
        how = rng.choice(["gone", "group", "scalar", "kind", "shorter", "axes", "texts", "empty", "values", "columns"])
        _change(file, name, how, rng)
        if "sha256" in file.attrs and rng.random() < 0.8:
            _seal(file)
        return f"{name}: {how}"


def _seal(file: h5py.File) -> None:
    from datasets.store import _checksum

    try:
        file.attrs["sha256"] = _checksum(file)
    except (TypeError, ValueError, OSError):
        return


def _attribute(file: h5py.File, name: str, rng: random.Random) -> str:
    item = file[name]
    if not len(item.attrs):
        return "as it was"
    key = rng.choice(sorted(item.attrs))
    value = rng.choice(WRONG)
    if rng.random() < 0.2:
        del item.attrs[key]
        return f"{name}@{key}: gone"
    if isinstance(item.attrs[key], str) and rng.random() < 0.5 and item.attrs[key][:1] in "[{j":
        value = ("json:" if item.attrs[key].startswith("json:") else "") + _wrong_json(item.attrs[key], rng)
    try:
        item.attrs[key] = h5py.Empty("f8") if value is None else value
    except (TypeError, ValueError, OverflowError, OSError, KeyError):
        item.attrs[key] = 5
    return f"{name}@{key}: {value!r:.40}"


def _wrong_json(text: str, rng: random.Random) -> str:
    try:
        found = json.loads(text.removeprefix("json:"))
    except ValueError:
        return text[:-1]
    return json.dumps(_wrong_value(found, rng))


def _change(file: h5py.File, name: str, how: str, rng: random.Random) -> None:
    item = file[name]
    value = item[()] if isinstance(item, h5py.Dataset) and item.shape is not None else None
    kept = dict(item.attrs) if rng.random() < 0.5 else {}
    if value is None and how not in ("gone",):
        how = "scalar"
    if how == "values" and isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and value.size:
        wrong = rng.choice([np.nan, np.inf, -1, 2**31 - 1, 1e30, 0, 3.7])
        flat = value.ravel().astype(float)
        flat[rng.randrange(flat.size) :: rng.choice([1, 2, 10**6])] = wrong
        with np.errstate(all="ignore"):
            value = flat.reshape(value.shape).astype(value.dtype)
    elif how == "shorter" and isinstance(value, np.ndarray) and value.ndim:
        value = value[: rng.randrange(len(value) + 1)]
    elif how == "axes" and isinstance(value, np.ndarray):
        value = rng.choice([value[None], value.ravel(), value.T, value[..., :1] if value.ndim else value])
    elif how == "columns" and isinstance(value, np.ndarray) and value.dtype.names:
        names = list(value.dtype.names)
        chosen = rng.choice(names)
        kinds = [(n, rng.choice(["S3", ("f8", (2,)), "i1"]) if n == chosen else value.dtype[n]) for n in names]
        kinds = [(n, *k) if isinstance(k, tuple) else (n, k) for n, k in kinds]
        value = np.zeros(value.shape, kinds[: rng.choice([len(kinds), len(kinds) - 1])])
    del file[name]
    if how == "gone":
        return
    made = file.create_group(name) if how == "group" else file.create_dataset(name, data=_replacement(how, value, rng))
    for key, said in kept.items():
        made.attrs[key] = said


def _replacement(how: str, value: Any, rng: random.Random) -> Any:
    if how == "scalar":
        return rng.choice([3.0, "text", 7])
    if how == "texts":
        return np.array(["a"] * (len(value) if np.ndim(value) else 1), dtype=h5py.string_dtype())
    if how == "empty":
        return h5py.Empty("f8")
    if how == "kind" and isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return value.astype(rng.choice(["i1", "c16", "f2", "bool", "u8"]))
    return 1.5 if value is None else value


def _wrong_value(found: Any, rng: random.Random, depth: int = 0) -> Any:
    if isinstance(found, dict) and found and rng.random() < 0.85:
        key = rng.choice(list(found))
        if rng.random() < 0.2:
            return {name: value for name, value in found.items() if name != key}
        return {**found, key: _wrong_value(found[key], rng, depth + 1)}
    if isinstance(found, list) and found and rng.random() < 0.85 and depth < 8:
        place = rng.randrange(len(found))
        if rng.random() < 0.2:
            return found[:place]
        return [*found[:place], _wrong_value(found[place], rng, depth + 1), *found[place + 1 :]]
    value = rng.choice(WRONG)
    return None if isinstance(value, str) and "\udcff" in value else value


def _json(source: Path, target: Path, rng: random.Random) -> str:
    found = json.loads(source.read_text())
    text = json.dumps(_wrong_value(found, rng))
    if rng.random() < 0.05:
        text = "[" * 100_000
    target.write_text(text)
    return "json"


def _archive(source: Path, target: Path, rng: random.Random) -> str:
    with zipfile.ZipFile(source) as archive:
        members = {each.filename: archive.read(each) for each in archive.infolist()}
    name = rng.choice(sorted(members))
    how = "gone"
    if rng.random() < 0.15:
        del members[name]
    else:
        inside = target.with_name("inside" + Path(name).suffix)
        original = target.with_name("original" + Path(name).suffix)
        original.write_bytes(members[name])
        if name.endswith(".npy") and rng.random() < 0.7:
            how = _npy(original, inside, rng)
        else:
            how = mutated(original, inside, rng)
        members[name] = inside.read_bytes()
        original.unlink()
        inside.unlink()
    with zipfile.ZipFile(target, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return f"{name}: {how}"


def _npy(source: Path, target: Path, rng: random.Random) -> str:
    value = np.load(source)
    how = rng.choice(["shorter", "axes", "kind", "texts", "scalar", "values", "declared"])
    if how == "declared":
        made = io.BytesIO()
        np.lib.format.write_array_header_1_0(made, {"descr": "<f8", "fortran_order": False, "shape": (2**36,)})
        target.write_bytes(made.getvalue())
        return how
    wrong: Any = {
        "shorter": value[:1] if value.ndim else value,
        "axes": value[None],
        "kind": value.astype("c16") if value.dtype.kind in "fiu" else value,
        "texts": np.array(["a", "b"]),
        "scalar": np.array(3.0),
        "values": value * np.nan if value.dtype.kind in "fiu" else value,
    }[how]
    with target.open("wb") as file:
        np.save(file, wrong)
    return how


def _lines(source: Path, target: Path, rng: random.Random) -> str:
    lines = source.read_text().split("\n")
    place = rng.randrange(len(lines))
    how = rng.choice(["gone", "twice", "cell", "long", "blank"])
    if how == "gone":
        del lines[place]
    elif how == "twice":
        lines.insert(place, lines[place])
    elif how == "long":
        lines[place] += ",1,2\t3 4"
    elif how == "blank":
        lines[place] = ""
    else:
        marks = [mark for mark in ',\t "' if mark in lines[place]]
        mark = rng.choice(marks or [","])
        cells = lines[place].split(mark)
        cells[rng.randrange(len(cells))] = rng.choice(["", "x", "nan", "inf", "-1", "1e400", "999999999999", "é", "\0"])
        lines[place] = mark.join(cells)
    target.write_text("\n".join(lines))
    return how
