"""Blind scoring: the order, what is kept and continued, the tables, what the page refuses, kills, a browser."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.grimace.blind.faces import open_faces
from datasets.grimace.blind.order import random_order
from datasets.grimace.blind.scoring import BlindScoring
from datasets.grimace.blind.tables import write_tables
from datasets.grimace.generator.sample import SampleSettings, make_sample, write_sample
from datasets.grimace.importing import load_scores
from datasets.grimace.units import NOT_ESTABLISHED, OUTPUTS
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.grimace.blind_page.server import make_app
from surrogates.pages.serving import HOST

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Six faces of two animals: a dataset, and a folder with its table."""
    folder = tmp_path_factory.mktemp("blind")
    faces = make_sample(SampleSettings(animals=2, images=3, size=64, seed=4))
    write_sample(faces, folder / "faces")
    save_dataset(faces, folder / "faces.h5")
    return folder


@pytest.fixture
def scoring(sample, tmp_path):
    begun = BlindScoring(open_faces(sample / "faces.h5"), tmp_path / "s", "Ada", 0.5)
    yield begun
    begun.journal.close()


def score_all(scoring, upto=None):
    """Give every face of which nothing is known 0s, and a 1 to the noses of those that come again."""
    while scoring.due < (len(scoring.order) if upto is None else upto):
        number = scoring.due
        for output in OUTPUTS:
            again = scoring.order[number][1] == 2 and output == "nose_bulge"
            scoring.answer(number, output, None if output == "cheek_bulge" else int(again))


def test_every_rater_has_an_order_and_repeats_come_late():
    images = [f"i{k}" for k in range(100)]
    order = random_order(images, 0.2, "Ada", 0)
    assert sorted(image for image, time in order if time == 1) == sorted(images)
    again = [place for place in order if place[1] == 2]
    assert len(again) == len(set(again)) == 20
    assert min(order.index(place) - order.index((place[0], 1)) for place in again) > 20
    assert order == random_order(images, 0.2, "Ada", 0)
    assert order != random_order(images, 0.2, "Bea", 0)
    assert [image for image, time in order if time == 1] != images
    assert len(random_order(images, 0.0, "Ada", 0)) == 100
    assert random_order(["a"], 1.0, "Ada", 0) == (("a", 1), ("a", 2))


def test_it_goes_on_where_a_kill_stopped_it_and_another_rater_begins_anew(scoring, sample, tmp_path):
    scoring.answer(0, "pain", 1)
    scoring.answer(0, "pain", 0)  # a slip, corrected
    score_all(scoring, upto=3)
    scoring.answer(3, "orbital_tightening", 2)
    copy = shutil.copytree(tmp_path / "s", tmp_path / "copy")  # as a kill would leave it
    (copy / "in-use").unlink()
    with (copy / "journal.jsonl").open("ab") as file:
        file.write(b'1234abcd {"do":"score"')  # an answer that was on its way
    with pytest.raises(InputError, match="is being scored by"):
        BlindScoring(scoring.faces, tmp_path / "s", "Bea")
    again = BlindScoring(open_faces(sample / "faces.h5"), copy, "Ada", 0.9, seed=7)
    assert again.order == scoring.order
    assert (again.due, again.answers(3), again.answers(0)["pain"]) == (3, {"orbital_tightening": 2}, 0)
    score_all(again)
    again.journal.close()
    other = BlindScoring(open_faces(sample / "faces.h5"), copy, "Bea", 0.0)
    assert (other.due, len(other.order)) == (0, 6)
    score_all(other)
    other.journal.close()
    assert write_tables(other.entries, copy) == (12, 3)
    table = load_scores(copy / "scores.csv")
    assert sorted(table["rater"].unique()) == ["Ada", "Bea"]
    assert dict(zip(table["image"], table["animal"], strict=True))["animal002_0001.png"] == "animal002"


def test_tables_go_into_agree_and_import(scoring, sample, tmp_path, wormtwin, refused):
    score_all(scoring)
    scoring.answer(8, "pain", 1)
    write_tables(scoring.entries, tmp_path / "s")
    rows = list(csv.DictReader((tmp_path / "s" / "scores.csv").open()))
    assert {row["cheek_bulge"] for row in rows} == {"NA"}
    scores = tmp_path / "s" / "scores.csv"
    imported = wormtwin(
        "grimace", "import", sample / "faces", "--scores", scores, "--size", 64, "--out", tmp_path / "g.h5"
    )
    assert imported[0] == 0, imported[2]
    status, out, _ = wormtwin("grimace", "agree", scores, "--repeats", tmp_path / "s" / "repeats.csv")
    assert status == 0
    line = next(line for line in out.splitlines() if "nose_bulge" in line)
    assert [cell.strip() for cell in line.strip("│ ").split("│")][:4] == ["Ada", "nose_bulge", "3", "0.0"]
    assert NOT_ESTABLISHED in out.replace("\n", " ")
    refused(wormtwin("grimace", "agree", scores), "needs two raters or more")


