"""What holds for every command, from the list of the command line, so that a new one cannot be forgotten."""

import re

import pytest
from calls import CALLS, commands

from neuron_models.foundation.output import sole_writer

COMMANDS = commands()
WRITING = [names for names, each in COMMANDS.items() if any(option.name == "out" for option in each.params)]


def test_every_command_is_called():
    assert set(COMMANDS) - set(CALLS) == set(), "give each a line in tests/hostile/calls.py"
    assert set(CALLS) - set(COMMANDS) == set()


@pytest.mark.parametrize("names", WRITING)
def test_two_never_write_one_output(names, wormtwin, refused, tmp_path):
    words = CALLS[names].right.split()
    reads = tmp_path / "read"
    reads.touch()
    given = [str(tmp_path / word[1:]) if word[0] == "@" else str(reads) if word[0] == "<" else word for word in words]
    with sole_writer(tmp_path / words[words.index("--out") + 1][1:]):
        refused(wormtwin(*names.split(), *given), "another process is at work on", "choose another --out")
    assert [each.name for each in tmp_path.iterdir()] == ["read"]


DATASETS = re.compile(r"<(ANY|(responses|uneven|calcium|angles|amplitudes|pose)\.h5.*)>")
READING = [
    names
    for names, call in CALLS.items()
    if any(DATASETS.fullmatch(word) for word in call.right.split()) and "--model <" not in call.right
]


@pytest.mark.parametrize("names", READING)
def test_what_takes_a_dataset_names_the_commands_that_make_one(names, wormtwin, refused, tmp_path):
    (tmp_path / "raw.nwb").write_text("traces")
    told = "raw.nwb is not a dataset file (.h5): make one of it by `wormtwin calcium import`"
    words = [str(tmp_path / "raw.nwb") if DATASETS.fullmatch(word) else word for word in CALLS[names].right.split()]
    given = [str(tmp_path / word[1:]) if word[0] == "@" else word for word in words]
    refused(wormtwin(*names.split(), *given), told)
    assert [each.name for each in tmp_path.iterdir()] == ["raw.nwb"]
