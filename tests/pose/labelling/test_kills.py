"""Server and browser are killed at random moments: no finished change is lost."""

import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from datasets.pose.labelling.journal import Journal, line_of, read_journal
from datasets.pose.labelling.saving import book_of

ROOT = Path(__file__).parents[3]
SERVER = """
import sys
from run_experiments import run
sys.exit(run(["pose", "label", *sys.argv[1:]]))
"""


def started(*arguments):
    """A server in a process of its own, and its address."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    call = [sys.executable, "-c", SERVER, *map(str, arguments), "--port", "0"]
    process = subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    for line in process.stdout:
        found = re.search(r"http://\S+", line)
        if found:
            return process, found[0]
    pytest.fail("the server did not start")


def post(address, sent):
    request = urllib.request.Request(address, json.dumps(sent).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def kill_while_labelling(address, process, rng, sent):
    """Change marks one after the other until the server is killed; gives those that were taken."""
    taken, last = {}, None
    number, most = 0, rng.randrange(1, 25)
    while True:
        frame, x = rng.randrange(40), round(rng.uniform(0, 89), 2)
        change = {"do": "mark", "film": "flies", "frame": frame, "animal": "animal",
                  "marks": {"head": [x, 3.0, "visible", "person"]}}  # fmt: skip
        if number == most:  # the kill comes while this change is on its way
            killer = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    f"import os, time; time.sleep({rng.uniform(0, 0.004)}); os.kill({process.pid}, 9)",
                ]
            )
        try:
            post(f"{address}change", {"page": "one", "changes": [change]})
        except (
            urllib.error.URLError,
            http.client.HTTPException,
            OSError,
        ):  # refused, or cut in the middle of an answer
            last = (frame, x)
            break
        taken[frame] = x
        number += 1
    killer.wait()
    process.wait()
    sent.update(taken)
    return last


def marks_in(folder):
    entries = read_journal(folder)
    book, _ = book_of(entries, folder)
    return {frame: marks["animal"]["head"].x for (_, frame), marks in book.marks.items()}


def kills(movie, folder, number):
    rng, expected = random.Random(number), {}
    for _ in range(number):
        process, address = started(movie, "--out", folder, "--keypoints", "head")
        last = kill_while_labelling(address, process, rng, expected)
        found = marks_in(folder)
        for frame, x in expected.items():
            assert found[frame] == x or (last is not None and last == (frame, found[frame]))
        expected.update(found)


def test_no_finished_change_is_lost_when_the_server_is_killed(movie, tmp_path):
    kills(movie, tmp_path / "l", 2)


@pytest.mark.long
def test_fifty_kills_of_the_server(movie, tmp_path):
    kills(movie, tmp_path / "l", 50)


def test_a_journal_cut_at_any_byte_holds_what_was_finished(tmp_path):
    changes = [{"do": "mark", "frame": k, "text": "é" * k} for k in range(6)]
    whole = b"".join(map(line_of, changes))
    ends = [len(b"".join(map(line_of, changes[:k]))) for k in range(7)]
    for cut in range(len(whole) + 1):
        folder = tmp_path / "l"
        folder.mkdir()
        (folder / "journal.jsonl").write_bytes(whole[:cut])
        journal = Journal(folder)
        finished = max(k for k, end in enumerate(ends) if end <= cut)
        assert journal.entries == changes[:finished]
        journal.append({"do": "next"})
        journal.close()
        assert read_journal(folder) == [*changes[:finished], {"do": "next"}]
        shutil.rmtree(folder)


def test_a_damaged_line_is_named_and_nothing_is_thrown_away(tmp_path):
    text = b"".join(line_of({"do": "mark", "frame": k}) for k in range(3))
    (tmp_path / "journal.jsonl").write_bytes(text.replace(b'"frame":1', b'"frame":7'))
    with pytest.raises(ValueError, match="line 2 is damaged"):
        Journal(tmp_path)
    assert (tmp_path / "journal.jsonl").read_bytes().count(b"\n") == 3


def test_a_second_process_is_told_who_labels(tmp_path):
    journal = Journal(tmp_path)
    with pytest.raises(ValueError, match=f"is being labelled by .* process {os.getpid()}: wait"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


def browser_kills(movie, folder, number):
    """A browser nudges a key point and is killed: what it was told as saved is in the journal."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make installs it")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("there is no Chromium on this machine: install chromium")
    process, address = started(movie, "--out", folder, "--keypoints", "head")
    rng = random.Random(number)
    try:
        for turn in range(number):
            saved = _nudged_until_killed(playwright, chromium, address, folder.parent / f"profile{turn}", rng)
            changes = [each for each in read_journal(folder) if each["do"] == "mark"]
            assert saved <= len(changes) - _before.get(folder, 0)
            _before[folder] = len(changes)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


_before = {}


def _nudged_until_killed(playwright, chromium, address, profile, rng):
    """How many changes the page called saved before its browser was killed, in the middle of more."""
    flags = ["--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0", "--disable-gpu"]
    browser = subprocess.Popen(
        [chromium, *flags, f"--user-data-dir={profile}"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        at = next(found[0] for line in browser.stderr if (found := re.search(r"ws://\S+", line)))
        with playwright.sync_playwright() as driver:
            tab = driver.chromium.connect_over_cdp(at).new_page()
            tab.goto(address)
            tab.wait_for_selector("body[data-ready]")
            if tab.locator("#other").is_visible():  # the page before was killed and could not say so
                tab.locator("#take").click()
                tab.wait_for_selector("#other", state="hidden")
            tab.keyboard.press("Space")
            for _ in range(rng.randrange(1, 12)):
                tab.keyboard.press(rng.choice(("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown")))
            saved = int(tab.locator("#saved").get_attribute("data-saved"))
            os.killpg(browser.pid, signal.SIGKILL)
    except playwright.Error:
        pass  # the connection ends with the browser
    finally:
        browser.wait()
    return saved


@pytest.mark.long
def test_no_finished_change_is_lost_when_the_browser_is_killed(movie, tmp_path):
    browser_kills(movie, tmp_path / "l", 3)


@pytest.mark.long
def test_fifty_kills_of_the_browser(movie, tmp_path):
    browser_kills(movie, tmp_path / "l", 50)
