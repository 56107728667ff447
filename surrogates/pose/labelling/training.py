"""The network that is trained while a person labels: a process of its own, whose progress a file tells."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from datasets.pose.labelling.book import WHOLE
from datasets.pose.labelling.guesses import Guesses, load_guesses
from datasets.pose.labelling.saving import dataset_of_book
from datasets.pose.labelling.session import Labelling
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.wording import counted

FOLDER, DATA, SETTINGS, PROGRESS, LOG = "network", "labels.h5", "settings.json", "progress.json", "log.txt"
LEAST = 4
"""Frames that are labelled whole before a network is trained."""


class BackgroundTraining:
    """At most one training at a time, of the labels as they are when it begins; it ends with this process.

    Args:
        labelling: whose labels are learned.
        epochs: of 50 batches, unless a training says otherwise.
        filters: of `pose_small`.
    """

    def __init__(self, labelling: Labelling, epochs: int = 15, filters: int = 32) -> None:
        self.labelling, self.epochs, self.filters = labelling, epochs, filters
        self.folder = labelling.journal.folder / FOLDER
        self._process: subprocess.Popen[bytes] | None = None
        self._guesses: tuple[float, Guesses | None] = (-1.0, None)

    def start(self) -> None:
        """Begin to train.

        Raises:
            InputError: a training is on its way, there are too few labels, or frames hold several animals.
        """
        require(not self.running(), "a network is being trained: stop it, or wait for it")
        book = self.labelling.book
        whole = sum(book.status(place) == WHOLE for place in book.labelled())
        require(
            whole >= LEAST, f"{counted(whole, 'frame')} labelled whole: a network needs {LEAST} or more to learn from"
        )
        require(
            len(book.animals) == 1,
            "a network looks at one animal an image: cut out each with `pose import --size`, and label these crops",
        )
        dataset = dataset_of_book(book, self.labelling.source, "labels", whole=True)
        self.folder.mkdir(exist_ok=True)
        (self.folder / PROGRESS).unlink(missing_ok=True)
        save_dataset(dataset, self.folder / DATA)
        frames = [[film, frame] for film, frame, _ in book.pool]
        source = self.labelling.source.path
        head = self.labelling.journal.entries[0]
        settings = {"source": str(source), "video": head.get("video"), "frames": frames, "epochs": self.epochs}
        with atomic_write(self.folder / SETTINGS) as temporary:
            temporary.write_text(json.dumps({**settings, "filters": self.filters, "frames_learned": whole}))
        command = [sys.executable, "-m", "surrogates.pose.labelling.worker", str(self.folder), str(os.getpid())]
        with (self.folder / LOG).open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def running(self) -> bool:
        """Whether a training is on its way."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End a training that is on its way; nothing of it is kept."""
        if self._process is not None and self.running():
            self._process.kill()
            self._process.wait()

    def state(self) -> dict[str, Any]:
        """How it goes: `running`, and what the process reported last (`epoch`, `epochs`, `pixels`, ... or `error`)."""
        news: Mapping[str, Any] = {}
        path = self.folder / PROGRESS
        if path.is_file():
            news = json.loads(path.read_text())
        ended = self._process is not None and not self.running() and self._process.returncode not in (0, -9)
        early = f"the training has ended early: see {self.folder / LOG}"
        fault = {"error": early} if ended and "error" not in news else {}
        return {**news, "running": self.running(), **fault}

    def guesses(self) -> Guesses | None:
        """What the last network guessed, read again when it has changed."""
        folder = self.labelling.journal.folder
        try:
            changed = (folder / "guesses.npz").stat().st_mtime
        except OSError:
            return None
        if changed != self._guesses[0]:
            try:
                self._guesses = (changed, load_guesses(folder))
            except InputError:
                self._guesses = (changed, None)
        return self._guesses[1]
