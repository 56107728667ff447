"""The boxes of the faces of a folder, beside its scores."""

from pathlib import Path

from datasets.grimace.importing import BOX, inside, load_scores, read_score_table
from datasets.grimace.pictures import seen_picture
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write
from surrogates.grimace.finder.finding import BATCH, find_faces, only_face


def with_boxes(folder: Path, scores: Path, out: Path) -> tuple[int, list[str]]:
    """Write a table of scores again with the box of the face of each image.

    Args:
        folder: of the photographs.
        scores: the table; boxes that it has stay out of it.
        out: the new table.

    Returns:
        How many images have a box, and a line about each that has none and is left out.

    Raises:
        InputError: the table cannot be read, or no face is found in any image.
    """
    load_scores(scores)
    table = read_score_table(scores)
    boxes, faults = {}, []
    names = list(dict.fromkeys(table["image"]))
    for first in range(0, len(names), BATCH):
        read = {}
        for name in names[first : first + BATCH]:
            try:
                read[name] = seen_picture(inside(folder, name))
            except InputError as error:
                faults.append(str(error))
        for name, faces in zip(read, find_faces(list(read.values())), strict=True):
            box, fault = only_face(faces)
            if box is None:
                faults.append(f"{name}: {fault}")
            else:
                boxes[name] = box
    require(len(boxes) > 0, f"{folder}: no image of {scores.name} shows one face ({faults[0] if faults else ''})")
    kept = table[table["image"].isin(list(boxes))].copy()
    for column, head in enumerate(BOX):
        kept[head] = [f"{boxes[name][column]:.1f}" for name in kept["image"]]
    with atomic_write(out) as temporary:
        write_csv(kept, temporary, index=False)
    return len(boxes), faults
