"""Pages: what they hold, that they need nothing else, and how they look in a browser."""

from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure

from neuron_models.foundation.errors import InputError
from neuron_models.foundation.numerals import listed, significant
from surrogates.pages import blocks
from surrogates.pages.page import write_page

NASTY = '<script>alert("x")</script> & "quoted"'


def figure(name: str, colour: str = "#0072B2") -> blocks.FigureBlock:
    drawn = Figure(figsize=(9, 3))
    axes = drawn.subplots()
    axes.plot([0, 1, 2], [1, 3, 2], "o-", color=colour, label="a line")
    axes.imshow([[0, 1], [1, 0]], extent=(0, 1, 0, 1), aspect="auto")
    axes.legend()
    return blocks.FigureBlock(name, drawn, f"Caption {NASTY}", f"Alt {NASTY}", pd.DataFrame({"x": [0, 1], "y": [1, 3]}))


def table() -> blocks.TableBlock:
    columns = (
        blocks.Column("Model"),
        blocks.Column("Error", "mV", best="lowest"),
        *(blocks.Column(f"Long column {n}") for n in range(12)),
    )
    wide = tuple(range(12))
    rows = (
        ("A", blocks.Cell(12.345, "± 0.5"), *wide),
        (NASTY, 2.0, *wide),
        ("C", None, *wide),
        ("D", float("nan"), *wide),
    )
    return blocks.TableBlock(columns, (blocks.Rows(rows, "Group"),), "A table.")


def page() -> blocks.Page:
    inner = blocks.Section(
        "Inner", (figure("second", "#D55E00"), blocks.Details("All", (blocks.Paragraph("folded"), table())))
    )
    return blocks.Page(
        f"Title {NASTY}",
        "Lead.",
        (
            blocks.Section(
                "First", (blocks.Paragraph(NASTY), blocks.Note("Mind this."), table(), figure("first"), inner)
            ),
            blocks.Section("Last", (blocks.KeyValues({"versions": NASTY, "long": "word" * 60}),)),
        ),
    )


class Elements(HTMLParser):
    """Collects every element with its attributes, and the text."""

    def __init__(self):
        super().__init__()
        self.found, self.text = [], ""

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def values(self, key):
        return [attributes[key] for _, attributes in self.found if key in attributes]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_page(page(), tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="module")
def elements(written):
    parser = Elements()
    parser.feed(written.read_text())
    return parser


def test_text_is_shown_as_it_is_and_never_run(elements):
    assert "script" not in [tag for tag, _ in elements.found]
    assert elements.text.count('alert("x")') >= 6
    assert f"Alt {NASTY}" in elements.values("aria-label")


def test_identifiers_are_unique_and_every_reference_is_met(written, elements):
    ids = elements.values("id")
    assert len(ids) == len(set(ids))
    inside = [link[1:] for link in elements.values("href") if link.startswith("#")]
    assert set(inside) <= set(ids)
    assert len([name for name in ids if name.startswith("first-")]) > 0
    labelled = {name for value in elements.values("aria-labelledby") for name in value.split()}
    assert labelled <= set(ids)


def test_nothing_is_fetched(written, elements):
    links = elements.values("src") + elements.values("href") + elements.values("xlink:href")
    assert all(link.startswith(("#", "data:")) for link in links)
    text = written.read_text()
    assert "@import" not in text
    assert "url(http" not in text


def test_structure_is_what_a_reader_program_needs(elements):
    tags = [tag for tag, _ in elements.found]
    assert [tags.count(tag) for tag in ("h1", "main", "nav", "figure", "figcaption", "table", "caption")] == [
        *(1, 1, 1, 2, 2, 2, 2)
    ]
    assert {attributes.get("scope") for tag, attributes in elements.found if tag == "th"} == {"col", "row", "rowgroup"}
    assert [attributes.get("role") for tag, attributes in elements.found if tag == "svg"] == ["img", "img"]


def test_the_best_of_a_column_is_marked_in_words_too(elements):
    assert elements.text.count("2.00 (best)") == 2
    assert "12.3" in elements.text
    assert "nan" not in elements.text.lower()


def test_figures_lie_beside_the_page_in_both_forms_with_their_numbers(written):
    names = {path.name for path in (written.parent / "figures").iterdir()}
    assert names == {f"{name}.{kind}" for name in ("first", "second") for kind in ("png", "svg", "csv")}
    assert (written.parent / "figures" / "first.csv").read_text() == "x,y\n0,1\n1,3\n"


def test_the_same_page_is_written_to_the_same_bytes(written, tmp_path):
    assert write_page(page(), tmp_path / "report.html").read_bytes() == written.read_bytes()


def test_a_page_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def fail(*_):
        raise OSError("full")

    monkeypatch.setattr("surrogates.pages.page.save_figure", fail)
    with pytest.raises(OSError, match="full"):
        write_page(page(), path)
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


def test_mistakes_are_reported(tmp_path):
    with pytest.raises(InputError, match="2 cells for 1 columns"):
        blocks.TableBlock((blocks.Column("a"),), (blocks.Rows((("x", 1),)),), "t")
    with pytest.raises(InputError, match="a figure's name has letters"):
        blocks.FigureBlock("../x", Figure(), "", "")
    with pytest.raises(InputError, match="a figure more than once: first"):
        write_page(
            blocks.Page("t", "", (blocks.Section("s", (figure("first"), figure("first"))),)), tmp_path / "p.html"
        )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.01, "0.0100"), (134.2, "134"), (9.996, "10.0"), (999.6, "1,000"), (0.0, "0"), (-0.5, "\N{MINUS SIGN}0.500")],
)
def test_three_digits(value, text):
    assert significant(value) == text


def test_lists_in_sentences():
    assert [listed(names) for names in ([], ["A"], ["A", "B"])] == ["", "A", "A and B"]


SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1400, "height": 900}}
CONTRAST = """() => {
  const luminance = (text) => {
    const parts = text.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const shown = "p, td, th, small, figcaption, caption, dd, dt, a, h1, h2, summary, svg text";
  return [...document.querySelectorAll(shown)].map((e) => {
    const style = getComputedStyle(e);
    const ink = luminance(e.closest("svg") ? style.fill : style.color), behind = luminance(ground(e));
    return [e.tagName, (Math.max(ink, behind) + 0.05) / (Math.min(ink, behind) + 0.05)];
  });
}"""


def test_nothing_is_cut_and_what_scrolls_says_so(written, shown_whole):
    shown_whole(written)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_in_a_browser(browser, written, size, scheme):
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme, is_mobile=size == "phone")
    tab = context.new_page()
    messages, requests = [], []
    tab.on("console", lambda message: messages.append(message.text))
    tab.on("pageerror", lambda error: messages.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(written.as_uri())
    tab.locator("summary").first.click()
    assert tab.evaluate("document.scrollingElement.scrollWidth") <= SIZES[size]["width"]
    assert messages == []
    assert [url for url in requests if not url.startswith("data:")] == [written.as_uri()]
    boxes = [box.bounding_box() for box in tab.locator("figure svg").all()]
    assert len(boxes) == 2
    assert all(box["width"] > 300 and box["height"] > 100 for box in boxes)
    assert min(tab.evaluate(CONTRAST), key=lambda pair: pair[1])[1] >= 4.5
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    assert dark == (scheme == "dark")
    context.close()
