"""Postures in files that json, PyTables, h5py and NumPy write, beside what other readers find: no value may differ."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest

from datasets.posture.formats.raw import Reading
from datasets.posture.recordings import read_recordings

FRAMES, WORMS = 30, 2


@pytest.mark.parametrize("table", ["timeseries_data", "features_timeseries", "trajectories_data"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_tierpsys_skeletons_beside_pandas(table, shuffled, midlines, tmp_path):
    """PyTables writes the table, as Tierpsy does; pandas groups it by worm."""
    tables = pytest.importorskip("tables")
    path, rng = tmp_path / "plate.hdf5", np.random.default_rng(0)
    rows = [(worm, frame) for frame in range(FRAMES) for worm in (3, 7) if (worm, frame) != (7, 5)]
    rows = [rows[k] for k in rng.permutation(len(rows))] if shuffled else rows
    joined = table == "trajectories_data"
    columns = ("worm_index_joined", "frame_number", "skeleton_id") if joined else ("worm_index", "timestamp", "area")
    data = np.array([(*row, k) for k, row in enumerate(rows)], dtype=[(name, "i4") for name in columns])
    skeletons = np.stack([midlines(seed=worm)[frame] for worm, frame in rows]) * 1000
    with tables.open_file(str(path), "w") as file:
        made = file.create_table("/", table, obj=data)
        made.attrs.fps, made.attrs.time_units = 30.0, "seconds"
        made.attrs.microns_per_pixel, made.attrs.xy_units = 10.0, "microns"
        file.create_carray("/coordinates", "skeletons", obj=skeletons, createparents=True)
    with tables.open_file(str(path)) as file:
        other, points = pd.DataFrame(file.get_node(f"/{table}").read()), file.get_node("/coordinates/skeletons").read()
    found = read_recordings([path])
    worms = dict(list(other.groupby(columns[0])))
    assert [recording.name for recording in found] == [f"plate worm {worm}" for worm in worms]
    for recording, (_, rows_of) in zip(found, worms.items(), strict=True):
        mine = rows_of.sort_values(columns[1])
        frames = (mine[columns[1]] - mine[columns[1]].min()).to_numpy()
        np.testing.assert_array_equal(recording.midlines[frames], points[mine.index])
        gaps = np.setdiff1d(np.arange(len(recording.midlines)), frames)
        assert np.isnan(recording.midlines[gaps]).all()
        assert (recording.fps, recording.unit) == (30.0, 1e-3)


@pytest.mark.parametrize("offsets", [False, True])
@pytest.mark.parametrize("records", [1, 5, FRAMES])
def test_wcon_beside_json(records, offsets, midlines, tmp_path):
    path, expected = tmp_path / "w.wcon", {}
    data = []
    for worm in range(WORMS):
        points = midlines(frames=FRAMES, points=9, seed=worm)
        for part in np.array_split(np.arange(FRAMES), records):
            origin = points[part, 0] if offsets else np.zeros((len(part), 2))
            shape = points[part] - origin[:, None]
            record = {
                "id": str(worm),
                "t": (part / 20).tolist(),
                "x": shape[..., 0].tolist(),
                "y": shape[..., 1].tolist(),
            }
            more = {"ox": origin[:, 0].tolist(), "oy": origin[:, 1].tolist()} if offsets else {}
            data.append({**record, **more, "cx": [9.0] * len(part), "cy": [9.0] * len(part)})
    units = dict.fromkeys(("x", "y", "ox", "oy", "cx", "cy"), "mm")
    path.write_text(json.dumps({"units": {**units, "t": "s"}, "data": data}))
    for record in json.loads(path.read_text())["data"]:
        shift = np.stack([record.get("ox", 0.0), record.get("oy", 0.0)], axis=-1)
        points = np.stack([record["x"], record["y"]], axis=-1) + np.broadcast_to(shift, (len(record["t"]), 2))[:, None]
        expected.setdefault(record["id"], []).append(points)
    found = read_recordings([path])
    assert len(found) == WORMS
    for recording, parts in zip(found, expected.values(), strict=True):
        np.testing.assert_allclose(recording.midlines, np.concatenate(parts), atol=1e-12)
        assert recording.fps == pytest.approx(20.0)


def test_arrays_beside_numpy(midlines, tmp_path):
    one, several = tmp_path / "one.npy", tmp_path / "several.npz"
    np.save(one, midlines(seed=1))
    np.savez(several, b=midlines(seed=2), a=midlines(seed=3))
    reading = Reading(fps=30.0)
    np.testing.assert_array_equal(read_recordings([one], reading)[0].midlines, np.load(one))
    with np.load(several) as other:
        found = read_recordings([several], reading)
        assert [recording.name for recording in found] == list(other)
        for recording in found:
            np.testing.assert_array_equal(recording.midlines, other[recording.name])


@pytest.mark.parametrize("kind", ["WormPose", "groups"])
def test_hdf5_beside_h5py(kind, midlines, tmp_path):
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        if kind == "WormPose":
            file["skeletons"], file.attrs["framerate"] = midlines(), 12.0
        for name in ("10", "9") if kind == "groups" else ():
            file[f"{name}/tseries"] = np.random.default_rng(int(name)).normal(size=(20, 4))
            file[f"{name}/frameRate"] = [12.0]
    found = read_recordings([path])
    with h5py.File(path) as other:
        for recording in found:
            assert recording.fps == 12.0
            if kind == "WormPose":
                np.testing.assert_array_equal(recording.midlines, other["skeletons"][:])
            else:
                np.testing.assert_array_equal(recording.amplitudes, other[recording.name.split()[1]]["tseries"][:])
    assert len(found) == (1 if kind == "WormPose" else 2)
