"""Labels out of a labelling: as tracks, which every format takes, and as a dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from datasets.dataset import Dataset
from datasets.pose.formats.makers_file import MAKERS
from datasets.pose.importing import ImportSettings, labelled_dataset
from datasets.pose.labelled import ABSENT as ABSENT_WHERE_MISSING
from datasets.pose.labelled import UNKNOWN
from datasets.pose.labelling.book import WHOLE, LabelBook
from datasets.pose.labelling.journal import journal_changes, read_journal
from datasets.pose.labelling.marks import ABSENT, NETWORK, OCCLUDED, Marks
from datasets.pose.labelling.source import FilmFacts, Source, facts_from_json, open_source
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks
from datasets.video.video import Video
from neuron_models.foundation.errors import InputError, require


@dataclass(frozen=True, eq=False)
class _Column:
    """The labels of one animal of a video, by frame: xy (keypoint, 2), makers, hidden and scores (keypoint,)."""

    name: str
    rows: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=dict)


def tracks_of_book(book: LabelBook, films: Sequence[FilmFacts], footage: Mapping[str, Video]) -> tuple[Tracks, ...]:
    """The labels as tracks, one for each video that has some, in px of the video.

    Args:
        book: the labels.
        films: all that may be labelled.
        footage: the opened video of films of whole frames, as far as there is one.
    """
    skeleton = book.skeleton
    if skeleton is None:
        return ()
    by_video: dict[str, list[FilmFacts]] = {}
    for film in films:
        by_video.setdefault(film.video if film.crops is not None else f"\0{film.name}", []).append(film)
    found = [_video_tracks(book, skeleton, parts, footage) for parts in by_video.values()]
    return tuple(each for each in found if each is not None)


def _video_tracks(
    book: LabelBook, skeleton: Skeleton, parts: Sequence[FilmFacts], footage: Mapping[str, Video]
) -> Tracks | None:
    columns: dict[tuple[str, str, int], _Column] = {}
    for film in parts:
        for place in (place for place in book.labelled() if place[0] == film.name):
            for animal in book.animals:
                marks = book.of(place, animal)
                if marks:
                    number = -1 if film.crops is None else int(film.crops.animals[place[1]])
                    key = (film.name, animal, number)
                    column = columns.setdefault(key, _Column(_name(film, animal, number, len(parts))))
                    _add(column, film, place[1], marks, skeleton)
    if not columns:
        return None
    first = parts[0]
    made = _joined(list(columns.values()), skeleton, first)
    opened = footage.get(first.name) if first.crops is None else None
    return replace(made, footage=opened, absence=_whole(made))


def _name(film: FilmFacts, animal: str, number: int, parts: int) -> str:
    """What an animal is called: by its trial where each has one, else by its number."""
    if film.crops is None:
        return animal
    _, colon, name = film.name.rpartition(":")
    return name if colon else film.name if parts > 1 else f"animal {number + 1}"


def _add(column: _Column, film: FilmFacts, row: int, marks: Marks, skeleton: Skeleton) -> None:
    number = len(skeleton)
    xy, makers, hidden = np.full((number, 2), np.nan), np.zeros(number, int), np.zeros(number, bool)
    scores = np.full(number, np.nan)
    for k, name in enumerate(skeleton.keypoints):
        mark = marks.get(name)
        if mark is not None:
            xy[k], makers[k], hidden[k] = (mark.x, mark.y), MAKERS.index(mark.maker), mark.state == OCCLUDED
            scores[k] = mark.score
    if any(mark.maker != NETWORK and mark.state != ABSENT for mark in marks.values()):
        scores[:] = np.nan  # a person has looked at this animal
    if film.crops is not None:
        place = film.crops.chosen([row])
        xy, row = place.to_video(xy[None])[0], int(place.frames[0])
    column.rows[row] = (xy, makers, hidden, scores)


def _joined(columns: Sequence[_Column], skeleton: Skeleton, film: FilmFacts) -> Tracks:
    frames = sorted({frame for column in columns for frame in column.rows})
    shape = (len(frames), len(columns), len(skeleton))
    xy, makers, hidden = np.full((*shape, 2), np.nan), np.zeros(shape, int), np.zeros(shape, bool)
    scores = np.full(shape, np.nan)
    for index, column in enumerate(columns):
        for frame, values in column.rows.items():
            row = int(np.searchsorted(frames, frame))
            xy[row, index], makers[row, index], hidden[row, index], scores[row, index] = values
    names = [column.name for column in columns]
    video = film.video or film.name
    images = tuple(film.listed[frame] for frame in frames) if film.listed and film.crops is None else ()
    return Tracks(
        video, skeleton, np.array(frames, int), xy, None if np.isnan(scores).all() else scores,
        _distinct(names) if len(names) > 1 else (), film.fps, images=images, makers=makers, occluded=hidden,
    )  # fmt: skip


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    from datasets.pose.formats.instances import distinct

    return tuple(distinct(names))


def _whole(tracks: Tracks) -> bool:
    """Whether somebody said of every key point of every labelled animal where it is, or that it is absent."""
    makers: Any = tracks.makers
    return bool((makers > 0).all(axis=-1)[(makers > 0).any(axis=-1)].all())


def book_of(entries: Sequence[Mapping[str, Any]], where: Path) -> tuple[LabelBook, tuple[FilmFacts, ...]]:
    """The labels that a journal's entries come to, and the films that they are of.

    Raises:
        InputError: it does not begin as a journal does, or an entry is no change.
    """
    head = entries[0] if entries else {}
    require(head.get("do") == "begin" and isinstance(head.get("films"), list), f"{where}: the journal has no beginning")
    films = tuple(facts_from_json(each) for each in head["films"])
    book = LabelBook({film.name: film.size for film in films})
    for number, entry in enumerate(journal_changes(entries), start=2):
        try:
            book.apply(entry, trusted=True)
        except InputError as error:
            raise InputError(f"{where}: change {number}: {error}") from None
    return book, films


def opened_of(entries: Sequence[Mapping[str, Any]]) -> tuple[Path, Path | None]:
    """What a journal's labelling was opened from: a file or folder, and the video in place of the one that it names."""
    video = entries[0].get("video")
    return Path(str(entries[0].get("source", ""))), Path(str(video)) if video else None


