"""Images and movies that labels name, found where they lie now: by their names, never by their place in a list."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from datasets.video.video import IMAGES, MOVIES, STORED, Video, open_images
from neuron_models.foundation.wording import counted


@dataclass(frozen=True)
class Found:
    """For each name that labels give, its file, or None; and what there is to say of those that are not there."""

    paths: tuple[Path | None, ...]
    note: str = ""

    def any(self) -> bool:
        """Whether a file was found at all."""
        return any(path is not None for path in self.paths)


def plain(name: str) -> str:
    """A path as labels write it, with the slashes of this machine: Windows writes others."""
    return str(name).replace("\\", "/")


def beside(name: str, labels: Path) -> Iterator[Path]:
    """Where a file that labels name may lie: as they say, then under their folder and the three above it."""
    parts = PurePosixPath(plain(name)).parts
    folder = labels if labels.is_dir() else labels.parent
    above = [folder, *folder.absolute().parents[:3]]
    yield above[0] / plain(name)
    yield Path(plain(name))
    for index, base in enumerate(above):
        for start in range(len(parts) if index == 0 else len(parts) - 1):
            if parts[start] not in ("/", "..", "."):
                yield base.joinpath(*parts[start:])


def find_beside(names: Sequence[str], labels: Path) -> Found:
    """The images that labels name, from where the labels lie."""
    paths = [next((path for path in beside(name, labels) if path.is_file()), None) for name in names]
    folder = labels if labels.is_dir() else labels.parent
    return _checked(names, paths, f"under {folder.absolute()} and by the paths in {labels.name}")


def find_in(names: Sequence[str], folder: Path) -> Found:
    """The images that labels name, in a folder: of several of one name, that with the most folders in common."""
    return _checked(names, _best(names, _files(folder, IMAGES)), f"in {folder}")


def find_movie(name: str, folder: Path) -> Path | None:
    """The movie that labels name, in a folder."""
    return _best([name], _files(folder, MOVIES + STORED))[0]


def _files(folder: Path, kinds: Iterable[str]) -> list[Path]:
    if folder.is_file():
        return [folder]
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in tuple(kinds) and path.is_file()]


def _best(names: Sequence[str], files: Sequence[Path]) -> list[Path | None]:
    by_name: dict[str, list[Path]] = {}
    for file in files:
        by_name.setdefault(file.name.lower(), []).append(file)
    matches: list[Path | None] = []
    for name in names:
        parts = PurePosixPath(plain(name).lower()).parts
        same = by_name.get(parts[-1], []) if parts else []
        scores = [_common(parts, file) for file in same]
        best = [file for file, score in zip(same, scores, strict=True) if score == max(scores)]
        matches.append(best[0] if len(best) == 1 else None)
    return matches


def _common(parts: Sequence[str], file: Path) -> int:
    """How many last parts two paths share."""
    number, there_parts = 0, PurePosixPath(file.absolute().as_posix().lower()).parts
    for here, there in zip(reversed(parts), reversed(there_parts), strict=False):
        if here != there:
            break
        number += 1
    return number


def _checked(names: Sequence[str], paths: Sequence[Path | None], where: str) -> Found:
    """Without files that two names would share; says which images are missing."""
    pairs = {(plain(name), path.absolute()) for name, path in zip(names, paths, strict=True) if path is not None}
    uses = Counter(path for _, path in pairs)
    kept = tuple(path if path is not None and uses[path.absolute()] == 1 else None for path in paths)
    missing = [plain(name) for name, path in zip(names, kept, strict=True) if path is None]
    if not missing:
        return Found(kept)
    text = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
    are = "is" if len(missing) == 1 else "are"
    return Found(kept, f"{len(missing)} of {counted(len(names), 'image')} {are} not there ({text}; looked {where})")


def open_found(found: Found, names: Sequence[str], name: str) -> Video | None:
    """The images that were found as a video, filled up to the largest; None where there are none."""
    if not found.any():
        return None
    paths = [path or Path(plain(each)) for path, each in zip(found.paths, names, strict=True)]
    return open_images(paths, name, as_labelled=True)


def folder_of(names: Sequence[str], found: Found, labels: Path) -> str:
    """What images are called together: their folder, the labels' name where they tell none."""
    text = PurePosixPath(plain(names[0])).parent if names else PurePosixPath()
    if text.name not in ("", ".", ".."):
        return str(text)
    path = next((path for path in found.paths if path is not None), None)
    return str(path.absolute().parent) if path is not None else labels.stem


def number_in(name: str) -> int | None:
    """The number at the end of an image's name, which DeepLabCut takes from the frame of the movie.

    >>> number_in("labeled-data/m1/img0023.png"), number_in("nose.png")
    (23, None)
    """
    match = re.search(r"([0-9]+)$", PurePosixPath(plain(name)).stem)
    return int(match[1]) if match else None