def test_what_nobody_could_judge_is_left_out_and_said(sample, tmp_path, wormtwin, refused):
    head = f"image,animal,rater,{','.join(OUTPUTS)}\n"
    cannot, calm = ",NA" * 6, ",0" * 6
    (tmp_path / "s.csv").write_text(f"{head}animal001_0001.png,a,r{cannot}\nanimal001_0002.png,a,r{calm}\n")
    command = ("grimace", "import", sample / "faces", "--size", 64, "--out", tmp_path / "g.h5", "--scores")
    status, out, _ = wormtwin(*command, tmp_path / "s.csv")
    assert status == 0
    assert "Left out: 1 image that nobody could judge: animal001_0001.png" in out
    assert "1 face of 1 animal" in out
    (tmp_path / "n.csv").write_text(f"{head}animal001_0001.png,a,r{cannot}\n")
    refused(wormtwin(*command, tmp_path / "n.csv"), "nobody could judge any image")


def test_the_page_tells_nothing_of_the_animal_and_saves_every_answer(scoring, tmp_path):
    client = make_app(scoring, "secret").test_client()
    state = client.get("/secret/state").get_json()
    text = json.dumps(state) + client.get("/secret/").get_data(as_text=True)
    assert "animal0" not in text.replace("animals", "")
    assert ".png" not in text
    assert NOT_ESTABLISHED in text
    picture = Image.open(io.BytesIO(client.get("/secret/face/0").data))
    assert (picture.size, picture.info.keys()) == ((448, 448), set())
    journal = tmp_path / "s" / "journal.jsonl"
    for output in OUTPUTS:
        before = journal.stat().st_size
        answer = client.post("/secret/answer", json={"number": 0, "output": output, "score": 1}).get_json()
        assert journal.stat().st_size > before
    assert answer["due"] == 1
    assert len(list(csv.DictReader((tmp_path / "s" / "scores.csv").open()))) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"number": 0, "output": "pain", "score": 2}, "pain is scored 0 to 1"),
        ({"number": 0, "output": "nose_bulge", "score": 3}, "nose_bulge is scored 0 to 2, or not at all, got 3"),
        ({"number": 0, "output": "nose_bulge", "score": True}, "got True"),
        ({"number": 0, "output": "nose_bulge", "score": 1.5}, "got 1.5"),
        ({"number": 0, "output": "tail", "score": 1}, "there is no score 'tail'"),
        ({"number": 1, "output": "pain", "score": 1}, "face 2 is not to be scored now"),
        ({"number": -1, "output": "pain", "score": 1}, "face 0 is not to be scored now"),
        ({"number": 0, "output": "pain"}, "an answer without a score"),
        ({"output": "pain", "score": 1}, "named by its number"),
        ([1], "an answer is an object"),
    ],
)
def test_other_answers_are_refused(scoring, given, said):
    client = make_app(scoring, "secret").test_client()
    answer = client.post("/secret/answer", json=given)
    assert answer.status_code == 409
    assert said in answer.get_json()["error"]
    assert scoring.answers(0) == {}


