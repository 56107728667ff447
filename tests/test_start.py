"""The command line starts lightly, groups its commands, and says when a topic is missing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"pandas", "numpy", "keras", "jax", "h5py", "matplotlib", "joblib", "neuron", "jaxtyping", "scipy", "numba"}


def in_a_new_process(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own; the packages are those of this folder."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "begun",
    [
        "from run_experiments import run; run(['--help'])",
        "from run_experiments import run; run(['posture', '--help'])",
        "import surrogates, datasets, connectome, neuron_models",
    ],
)
def test_help_and_packages_import_nothing_heavy(begun):
    text = "import json; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = in_a_new_process(f"{begun}; {text}")
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(json.loads(done.stdout.splitlines()[-1])) == set()


def test_help_groups_commands_by_what_people_do(wormtwin):
    from datasets.topics import TOPICS
    from run_experiments import PANELS, TOPICS_PANEL, command_line

    status, text, _ = wormtwin("--help")
    titles = [line.split("─")[1].strip() for line in text.splitlines() if line.startswith("╭")]
    assert status == 0
    assert titles == ["Options", *PANELS, TOPICS_PANEL]
    there = command_line().commands
    assert {name for names in PANELS.values() for name in names} <= set(there)
    topics = {name for name, each in there.items() if each.rich_help_panel == TOPICS_PANEL}
    assert topics == set(TOPICS) - {"responses"}  # whose commands stand in the panels


@pytest.mark.parametrize("command", [["--help"], ["models"], ["calcium", "--help"], ["dataset", "info", "x.h5"]])
def test_a_listed_topic_without_its_folder_is_reported(command):
    code = (
        "import datasets.topics as t; t.TOPICS = (*t.TOPICS, 'ghost'); "
        "from run_experiments import run; sys.exit(run(sys.argv[1:]))"
    )
    done = in_a_new_process(code, *command)
    said = "wormtwin: the topic 'ghost' is listed in datasets/topics.py, but there is no folder datasets/ghost"
    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", said)


def test_a_topic_may_lack_commands_but_not_its_other_folder(tmp_path):
    folder = tmp_path / "datasets" / "ghost"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    code = (
        f"import datasets, datasets.topics as t; datasets.__path__.append({str(tmp_path / 'datasets')!r}); "
        "t.TOPICS = (*t.TOPICS, 'ghost'); from run_experiments import run; sys.exit(run(['--help']))"
    )
    done = in_a_new_process(code)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
    assert done.stderr.strip().endswith("there is no folder surrogates/ghost")
