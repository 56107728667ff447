"""Numbers that are none are refused before a command begins."""

import pytest


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e400"])
def test_they_are_refused_by_every_command(wormtwin, refused, tmp_path, value):
    out = ("--out", tmp_path / "x")
    for arguments in (
        ("simulate", *out, "--scale"),
        ("crawl", *out, "--drive"),
        ("posture", "clip", "x", *out, "--start"),
    ):
        refused(wormtwin(*arguments, value), f"{arguments[-1]} must be a finite number, got {float(value)}")
    assert not list(tmp_path.iterdir())
