"""COCO key points: images, and the key points of the animals in each, in JSON."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datasets.pose.formats.instances import Instance, in_columns
from datasets.pose.formats.named_files import find_beside, folder_of, open_found, plain
from datasets.pose.skeleton import Skeleton
from datasets.pose.tracks import Tracks, images_of
from datasets.video.frame_readers import image_size
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.text_files import read_json
from neuron_models.foundation.wording import counted


def load_coco(path: Path) -> tuple[Tracks, ...]:
    """Read a file of key points: the images are the frames of one video, in the order of the file.

    Points of visibility 0 are not labelled. Annotations of another kind of animal than the commonest, and those that do
    not fit it, are left out and reported.

    Raises:
        InputError: it is no such file, or has no key points.
    """
    stored = read_json(path)
    keys = ("images", "annotations", "categories")
    whole = isinstance(stored, dict) and all(isinstance(stored.get(key), list) for key in keys)
    require(whole, f"{path}: not a file of COCO key points: those have {', '.join(keys)}")
    images, annotations, categories = (stored[key] for key in keys)
    try:
        return (_tracks(images, annotations, {each["id"]: each for each in categories}, path),)
    except InputError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{path}: not a whole file of COCO key points ({error} is missing or wrong)") from None


def _tracks(images: Any, annotations: Any, categories: Mapping[Any, Any], path: Path) -> Tracks:
    marked = [each for each in annotations if each.get("keypoints") and each["category_id"] in categories]
    kinds = Counter(each["category_id"] for each in marked if categories[each["category_id"]].get("keypoints"))
    require(len(kinds) > 0, f"{path}: there are no labelled key points in it")
    kind = kinds.most_common(1)[0][0]
    skeleton = _skeleton(categories[kind])
    order = {name: number for number, name in enumerate(dict.fromkeys(plain(each["file_name"]) for each in images))}
    index = {each["id"]: order[plain(each["file_name"])] for each in images}
    usable = [
        each
        for each in marked
        if each["category_id"] == kind and len(each["keypoints"]) == 3 * len(skeleton) and each["image_id"] in index
    ]
    names, numbers = _track_names(usable)
    by_frame: dict[int, list[Instance]] = {number: [] for number in order.values()}
    for each in usable:
        by_frame[index[each["image_id"]]].append(_instance(each, numbers))
    columns = in_columns(by_frame, names, len(skeleton))
    files = tuple(order)
    paths = find_beside(_also_below(files, path), path)
    video = folder_of(files, paths, path)
    missed = len(marked) - len(usable)
    notes = [f"{counted(missed, 'annotation')} of another kind than {categories[kind].get('name')}"] if missed else []
    return Tracks(
        video,
        skeleton,
        columns.frames,
        columns.xy,
        columns.scores,
        columns.animals,
        1.0,
        open_found(paths, files, video),
        columns.instance_scores,
        files,
        tuple(notes),
        paths.note,
    )


def _also_below(files: Sequence[str], path: Path) -> list[str]:
    """The names of images, with the folder that many data sets keep them in where they are there."""
    folders = ("images", "imgs", "data/images", "train", "val")
    text = []
    for file in files:
        below = next((folder for folder in folders if (path.parent / folder / file).is_file()), None)
        text.append(file if below is None or (path.parent / file).is_file() else f"{below}/{file}")
    return text


def _skeleton(category: Mapping[str, Any]) -> Skeleton:
    keypoints = tuple(str(name) for name in category["keypoints"])
    edges = []
    for edge in category.get("skeleton") or ():
        fits = (
            isinstance(edge, list)
            and len(edge) == 2
            and all(isinstance(end, int) and end <= len(keypoints) for end in edge)
        )
        require(fits, f"an edge of the skeleton must join two of the {len(keypoints)} key points, got {edge!r:.80}")
        edges += [(keypoints[edge[0] - 1], keypoints[edge[1] - 1])] if min(edge) > 0 else []
    return Skeleton(keypoints, tuple(dict.fromkeys(edges)))


def _track_names(annotations: Sequence[Mapping[str, Any]]) -> tuple[list[str], dict[Any, int]]:
    """The names of tracks, and their numbers by what annotations call them."""
    text = dict.fromkeys(track for each in annotations if (track := _track(each)) is not None)
    return [f"track_{track}" if isinstance(track, int) else str(track) for track in text], {
        track: number for number, track in enumerate(text)
    }


def _track(annotation: Mapping[str, Any]) -> Any:
    """Which animal an annotation shows, as CVAT (`attributes`), TAO and others write it."""
    keys = ("track_name", "object_id", "track_id", "instance_id")
    text = {**annotation, **(annotation.get("attributes") or {})}
    return next((text[key] for key in keys if text.get(key) is not None), None)


def _instance(annotation: Mapping[str, Any], numbers: Mapping[Any, int]) -> Instance:
    points = np.array(annotation["keypoints"], float).reshape(-1, 3)
    xy = np.where(points[:, 2:] > 0, points[:, :2], np.nan)
    track, score = _track(annotation), annotation.get("score")
    scores = annotation.get("keypoint_scores")
    if score is None and not scores:
        return Instance(xy, numbers.get(track))
    whole = float(score) if score is not None else float(np.mean(scores or [0]))
    return Instance(xy, numbers.get(track), np.broadcast_to(np.array(scores or whole, float), len(xy)), whole)


def save_coco(labelled: Sequence[Tracks], path: Path, folder: Path) -> None:
    """Write tracks as key points of their images.

    Labelled frames of a movie are written as images into a folder beside the file, which is then named `path.name`.

    Args:
        labelled: tracks of one skeleton.
        path: the file.
        folder: where the file will lie in the end.

    Raises:
        InputError: there are no images and no movie to take them from.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for tracks in labelled:
        for row, (name, size) in enumerate(_images(tracks, path, folder)):
            number = len(images) + 1
            images.append({"id": number, "file_name": name, "width": size[1], "height": size[0]})
            for index in np.flatnonzero(~np.isnan(tracks.xy[row, ..., 0]).all(axis=-1)).tolist():
                annotations.append({"id": len(annotations) + 1, "image_id": number, **_annotation(tracks, row, index)})
    skeleton = labelled[0].skeleton
    category = {
        "id": 1,
        "name": "animal",
        "keypoints": list(skeleton.keypoints),
        "skeleton": (skeleton.edge_places() + 1).tolist(),
    }
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [category]}))


