"""The page in a browser: mouse and keys, undo, guesses, skeleton, a second page, narrow and wide, light and dark."""

import threading

import numpy as np
import pytest

from datasets.pose.labelling.guesses import Guesses, save_guesses
from surrogates.pages.serving import HOST
from surrogates.pose.labelling.server import make_app


@pytest.fixture
def address(served):
    from werkzeug.serving import make_server

    labelling, training, _ = served
    server = make_server(HOST, 0, make_app(labelling, training, "secret"), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{HOST}:{server.server_port}/secret/"
    server.shutdown()
    thread.join()


@pytest.fixture
def tab(browser, address):
    opened = open_tab(browser, address)
    yield opened
    assert opened.faults == []
    opened.context.close()


def open_tab(browser, address, **looks):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, **looks)
    tab = context.new_page()
    tab.faults = []
    tab.on("pageerror", lambda error: tab.faults.append(str(error)))
    tab.goto(address)
    tab.wait_for_selector("body[data-ready]")
    return tab


def spot(tab, x, y, size=(60, 90)):
    """Where a place of the image is on the screen, the whole image being in view."""
    box = tab.locator("#view").bounding_box()
    scale = min(box["width"] / size[1], box["height"] / size[0])
    return (
        box["x"] + box["width"] / 2 + (x + 0.5 - size[1] / 2) * scale,
        box["y"] + box["height"] / 2 + (y + 0.5 - size[0] / 2) * scale,
    )


def saved(tab):
    tab.wait_for_selector("#saved[data-waiting='0']")


def marks(labelling, frame=0):
    return {
        name: (round(m.x, 1), round(m.y, 1), m.state, m.maker)
        for name, m in labelling.book.of(("flies", frame), "animal").items()
    }


def press(tab, *keys):
    for key in keys:
        tab.keyboard.press(key)
    saved(tab)


def test_marks_are_put_dragged_nudged_and_taken_back(tab, served):
    labelling, _, _ = served
    for x, y in ((20, 30), (40, 20), (41, 40)):
        tab.mouse.click(*spot(tab, x, y))
    saved(tab)
    person = ("visible", "person")
    assert marks(labelling) == {"head": (20, 30, *person), "legL": (40, 20, *person), "legR": (41, 40, *person)}
    tab.mouse.move(*spot(tab, 40, 20))
    tab.mouse.down()
    tab.mouse.move(*spot(tab, 50, 10), steps=4)
    tab.mouse.up()
    press(tab, "ArrowLeft", "Shift+ArrowDown", "o")
    assert marks(labelling)["legL"] == (49, 20, "occluded", "person")
    press(tab, "l")
    assert marks(labelling)["legR"] == (49, 20, "occluded", "person")
    press(tab, "z", "z", "z")
    assert marks(labelling)["legL"] == (49, 10, *person)
    press(tab, "y", "1", "x", "3", "Delete")
    found = marks(labelling)
    assert found.pop("head")[2:] == ("absent", "person")
    assert found == {"legL": (49, 20, *person)}
    tab.reload()
    tab.wait_for_selector("body[data-ready]")
    assert tab.locator("body").get_attribute("data-frame") == '["flies",1]'  # the next that is offered
    tab.locator("#frame").fill("0")
    tab.locator("#frame").press("Enter")
    tab.wait_for_selector("body[data-frame='[\"flies\",0]']")
    assert "part" in tab.locator("#where").text_content()


def test_frames_are_copied_offered_and_timed(tab, served):
    labelling, _, _ = served
    press(tab, "Space", "2", "Space", "3", "Space")
    tab.keyboard.press("n")
    tab.wait_for_selector("body[data-frame='[\"flies\",1]']")
    press(tab, "c")
    assert len(marks(labelling, 1)) == 3
    tab.keyboard.press(".")
    tab.wait_for_selector("body[data-frame='[\"flies\",2]']")
    saved(tab)
    assert [(each.frame, each.changes) for each in labelling.book.spent] == [(0, 3), (1, 1)]
    press(tab, "z")  # the last change was in the frame before
    tab.wait_for_selector("body[data-frame='[\"flies\",1]']")
    saved(tab)
    assert marks(labelling, 1) == {}


def test_guesses_are_shown_moved_and_accepted(tab, served):
    labelling, _, _ = served
    names = ("head", "legL", "legR")
    xy = np.array([[[20.0, 30.0], [40.0, 20.0], [41.0, 40.0]]])
    zero = np.zeros(1, int)
    save_guesses(Guesses(("flies",), names, zero, zero, xy, np.array([[0.9, 0.8, 0.1]]), 0.3), labelling.journal.folder)
    tab.reload()
    tab.wait_for_selector("body[data-ready]")
    assert "guess 80 %" in tab.locator("#points").text_content()
    tab.mouse.move(*spot(tab, 40, 20))
    tab.mouse.down()
    tab.mouse.move(*spot(tab, 45, 25), steps=3)
    tab.mouse.up()
    saved(tab)
    assert marks(labelling) == {"legL": (45, 25, "visible", "person")}
    press(tab, "Enter")
    found = marks(labelling)
    assert found["head"] == (20, 30, "visible", "accepted")
    assert found["legR"][2:] == ("absent", "accepted")


def test_a_skeleton_is_made_and_wrong_ones_are_told(tab, served):
    labelling, _, _ = served
    press(tab, "Space")
    tab.keyboard.press("s")
    for given, said in (("head\nhead", "called head"), ("", "needs a key point"), ("a b", "no space")):
        tab.locator("#joints").fill(given)
        tab.locator("#make").click()
        assert said in tab.locator("#wrong").text_content()
    tab.locator("#joints").fill("head = nose\ntail")
    tab.locator("#bonds").fill("")
    tab.locator("#sides").fill("")
    tab.locator("#make").click()
    tab.wait_for_selector("#points >> text=nose")
    saved(tab)
    assert labelling.book.skeleton.keypoints == ("nose", "tail")
    assert list(marks(labelling)) == ["nose"]


def test_a_second_page_is_told(browser, tab, address):
    other = open_tab(browser, address)
    assert "Another page labels here" in other.locator("#other").text_content()
    assert other.locator("#other").is_visible()
    other.locator("#take").click()
    other.wait_for_selector("#other", state="hidden")
    press(other, "Space")
    tab.wait_for_selector("#other", state="visible")
    other.context.close()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(390, "dark"), pytest.param(1440, "light", marks=pytest.mark.slow)],
)
def test_the_page_fits_and_its_keys_are_told(browser, address, width, scheme):
    tab = open_tab(browser, address, color_scheme=scheme)
    tab.set_viewport_size({"width": width, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.keyboard.press("?")
    assert tab.locator("#overlay").is_visible()
    assert "exchange left and right" in tab.locator("#table").text_content()
    tab.keyboard.press("Escape")
    assert not tab.locator("#overlay").is_visible()
    tab.context.close()
