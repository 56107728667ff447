"""One labelling at work: its films, its journal, its labels, and who may change them."""

import io
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from datasets.pose.labelling.book import LabelBook, Place
from datasets.pose.labelling.journal import FORMAT, VERSION, Journal, is_labelling, read_journal
from datasets.pose.labelling.pool import pool_of
from datasets.pose.labelling.saving import book_of, opened_of
from datasets.pose.labelling.source import Source, open_source
from datasets.pose.skeleton import Skeleton
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Seconds

SILENT: Seconds = 8.0
"""A page that was not heard of for so long has given up its place."""
_PICTURES = 200


class Labelling:
    """The labels of some films while people make them; a change that was taken is on the disk.

    Args:
        source: what is labelled.
        journal: where changes go.
        book: the labels that the journal came to.
    """

    def __init__(self, source: Source, journal: Journal, book: LabelBook) -> None:
        self.source, self.journal, self.book = source, journal, book
        self.films = {film.facts.name: film for film in source.films}
        self.version = 0
        self._lock, self._reading = threading.RLock(), threading.Lock()
        self._holder, self._since, self._heard = "", 0.0, 0.0
        self._pictures: OrderedDict[Place, bytes] = OrderedDict()

    def change(self, page: str, changes: list[Mapping[str, Any]]) -> int:
        """Take changes of a page: they are on the disk when this returns.

        Raises:
            InputError: another page labels here, or one is no change; those before it have been taken.
            OSError: the disk is full; what is not on it is not taken.
        """
        with self._lock:
            require(self.hold(page)["held"], "another page labels here now: take over there, or close this one")
            for change in changes:
                require(isinstance(change, dict), "a change is an object")
                require(change.get("do") != "pool", "the frames that are offered are not a page's to change")
                dated = {**change, "at": round(time.time(), 3)}
                self._check(dated)
                self.journal.append(dated)
                self.book.apply(dated)
                self.version += 1
            return self.version

    def _check(self, change: Mapping[str, Any]) -> None:
        """Try a change on a copy of what it touches, before it is written."""
        trial = LabelBook(self.source.sizes())
        trial.skeleton, trial.animals = self.book.skeleton, self.book.animals
        trial.apply(change)

    def hold(self, page: str, take: bool = False) -> dict[str, Any]:
        """Say that a page is there; it may change labels if no other does, or if it takes over.

        Returns:
            `held`, whether it may, and `since`, for how many seconds the page that does has been there.
        """
        require(isinstance(page, str) and 0 < len(page) <= 64, "a page has a name")
        with self._lock:
            now = time.monotonic()
            free = not self._holder or now - self._heard > SILENT
            if page != self._holder and (free or take):
                self._holder, self._since = page, now
            if page == self._holder:
                self._heard = now
            return {"held": page == self._holder, "since": round(now - self._since)}

    def leave(self, page: str) -> None:
        """A page was closed."""
        with self._lock:
            if page == self._holder:
                self._holder = ""

    def picture(self, place: Place) -> bytes:
        """A frame as PNG, its values as they are."""
        require(place[0] in self.films, f"there is no film {place[0]!r:.60}")
        film = self.films[place[0]]
        require(0 <= place[1] < film.facts.size[0], f"{place[0]} has no frame {place[1]}")
        with self._reading:
            if place not in self._pictures:
                self._pictures[place] = png_of(np.asarray(film.images[place[1]]))
            self._pictures.move_to_end(place)
            while len(self._pictures) > _PICTURES:
                self._pictures.popitem(last=False)
            return self._pictures[place]


def png_of(image: np.ndarray) -> bytes:
    """An image (channel, height, width) of 8 bits as PNG."""
    from PIL import Image

    out = io.BytesIO()
    plain = image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
    Image.fromarray(np.ascontiguousarray(plain)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def open_labelling(
    path: Path,
    out: Path | None = None,
    *,
    video: Path | None = None,
    skeleton: Skeleton | None = None,
    animals: tuple[str, ...] = (),
    pool: int = 500,
) -> Labelling:
    """Open a folder of labels and go on, or begin one.

    Args:
        path: the folder of a labelling; or what is to be labelled.
        out: the folder for the labels; beside the source when None. Existing labels are continued.
        video: in place of the one that labels name.
        skeleton: to begin with, where the source has none.
        animals: to begin with, where the source names none.
        pool: frames of each video of which some are offered.

    Raises:
        InputError: the source cannot be opened, another process labels there, or the folder's labels are of others.
    """
    if is_labelling(path):
        require(out is None, f"{path} holds labels: --out goes with what is to be labelled")
        folder, (opened, other) = path, opened_of(read_journal(path))
        moved = f"{opened} is not there any more: name where it is now, and this folder by --out"
        require(opened.exists(), moved)
        source = open_source(opened, video or other)
    else:
        folder = out or path.absolute().with_name(f"{path.absolute().stem}.labels")
        require(not folder.exists() or folder.is_dir(), f"--out {folder} is a file: name a folder")
        source = open_source(path, video)
    journal = Journal(folder)
    try:
        if not journal.entries:
            _begin(journal, source, video, skeleton, animals, pool)
        book, films = book_of(journal.entries, folder)
        sizes = {film.name: film.size for film in films}
        require(sizes == source.sizes(), f"{folder} holds the labels of other frames ({', '.join(sizes)})")
        return Labelling(source, journal, book)
    except BaseException:
        journal.close()
        raise


def _begin(
    journal: Journal,
    source: Source,
    video: Path | None,
    skeleton: Skeleton | None,
    animals: tuple[str, ...],
    pool: int,
) -> None:
    """Write the head of a journal and the labels that are there already."""
    head = {
        "do": "begin",
        "format": FORMAT,
        "version": VERSION,
        "source": str(source.path),
        "video": None if video is None else str(video.absolute()),
        "films": [film.facts.to_json() for film in source.films],
    }
    entries: list[dict[str, Any]] = [head]
    known = source.skeleton or skeleton
    if known is not None:
        entries.append({"do": "skeleton", "skeleton": known.to_json()})
    named = animals if animals and not source.changes else source.animals
    entries += [{"do": "animals", "names": list(named)}, *source.changes, pool_of(source.films, pool=pool)]
    journal.append(*entries)
    journal.entries.extend(entries)
