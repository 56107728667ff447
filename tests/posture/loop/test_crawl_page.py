"""The page of a crawl in a browser, at desk and phone width, light and dark."""

import importlib.util

import numpy as np
import pytest

from connectome.c302_files import neurons
from datasets.posture.loop.recorded import without_network
from datasets.posture.loop.settings import CrawlSettings

NAMES = tuple(neuron.name for neuron in neurons())


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    if importlib.util.find_spec("cect") is None:
        pytest.skip("cect is not installed")
    from surrogates.posture.crawl.page import write_page

    found = without_network(CrawlSettings(3), NAMES, (1.0, 0.0))
    found.v[:] += np.sin(np.arange(60))[:, None] * np.linspace(0, 10, 302)
    return write_page(found, {"network silenced": found}, tmp_path_factory.mktemp("crawl") / "page.html")


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1440, "light"),
        *(pytest.param(*look, marks=pytest.mark.slow) for look in ((1440, "dark"), (390, "light"), (390, "dark"))),
    ],
)
def test_worm_neurons_and_muscles_play_on_one_clock(browser, page, scheme, width):
    from playwright.sync_api import expect

    looks = {"color_scheme": scheme, "viewport": {"width": width, "height": 1000}, "reduced_motion": "reduce"}
    context = browser.new_context(**looks)
    tab, messages = context.new_page(), []
    tab.on("console", lambda message: messages.append(message.text))
    tab.on("pageerror", lambda error: messages.append(str(error)))
    tab.goto(page.as_uri())
    views = ("plate", "muscles", "neurons")
    first = {name: tab.locator(f"#{name}").screenshot() for name in views}
    tab.locator("#slider").fill("40")
    assert tab.locator("#clock").text_content().startswith("2.00 of 3 s")
    assert all(tab.locator(f"#{name}").screenshot() != first[name] for name in views)
    tab.locator("#speed").select_option("4")
    tab.locator("#play").click()
    expect(tab.locator("#slider")).not_to_have_value("40")
    tab.locator("#play").click()
    assert tab.locator("#play").text_content() == "Play"
    assert "fullest at 10.0 mV" in tab.locator("#neuron").text_content()
    tab.locator("#neurons").hover(position={"x": 20, "y": 3})
    assert "mV from rest" in tab.locator("#neuron").text_content()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert messages == []
    context.close()
