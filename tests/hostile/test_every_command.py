"""What holds for every command, from the list of the command line, so that a new one cannot be forgotten."""

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
