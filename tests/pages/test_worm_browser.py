"""The worm's page in a browser that draws in software: what is seen, and what mouse, touch and keys do to it."""

import io
import re

import matplotlib.image
import numpy as np
import pytest

from connectome.c302_files import neurons
from datasets.dataset import Dataset, Trial
from surrogates.pages.worm.worm import write_worm
from surrogates.pages.worm.worm_run import worm_run
from surrogates.pages.worm.worm_shape import worm_shape

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1000, "height": 700}}
MISSING = ("CANL", "CANR")
NAMES = tuple(neuron.name for neuron in neurons() if neuron.name not in MISSING)


def recording() -> Dataset:
    """PLM and AVB are stimulated; the first half of the neurons rises by 150 mV, the others stay at -65 mV."""
    time = np.arange(101)[:, None] * 1.0
    x = np.where((time >= 20) & (time < 60), 1.0, 0.0) * np.array([1.4, 1.4, 2.3, 2.3])
    y = -0.065 + np.where(np.arange(300) < 150, 0.0015, 0.0) * time
    inputs = ("PLML", "PLMR", "AVBL", "AVBR")
    return Dataset("toy", (Trial("run_1", x, y),), 1.0, inputs, NAMES, "nA", "V", extra={"scenario": "fcm"})


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worm")
    run = worm_run(recording(), 1)
    return {"run": write_worm(folder / "run.html", run), "class": write_worm(folder / "class.html")}


@pytest.fixture
def visit(browser, pages):
    """Open a page and check, when the test ends, that it said nothing and fetched nothing."""
    contexts, messages, requests = [], [], []

    def go(name="run", size="desk", scheme="light"):
        phone = size == "phone"
        looks = {"viewport": SIZES[size], "color_scheme": scheme, "is_mobile": phone, "has_touch": phone}
        contexts.append(browser.new_context(reduced_motion="reduce", **looks))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: messages.append(message.text))
        tab.on("pageerror", lambda error: messages.append(str(error)))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(pages[name].as_uri())
        tab.wait_for_selector("#marks .ruler", state="attached")
        return tab

    yield go
    for context in contexts:
        context.close()
    assert messages == []
    assert {url for url in requests if not url.startswith("data:")} <= {path.as_uri() for path in pages.values()}


def settle(tab):
    """Let what was asked for be drawn."""
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def picture(tab):
    """The stage as it is seen, 0 to 255 (row, column, channel)."""
    settle(tab)
    bytes_ = tab.screenshot(clip=tab.locator("#view").bounding_box())
    return np.rint(255 * matplotlib.image.imread(io.BytesIO(bytes_))[..., :3]).astype(int)


