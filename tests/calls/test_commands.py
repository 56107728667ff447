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


def test_a_silent_channel_and_a_late_clock_are_told(wormtwin, tmp_path, monkeypatch):
    """Calls moved by 30 ms are all found, and what would set their clock is what they were moved by."""
    import numpy as np
    import soundfile

    monkeypatch.chdir(tmp_path)
    soundfile.write("still.wav", np.zeros((25_000, 2)), 250_000)
    status, out, error = wormtwin("calls", "detect", "still.wav", "--out", "c.csv", "--channel", 2)
    assert (status, error) == (0, "")
    assert "channel 2 of 2; the others are left out" in out
    assert "channel 2: silent, every sample is 0" in out
    rows = ["start,stop", *(f"{k / 5},{k / 5 + 0.05}" for k in range(1, 9))]
    (tmp_path / "true.csv").write_text("\n".join(rows))
    (tmp_path / "late.csv").write_text(
        "\n".join(["start,stop", *(f"{k / 5 + 0.03},{k / 5 + 0.08}" for k in range(1, 9))])
    )
    status, out, _ = wormtwin("calls", "evaluate", "late.csv", "true.csv", "--truth", "true.csv")
    assert status == 0
    assert "late.csv is 30 ms late: --shift -0.030 would set its clock" in out
    assert "true.csv is" not in out
    assert "is 30 ms" not in wormtwin("calls", "evaluate", "late.csv", "--truth", "true.csv", "--shift", -0.03)[1]


def test_a_cut_flac_is_refused(wormtwin, refused, tmp_path):
    import numpy as np
    import soundfile

    path = tmp_path / "a.flac"
    soundfile.write(path, 0.1 * np.random.default_rng(0).normal(size=50_000), 250_000)
    path.write_bytes(path.read_bytes()[:40_000])
    refused(wormtwin("calls", "detect", path, "--out", tmp_path / "c.csv"), "a.flac is cut or damaged after 0.000 s")
    assert not (tmp_path / "c.csv").exists()


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
