"""The page on which people label: what it asks, what it changes, and what it shows of the network."""

import statistics
from collections.abc import Mapping
from typing import Any

from datasets.pose.formats.export_files import SUFFIXES, save_labels
from datasets.pose.labelling.book import NONE, LabelBook, Place
from datasets.pose.labelling.pool import offered
from datasets.pose.labelling.saving import dataset_of_book, tracks_of_book
from datasets.pose.labelling.session import Labelling
from datasets.store import save_dataset
from datasets.video.video import Video
from neuron_models.foundation.errors import InputError, require
from surrogates.pages.serving import add_page, guarded_app
from surrogates.pose.labelling.training import BackgroundTraining

SCRIPTS = ("label.js", "view.js", "saving.js", "panels.js", "skeleton.js")
KINDS = ("dataset", "tracks", *SUFFIXES)
"""What labels are saved as: this project's files, and those of other tools."""
_GUESSED = "guess"


def make_app(labelling: Labelling, training: BackgroundTraining, token: str) -> Any:
    """The Flask application that serves the page, below a path that only its user knows."""
    import flask

    app = guarded_app(2_000_000)

    def given() -> Mapping[str, Any]:
        sent = flask.request.get_json(silent=True)
        if not isinstance(sent, dict):
            raise InputError("a page sends an object")
        return sent

    def picture() -> Any:
        return flask.Response(labelling.picture(_place(flask.request.args)), mimetype="image/png")

    def change() -> Any:
        sent = given()
        changes = sent.get("changes")
        require(isinstance(changes, list), "changes come as a list")
        return {"version": labelling.change(str(sent.get("page", "")), list(changes or ()))}

    def hold() -> Any:
        sent = given()
        page = str(sent.get("page", ""))
        if sent.get("leave"):
            labelling.leave(page)
            return {"held": False, "since": 0}
        return {**labelling.hold(page, bool(sent.get("take"))), **progress_of(labelling, training)}

    def train() -> Any:
        training.stop() if given().get("stop") else training.start()
        return training.state()

    def full(error: OSError) -> tuple[dict, int]:
        return {"error": f"{(error.strerror or str(error)).lower()}: nothing that was saved is lost; make room"}, 507

    app.register_error_handler(OSError, full)
    app.register_error_handler(
        404, lambda _: ({"error": "there is nothing here: open the address that wormtwin printed"}, 404)
    )
    views = {
        "state": lambda: state_of(labelling, training),
        "frame": lambda: frame_of(labelling, training, _place(flask.request.args)),
        "picture": picture,
    }
    posts = {
        "change": change,
        "hold": hold,
        "train": train,
        "save": lambda: save(labelling, str(given().get("kind"))),
    }
    return add_page(app, token, "label", "surrogates.pose.labelling", views=views, posts=posts, scripts=SCRIPTS)


def state_of(labelling: Labelling, training: BackgroundTraining) -> dict[str, Any]:
    """What the page asks for when it is opened, and when something has changed."""
    book = labelling.book
    films = [
        {"name": facts.name, "frames": facts.size[0], "height": facts.size[1], "width": facts.size[2]}
        for facts in (film.facts for film in labelling.source.films)
    ]
    return {
        "folder": str(labelling.journal.folder.absolute()),
        "films": films,
        "skeleton": None if book.skeleton is None else book.skeleton.to_json(),
        "animals": list(book.animals),
        "status": statuses(labelling, training),
        "offered": offered_of(labelling, training),
        "kinds": list(KINDS),
        "notes": list(labelling.source.notes),
        **progress_of(labelling, training),
    }


def statuses(labelling: Labelling, training: BackgroundTraining) -> list[list[Any]]:
    """[film, frame, status] of every frame that is labelled, wholly or in part, or has guesses."""
    book, guesses = labelling.book, training.guesses()
    found = {place: book.status(place) for place in book.labelled()}
    guessed = {} if guesses is None else dict.fromkeys(guesses.places(), _GUESSED)
    return [[film, frame, status] for (film, frame), status in {**guessed, **found}.items()]


def offered_of(labelling: Labelling, training: BackgroundTraining) -> list[list[Any]]:
    """[film, frame] of the frames to label next."""
    guesses, book = training.guesses(), labelling.book
    doubt = {} if guesses is None else guesses.doubt()
    return [list(place) for place in offered(book.pool, doubt, set(book.labelled()))]


def frame_of(labelling: Labelling, training: BackgroundTraining, place: Place) -> dict[str, Any]:
    """The marks of a frame by animal and key point, and what the network guesses in it."""
    book = labelling.book
    require(place[0] in labelling.films, f"there is no film {place[0]!r:.60}")
    marks = {animal: {name: mark.to_json() for name, mark in book.of(place, animal).items()} for animal in book.animals}
    guesses = training.guesses()
    known = book.skeleton.keypoints if book.skeleton is not None else ()
    found = {} if guesses is None else guesses.of(place, known)
    return {"marks": marks, "guesses": {book.animals[0]: found} if found else {}, "status": book.status(place)}


def progress_of(labelling: Labelling, training: BackgroundTraining) -> dict[str, Any]:
    """What changes by itself: the training, the times, how much is labelled."""
    return {
        "version": labelling.version,
        "training": training.state(),
        "labelled": sum(labelling.book.status(place) != NONE for place in labelling.book.labelled()),
        "times": times_of(labelling.book),
    }


def times_of(book: LabelBook) -> dict[str, Any]:
    """Seconds a labelled frame in the order in which they were labelled, and the median of the last twenty."""
    seconds: dict[Place, float] = {}
    for spent in book.spent:
        seconds[spent.film, spent.frame] = seconds.get((spent.film, spent.frame), 0.0) + spent.seconds
    last = list(seconds.values())[-20:]
    return {
        "seconds": [round(value, 2) for value in seconds.values()],
        "median": statistics.median(last) if last else None,
    }


def save(labelling: Labelling, kind: str) -> dict[str, Any]:
    """Write all labels as a file of a kind into the folder of the labelling.

    Raises:
        InputError: there is no such kind, nothing is labelled, or the kind cannot hold these labels.
    """
    require(kind in KINDS, f"labels are saved as one of {', '.join(KINDS)}, got {kind!r:.40}")
    folder, book = labelling.journal.folder, labelling.book
    if kind == "dataset":
        path = folder / "labels.dataset.h5"
        save_dataset(dataset_of_book(book, labelling.source, folder.name), path)
        return {"path": str(path)}
    footage = {name: film.images for name, film in labelling.films.items() if isinstance(film.images, Video)}
    tracks = tracks_of_book(book, [film.facts for film in labelling.source.films], footage)
    require(len(tracks) > 0, "nothing is labelled yet")
    if kind == "tracks":
        from datasets.pose.formats.tracks_file import save_tracks

        require(len(tracks) == 1, f"a file of tracks holds one video and there are {len(tracks)}")
        path = folder / "labels.tracks.h5"
        path.unlink(missing_ok=True)
        return {"path": str(save_tracks(tracks[0], path))}
    suffix = {"analysis": ".analysis.h5"}.get(kind, SUFFIXES[kind])
    return {"path": str(save_labels(tracks, folder / f"labels{suffix}", kind))}


def _place(given: Mapping[str, Any]) -> Place:
    frame = str(given.get("frame", ""))
    require(frame.isdecimal() and len(frame) < 12, f"a frame is a whole number, got {frame!r:.20}")
    return str(given.get("film", "")), int(frame)
