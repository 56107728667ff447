"""Small right files of every kind that a command reads, from which wrong ones are made."""

import json
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np

from datasets.calcium.sample import SampleSettings as CalciumSettings
from datasets.calcium.sample import make_sample as make_calcium
from datasets.calls.generator.sample import SampleSettings as CallSettings
from datasets.calls.generator.sample import make_sample as make_calls
from datasets.calls.generator.writing import write_sample as write_calls
from datasets.dataset import Dataset, Trial
from datasets.grimace.generator.sample import SampleSettings as FaceSettings
from datasets.grimace.generator.sample import make_sample as make_faces
from datasets.grimace.generator.sample import write_sample as write_faces
from datasets.pose.generator.sample import SampleSettings as PoseSettings
from datasets.pose.generator.sample import make_sample as make_pose
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from datasets.posture.eigenworm_fit import fit_eigenworms
from datasets.posture.eigenworms import amplitudes_of, pooled_angles
from datasets.posture.generator.sample import SampleSettings as PostureSettings
from datasets.posture.generator.sample import make_sample as make_posture
from datasets.store import save_dataset
from neuron_models.foundation.movies import save_movie

NETWORK = """<?xml version="1.0" encoding="UTF-8"?>
<networkml xmlns="http://morphml.org/networkml/schema"><projections units="Physiological Units">
<projection name="P1" source="AVAL" target="DB1">
<synapse_props synapse_type="GABA" internal_delay="0" weight="1.0" threshold="0.0"/>
<connections size="1">
<connection id="0" pre_segment_id="4" pre_fraction_along="0.25" post_segment_id="5" post_fraction_along="0.5"/>
</connections></projection></projections></networkml>"""
MODELS = (
    ("model.keras", "responses.h5", "--model linear --lags 2"),
    ("steps.keras", "amplitudes.h5", "--model posture_lstm --units 2 --epochs 1"),
    ("points.keras", "pose.h5", "--model pose_small --epochs 1"),
    ("grimace.keras", "grimace.h5", "--model grimace_small --epochs 1"),
    ("behaviour.keras", "behaviour.h5", "--model behaviour_stumps --rounds 3"),
)
"""Name, what it learns, and how."""
FLY = Skeleton(("head", "wingL", "wingR"), (("head", "wingL"),), (("wingL", "wingR"),))


