"""`wormtwin calls` as a user calls it."""

import pytest


def test_the_whole_way(wormtwin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, error = wormtwin("calls", "demo", "--out", "d", "--seconds", 10)
    assert (status, error) == (0, "")
    assert "macro-F1" in out
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == [
        "calls.csv", "measures.csv", "recording.calls.csv", "recording.contours.csv", "recording.wav", "transitions.csv"
    ]  # fmt: skip
    wav, truth = "d/recording.wav", "d/recording.calls.csv"
    assert wormtwin("calls", "detect", wav, "--out", "c.txt")[0] == 0
    status, out, _ = wormtwin("calls", "evaluate", "c.txt", "--truth", truth)
    assert (status, "1.000" in out) == (0, True)
    assert wormtwin("calls", "convert", "c.txt", "--out", "c.mat")[0] == 0
    assert "peak" in wormtwin("calls", "info", wav)[1]
    assert wormtwin("calls", "measure", wav, "--calls", truth, "--out", "m.csv", "--contours", "k.csv")[0] == 0
    assert wormtwin("calls", "classify", wav, "--calls", truth, "--labelled", truth, "--out", "n.csv")[0] in (0, 2)
    assert wormtwin("calls", "cluster", wav, "--calls", truth, "--out", "g.csv")[0] == 0
    assert wormtwin("calls", "sequences", truth, "--out", "s.csv")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("detect", "none.wav", "--out", "c.csv"), "none.wav: there is no such file"),
        (("detect", "text.wav", "--out", "c.csv"), "is no recording that can be read"),
        (("detect", "low.wav", "--out", "c.csv"), "holds nothing above 4 kHz"),
        (("detect", "low.wav", "--out", "c.csv", "--band", "1-9"), "cannot be looked at"),
        (("detect", "low.wav", "--out", "c.csv", "--band", "9-1"), "from a lower to a higher frequency"),
        (("detect", "low.wav", "--out", "c.csv", "--band", "x"), "--band looks like 30-120"),
        (("detect", "low.wav", "--out", "c.csv", "--band", "1-3", "--channel", "2"), "has the channels 1 to 1, got 2"),
        (("detect", "low.wav", "--out", "c.xls"), "ends in .csv"),
        (("convert", "reversed.csv", "--out", "c.csv"), "no row is a call"),
        (("make-sample", "--out", "a.mp3"), "ends in .wav or .flac"),
        (("make-sample", "--out", "a.wav", "--seconds", "0"), "seconds must be from 0.1"),
        (("page", "low.wav", "--band", "1-3", "--out", "c.csv", "--port", "70000"), "'--port'"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(wormtwin, tmp_path, monkeypatch, words, said):
    import numpy as np
    import soundfile

    monkeypatch.chdir(tmp_path)
    soundfile.write("low.wav", 0.1 * np.random.default_rng(0).normal(size=8000), 8000)
    (tmp_path / "text.wav").write_text("hello")
    (tmp_path / "reversed.csv").write_text("start,stop\n2,1\n")
    before = sorted(tmp_path.iterdir())
    status, _, error = wormtwin("calls", *words)
    assert status == 2
    assert said in " ".join(error.split())
    assert sorted(tmp_path.iterdir()) == before