def _annotation(tracks: Tracks, row: int, index: int) -> dict[str, Any]:
    xy = tracks.xy[row, index]
    there = ~np.isnan(xy[:, 0])
    points = np.concatenate([np.where(there[:, None], xy, 0), 2 * there[:, None]], axis=1)
    low, high = np.nanmin(xy, axis=0), np.nanmax(xy, axis=0)
    text: dict[str, Any] = {
        "category_id": 1,
        "iscrowd": 0,
        "num_keypoints": int(there.sum()),
        "keypoints": [int(value) if column % 3 == 2 else float(value) for column, value in enumerate(points.ravel())],
        "bbox": [*low.tolist(), *(high - low).tolist()],
        "area": float((high - low).prod()),
    }
    if tracks.animals:
        text["track_id"], text["track_name"] = index + 1, tracks.animals[index]
    if tracks.scores is not None and tracks.predicted()[row, index]:
        scores = tracks.scores[row, index]
        text["keypoint_scores"] = np.nan_to_num(scores).tolist()
        text["score"] = _whole_score(tracks, row, index, float(np.nanmean(scores)))
    return text


def _whole_score(tracks: Tracks, row: int, index: int, mean: float) -> float:
    stored = None if tracks.instance_scores is None else float(tracks.instance_scores[row, index])
    return mean if stored is None or np.isnan(stored) else stored


def _images(tracks: Tracks, path: Path, folder: Path) -> list[tuple[str, tuple[int, int]]]:
    """The name and size of the image of each frame."""
    images = images_of(tracks)
    missing = [image for image in images if not image.is_file()]
    require(
        not missing,
        f"COCO states the size of every image, and {len(missing)} of {len(images)} are not there "
        f"({missing[0] if missing else ''}): give their folder with --video",
    )
    if images:
        return [(_relative(image, folder), image_size(image)) for image in images]
    if tracks.footage is None:
        raise InputError(
            f"COCO knows images alone, and the video {tracks.video or '(unnamed)'} of these labels is not there: "
            "give it with --video"
        )
    import imageio.v3

    own = folder / path.stem / Path(tracks.video).stem
    own.mkdir(parents=True, exist_ok=True)
    written = []
    for frame, image in zip(tracks.frames, tracks.footage.frames(tracks.frames), strict=True):
        name = own / f"{frame:06d}.png"
        imageio.v3.imwrite(name, image[0] if len(image) == 1 else image.transpose(1, 2, 0))
        written.append((str(name.relative_to(folder)), image.shape[1:]))
    return written


def _relative(image: Path, folder: Path) -> str:
    """The image's name from the folder of the file where it lies below, else from the root."""
    image, folder = image.resolve(), folder.resolve()
    return image.relative_to(folder).as_posix() if image.is_relative_to(folder) else image.as_posix()