def responses(steps: int = 60) -> Dataset:
    """Sixteen trials of a damped oscillator with two inputs and two outputs."""
    rng = np.random.default_rng(0)
    trials = []
    for index, split in enumerate(["train"] * 8 + ["validation"] * 4 + ["test"] * 4):
        x = np.repeat(rng.uniform(0, 1, (steps // 5, 2)), 5, axis=0)
        y = np.zeros((steps, 2))
        for t in range(1, steps):
            y[t] = 0.9 * y[t - 1] + 0.1 * x[t] @ [[1.0, 0.2], [0.3, -0.5]]
        trials.append(Trial(f"trial_{index:02d}", x, y, group=f"g{index}", split=split))
    return Dataset("oscillator", tuple(trials), 0.5, ("A", "B"), ("P", "Q"), "nA", "V", extra={"scenario": "toy"})


def midlines(frames: int = 80, points: int = 12) -> np.ndarray:
    """A worm that bends: (frame, point, 2)."""
    along = np.linspace(0, 1, points)
    bend = 0.2 * np.sin(6 * along[None] - 0.4 * np.arange(frames)[:, None])
    return np.stack([np.repeat(along[None], frames, axis=0) + 0.01 * np.arange(frames)[:, None], bend], axis=-1)


def tracks(video: Path) -> Tracks:
    """Key points of two animals in every third frame of a video."""
    from datasets.video.video import open_video

    frames = np.arange(0, 12, 3)
    xy = np.random.default_rng(1).uniform(8, 40, (len(frames), 2, 3, 2))
    scores = np.full(xy.shape[:3], 0.5)
    return Tracks(str(video), FLY, frames, xy, scores, ("one", "two"), 25.0, open_video(video))


def make_files(folder: Path) -> None:
    """Write one file of each kind into a folder."""
    _datasets(folder)
    _posture_files(folder)
    _calcium_files(folder)
    _behaviour_files(folder)
    _marker_files(folder)
    _pose_files(folder)
    _grimace_files(folder)
    _identity_files(folder)
    _others(folder)


def _datasets(folder: Path) -> None:
    save_dataset(responses(), folder / "responses.h5")
    uneven = responses()
    cut = tuple(Trial(t.name, t.x[: 60 - i], t.y[: 60 - i], split=t.split) for i, t in enumerate(uneven))
    save_dataset(Dataset("uneven", cut, 0.5, ("A", "B"), ("P", "Q"), "nA", "V"), folder / "uneven.h5")
    save_dataset(make_calcium(CalciumSettings(worms=2, duration=120.0)), folder / "calcium.h5")
    posture = make_posture(PostureSettings(strains=PostureSettings().strains[:2], worms=2, duration=30.0))
    save_dataset(posture, folder / "angles.h5")
    save_dataset(
        amplitudes_of(posture, fit_eigenworms(pooled_angles(posture), 4, method="pca")), folder / "amplitudes.h5"
    )
    write_calls(make_calls(CallSettings(seconds=15.0, seed=1)), folder / "calls.wav")
    (folder / "calls.calls.csv").rename(folder / "calls.csv")
    save_dataset(make_pose(PoseSettings("fly", 12, 32, 0, 3)), folder / "pose.h5")


def _grimace_files(folder: Path) -> None:
    faces = make_faces(FaceSettings(animals=3, images=4, size=64, raters=2))
    save_dataset(faces, folder / "grimace.h5")
    write_faces(faces, folder / "faces")
    shutil.copy(folder / "faces" / "scores.csv", folder / "faces.csv")
    shutil.copy(next((folder / "faces").glob("*.png")), folder / "face.png")


def _posture_files(folder: Path) -> None:
    lines = midlines()
    np.save(folder / "worm.npy", lines)
    np.savez(folder / "worms.npz", one=lines, two=lines + 1, fps=10.0)
    with h5py.File(folder / "wormpose.h5", "w") as file:
        file["skeletons"] = lines
        file.attrs["framerate"] = 10.0
    with h5py.File(folder / "tierpsy.hdf5", "w") as file:
        file["coordinates/skeletons"] = lines
        kinds = [("worm_index", "i4"), ("timestamp", "f8"), *((f"eigen_projection_{i}", "f8") for i in (1, 2))]
        table = np.zeros(len(lines), kinds)
        table["worm_index"], table["timestamp"] = 1, np.arange(len(lines))
        file["timeseries_data"] = table
        file["timeseries_data"].attrs.update(fps=10.0, time_units="seconds", microns_per_pixel=5.0, xy_units="um")
    with h5py.File(folder / "amplitudes_raw.h5", "w") as file:
        file["1/tseries"], file["1/frameRate"] = np.random.default_rng(0).normal(size=(80, 4)), [[10.0]]
    units = {"t": "s", "x": "mm", "y": "mm"}
    record = {"id": "1", "t": [i / 10 for i in range(80)], "x": lines[..., 0].tolist(), "y": lines[..., 1].tolist()}
    (folder / "worm.wcon").write_text(json.dumps({"units": units, "data": [record], "metadata": {"strain": "N2"}}))
    with zipfile.ZipFile(folder / "worm.wcon.zip", "w") as archive:
        archive.write(folder / "worm.wcon", "worm.wcon")
    np.savetxt(
        folder / "ucr.tsv", np.column_stack([[1, 2], np.random.default_rng(0).normal(size=(2, 60))]), delimiter="\t"
    )


def _calcium_files(folder: Path) -> None:
    import scipy.io

    rng = np.random.default_rng(0)
    states = rng.integers(1, 4, 90)
    names = np.array(["AVAL", "RIML", "VB02"])
    arrays = {"traces_1": rng.normal(size=(90, 3)), "states_1": states, "fps_1": 3.0}
    np.savez(folder / "calcium.npz", neurons=names, state_names=np.array(["FWD", "REV1", "VT"]), **arrays)
    worm = {"deltaFOverF_bc": arrays["traces_1"], "NeuronNames": names.astype(object), "fps": 3.0, "States": states}
    scipy.io.savemat(folder / "calcium.mat", {"WT": worm})
    _nwb(folder / "calcium.nwb", arrays["traces_1"], names)


def _nwb(path: Path, traces: np.ndarray, names: np.ndarray) -> None:
    from datetime import UTC, datetime

    from pynwb import NWBHDF5IO, NWBFile
    from pynwb.ophys import DfOverF, ImageSegmentation, OpticalChannel

    file = NWBFile("a worm", "w1", datetime(2020, 1, 1, tzinfo=UTC))
    device = file.create_device("scope")
    channel = OpticalChannel(name="green", description="gfp", emission_lambda=500.0)
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=channel,
        description="head",
        device=device,
        excitation_lambda=480.0,
        indicator="gcamp",
        location="head",
    )
    both = ImageSegmentation()
    segmentation = both.create_plane_segmentation(name="seg", description="neurons", imaging_plane=plane)
    segmentation.add_column(name="neuron", description="names")
    for name in names:
        segmentation.add_roi(pixel_mask=[(0, 0, 1.0)], neuron=str(name))
    region = segmentation.create_roi_table_region(description="all", region=list(range(len(names))))
    ratio = DfOverF()
    module = file.create_processing_module(name="ophys", description="traces")
    module.add(both)
    module.add(ratio)
    ratio.create_roi_response_series(name="signal", data=traces, rois=region, unit="n.a.", rate=3.0)
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)


def _pose_files(folder: Path) -> None:
    from datasets.pose.formats.export_files import SUFFIXES, save_labels
    from datasets.pose.formats.tracks_file import save_tracks

    rng = np.random.default_rng(0)
    frames = [np.full((48, 64, 3), 60, np.uint8) for _ in range(12)]
    for number, frame in enumerate(frames):
        frame[10 + number : 20 + number, 10:30] = rng.integers(150, 250, 3)
    save_movie(iter(frames), folder / "film.mp4", 25.0)
    found = tracks(folder / "film.mp4")
    save_tracks(found, folder / "tracks.h5")
    for kind, suffix in SUFFIXES.items():
        save_labels([found], folder / f"labels_{kind}{suffix}", kind)
    (folder / "centroids.csv").write_text("frame,x,y\n" + "".join(f"{i},{20},{15 + i}\n" for i in range(12)))


def _identity_files(folder: Path) -> None:
    from datasets.dataset import PointTracks
    from datasets.identity.generator import SwimmerSettings, make_swimmers
    from datasets.identity.identity_file import save_identities
    from datasets.identity.trajectories import Trajectories
    from datasets.rendering.files import save_video
    from datasets.topics import write_point_tracks

    film = make_swimmers(SwimmerSettings(1, 30, 20.0, 0.0, 96))
    save_video(film, folder / "swim.mp4")
    state = np.zeros(film.xy.shape[:2], int)
    tracks = Trajectories(film.xy, state, state + 1.0, film.fps, 20.0, str(folder / "swim.mp4"))
    pair = make_swimmers(SwimmerSettings(2, 30, 20.0, 0.0, 96))
    save_video(pair, folder / "pair.mp4")
    found = PointTracks("pair", ("centre",), ("a", "b"), pair.xy[:, :, None], pair.fps, video=str(folder / "pair.mp4"))
    write_point_tracks(found, folder / "pair.h5", "tracks")
    save_identities(tracks, folder / "identities.h5")
    state = np.zeros(pair.xy.shape[:2], int)
    twins = Trajectories(pair.xy, state, state + 1.0, pair.fps, 20.0, found.video, silhouette=0.9)
    save_identities(twins, folder / "twins.h5", _looks(len(pair)))


def _looks(images: int) -> dict[str, np.ndarray]:
    """Pictures of two animals and the network of their looks, as a file of identities keeps them."""
    from surrogates.identity.network import embedded, identity_network

    network = identity_network()
    crops = np.random.default_rng(0).integers(0, 255, (images, 64, 64)).astype(np.uint8)
    looks = {"crops": crops, "points": embedded(network, crops), "point_animal": np.arange(images) % 2}
    weights = {f"weights{k}": values for k, values in enumerate(network.get_weights())}
    return {**looks, "point_frame": np.arange(images), **weights}


def _behaviour_files(folder: Path) -> None:
    from datasets.behaviour.generator import BEHAVIOURS, WalkersSettings, make_walkers, save_walkers
    from datasets.behaviour.importing import ImportSettings, import_recordings

    save_walkers(make_walkers(WalkersSettings(frames=300)), folder, "pair1")
    files = [folder / "pair1.csv"], [folder / "pair1.labels.csv"]
    dataset = import_recordings(*files, ImportSettings(30.0, classes=BEHAVIOURS), "pairs")
    save_dataset(dataset.with_split(["train"]), folder / "behaviour.h5")
    save_dataset(import_recordings([folder / "pair1.csv"], [], ImportSettings(30.0), "bare"), folder / "unlabelled.h5")


def _marker_files(folder: Path) -> None:
    from datasets.dataset import PointTracks
    from datasets.markers.generator.motion import PAWS, SampleSettings
    from datasets.markers.generator.sample import write_sample
    from datasets.markers.mtrack_file import write_mtrack
    from datasets.topics import write_point_tracks

    truth = write_sample(SampleSettings(48, 30.0, 200, 200, 90.0, distractors=0), folder / "marked")
    for name, new in (("video.mp4", "marks.mp4"), ("clicks.csv", "clicks.csv"), ("truth.csv", "places.csv")):
        (folder / "marked" / name).rename(folder / new)
    body = np.stack([truth.motion.middle, truth.motion.snout], axis=1)
    xy = np.concatenate([truth.xy, body], axis=1)[:, None]
    found = PointTracks("marks", (*PAWS, "body", "snout"), ("animal",), xy, 30.0)
    write_point_tracks(found, folder / "marks.h5")
    write_mtrack(found, folder / "marks.txt")


def _others(folder: Path) -> None:
    from datasets.dat import export_dat
    from datasets.posture.body.activations import MUSCLES, Activations, write_activations

    (folder / "network.xml").write_text(NETWORK)
    (folder / "record.csv").write_text("u,y\n" + "".join(f"{i % 7},{i / 10}\n" for i in range(60)))
    muscles = np.random.default_rng(0).uniform(size=(20, len(MUSCLES)))
    write_activations(Activations(muscles, 10.0), folder / "muscles.csv")
    export_dat(responses(), folder / "dat")
    for name, data, settings in MODELS:
        _model(folder / name, folder / data, settings)


def _model(path: Path, data: Path, settings: str) -> None:
    from run_experiments import run

    run_folder = path.with_suffix(".run")
    if run(["train", "--data", str(data), *settings.split(), "--out", str(run_folder)]):
        raise RuntimeError(f"{path.name} could not be made")
    (run_folder / "model.keras").replace(path)
    shutil.rmtree(run_folder)
