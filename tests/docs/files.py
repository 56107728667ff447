"""Small files of the kinds that users bring, for the commands of the documents: each function writes one."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import scipy.io

from run_experiments import run


def _worms():
    from datasets.calcium.sample import SampleSettings, sample_worm

    return [sample_worm(SampleSettings(duration=200.0, seed=1), index).recording for index in range(4)]


def recorded_table(path: Path) -> None:
    """Inputs and outputs of a filter, at a thousand times."""
    u = np.random.default_rng(0).normal(size=1000)
    y = np.convolve(u, 0.9 ** np.arange(50))[:1000]
    np.savetxt(path, np.stack([u, y], axis=1), delimiter=",", header="u,y", comments="")


def calcium_npz(path: Path) -> None:
    found = _worms()
    stored = {"neurons": np.array(found[0].neurons), "state_names": np.array(found[0].state_names)}
    for i, each in enumerate(found, start=1):
        stored |= {f"traces_{i}": each.traces, f"fps_{i}": each.fps, f"states_{i}": each.states + 1}
    np.savez(path, **stored)


def calcium_matlab(path: Path) -> None:
    keys = ("fwd", "slow", "dt", "vt", "rev1", "rev2", "revsus", "nostate")
    found = _worms()
    fields = ("dataset", "deltaFOverF_bc", "NeuronNames", "fps", "States")
    array = np.empty((1, len(found)), dtype=[(field, object) for field in fields])
    for i, each in enumerate(found):
        names = np.empty((len(each.neurons), 1), dtype=object)
        names[:, 0] = each.neurons
        states = {key: each.states[:, None] == k for k, key in enumerate(keys)}
        for field, value in zip(fields, (f"TS{i}", each.traces, names, each.fps, states), strict=True):
            array[0, i][field] = value
    scipy.io.savemat(path, {"WT_NoStim": array})


def calcium_nwb(path: Path) -> None:
    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.ophys import Fluorescence, ImageSegmentation, OpticalChannel

    worm = _worms()["ab".index(path.stem)]
    file = NWBFile("whole-brain imaging", path.stem, datetime(2020, 1, 1, tzinfo=UTC))
    device = file.create_device("microscope")
    channel = OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0)
    plane = file.create_imaging_plane(
        name="plane", optical_channel=channel, description="head", device=device, excitation_lambda=488.0,
        indicator="GCaMP", location="head",
    )  # fmt: skip
    found = ImageSegmentation()
    cells = found.create_plane_segmentation("neurons", plane, name="cells")
    for _ in worm.neurons:
        cells.add_roi(pixel_mask=[(0, 0, 1.0)])
    cells.add_column("neuron_name", "of the 302", data=list(worm.neurons))
    module = file.create_processing_module("ophys", "traces")
    module.add(found)
    rows = cells.create_roi_table_region("all", region=list(range(len(worm.neurons))))
    traces = Fluorescence()
    text = {"unit": "dF/F", "rate": float(worm.fps), "starting_time": 0.0}
    traces.create_roi_response_series(name="dF", data=worm.traces, rois=rows, **text)
    module.add(traces)
    with NWBHDF5IO(path, "w") as io:
        io.write(file)


def _midlines(frames: int = 400, points: int = 49) -> np.ndarray:
    """(frame, point, xy) in mm of a worm that undulates along a line in many ways, 30 frames a second."""
    along, time = np.linspace(0, 1, points), np.arange(frames)[:, None] / 30
    angles = 0.9 * np.sin(2 * np.pi * (1.4 * along - 0.5 * time))
    for k in range(1, 8):
        angles = angles + 0.3 / k * np.sin(0.7 * k * time + k) * np.cos(np.pi * k * along)
    steps = np.stack([np.cos(angles), np.sin(angles)], axis=-1) / points
    return np.cumsum(steps, axis=1) + 0.1 * time[..., None] * [1.0, 0.0]


def midlines(path: Path) -> None:
    np.save(path, 1000 * _midlines())


def wcon(path: Path) -> None:
    x, y = np.moveaxis(_midlines(), 2, 0).round(5).tolist()
    record = {"id": "1", "t": (np.arange(400) / 30).tolist(), "x": x, "y": y}
    path.write_text(json.dumps({"units": {"t": "s", "x": "mm", "y": "mm"}, "data": [record]}))


def tierpsy(path: Path) -> None:
    table = np.zeros(400, dtype=[("worm_index", "<i4"), ("timestamp", "<i4"), ("length", "<i4")])
    table["worm_index"], table["timestamp"] = 1, np.arange(400)
    with h5py.File(path, "w") as file:
        file["timeseries_data"], file["coordinates/skeletons"] = table, 1000 * _midlines()
        text = {"fps": 30.0, "microns_per_pixel": 10.0}
        units = {"time_units": np.bytes_("seconds"), "xy_units": np.bytes_("microns")}
        file["timeseries_data"].attrs.update({**text, **units})


def text_folder(path: Path) -> None:
    path.mkdir()
    for trial in range(3):
        rows = np.column_stack([np.arange(50), np.arange(50) * 5e-4, *np.random.default_rng(trial).random((2, 50))])
        np.savetxt(path / f"record_{trial}.dat", rows)
    units = {"name": "records", "input_units": "nA", "output_units": "V", "split": {}}
    (path / "names.json").write_text(json.dumps({"outputs": ["DB1"], "inputs": ["AVBL"], **units}))


def clip(path: Path) -> None:
    """A film of 40 frames of two flies, and where their joints are in `clip.tracks.h5`."""
    call = f"pose make-sample --out {path.with_suffix('.h5')} --frames 5 --video {path} --video-frames 40"
    if run([*call.split(), "--video-animals", "2"]) != 0:
        raise RuntimeError(call)


def tracks(path: Path) -> None:
    if not path.with_name("clip.mp4").exists():
        clip(path.with_name("clip.mp4"))
    path.write_bytes(path.with_name("clip.tracks.h5").read_bytes())


def sleap_labels(path: Path) -> None:
    tracks(path.with_name("labels.tracks.h5"))
    if run(["pose", "convert", str(path.with_name("labels.tracks.h5")), "--out", str(path)]) != 0:
        raise RuntimeError("pose convert")


def labelling(path: Path) -> None:
    """A folder of labels of a short film."""
    from datasets.pose.labelling.session import open_labelling
    from datasets.pose.skeleton import Skeleton

    clip(path.with_name("clip.mp4"))
    begun = open_labelling(path.with_name("clip.mp4"), path, skeleton=Skeleton(("head", "tail")))
    marks = {"head": [20, 30, "visible", "person"], "tail": [25, 31.5, "visible", "accepted"]}
    for frame in range(3):
        begun.change("page", [{"do": "mark", "film": "clip", "frame": frame, "animal": "animal", "marks": marks}])
    begun.journal.close()


def deeplabcut_project(path: Path) -> None:
    from skimage.io import imsave

    folder = path / "labeled-data" / "mouse"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for frame in range(6):
        imsave(folder / f"img{frame:03d}.png", rng.integers(0, 255, (96, 128), np.uint8), check_contrast=False)
    joints = ("snout", "leftear", "rightear", "tailbase")
    (path / "config.yaml").write_text(f"Task: mouse\nscorer: Ann\nbodyparts: [{', '.join(joints)}]\nskeleton: []\n")
    with (folder / "CollectedData_Ann.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["scorer", *["Ann"] * 8])
        rows.writerow(["bodyparts", *np.repeat(joints, 2)])
        rows.writerow(["coords", *["x", "y"] * 4])
        for frame in range(6):
            index = rng.uniform(10, 80, 8).round(2)
            rows.writerow([f"labeled-data/mouse/img{frame:03d}.png", *index])


def places(path: Path) -> None:
    """Where an animal is in each frame of a video of 40, as another tracker tells it."""
    from datasets.pose.formats.tracks_file import load_tracks

    found = load_tracks(path.with_name("video.tracks.h5"))
    middle = np.nanmean(found.xy, axis=2)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["frame", "animal", "x", "y"])
        for row, frame in enumerate(found.frames):
            rows.writerows([frame, name, *middle[row, k]] for k, name in enumerate(found.animals))


def activations(path: Path) -> None:
    """Muscles of the body wall in a wave from head to tail, for two seconds."""
    from datasets.posture.body.activations import travelling_wave, write_activations

    write_activations(travelling_wave(2.0, 0.3, 0.65, 0.6, 10.0), path)