def load_labelling(folder: Path) -> tuple[Tracks, ...]:
    """The labels in a folder of `pose label`, with their videos where these still are where they were."""
    entries = read_journal(folder)
    book, films = book_of(entries, folder)
    source, video = opened_of(entries)
    footage: dict[str, Video] = {}
    if source.exists() and (video is None or video.exists()):
        for film in open_source(source, video).films:
            if isinstance(film.images, Video):
                footage[film.facts.name] = film.images
    return tracks_of_book(book, films, footage)


def dataset_of_book(book: LabelBook, source: Source, name: str, *, whole: bool = False) -> Dataset:
    """The labelled images as a dataset: the trials of the one that was opened, or whole frames of videos.

    Args:
        book: the labels.
        source: whose images these are.
        name: of the dataset.
        whole: only frames in which every key point is marked.

    Raises:
        InputError: nothing is labelled, or a frame holds several animals (which `pose import --size` cuts out).
    """
    places = [place for place in book.labelled() if not whole or book.status(place) == WHOLE]
    require(len(places) > 0, "no frame is labelled yet" + (" whole" if whole and book.labelled() else ""))
    if source.dataset is not None:
        return _relabelled(book, source.dataset, places, name)
    footage = {film.facts.name: film.images for film in source.films if isinstance(film.images, Video)}
    kept = LabelBook(source.sizes())
    kept.skeleton, kept.animals = book.skeleton, book.animals
    kept.marks = {place: book.marks[place] for place in places}
    tracks = tracks_of_book(kept, [film.facts for film in source.films], footage)
    return labelled_dataset(tracks, ImportSettings(), name, source.path.name)


def _relabelled(book: LabelBook, dataset: Dataset, places: Sequence[tuple[str, int]], name: str) -> Dataset:
    """The trials that were opened with the labels that they have now; frames without any weigh nothing."""
    skeleton: Any = book.skeleton
    animal, wanted = book.animals[0], set(places)
    trials, crops, complete = [], dict(dataset.extra.get("crop", {})), True
    for trial in dataset:
        y = np.full((len(trial), len(skeleton), 2), np.nan, np.float32)
        makers = np.zeros(y.shape[:2], int)
        for frame in range(len(trial)):
            marks = book.of((trial.name, frame), animal) if (trial.name, frame) in wanted else {}
            complete = complete and len(marks) in (0, len(skeleton))
            for k, keypoint in enumerate(skeleton.keypoints):
                if keypoint in marks:
                    y[frame, k], makers[frame, k] = (
                        (marks[keypoint].x, marks[keypoint].y),
                        MAKERS.index(marks[keypoint].maker),
                    )
        labelled = ~np.isnan(y[..., 0]).all(axis=1)
        trials.append(replace(trial, y=y, weight=None if labelled.all() else labelled.astype(float)))
        if trial.name in crops:
            crops[trial.name] = {**crops[trial.name], "makers": makers.tolist()}
    extra = {**dataset.extra, "skeleton": skeleton.to_json(), "missing": ABSENT_WHERE_MISSING if complete else UNKNOWN}
    extra |= {"crop": crops} if crops else {}
    return replace(dataset, name=name, trials=tuple(trials), y_names=skeleton.keypoints, extra=extra)
