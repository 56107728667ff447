"""The real-or-simulated test: clips, films, answers, and the page played through in a browser."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from werkzeug.serving import make_server

from datasets.posture.recording import PostureRecording, angles_dataset
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.pages.serving import bind
from surrogates.posture.forced_choice.clips import cut_clips, one_clip
from surrogates.posture.forced_choice.responses import (
    Answer,
    append_answer,
    load_answers,
    outcome_of,
    require_answers_file,
    share_right,
)
from surrogates.posture.forced_choice.server import Sitting, clip_facts, make_app
from surrogates.posture.forced_choice.stimuli import make_quiz

ROOT = Path(__file__).parents[2]


def crawler(name, frames=400, *, placed=True, fps=10.0, gap=(), sign=1):
    """A worm that crawls to the right, its head in front: a wave runs from head to tail."""
    time, body = np.arange(frames) / fps, (np.arange(24) + 0.5) / 24
    angles = 0.7 * np.cos(2 * np.pi * (1.5 * body - 0.4 * sign * time[:, None]))
    mean = angles.mean(axis=1)
    angles = angles - mean[:, None]
    angles[list(gap)] = np.nan
    centroid = np.stack([-0.2 * time, 0 * time], axis=1) if placed else None
    if placed:
        centroid[list(gap)] = np.nan
    return PostureRecording(name, angles, mean, fps, "N2", centroid=centroid, length=0.8 if placed else None)


def worms(name, count=3, **how):
    return angles_dataset([crawler(f"{name} {i}", **how) for i in range(count)], name)


def quiz(clips=4, seconds=4.0, **how):
    return make_quiz(worms("real"), worms("simulated", sign=-1), clips=clips, examples=5, seconds=seconds, **how)


def answer(truth="real", choice="real", number=1):
    return Answer("2026-01-01T00:00:00+00:00", "me", number, "w 1", 40, 12.5, truth, choice, 3.25)


def test_clips_have_the_shape_of_the_worm_and_no_gap():
    data = worms("real", count=1, gap=(95, 96))
    clips = cut_clips(data, 4.0)
    assert [clip.start for clip in clips] == [0, 40, *range(97, 361, 40)]
    lines = clips[0].midlines
    assert lines.shape == (40, 49, 2)
    assert np.linalg.norm(np.diff(lines, axis=1), axis=-1).sum(axis=1) == pytest.approx(np.ones(40))
    box = lines.reshape(-1, 2)
    assert box.min(axis=0) == pytest.approx(-box.max(axis=0))
    moved = lines[-1].mean(axis=0) - lines[0].mean(axis=0)
    assert moved == pytest.approx([-0.2 * 3.9 / 0.8, 0.0], abs=1e-9)
    upright = clips[0].turned(90.0)
    assert (upright.midlines[-1] - upright.midlines[0]).mean(axis=0) == pytest.approx([0, moved[0]], abs=1e-9)


def test_worms_without_places_crawl_and_then_all_do():
    (clip, *_) = cut_clips(worms("free", placed=False), 20.0)
    moved = clip.midlines[-1].mean(axis=0) - clip.midlines[0].mean(axis=0)
    assert moved[0] < -1  # body lengths, head first
    mixed = make_quiz(worms("real"), worms("free", placed=False), clips=2, examples=5, seconds=4.0)
    for question in mixed.examples:
        lines = question.clip.turned(-question.turned).midlines
        assert np.linalg.norm(lines[-1].mean(axis=0) - lines[0].mean(axis=0)) != pytest.approx(
            0.2 * 3.9 / 0.8, abs=0.05
        )


def test_a_quiz_asks_every_clip_once_and_the_seed_decides():
    made, again, other = quiz(), quiz(), quiz(seed=1)
    shown = [*made.examples, *made.questions]
    assert len({(q.clip.recording, q.clip.start) for q in shown}) == 9
    assert [q.truth for q in made.examples] == ["real", "simulated", "real", "simulated", "real"]
    assert all(q.clip.recording.startswith(q.truth) for q in shown)
    assert [(q.turned, q.truth) for q in shown] == [(q.turned, q.truth) for q in (*again.examples, *again.questions)]
    assert [q.turned for q in other.questions] != [q.turned for q in made.questions]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: quiz(clips=0), "--clips must be >= 1, got 0"),
        (lambda: quiz(clips=500), "the test needs"),
        (lambda: quiz(seconds=60.0), "has no 60 s without a gap"),
        (lambda: make_quiz(worms("a"), worms("b"), examples=3), "--examples must be from 5 to 10, got 3"),
        (lambda: make_quiz(worms("a"), worms("b", fps=20.0), clips=2), "10 frames a second and 'b' 20"),
        (lambda: one_clip(worms("a", gap=(30,)), 1, 0.0, 4.0), "--start 3.1 or later"),
        (lambda: one_clip(worms("a"), 4, 0.0, 4.0), "has the trials 1 to 3, not 4"),
        (lambda: one_clip(worms("a"), 1, 38.0, 4.0), "leave the 40 s of it"),
        (lambda: bind(70000), "--port must be from 0 to 65535"),
        (lambda: require_answers_file(Path("results.txt")), r"ends in \.csv"),
    ],
)
def test_what_cannot_be_asked_is_reported(make, text):
    with pytest.raises(InputError, match=text):
        make()


def test_wilson_intervals_are_those_of_the_literature():
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    for (right, number), wanted in {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
    }.items():
        share = share_right(right, number)
        assert (share.low, share.high) == pytest.approx(wanted, abs=5e-5)


def test_answers_add_up_and_come_back_from_the_file(tmp_path):
    given = [answer("real", "real"), answer("real", "simulated"), *[answer("simulated", "simulated")] * 3]
    for each in given:
        append_answer(tmp_path / "deep" / "r.csv", each)
    assert load_answers(tmp_path / "deep" / "r.csv") == tuple(given)
    outcome = outcome_of(given)
    assert (outcome.accuracy.share, outcome.sensitivity.share, outcome.specificity.share) == (0.8, 0.5, 1.0)
    assert outcome.chance == pytest.approx(2 * 6 / 32)  # four or five of five tosses, on either side
    assert np.isnan(outcome_of(given[:2]).specificity.share)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="holds no answers"):
        require_answers_file(tmp_path / "other.csv")
    with (tmp_path / "deep" / "r.csv").open("a") as file:
        file.write("x,me,one,w,1,2,real,real,1\n")
    with pytest.raises(InputError, match="line 7: this is no answer"):
        load_answers(tmp_path / "deep" / "r.csv")


def test_truth_cannot_be_had_before_the_choice(tmp_path):
    shown = quiz()
    sitting = Sitting(shown, tmp_path / "r.csv")
    client = make_app(sitting, "secret").test_client()
    assert client.get("/secret/clip/2").status_code == 409
    assert client.post("/secret/choice", json={"number": 1, "choice": "real"}).status_code == 409  # not shown yet
    text = client.get("/secret/clip/1")
    assert set(text.json) == {"fps", "midlines"}
    assert set(text.json["midlines"]) == {"data", "shape", "offset", "step"}
    everything = [client.get(f"/secret{path}") for path in ("/", "/quiz.js", "/quiz.css", "/state", "/clip/1")]
    names = {q.clip.recording for q in shown.questions}
    for reply in everything:
        assert not any(name in reply.get_data(as_text=True) for name in names)
        assert reply.headers["Cache-Control"] == "no-store"
        assert not {"ETag", "Set-Cookie", "Last-Modified"} & set(reply.headers.keys())
    sizes = {len(json.dumps(clip_facts(q)["midlines"]["data"])) for q in shown.questions}
    assert len(sizes) == 1
    assert client.post("/secret/choice", json={"number": 1, "choice": "maybe"}).status_code == 409
    assert not (tmp_path / "r.csv").exists()
    assert client.post("/secret/choice", json={"number": 1, "choice": "real"}).json["truth"] == shown.questions[0].truth
    second_thought = client.post("/secret/choice", json={"number": 1, "choice": "simulated"})
    assert second_thought.status_code == 409
    assert len(load_answers(tmp_path / "r.csv")) == 1
    assert client.get("/secret/", headers={"Host": "evil.example"}).status_code == 400
    for path in ("/", "/state", "/clip/1", "/quiz.js", "/other/state"):
        assert client.get(path).status_code == 404  # without the token
    assert client.post("/choice", json={"number": 2, "choice": "real"}).status_code == 404


@pytest.fixture
def page(tmp_path):
    """The page of a test of four clips, served; gives its address, the sitting and the results."""
    sitting = Sitting(quiz(), tmp_path / "results.csv", "me")
    server = make_server("127.0.0.1", 0, make_app(sitting, "secret"), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/secret/", sitting, tmp_path / "results.csv"
    server.shutdown()
    thread.join()


def reds_and_blues(tab):
    """How many pixels of the clip are red and blue."""
    pixels = 255 * matplotlib.image.imread(io.BytesIO(tab.locator("#view").screenshot()))[..., :3]
    return [int((pixels[..., one] > pixels[..., other] + 60).sum()) for one, other in ((0, 2), (2, 0))]


@pytest.mark.slow
def test_the_page_is_played_through(browser, page, shown_whole):
    address, sitting, results = page
    shown_whole(address)
    context = browser.new_context(color_scheme="dark", viewport={"width": 900, "height": 800})
    tab, messages, requests = context.new_page(), [], []
    tab.on("console", lambda message: messages.append(message.text))
    tab.on("pageerror", lambda error: messages.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(address)
    tab.locator("#begin").click()
    for number, question in enumerate(sitting.quiz.examples, start=1):
        tab.get_by_text(f"Example {number} of 5: this worm is {question.truth}").wait_for()
        red, blue = reds_and_blues(tab)
        assert red > 2 * blue > 60
        tab.keyboard.press("Enter")
    truths = [question.truth for question in sitting.quiz.questions]
    chosen = [truths[0], "real", "simulated", truths[3]]
    for number, (choice, truth) in enumerate(zip(chosen, truths, strict=True), start=1):
        tab.get_by_text(f"Clip {number} of 4: real or simulated?").wait_for()
        assert truth not in tab.locator("#verdict").inner_text()
        if number == 2:
            tab.reload()  # goes on where it was
            tab.get_by_text("Clip 2 of 4").wait_for()
            tab.keyboard.press("Space")
            assert tab.locator("#play").inner_text().startswith("Play")
            tab.fill("#slider", "2")
            assert tab.locator("#clock").inner_text() == "2 of 4 s"
        if number % 2:
            tab.keyboard.press(choice[0])
        else:
            tab.locator(f"#{choice}").click()
        verdict = "Right" if choice == truth else "Wrong"
        tab.get_by_text(f"{verdict}: this worm is {truth}.").wait_for()
        assert len(load_answers(results)) == number
        tab.keyboard.press("Enter")
    tab.get_by_role("heading", name="Done").wait_for()
    right = sum(a == b for a, b in zip(chosen, truths, strict=True))
    assert f"{right} of 4 clips were recognized" in tab.locator("#summary").inner_text()
    low = share_right(right, 4).low
    assert f"{100 * low:.0f} % to" in tab.locator("#figures tr").first.inner_text()
    assert [(a.choice, a.truth, a.observer) for a in load_answers(results)] == [
        (a, b, "me") for a, b in zip(chosen, truths, strict=True)
    ]
    assert messages == []
    assert all(url.startswith((address, "data:")) for url in requests)
    context.close()


def test_the_command_serves_tells_a_taken_port_and_sums_up(tmp_path, wormtwin):
    real = save_dataset(worms("real"), tmp_path / "a.h5")
    simulated = save_dataset(worms("simulated"), tmp_path / "b.h5")
    results = tmp_path / "r.csv"
    given = ["posture", "test-page", "--real", real, "--simulated", simulated, "--clips", 3, "--examples", 5]
    given += ["--seconds", 4, "--results", results]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _, error = wormtwin(*given, "--port", taken.getsockname()[1])
    assert status == 2
    assert "cannot be had (address already in use): give another by --port" in error
    heard = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # where tests run in the background, too
    code = f"import signal, sys, run_experiments as r; {heard}; sys.exit(r.run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *map(str, given), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, cwd=ROOT, env=environment) as process:
        assert process.stdout.readline().startswith("Open http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        shown, errors = process.communicate()
    assert "No answers." in shown
    assert "Traceback" not in errors
    assert process.returncode == 0


@pytest.mark.parametrize("suffix", ["mp4", "gif"])
def test_films_show_the_clip(tmp_path, wormtwin, suffix):
    import imageio.v3 as iio

    data = save_dataset(worms("real", count=1), tmp_path / "a.h5")
    film = tmp_path / f"clip.{suffix}"
    status, out, _ = wormtwin("posture", "clip", data, "--out", film, "--start", 2, "--seconds", 3, "--side", 128)
    assert (status, "real 0, 3 s from 2 s on" in out) == (0, True)
    frames = np.stack([frame[..., :3] for frame in iio.imiter(film)]).astype(int)
    assert frames.shape == (30, 128, 128, 3)
    heads = frames[..., 2] - frames[..., 0] > 60
    bodies = frames[..., 0] - frames[..., 2] > 60
    indices = [np.argwhere(shown).mean(axis=0)[1] for shown in (heads[0], bodies[0], heads[-1])]
    assert indices[0] < indices[1]  # the head is on the left
    assert indices[2] < indices[0] - 10  # and goes there


def test_a_film_needs_a_name_that_says_its_kind(tmp_path, wormtwin):
    data = save_dataset(worms("real", count=1), tmp_path / "a.h5")
    status, _, error = wormtwin("posture", "clip", data, "--out", tmp_path / "clip.avi")
    assert (status, error.count("\n")) == (2, 1)
    assert "a film's name ends in .mp4, .gif" in error
