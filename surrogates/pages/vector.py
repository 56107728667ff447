"""Figures inside pages: SVG whose identifiers are its own, and whose ink and ground follow the page's colours."""

import io
import re
from dataclasses import dataclass

from lxml import etree
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.text import Text

from datasets.plots import COLOURS, GRID, GROUND, INK, MUTED
from neuron_models.foundation.units import Pixels

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_ROLES = {INK: "ink", GROUND: "figure", MUTED: "muted", GRID: "grid"}
_ROLES |= {colour: f"c{index}" for index, colour in enumerate(COLOURS) if colour != INK}
_VARIABLES = {colour.lower(): f"var(--{role})" for colour, role in _ROLES.items()}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_POINTS = 96 / 72
"""CSS pixels in a point."""
_READABLE = 8.5
"""The height in CSS pixels of the smallest letters that a page shrinks a figure to."""


@dataclass(frozen=True)
class InlineFigure:
    """A figure as an SVG element, and between which widths a page may draw it, in CSS pixels."""

    element: Markup
    natural: Pixels
    least: Pixels


def inline_svg(figure: Figure, name: str, alt: str) -> InlineFigure:
    """Draw a figure as an SVG element for an HTML page.

    Text stays text. Colours that have a role (ink, ground, grid, the palette) become CSS variables, so that the figure
    follows the page into the dark; all others, such as a heat map's, stay as they are.

    Args:
        figure: what to draw.
        name: begins every identifier in it, so that figures of one page do not meet.
        alt: says what it shows, for those who do not see it.

    Returns:
        The element, its width as it was drawn, and the width at which its smallest letters are still readable.
    """
    drawn = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        about = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(drawn, format="svg", facecolor=GROUND, bbox_inches="tight", metadata=about)
    root = etree.fromstring(drawn.getvalue(), etree.XMLParser(huge_tree=True, no_network=True))
    _strip(root)
    _rename(root, name)
    for element in root.iter():
        for key in ("style", "fill", "stroke"):
            if key in element.attrib:
                element.set(key, _COLOUR.sub(_variable, element.get(key)))
    natural = _frame(root, alt)
    etree.cleanup_namespaces(root)
    element = Markup(etree.tostring(root, encoding="unicode", with_tail=False))
    return InlineFigure(element, natural, natural * min(1.0, _READABLE / _smallest_letters(figure)))


def _smallest_letters(figure: Figure) -> float:
    """The font size in CSS pixels of the smallest text of a figure; infinite where there is none."""
    texts = [each for each in figure.findobj(Text) if each.get_visible() and each.get_text().strip()]
    return min((float(each.get_fontsize()) * _POINTS for each in texts), default=float("inf"))


def _strip(root) -> None:
    """Take out what only a file of its own needs."""
    for tag in ("metadata", "style"):
        for element in list(root.iter(_SVG + tag)):
            element.getparent().remove(element)
    for comment in list(root.iter(etree.Comment)):
        comment.getparent().remove(comment)


def _rename(root, name: str) -> None:
    """Keep the identifiers that something refers to, with the figure's name before them."""
    links = [element for element in root.iter() if element.get(_LINK, "").startswith("#")]
    used = {element.get(_LINK)[1:] for element in links}
    used |= {
        match for element in root.iter() for value in element.attrib.values() for match in _REFERENCE.findall(value)
    }
    for element in root.iter():
        if element.get("id") in used:
            element.set("id", f"{name}-{element.get('id')}")
        else:
            element.attrib.pop("id", None)
        for key, value in element.attrib.items():
            if "url(#" in value:
                element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
    for element in links:
        element.set("href", f"#{name}-{element.attrib.pop(_LINK)[1:]}")
    for element in root.iter(_SVG + "image"):
        element.set("href", element.attrib.pop(_LINK))


def _variable(match: re.Match) -> str:
    return _VARIABLES.get(match[0].lower(), match[0])


def _frame(root, alt: str) -> float:
    """Size by the page, in its ink, with a name for those who do not see it; the width that it had, in CSS pixels."""
    width = float(root.get("width").removesuffix("pt")) * _POINTS
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-label", alt)
    root.set("fill", "var(--ink)")
    return width
