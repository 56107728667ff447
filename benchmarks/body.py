"""The body beside worm2d, ElegansBot and resistive force theory, and how fast it is.

python benchmarks/body.py [--only worm2d|speeds|fast]; needs worm2d 0.2.8 and elegansbot 1.0.2 (pip).
"""

import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from datasets.posture.body.activations import on_segments, travelling_wave
from datasets.posture.body.mechanics import AGAR, WORM2D, Body
from datasets.posture.body.moving import MovingBody, move
from datasets.posture.body.recorded import recording_of
from datasets.posture.locomotion.path import LinearDrag, with_path
from datasets.posture.midlines import angles_of

STEP = 10.0
"""Of worm2d's model of 2018, ms."""


def worm2d_run(folder: Path, seconds: int = 11) -> Path:
    """Let worm2d run a circuit that it draws from a seed; its files hold muscles and rods every 40 ms."""
    package = Path(importlib.util.find_spec("worm2d").origin).parent
    program = package / "bin" / "RoyalSociety2018" / "main"
    given = {"-R": 292, "-p": 6, "-d": seconds, "-t": 0, "-sd": seconds, "-st": 0, "--maxgens": 1, "--doevol": 1}
    more = {"-cpt": 0, "--dorandinit": 0, "--donml": 0, "--folder": folder, "--modelname": "RS18", "--domusc": 0}
    last = {"-docpt": 1, "--evo_type": "Evo21"}
    words = [str(each) for pair in {**given, **more, **last}.items() for each in pair]
    subprocess.run([program, *words], check=True, cwd=folder, capture_output=True, timeout=900)
    return folder


def beside_worm2d(folder: Path) -> tuple[float, float]:
    """The largest distance of a rod from worm2d's after 10 s, and how far worm2d's have moved, in body lengths."""
    acts, rods = (np.loadtxt(folder / name)[:251] for name in ("act.dat", "body.dat"))
    muscles = acts[:, -48:].reshape(-1, 24, 2).transpose(0, 2, 1)
    number = np.arange(1, 51)
    first = np.clip((number - 1) // 2, 1, 24) - 1
    second = np.clip((number - 1) // 2 + 1, 1, 24) - 1
    segments = (muscles[:, :, first] + muscles[:, :, second]) / 2
    segments[:, :, [0, 1, 48, 49]] /= 2
    times = acts[0, 0] + np.arange(1000) * STEP / 1000
    values = np.clip(CubicSpline(acts[:, 0], segments)(times), 0, 1)
    ours = move(Body(WORM2D, segments=50), AGAR, values[:, None], STEP, STEP)[::4, 0]
    theirs = 1000 * rods[: len(ours), 1:].reshape(len(ours), 51, 3)[:, :, :2]
    moved = np.linalg.norm(theirs - theirs[0], axis=2).max()
    return float(np.linalg.norm(ours[-1] - theirs[-1], axis=1).max()), float(moved)


def three_speeds(seconds: float = 20.0, frequency: float = 0.3) -> dict[str, float]:
    """Speeds in mm/s under one travelling wave on agar: the body; its shapes by resistive force theory; ElegansBot."""
    made = travelling_wave(seconds, frequency, 0.65, 0.6, 10.0)
    midlines = move(Body(), AGAR, on_segments(made.values, 48)[:, None], 10.0)[:, 0]
    recording = recording_of(midlines, 100.0, "wave", "")
    path = with_path(recording, LinearDrag(AGAR.ratio))
    cycle = round(1000 / frequency / 10)
    begun = len(midlines) - 1 - 3 * cycle  # whole cycles at the end, long after the start
    found = {"body": midlines.mean(axis=1), "resistive force theory": path.centroid}
    speeds = {name: _speed(each[[begun, -1]], 3 / frequency) for name, each in found.items()}
    speeds["elegansbot"] = _elegansbot_speed(midlines[-1 - 2 * cycle :], cycle, float(recording.length))
    return speeds


def _speed(places: np.ndarray, seconds: float) -> float:
    return float(np.linalg.norm(places[1] - places[0]) / seconds)


def _elegansbot_speed(midlines: np.ndarray, cycle: int, length: float) -> float:
    """ElegansBot's speed over the last cycle, bent as the body is; its drag ratio is 40, as agar's here.

    Its joints follow a command with its own damping over its own stiffness (0.18 s), which takes 5 % of a bend at
    0.3 Hz, and speed goes with the square of it. So the command is what its joints turn into the body's bends, and it
    begins with them. A hundredth of its friction lets them; the speed of given bends depends on the drag ratio alone.
    """
    from elegansbot import Worm

    bends = np.diff(angles_of(midlines, 49)[0], axis=1)
    worm = Worm(n=49, L=length, scale_friction=0.01)
    command = bends + worm.c / worm.k * np.gradient(bends, 0.01, axis=0)
    worm.run(command, 0.01, bends[0])
    off = np.sqrt(((worm.theta_log[1 - cycle :] - bends[1 - cycle :]) ** 2).mean() / (bends**2).mean())
    if off > 0.05:
        raise RuntimeError(f"ElegansBot's bends are {100 * off:.0f} % off those of the body: nothing is compared")
    return _speed(worm.xyc_log[[-1 - cycle, -1]], cycle * 0.01)


def cost(worms: int = 1, steps: int = 20_000) -> float:
    """Simulated seconds in one second of one core, steps of 1 ms."""
    moving = MovingBody(Body(), AGAR, worms)
    values = np.repeat(on_segments(travelling_wave(1.0, 0.5, 0.65, 0.4).values, 48)[:, None], worms, axis=1)
    moving.step(values[0], 1e-3, 1)
    begun = time.process_time()
    for index in range(steps):
        moving.step(values[index % len(values)], 1e-3)
    return worms * steps / 1000 / (time.process_time() - begun)


def main() -> None:
    """Print the figures."""
    from machine import describe

    only = sys.argv[2] if "--only" in sys.argv else ""
    print(describe())
    if only in ("", "worm2d"):
        with tempfile.TemporaryDirectory() as name:
            off, moved = beside_worm2d(worm2d_run(Path(name)))
        print(f"worm2d: {100 * off:.2g} % of the length away after 10 s; its rods moved up to {moved:.2g} lengths")
    if only in ("", "speeds"):
        speeds = three_speeds()
        spread = max(speeds.values()) / min(speeds.values()) - 1
        print(", ".join(f"{name} {speed:.4f} mm/s" for name, speed in speeds.items()), f"spread {100 * spread:.1f} %")
    if only in ("", "fast"):
        for worms in (1, 16):
            print(f"{worms} worm(s): {cost(worms, 20_000 // worms):.0f} times real time on one core")


if __name__ == "__main__":
    main()
