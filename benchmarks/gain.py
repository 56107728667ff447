"""What a surrogate gains: 500 ms of forward crawling by the network in NEURON and by the same GRU everywhere it runs.

    taskset -c 0 python benchmarks/gain.py [--model gru8/model.keras]

Prints two tables in Markdown: settings of the simulator with their cost and their accuracy, and the gain over the
fastest that is accurate to 1 % of range. Only runs count: networks are built, mechanisms and kernels compiled, models
and sessions loaded beforehand. A run includes its stimulus being handed over and its response being read. The fastest
of several runs is taken, in seconds of CPU, so that other work on the machine hardly counts. Without --model an
untrained GRU-8 answers: its speed is that of a trained one.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from machine import describe, fastest

from connectome.network import NetworkParameters, build_network, simulate
from connectome.scenario import load_scenario
from connectome.wiring import load_connectome
from neuron_models.circuit import RunSettings
from neuron_models.engine import Simulation
from surrogates.backend import keras, tensorflow_unseen
from surrogates.export.exporting import export_model
from surrogates.export.in_neuron import load_surrogate, run_alone
from surrogates.registry import MODELS
from surrogates.runs.model_file import ModelSignature, load_model, save_model
from surrogates.training.fast.engine import respond
from surrogates.training.fast.layout import layout_of

FCM = load_scenario("fcm")
JUDGED = (3, 15, 29)  # sequences on which the settings are judged, at 16 outputs
TIMED = 2  # the sequence that is timed, from 0
ONE_A_CABLE = 1e6  # um
REFERENCE = (10.0, 0.05)  # um, ms
SETTINGS = (
    *((20.0, 0.1), (20.0, 0.125), (20.0, 0.25), (40.0, 0.1), (40.0, 0.125), (60.0, 0.125)),
    (ONE_A_CABLE, 0.1),
)  # um, ms
ENOUGH = 1.0  # percent of range


@dataclass(frozen=True)
class Setting:
    """What one setting of the simulator costs in seconds, and how far it is from the reference in percent of range."""

    compartment: float
    dt: float
    seconds: dict[str, float]
    error: float

    def __str__(self) -> str:
        size = "one a cable" if self.compartment == ONE_A_CABLE else f"{self.compartment:g} µm"
        return f"{size}, {self.dt:g} ms"


def judged(simulation: Simulation, dt: float) -> np.ndarray:
    """The responses by which a setting is judged: (trial, time, output)."""
    wide = load_scenario("fcm_wide")
    settings = RunSettings(wide.duration, dt, "coreneuron")
    return np.stack([simulate(simulation, wide, number - 1, settings=settings) for number in JUDGED])


def settings_of_the_simulator() -> Iterator[Setting]:
    """Run every setting, each in a network of its own."""
    connectome, reference = load_connectome("placed"), None
    for compartment, dt in (REFERENCE, *SETTINGS):
        simulation = Simulation(build_network(connectome, NetworkParameters(longest_compartment=compartment)))
        gain = judged(simulation, dt)
        if reference is None:
            reference = gain
            continue
        error = np.sqrt(((gain - reference) ** 2).mean((0, 1))) / np.ptp(reference, axis=(0, 1))
        seconds = {}
        for simulator in ("neuron", "coreneuron"):
            settings = RunSettings(FCM.duration, dt, simulator)
            seconds[simulator] = fastest(partial(simulate, simulation, FCM, TIMED, settings=settings), 3)
        yield Setting(compartment, dt, seconds, 100 * error.max())
    simulation.close()  # NEURON would step the network beside the surrogate


def surrogate_runs(model_file: Path, x: np.ndarray, folder: Path) -> dict[str, Callable[[], np.ndarray]]:
    """What runs the same surrogate on one stimulus (time, input), everywhere; each gives (time, output)."""
    import onnxruntime

    for to in ("onnx", "numpy", "nmodl"):
        export_model(model_file, to, folder)
    model, _ = load_model(model_file)
    one = x[None]
    layout = layout_of(model)
    if layout is None:
        raise SystemExit(f"the fast engine does not run {model.name}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    sys.path.insert(0, str(folder))
    from model import respond as respond_in_numpy

    h, mechanism = load_surrogate(next(folder.glob("*.json")))
    return {
        f"Keras on {keras.backend.backend()}": lambda: predicted(model, one),
        "fast engine": lambda: respond(model, layout, one)[0],
        "ONNX Runtime": lambda: session.run(None, {"stimulus": one})[0][0],
        "numpy": lambda: respond_in_numpy(x),
        "NMODL in NEURON, 0.1 ms": lambda: run_alone(h, mechanism, x, 0.1),
        "NMODL in NEURON, 0.5 ms": lambda: run_alone(h, mechanism, x, 0.5),
    }


def predicted(model: keras.Model, one: np.ndarray) -> np.ndarray:
    """Keras's own answer."""
    with tensorflow_unseen():
        return model.predict(one, verbose=0)[0]


def untrained(folder: Path) -> Path:
    """A GRU of eight units that has learned nothing."""
    channels = ModelSignature(FCM.inputs, FCM.outputs, "nA", "V", FCM.dt, FCM.name)
    return save_model(MODELS["gru"].build(4, 4, units=8), folder / "model.keras", channels)


def main() -> None:
    """Print the machine and both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    print(describe())
    print("\n| simulator: compartments, time step | largest error of 16 outputs | NEURON | CoreNEURON |")
    print("|---|---|---|---|")
    rows = []
    for setting in settings_of_the_simulator():
        rows.append(setting)
        costs = " | ".join(f"{seconds:.3f} s" for seconds in setting.seconds.values())
        print(f"| {setting} | {setting.error:.2f} % of range | {costs} |", flush=True)
    accurate = [setting for setting in rows if setting.error <= ENOUGH]
    best = {name: min(accurate, key=lambda s, name=name: s.seconds[name]) for name in ("neuron", "coreneuron")}
    costs = {name: setting.seconds[name] for name, setting in best.items()}
    print("\n| 500 ms of FCM | time | over NEURON | over CoreNEURON | largest difference to Keras |")
    print("|---|---|---|---|---|")
    for name, title in (("neuron", "NEURON"), ("coreneuron", "CoreNEURON")):
        gains = " | ".join(f"{cost / costs[name]:.2f}" for cost in costs.values())
        print(f"| network in {title} ({best[name]}) | {costs[name]:.3f} s | {gains} | |")
    waveforms = [clamp.waveform for clamp in FCM.clamps(TIMED)]
    x = np.stack([each.at(np.arange(FCM.samples) * FCM.dt) for each in waveforms], axis=1).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        runs = surrogate_runs(given.model or untrained(Path(folder)), x, Path(folder))
        expected = next(iter(runs.values()))()
        for name, run in runs.items():
            seconds, difference = fastest(run, 20), np.abs(run() - expected).max()
            gains = " | ".join(f"{cost / seconds:,.0f}" for cost in costs.values())
            print(f"| GRU-8, {name} | {1e3 * seconds:.2f} ms | {gains} | {difference:.1e} V |", flush=True)


if __name__ == "__main__":
    main()
