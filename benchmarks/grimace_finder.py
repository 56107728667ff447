"""How well the face finder finds: generated pictures with no face, one and two, and photographs without mice.

    python benchmarks/grimace_finder.py                     # measures the finder that comes with wormtwin
    python benchmarks/grimace_finder.py --train finder.npz  # trains one on generated pictures, and measures it

Faces are generated: nothing is said about animals.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from machine import describe
from skimage import data

from datasets.grimace.generator.scene import Scene
from surrogates.grimace.finder.finding import FoundFace, find_faces, load_finder, only_face
from surrogates.grimace.finder.training import make_scenes, save_finder, train_finder
from surrogates.training.configuration import TrainingConfig

PHOTOGRAPHS = (
    *("astronaut", "brick", "camera", "cell", "chelsea", "coffee", "coins", "colorwheel", "grass", "gravel", "horse"),
    *("hubble_deep_field", "immunohistochemistry", "logo", "moon", "page", "retina", "rocket", "text"),
)


def overlap(a: tuple, b: np.ndarray) -> float:
    """Intersection over union of two boxes."""
    shared = np.prod([max(0.0, min(a[k] + a[k + 2], b[k] + b[k + 2]) - max(a[k], b[k])) for k in (0, 1)])
    return float(shared / (a[2] * a[3] + b[2] * b[3] - shared))


def tell_scenes(scenes: list[Scene], found: list[list[FoundFace]], name: str) -> None:
    """Print, by the number of faces, how many pictures are counted right, and of all faces how many are found."""
    for number in (0, 1, 2):
        rows = [k for k, scene in enumerate(scenes) if len(scene.boxes) == number]
        said = [only_face(found[k])[0] is not None for k in rows]
        hits = [max((overlap(f.box, b) for f in found[k]), default=0) >= 0.5 for k in rows for b in scenes[k].boxes]
        counts = [len(found[k]) for k in rows]
        exact = np.mean(np.array(counts) == number)
        line = f"{name}, {number} faces, {len(rows)} pictures: counted exactly {exact:.1%}, scored {np.mean(said):.1%}"
        print(line + (f", faces found (IoU >= .5) {np.mean(hits):.1%}" if hits else ""), flush=True)


def photographs() -> dict[str, np.ndarray]:
    """The photographs of scikit-image that need no download."""
    found = {}
    for name in PHOTOGRAPHS:
        try:
            picture = np.asarray(getattr(data, name)())
        except Exception as error:
            print(f"{name} is not here: {str(error)[:60]}")
            continue
        picture = (255 * picture if picture.dtype == bool or picture.max() <= 1 else picture).astype(np.uint8)
        found[name] = np.repeat(picture[..., None], 3, axis=-1) if picture.ndim == 2 else picture[..., :3]
    return found


def main() -> None:
    """Read the command line, train if asked, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, help="write a new finder here")
    parser.add_argument("--scenes", type=int, default=2700, help="that it learns")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--tested", type=int, default=600, help="generated test pictures")
    given = parser.parse_args()
    print(describe(), flush=True)
    model = load_finder() if given.train is None else None
    if model is None:
        config = TrainingConfig(epochs=given.epochs, batch_size=32, learning_rate=0.003)
        model, _ = train_finder(make_scenes(given.scenes, 1), config)
        save_finder(model, given.train)
    scenes = make_scenes(given.tested, 2)
    begun = time.process_time()
    found = find_faces([np.moveaxis(scene.image, 0, -1) for scene in scenes], model)
    print(f"{given.tested / (time.process_time() - begun):.0f} pictures a CPU second")
    tell_scenes(scenes, found, "generated")
    there = photographs()
    own = dict(zip(there, find_faces(list(there.values()), model), strict=True))
    wrong = {name: [round(face.sure, 2) for face in faces] for name, faces in own.items() if faces}
    print(
        f"photographs without mice: {len(there) - len(wrong)} of {len(there)} have no face; others: {wrong or 'none'}"
    )


if __name__ == "__main__":
    main()