def drawn(seen):
    """How many pixels are not the ground."""
    return int((np.abs(seen - seen[len(seen) // 12, 40]).max(axis=2) > 24).sum())


def attribute(tab, selector, name):
    return float(tab.locator(selector).first.get_attribute(name))


def pixels_a_micrometre(tab):
    """The scale of the picture, from its ruler."""
    left, right = re.search(r"M([\d.]+).*H([\d.]+)", tab.locator("#marks .ruler").get_attribute("d")).groups()
    return (float(right) - float(left)) / float(tab.locator("#marks .ruler + text").text_content().split()[0])


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        pytest.param("run", "desk", "dark", marks=pytest.mark.slow),
        pytest.param("run", "phone", "light", marks=pytest.mark.slow),
        pytest.param("class", "desk", "light", marks=pytest.mark.slow),
        ("class", "phone", "dark"),
    ],
)
def test_cells_are_drawn_and_the_page_fits(visit, name, size, scheme):
    tab = visit(name, size, scheme)
    seen = picture(tab)
    assert drawn(seen) > 3000
    assert (seen[len(seen) // 12, 40].mean() < 60) == (scheme == "dark")
    assert tab.evaluate("document.scrollingElement.scrollWidth") <= SIZES[size]["width"]
    assert tab.locator("#fault").is_hidden()
    for selector in (".hint", "#classes button", "label", ".lead", *(("#clock", "#clipped") if name == "run" else ())):
        assert tab.locator(selector).first.evaluate(CONTRAST) >= 4.5, selector


def test_what_is_said_is_what_the_files_hold(visit):
    tab = visit()
    total = sum(cell.length for cell in worm_shape().cells) / 1000
    tab.locator("summary", has_text="What is shown").click()
    assert f"302 neurons with {total:.2f} mm of cables" in tab.locator("#sums").inner_text()
    assert "2 of the 302 neurons were not recorded" in tab.locator("#missing").inner_text()
    assert re.findall(r"\d+", tab.locator("#classes").inner_text()) == ["61", "96", "117", "15", "13"]


@pytest.mark.slow
def test_time_and_colour_change_the_picture(visit):
    tab = visit()
    tab.uncheck("#marked")
    start = picture(tab)
    tab.select_option("#range", "100")
    tab.fill("#slider", "80")
    late = picture(tab)
    assert tab.locator("#clock").inner_text() == "80 ms"
    assert (np.abs(start - late).max(axis=2) > 40).sum() > 1000
    assert "150 neurons are now beyond" in tab.locator("#clipped").inner_text()
    tab.select_option("#range", "200")
    settle(tab)
    assert tab.locator("#clipped").inner_text().startswith("0 neurons")
    assert tab.locator("#ticks span").last.inner_text().endswith("135 mV")
    tab.check("input[value=class]")
    by_class = picture(tab)
    assert (np.abs(by_class - late).max(axis=2) > 40).sum() > 1000
    assert tab.locator("#scale").is_hidden()
    tab.fill("#slider", "0")
    assert (np.abs(picture(tab) - by_class).max(axis=2) > 8).sum() < 20  # drawn again, soft edges may round otherwise


@pytest.mark.slow
def test_playing_moves_on_and_stops_at_the_end(visit):
    tab = visit()
    tab.select_option("#speed", index=4)
    tab.keyboard.press("Space")
    assert tab.locator("#play").inner_text() == "Pause"
    tab.locator("#play:text-is('Play')").wait_for()
    assert tab.locator("#slider").input_value() == "100"
    tab.keyboard.press(",")
    assert tab.locator("#clock").inner_text() == "99 ms"
    strip = tab.locator(".strip svg[role=img]").first
    strip.click(position={"x": strip.bounding_box()["width"] / 2, "y": 50})
    assert 40 < float(tab.locator("#slider").input_value()) < 60


@pytest.mark.slow
def test_dragging_turns_and_the_wheel_zooms(visit):
    tab = visit()
    before, axis = picture(tab), attribute(tab, "#marks .axis", "x2")
    box = tab.locator("#view").bounding_box()
    tab.mouse.move(box["x"] + 400, box["y"] + 200)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 520, box["y"] + 230, steps=3)
    tab.mouse.up()
    turned = picture(tab)
    assert attribute(tab, "#marks .axis", "x2") - axis > 1
    assert (np.abs(turned - before).max(axis=2) > 40).sum() > 1000
    scale = pixels_a_micrometre(tab)
    tab.mouse.wheel(0, -300)
    settle(tab)
    assert pixels_a_micrometre(tab) > 1.03 * scale
    tab.locator("#view").press("0")
    settle(tab)
    assert pixels_a_micrometre(tab) == pytest.approx(scale, rel=1e-3)
    assert attribute(tab, "#marks .axis", "x2") == pytest.approx(axis, abs=0.01)
    tab.locator("#view").press("ArrowRight")
    settle(tab)
    assert attribute(tab, "#marks .axis", "x2") != axis


@pytest.mark.slow
def test_a_neuron_is_found_and_what_is_said_of_it_is_true(visit):
    tab = visit()
    tab.fill("#slider", "50")
    tab.fill("#name", "avbl")
    tab.keyboard.press("Enter")
    settle(tab)
    card = tab.locator("#card").inner_text()
    voltage = 1000 * recording().trials[0].y[50, NAMES.index("AVBL")]
    for words in ("AVBL", "interneuron", "stimulated", f"{voltage:.1f} mV".replace("-", "\N{MINUS SIGN}")):
        assert words in card
    assert "AVBL" in tab.locator(".strip .names").nth(1).inner_text()
    ring, box = tab.locator("#marks circle.chosen"), tab.locator("#view").bounding_box()
    middle = (box["width"] / 2, box["height"] / 2)
    assert tuple(float(ring.get_attribute(key)) for key in ("cx", "cy")) == pytest.approx(middle, abs=1.5)
    tab.fill("#name", "AVX")
    tab.locator("#search button").click()
    assert "no neuron AVX" in tab.locator("#found").inner_text()
    tab.fill("#name", "CANL")
    tab.keyboard.press("Enter")
    settle(tab)
    assert "not recorded" in tab.locator("#card").inner_text()


@pytest.mark.slow
def test_the_neuron_under_the_pointer_is_reported_and_chosen(visit):
    tab = visit()
    cells = worm_shape().cells
    front = max(cells, key=lambda cell: cell.soma[0]).name  # nothing can hide the leftmost soma
    tab.fill("#name", front)
    tab.keyboard.press("Enter")
    settle(tab)
    ring, box = tab.locator("#marks circle.chosen"), tab.locator("#view").bounding_box()
    index = (box["x"] + float(ring.get_attribute("cx")), box["y"] + float(ring.get_attribute("cy")))
    tab.keyboard.press("Escape")
    assert tab.locator("#card h2").count() == 0
    tab.mouse.move(*index)
    assert tab.locator("#tip strong").inner_text() == front
    tab.mouse.click(*index)
    assert tab.locator("#card h2").inner_text().startswith(front)


@pytest.mark.slow
def test_neurons_can_be_hidden(visit):
    tab = visit()
    tab.uncheck("#marked")
    whole = drawn(picture(tab))
    tab.check("#quiet")
    active = drawn(picture(tab))
    assert 0 < active < whole
    tab.fill("#threshold", "200")
    nothing = drawn(picture(tab))
    assert nothing < active / 4
    tab.uncheck("#quiet")
    tab.locator("#classes button", has_text="motor").click()
    assert drawn(picture(tab)) < whole


@pytest.mark.slow
def test_a_finger_chooses_a_neuron(visit):
    tab = visit(size="phone", scheme="dark")
    ring, box = tab.locator("#marks circle.input").first, tab.locator("#view").bounding_box()
    tab.touchscreen.tap(box["x"] + float(ring.get_attribute("cx")), box["y"] + float(ring.get_attribute("cy")))
    assert tab.locator("#card h2").count() == 1


@pytest.mark.parametrize("name", ["run", "class"])
def test_nothing_of_the_page_is_cut(pages, name, shown_whole):
    shown_whole(pages[name])


CONTRAST = """(element) => {
  const luminance = (text) => {
    const parts = text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const linear = parts.map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  let ground = element;
  while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
  const lights = [luminance(getComputedStyle(element).color), luminance(getComputedStyle(ground).backgroundColor)];
  return (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
}"""