def test_only_its_own_page_gets_in(scoring):
    client = make_app(scoring, "secret").test_client()
    given = {"number": 0, "output": "pain", "score": 1}
    assert client.post("/other/answer", json=given).status_code == 404
    assert client.get("/").status_code == 404
    assert client.post("/secret/answer", json=given, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.get("/secret/state", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/secret/face/3").status_code == 409
    assert scoring.answers(0) == {}
    for name in ("", "faces.js", "faces.css"):
        assert client.get(f"/secret/{name}").status_code == 200


def test_what_cannot_be_scored_is_one_line(sample, tmp_path, wormtwin, refused):
    import socket

    page = ("grimace", "page", "--port", 0, "--out", tmp_path / "s", "--rater", "Ada")
    faces, table = sample / "faces", sample / "faces" / "scores.csv"
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        refused(wormtwin(*page, faces, "--list", table, "--port", port), "cannot be had", "give another by --port")
    refused(wormtwin(*page, faces), "which animal is it?", "--list")
    refused(wormtwin(*page, sample / "none.h5"), "there is no such file")
    refused(wormtwin(*page, sample / "faces.h5", "--list", table), "--list goes with a folder")
    refused(wormtwin(*page[:-1], " ", sample / "faces.h5"), "--rater must be a name")
    refused(wormtwin(*page[:-1], "machine", sample / "faces.h5"), "name is taken")
    (tmp_path / "m").mkdir()
    Image.new("RGB", (20, 20)).save(tmp_path / "m" / "t.png")
    refused(wormtwin(*page, tmp_path), "no photograph of it can be scored: m/t.png: 20 x 20 pixels, 48 are needed")
    (tmp_path / "l.csv").write_text("image,animal\nx.png,m\n")
    refused(wormtwin(*page, faces, "--list", tmp_path / "l.csv"), "x.png: there is no such photograph")
    assert not (tmp_path / "s").exists()


def test_a_folder_an_animal_and_photographs_that_are_gone(tmp_path, refused):
    for animal in ("m1", "m2"):
        (tmp_path / "f" / animal).mkdir(parents=True)
        Image.fromarray(np.full((60, 90, 3), 80, np.uint8)).save(tmp_path / "f" / animal / "a.png")
    (tmp_path / "f" / "m1" / "b.jpg").write_text("no picture")
    faces = open_faces(tmp_path / "f")
    assert [(face.image, face.animal) for face in faces.faces] == [("m1/a.png", "m1"), ("m2/a.png", "m2")]
    assert len(faces.left_out) == 1
    assert "m1/b.jpg: no picture can be read" in faces.left_out[0]
    BlindScoring(faces, tmp_path / "s", "Ada").journal.close()
    (tmp_path / "f" / "m2" / "a.png").unlink()
    with pytest.raises(InputError, match=r"holds scores of m2/a.png, which is not there now"):
        BlindScoring(open_faces(tmp_path / "f"), tmp_path / "s", "Ada")


def started(*arguments):
    """The command in a process of its own, and its address."""
    heard = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a shell may ignore Ctrl-C
    call = [sys.executable, "-c", f"{heard}; from run_experiments import run; sys.exit(run(sys.argv[1:]))"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*call, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return process, found[0]
    pytest.fail("the page did not start")


def post(address, sent):
    request = urllib.request.Request(address, json.dumps(sent).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_a_kill_loses_no_answer_and_ctrl_c_leaves_the_tables(sample, tmp_path):
    command = ("grimace", "page", sample / "faces.h5", "--rater", "Ada", "--out", tmp_path / "s", "--repeats", 0.3)
    process, address = started(*command, "--port", 0)
    for output in OUTPUTS[:4]:
        post(f"{address}answer", {"number": 0, "output": output, "score": 2})
    process.kill()
    process.wait()
    process, address = started(*command, "--port", 0)
    with urllib.request.urlopen(f"{address}answers/0", timeout=60) as answer:
        assert json.load(answer)["answers"] == dict.fromkeys(OUTPUTS[:4], 2)
    for output in OUTPUTS[4:]:
        post(f"{address}answer", {"number": 0, "output": output, "score": None})
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert "1 face of 8 scored by Ada" in out
    assert NOT_ESTABLISHED in out
    (row,) = csv.DictReader((tmp_path / "s" / "scores.csv").open())
    assert [row[name] for name in OUTPUTS] == ["2"] * 4 + ["NA"] * 2


def test_a_browser_scores_by_keys_alone(scoring, browser, shown_whole):
    from werkzeug.serving import make_server

    server = make_server(HOST, 0, make_app(scoring, "secret"), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://{HOST}:{server.server_port}/secret/"
        tab = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
        tab.goto(address)
        tab.wait_for_selector("body[data-ready]")
        for key in ("2", "x", "ArrowUp", "ArrowUp", "1", "0", "0", "0", "0", "2", "1"):
            tab.keyboard.press(key)
        tab.keyboard.press("Enter")
        tab.wait_for_selector("body[data-at='1']")
        assert list(scoring.entries.answers[("Ada", scoring.order[0])].values()) == [1, 0, 0, 0, 0, 1]
        tab.reload()
        tab.wait_for_selector("body[data-at='1']")
        tab.keyboard.press("Backspace")
        tab.wait_for_selector("body[data-at='0']")
        assert tab.locator("button[aria-pressed=true]").count() == 6
        score_all(scoring)
        tab.reload()
        tab.wait_for_selector("#end:not([hidden])")
        tab.close()
        shown_whole(address)
    finally:
        server.shutdown()
        thread.join()
