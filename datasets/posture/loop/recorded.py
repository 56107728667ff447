"""A crawl as a dataset of postures, with what neurons and muscles did; stopped, it continues from its last second."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset
from datasets.posture.body.recorded import recording_of
from datasets.posture.loop.crawling import Loop, Stepping, stepping_network
from datasets.posture.loop.gait import Gait, gait
from datasets.posture.loop.oscillator import OSCILLATOR
from datasets.posture.loop.settings import BACKWARD, CrawlSettings
from datasets.posture.recording import angles_dataset
from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
from neuron_models.foundation.resumable import ResumableFolder, Work, partial_folder, resumable_folder

PARTS = ("midlines", "v", "muscles", "gates")
_GATES = ("AVB", "AVA")


@dataclass(frozen=True, eq=False)
class Crawl:
    """A crawl: midlines in mm, potentials of somata in mV, activations of muscles, gates; a row a frame."""

    settings: CrawlSettings
    names: tuple[str, ...]
    network: str
    midlines: Float[np.ndarray, "frame rod 2"]
    v: Float[np.ndarray, "frame neuron"]
    muscles: Float[np.ndarray, "frame muscle"]
    gates: Float[np.ndarray, "frame 2"]

    @property
    def gait(self) -> Gait:
        """How it crawled."""
        return gait(self.midlines, self.settings.fps)


def crawl(
    settings: CrawlSettings,
    circuit: Any,
    network: str,
    out: Path,
    done: Callable[[], object] = lambda: None,
) -> Crawl:
    """Let a worm crawl; every second is kept beside `out` until the crawl is whole.

    Args:
        settings: of the crawl.
        circuit: the network: a `Circuit`, or what has its cells and its fingerprint.
        network: what it is, in words.
        out: the file that will be made of it.
        done: called after each second.
    """
    fingerprint = circuit.fingerprint
    facts = {"key": hashlib.sha256(repr((settings, fingerprint)).encode()).hexdigest()}
    work = Work("crawl", facts, {"network": network, "oscillator": OSCILLATOR}, passing=True)
    with resumable_folder(partial_folder(out), work, NAMED_ARRAYS_FORM, out) as folder:
        stepping = stepping_network(circuit, fingerprint, settings)
        names = tuple(cell.name for cell in circuit.cells)
        loop = Loop(settings, names, stepping.rest, stepping)
        _finish(loop, folder, settings.seconds, done)
        return Crawl(settings, names, network, *_read(folder, settings.seconds))


def _finish(loop: Loop, folder: ResumableFolder, seconds: int, done: Callable[[], object]) -> None:
    """Crawl what is missing."""
    whole = next((second for second in range(seconds) if not folder.has(f"{second:05d}")), seconds)
    while whole > 0 and whole < seconds and not folder.has("state"):
        whole = 0
    if 0 < whole < seconds:
        state = folder.load("state")
        whole = int(state.pop("second"))
        loop.restore(state)
    for _ in range(whole):
        done()
    for second, kept in enumerate(loop.seconds(whole, seconds), whole):
        folder.keep(f"{second:05d}", kept)
        folder.keep("state", {**loop.state(), "second": np.array(second + 1)})
        done()


def _read(folder: ResumableFolder, seconds: int) -> list[np.ndarray]:
    parts: dict[str, list[np.ndarray]] = {name: [] for name in PARTS}
    for second in range(seconds):
        found = folder.load(f"{second:05d}")
        for name in PARTS:
            parts[name].append(found[name])
    return [np.concatenate(parts[name]) for name in PARTS]


def forget(out: Path) -> None:
    """Remove the seconds that are kept beside a crawl that is whole."""
    import shutil

    shutil.rmtree(partial_folder(out), ignore_errors=True)


def without_network(settings: CrawlSettings, names: tuple[str, ...], gates: tuple[float, float]) -> Crawl:
    """The same body, muscles and oscillator with every neuron silent, the gates held at the given values."""
    silent: Stepping | None = None
    loop = Loop(settings, names, np.full(len(names), -65.0), silent, gates)
    kept = list(loop.seconds(0, settings.seconds))
    parts = [np.concatenate([each[name] for each in kept]) for name in PARTS]
    return Crawl(settings, names, "none", *parts)


def controls(found: Crawl) -> dict[str, Crawl]:
    """Two worms beside a crawl: its network silenced, and the published oscillator alone at its published drive."""
    settings = replace(found.settings, held=(), scenario=None, motor=0.0, seconds=min(found.settings.seconds, 30))
    open_gates = (0.0, 1.0) if settings.direction == BACKWARD else (1.0, 0.0)
    return {
        "network silenced": without_network(settings, found.names, (0.0, 0.0)),
        "oscillator alone, no network": without_network(settings, found.names, open_gates),
    }


def crawl_dataset(found: Crawl, name: str, beside: dict[str, Crawl]) -> Dataset:
    """A crawl as a dataset of postures; `extra["crawl"]` says what made it and how its controls crawled."""
    moved = OSCILLATOR if found.settings.oscillator else "no oscillator"
    settings = found.settings
    source = f"simulated crawl: {found.network}; {moved}; {settings.medium.name}, body {settings.variant}"
    recording = recording_of(found.midlines, settings.fps, name, source)
    dataset = angles_dataset([replace(recording, strain="simulated")], name)
    about = {
        "oscillator": moved,
        "network": found.network,
        "simulator": settings.simulator,
        "medium": settings.medium.name,
        "body": settings.variant,
        "ablated": list(settings.ablated),
        "direction": settings.direction,
        "driven": list(settings.driven),
        "gait": found.gait.words,
        "controls": {what: each.gait.words for what, each in beside.items()},
    }
    return replace(dataset, extra={**dataset.extra, "crawl": about})


def write_activity(found: Crawl, path: Path) -> None:
    """Write potentials, activations and gates of every frame to an HDF5 file beside the postures."""
    import h5py

    from connectome.muscles import MUSCLES
    from neuron_models.foundation.files import atomic_write, require_space

    activity = (("neurons", found.v, found.names), ("muscles", found.muscles, MUSCLES), ("gates", found.gates, _GATES))
    with atomic_write(path) as temporary:
        require_space(
            temporary, sum(values.nbytes for _, values, _ in activity) + 2**16
        )  # HDF5 can crash on a full disk
        with h5py.File(temporary, "w") as file:
            file.attrs["oscillator"] = OSCILLATOR
            file["time"] = np.arange(len(found.v)) / found.settings.fps
            for what, values, names in activity:
                file[what] = values.astype(np.float32)
                file[what].attrs["names"] = list(names)
