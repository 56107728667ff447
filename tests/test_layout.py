"""The house by topic: arrows point down, the roots are small, and a topic is a folder and one word."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("neuron_models", "connectome", "datasets", "surrogates")
FLOOR = ("surrogates/training", "surrogates/runs", "surrogates/pages", "datasets/dataset.py", "datasets/store.py")
FLOOR += ("datasets/video", "datasets/segmentation", "datasets/rendering")


def room_of(module: str) -> str:
    """The folder of a module, two levels deep; a file at a package's root is a room of its own."""
    return ".".join(module.split(".")[:2])


def imports_of(path: Path) -> set[str]:
    """The modules of this project that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {
                f"{node.module}.{name.name}" for name in node.names if (ROOT / node.module.replace(".", "/")).is_dir()
            }
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {name for name in found if name.split(".")[0] in PACKAGES and "." in name}


def test_no_arrow_between_rooms_runs_back_up():
    rooms: dict[str, set[str]] = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            room = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
            rooms.setdefault(room, set()).update({room_of(name) for name in imports_of(path)} - {room})
    assert len(rooms) > 20
    assert len(list(TopologicalSorter(rooms).static_order())) >= len(rooms)  # raises a CycleError where one runs back


def test_the_roots_are_small():
    files = {package: len(list((ROOT / package).glob("*.py"))) for package in PACKAGES}
    assert files["surrogates"] <= 6
    assert files["datasets"] <= 10


def test_what_topics_share_names_none_of_them():
    from datasets.topics import TOPICS

    for index in FLOOR:
        for path in (ROOT / index).rglob("*.py") if (ROOT / index).is_dir() else [ROOT / index]:
            topics = {name for name in imports_of(path) if len(name.split(".")) > 1 and name.split(".")[1] in TOPICS}
            assert topics == set(), path


DATA = """
from datasets.topics import DataTopic

TOPIC = DataTopic(lambda dataset: dataset.y_names == ("pressure",), hidden=("nurse",))
"""
MODELS = """
from surrogates.responses.evaluation import evaluate_responses
from surrogates.responses.models.recurrent import gru
from surrogates.training.model_kind import ModelKind, model_table

MODELS = model_table({"heart_gru": ModelKind(gru, evaluate=evaluate_responses, source="nobody")})
"""
SESSION = """
import sys
from pathlib import Path

import numpy as np

import datasets
import surrogates
import datasets.topics

made = Path(sys.argv[1])
datasets.__path__.append(str(made / "datasets"))
surrogates.__path__.append(str(made / "surrogates"))
datasets.topics.TOPICS = (*datasets.topics.TOPICS, "heart")
import run_experiments
from datasets.dataset import Dataset, Trial
from datasets.store import save_dataset

rng = np.random.default_rng(0)
trials = tuple(
    Trial(str(i), x := rng.normal(size=(50, 1)), np.cumsum(x, 0) / 9, split=split)
    for i, split in enumerate(("train", "train", "validation", "test"))
)
data = made / "heart.h5"
save_dataset(Dataset("heart", trials, 10.0, ("current",), ("pressure",), extra={"nurse": "Ann"}), data)
train = ["train", "--data", data, "--model", "heart_gru", "--units", 2, "--epochs", 3, "--out", made / "run"]
for arguments in (
    ["models"],
    train,
    ["evaluate", "--data", data, "--model", made / "run" / "model.keras", "--plot", made / "traces.png"],
    ["dataset", "info", data],
    ["dataset", "plot", data, "--out", made / "data.png"],
):
    status = run_experiments.run([str(each) for each in arguments])
    if status:
        sys.exit(f"{arguments} ended with {status}")
datasets.topics.TOPICS = (*datasets.topics.TOPICS, "ghost")
list(datasets.topics.topic_modules("datasets"))
"""


def test_a_topic_is_two_folders_and_one_word(tmp_path):
    for package, text in (("datasets", DATA), ("surrogates", MODELS)):
        folder = tmp_path / package / "heart"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "topic.py").write_text(text)
    (tmp_path / "session.py").write_text(SESSION)
    command = [sys.executable, "-c", (tmp_path / "session.py").read_text(), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert "heart_gru" in done.stdout, done.stderr
    assert "RMSE by split" in done.stdout
    assert "Ann" not in done.stdout
    for name in ("run/model.keras", "run/history.csv", "run/scores.json", "traces.png", "data.png"):
        assert (tmp_path / name).is_file(), done.stderr
    said = "the topic 'ghost' is listed in datasets/topics.py, but there is no datasets/ghost/topic.py"
    assert done.stderr.strip().endswith(said)
