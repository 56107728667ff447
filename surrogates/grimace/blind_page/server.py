"""The page on which faces are scored blind: a face at a time, no name, no animal, each answer saved."""

import io
import threading
from typing import Any

import numpy as np
from jaxtyping import UInt8

from datasets.grimace.blind.scoring import BlindScoring
from datasets.grimace.blind.tables import write_tables
from datasets.grimace.units import HIGHEST, NOT_ESTABLISHED, OUTPUTS
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Pixels
from surrogates.pages.serving import Views, add_page, guarded_app

LARGEST: Pixels = 1200
"""Sides of larger pictures are made so long."""
SMALLEST: Pixels = 400
"""Sides of smaller pictures are enlarged, whole times, to about so many."""
HELP = {
    "orbital_tightening": "The eye is narrowed, and a fold stands out around it.",
    "nose_bulge": "The bridge of the nose is round and swollen.",
    "cheek_bulge": "The cheek below the eye is round and swollen.",
    "ear_position": "The ears are apart and turned back or outward.",
    "whisker_change": "The whiskers stand together: drawn back to the cheek, or forward.",
    "pain": "All in all: is this animal in pain?",
}
"""What to look for; 0 is not there, 1 somewhat, 2 clearly."""


def make_app(scoring: BlindScoring, token: str) -> Any:
    """The Flask application that serves the page, below a path that only its user knows."""
    import flask

    app, lock = guarded_app(10_000), threading.Lock()

    def picture(number: int) -> Any:
        return flask.Response(png_of(scoring.picture(number)), mimetype="image/png")

    def answer() -> Any:
        sent = flask.request.get_json()
        require(isinstance(sent, dict), "an answer is an object of a face, an output and a score")
        number, output, score = sent.get("number"), sent.get("output"), sent.get("score")
        require(isinstance(number, int) and not isinstance(number, bool), "a face is named by its number")
        if "score" not in sent:
            raise InputError("an answer without a score: null says that it cannot be judged")
        before = scoring.due
        due = scoring.answer(number, str(output), score)
        if due != before or number < before:
            with lock:
                write_tables(scoring.entries, scoring.journal.folder)
        return {"due": due, "answers": scoring.answers(number)}

    views: Views = {
        "state": lambda: state_of(scoring),
        "face/<int:number>": picture,
        "answers/<int:number>": lambda number: {"answers": scoring.answers(number)},
    }
    package, posts = "surrogates.grimace.blind_page", {"answer": answer}
    return add_page(app, token, "faces", package, views=views, posts=posts, notice=NOT_ESTABLISHED)


def state_of(scoring: BlindScoring) -> dict[str, Any]:
    """What the page asks for when it is opened: nothing that tells faces apart."""
    outputs = [
        {"name": name, "label": name.replace("_", " "), "highest": HIGHEST[name], "help": HELP[name]}
        for name in OUTPUTS
    ]
    return {"rater": scoring.rater, "faces": len(scoring.order), "due": scoring.due, "outputs": outputs}


def png_of(picture: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """A picture as PNG without what its file says of camera and time; small ones enlarged, large ones reduced."""
    from PIL import Image

    image, longest = Image.fromarray(picture), max(picture.shape[:2])
    if longest > LARGEST:
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    elif longest < SMALLEST:
        times = -(-SMALLEST // longest)
        image = image.resize((times * image.width, times * image.height), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()
