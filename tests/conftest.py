"""What the tests share: array shapes checked while they run, small circuits and datasets, the reference files."""

import logging
import os
import re
import shutil
import subprocess
import sys
import types
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from beartype import BeartypeConf, beartype
from hypothesis import settings
from jaxtyping import install_import_hook

ROOT = Path(__file__).parent.parent

UNCHECKED = (
    "datasets.markov.kernels",  # numba compiles it
    "datasets.posture.body.kernels",  # and these
    "neuron_models.linear.kernels",
    "surrogates.training.fast",  # so it does this
    "datasets.behaviour.kernels",
    "datasets.markers.kernels",
    "datasets.calls.kernels",  # and these
    "surrogates.calcium.forecasts",  # its annotations have not been checked yet
    "surrogates.calcium.states",  # nor these
    # The modules of Keras layers: Keras reads their signatures, which a checker would hide.
    "surrogates.backbone.depthwise",
    "surrogates.backbone.lite0",
    "surrogates.behaviour.tcn",
    "surrogates.behaviour.trees",
    "surrogates.calcium.graph.aggregation",
    "surrogates.calcium.graph.edges",
    "surrogates.grimace.losses",
    "surrogates.grimace.networks",
    "surrogates.pose.maps",
    "surrogates.pose.networks",
    "surrogates.pose.refined_maps",
    "surrogates.posture.cells.cell_states",
    "surrogates.posture.network.layers",
    "surrogates.responses.models.attention",
    "surrogates.responses.models.layers",
    "surrogates.responses.models.nonlinear_cells",
)
"""What is left out of the checks of array shapes; all else is checked."""


def _checked() -> list[str]:
    modules = []
    for package in ("neuron_models", "connectome", "datasets", "surrogates"):
        for path in (ROOT / package).rglob("[!_]*.py"):  # a package would stand for all that is in it
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if not any(name == left or name.startswith(f"{left}.") for left in UNCHECKED):
                modules.append(name)
    return modules


CHECKED = _checked()
_checker = types.ModuleType("wormtwin_checker")
_checker.check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int is a float, as PEP 484 says
sys.modules[_checker.__name__] = _checker
_hook = install_import_hook(CHECKED, "wormtwin_checker.check")

settings.register_profile("wormtwin", deadline=None)
settings.load_profile("wormtwin")


LEFT_OUT = pytest.StashKey[Counter]()
"""How many tests were not chosen, by why."""


def pytest_deselected(items):
    for item in items:
        kinds = [kind for kind in ("slow", "long") if item.get_closest_marker(kind)]
        why = f"{kinds[0]} (make {kinds[0]})" if kinds else "not chosen by -m or -k"
        item.config.stash.setdefault(LEFT_OUT, Counter())[why] += 1


def pytest_sessionfinish(session):
    _hook.uninstall()
    if hasattr(session.config, "workeroutput"):  # a process of xdist, which tells the one that prints
        session.config.workeroutput["left_out"] = dict(session.config.stash.get(LEFT_OUT, Counter()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    text = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))
    node.config.stash[LEFT_OUT] = node.config.stash.get(LEFT_OUT, Counter()) | text  # each leaves out the same ones


def pytest_terminal_summary(terminalreporter, config):
    """Say in one line how many tests were left out, why, and how to run them."""
    left = config.stash.get(LEFT_OUT, Counter()).copy()
    for report in terminalreporter.stats.get("skipped", ()):
        why = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else report.longrepr
        left[f"({why}{': make installs it' if why.startswith('could not import') else ''})"] += 1
    if left:
        terminalreporter.write_line("Left out: " + "; ".join(f"{number} {why}" for why, number in left.most_common()))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference files, or a skip that says so."""
    folder = Path(os.environ.get("WORMTWIN_SHARED", ROOT.parent / "shared"))
    if not (folder / "reference").is_dir():
        pytest.skip(f"the reference files are not at {folder}: put them there, or name their folder by WORMTWIN_SHARED")
    return folder


@pytest.fixture(scope="session")
def network_file(shared) -> Path:
    """The published network file."""
    return shared / "reference" / "openworm_2012_network.net.xml.gz"


@pytest.fixture(scope="session")
def published(network_file):
    """The published connectome."""
    from connectome.network_file import load_network_file

    return load_network_file(network_file)


@pytest.fixture(scope="session")
def placed():
    """The connectome that needs no file."""
    from connectome.placement import place_contacts

    return place_contacts()


@pytest.fixture(autouse=True)
def _no_network_of_the_user(monkeypatch):
    """Tests choose their network themselves, whatever the user's environment and cache hold."""
    monkeypatch.delenv("WORMTWIN_NETWORK", raising=False)
    monkeypatch.setattr("connectome.wiring.cached_network", lambda: None)


