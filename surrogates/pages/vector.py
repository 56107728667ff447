"""Figures inside pages: SVG whose identifiers are its own, and whose ink and ground follow the page's colours."""

import io
import re

from lxml import etree
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

from datasets.plots import COLOURS, GRID, GROUND, INK, MUTED

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_ROLES = {INK: "ink", GROUND: "figure", MUTED: "muted", GRID: "grid"}
_ROLES |= {colour: f"c{index}" for index, colour in enumerate(COLOURS) if colour != INK}
_VARIABLES = {colour.lower(): f"var(--{role})" for colour, role in _ROLES.items()}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_POINTS = 96 / 72
"""CSS pixels in a point."""


def inline_svg(figure: Figure, name: str, alt: str) -> Markup:
    """Draw a figure as an SVG element for an HTML page.

    Text stays text. Colours that have a role (ink, ground, grid, the palette) become CSS variables, so that the figure
    follows the page into the dark; all others, such as a heat map's, stay as they are.

    Args:
        figure: what to draw.
        name: begins every identifier in it, so that figures of one page do not meet.
        alt: says what it shows, for those who do not see it.
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
    _frame(root, alt)
    etree.cleanup_namespaces(root)
    return Markup(etree.tostring(root, encoding="unicode", with_tail=False))  # noqa: S704: made here, of our figure


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


def _frame(root, alt: str) -> None:
    """Size by the page, in its ink, with a name for those who do not see it."""
    width = float(root.get("width").removesuffix("pt")) * _POINTS
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-label", alt)
    root.set("fill", "var(--ink)")
    root.set("style", f"--natural:{width:.0f}px")