@pytest.fixture
def sphere():
    """Make a spherical cell of one compartment."""
    from neuron_models.circuit import Cell
    from neuron_models.membrane import Passive
    from neuron_models.morphology import Cable, Morphology

    def make(name: str, diameter: float = 20.0, membrane: Passive | None = None) -> Cell:
        half = diameter / 2
        points = ((0.0, -half, 0.0, diameter), (0.0, half, 0.0, diameter))
        return Cell(name, Morphology(name, (Cable("Soma", points, (0,), (diameter,)),)), membrane or Passive())

    return make


@pytest.fixture(scope="session")
def linear_response():
    """Make a dataset that a damped oscillator answers: 2 inputs, 2 outputs, 8 / 4 / 4 trials of 60 steps."""
    from datasets.dataset import Dataset, Trial

    def make(steps: int = 60, number: int = 16, seed: int = 0) -> Dataset:
        rng = np.random.default_rng(seed)
        splits = ["train"] * (number // 2) + ["validation"] * (number // 4) + ["test"] * (number // 4)
        trials = []
        for index, split in enumerate(splits):
            x = np.repeat(rng.uniform(0, 1, (steps // 5, 2)), 5, axis=0)
            x[0] = 0.0
            y = np.zeros((steps, 2))
            for t in range(1, steps):
                before = y[t - 2] if t > 1 else y[0]
                y[t] = 1.6 * y[t - 1] - 0.68 * before + 0.05 * x[t] @ [[1.0, 0.2], [0.3, -0.5]] + 0.02 * x[t - 1]
            trials.append(Trial(f"trial_{index:02d}", x, y - 0.065, group=f"trial_{index:02d}", split=split))
        return Dataset("oscillator", tuple(trials), 0.5, ("A", "B"), ("P", "Q"), "nA", "V", extra={"scenario": "toy"})

    return make


@pytest.fixture
def small():
    """A connectome of three neurons: AVBL drives DB1 by a gap junction and VB1 by a synapse."""
    from connectome.contact import Connectome, Contact, Neuron

    contacts = (
        Contact("AVBL", "DB1", "gap_junction", "Generic", 5, 0.5, 6, 0.5),
        Contact("AVBL", "VB1", "chemical", "Acetylcholine", 5, 0.5, 6, 0.5),
    )
    return Connectome(tuple(Neuron(name) for name in ("AVBL", "DB1", "VB1")), contacts, "three neurons")


@pytest.fixture
def kick():
    """Four sequences of 20 ms that stimulate AVBL, read at DB1 and VB1."""
    from connectome.scenario import Scenario
    from neuron_models.stimulus import Pulse

    return Scenario(
        name="kick",
        inputs=("AVBL",),
        outputs=("DB1", "VB1"),
        sequences=("one", "two", "three", "four"),
        stimuli=tuple((2.3 * Pulse(float(width), 1.0),) for width in (2, 4, 6, 8)),
        split=("train", "train", "validation", "test"),
        duration=20.0,
    )


@pytest.fixture(scope="session")
def cluster():
    """The address of a cluster of two workers with one thread each."""
    distributed = pytest.importorskip("distributed")
    import dask

    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.comm.timeouts.connect": "5s"}
    with dask.config.set(settings), distributed.LocalCluster(**options, silence_logs=logging.CRITICAL) as running:
        yield running.scheduler_address


@pytest.fixture
def wormtwin(capsys):
    """Run the command line in this process: gives (exit status, standard output, standard error)."""
    from run_experiments import run

    def call(*arguments) -> tuple[int, str, str]:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def saved_figures(monkeypatch) -> dict:
    """The figures that are saved meanwhile, by the name of their file, so that a test can look at their axes."""
    from matplotlib.figure import Figure

    found, save = {}, Figure.savefig

    def savefig(figure, target, **options):
        if isinstance(target, str | os.PathLike):
            found[Path(target).name] = figure
        return save(figure, target, **options)

    monkeypatch.setattr(Figure, "savefig", savefig)
    return found


@pytest.fixture(scope="session")
def coloured():
    """The share of a picture's pixels that has some colour, `#RRGGBB`, give or take a little."""

    def share(path: Path, colour: str) -> float:
        from matplotlib.image import imread

        pixels = (255 * imread(path)[..., :3]).round()
        wanted = [int(colour[index : index + 2], 16) for index in (1, 3, 5)]
        return float((np.abs(pixels - wanted) < 25).all(axis=-1).mean())

    return share


@pytest.fixture(scope="session")
def browser():
    """A headless browser that draws in software, to look at pages."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make installs it")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("there is no Chromium on this machine: install chromium")
    flags = (
        "--no-sandbox --no-first-run --disable-background-networking --disable-component-update --disable-sync "
        "--use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader"
    )
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found, args=flags.split())
        yield opened
        opened.close()


@pytest.fixture
def shown_whole(request):
    """Check that nothing of a page is cut at its right edge, phone and desk, folded parts open."""

    def check(page: Path | str) -> None:
        opened = request.getfixturevalue("browser")
        faults, tab = {}, opened.new_page()
        tab.goto(page.as_uri() if isinstance(page, Path) else page)
        tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for width in (390, 1200, 1440):
            tab.set_viewport_size({"width": width, "height": 900})
            tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            faults[width] = tab.evaluate((ROOT / "tests" / "page_width.js").read_text())
        tab.close()
        assert not any(faults.values()), f"{page}: {faults}"

    return check


@pytest.fixture(scope="session")
def drawn():
    """Draw a frame (height, width, 3): a dim square with a bright spot that moves a pixel a frame from (10, 30)."""

    def draw(frame: int, colour: bool = False, size: tuple[int, int] = (60, 90)) -> np.ndarray:
        image = np.full((*size, 3), 60, np.uint8)
        image[20:40, 5:80] = 90
        y, x = np.mgrid[: size[0], : size[1]]
        image[(x - 10 - frame) ** 2 + (y - 30) ** 2 <= 9] = (250, 60, 60) if colour else 250
        return image

    return draw


@pytest.fixture(scope="session")
def movie(drawn, tmp_path_factory):
    """A movie of 40 drawn frames of 90 x 60 pixels."""
    from neuron_models.foundation.movies import save_movie

    path = tmp_path_factory.mktemp("video") / "flies.mp4"
    save_movie((drawn(frame) for frame in range(40)), path, 29.97, quality=0)
    return path


@pytest.fixture(scope="session")
def short_movie(movie, tmp_path_factory):
    """The movie with its index in front, of which the last tenth of the file is missing."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    folder = tmp_path_factory.mktemp("short")
    call = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", movie, "-c", "copy", "-movflags", "+faststart"]
    subprocess.run([*call, folder / "front.mp4"], check=True)
    content = (folder / "front.mp4").read_bytes()
    (folder / "short.mp4").write_bytes(content[: len(content) * 9 // 10])
    return folder / "short.mp4"


@pytest.fixture
def tracks(movie):
    """Labels of the movie: two animals in every third frame, one without a joint, and missing in one frame."""
    from datasets.pose.skeleton import Skeleton
    from datasets.pose.tracks import Tracks
    from datasets.video.video import open_video

    fly = Skeleton(("head", "wingL", "wingR"), (("head", "wingL"), ("head", "wingR")), (("wingL", "wingR"),))
    frames = np.arange(1, 40, 3)
    xy = np.zeros((len(frames), 2, 3, 2))
    xy[:, 0, 0] = np.stack([10 + frames, np.full(len(frames), 30)], -1)
    xy[:, 0, 1:] = xy[:, 0, :1] + [[-4, -5], [-4, 5]]
    xy[:, 1] = xy[:, 0] + (10, 4)
    xy[2, 1, 1] = np.nan
    xy[4, 1] = np.nan
    return Tracks(str(movie), fly, frames, xy, None, ("one", "two"), 29.97, open_video(movie))


@pytest.fixture(scope="session")
def refused():
    """Check that what `wormtwin` gave is a refusal in one line that holds some words; bars may stand beside it."""

    def check(result: tuple[int, str, str], *words: str) -> None:
        status, text, error = result
        lines = [line for line in error.splitlines() if line.strip() and not re.search(r"\d+/\d+ \[", line)]
        assert (status, len(lines)) == (2, 1), (text, error)
        for word in words:
            assert word in lines[0]

    return check


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Install other people's packages (without what they need) into a folder for the path, or skip the test."""

    def install(*packages: str) -> Path:
        folder = tmp_path_factory.mktemp("outside")
        call = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *packages]
        done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=900)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["pip says nothing"])[-1]
            pytest.skip(f"{', '.join(packages)} cannot be installed: {said}")
        return folder

    return install
