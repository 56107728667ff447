"""The progress bar of a training, and whoever else wants to hear how it goes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from neuron_models.foundation.progress import progress_bar

Watcher = Callable[[int, Mapping[str, float]], None]
"""Hears how many epochs are done since the last call, and the figures of the last of them by name."""
_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Tell a function of the epochs of every training while the `with` lasts, whether there is a bar or not."""
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


class ProgressBar:
    """A progress bar over epochs with the current losses, or their roots where they are squared errors.

    Without validation trials (not `validated`), the training loss stands alone. Losses are shown times `unit`.
    """

    def __init__(self, epochs: int, squared: bool, shown: bool, validated: bool = True, unit: float = 1.0) -> None:
        self._bar = progress_bar(epochs, "epoch") if shown else None
        self._validated, self._unit = validated, unit
        self._squared, self._what = squared, "RMSE" if squared else "loss"

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, loss: float, validation: float, epochs: int = 1, **watched: float) -> None:
        """One epoch is done, or several; `watched` are the validation's other figures."""
        watcher = _WATCHER.get()
        if watcher is not None:
            watcher(epochs, {"loss": self._unit * loss, "val_loss": self._unit * validation, **watched})
        if self._bar is not None:
            shown = {"train": loss, **({"validation": validation} if self._validated else {})}
            losses = {part: self._unit * value for part, value in shown.items()}
            roots = {part: value**0.5 if self._squared else value for part, value in losses.items()}
            text = {f"{part} {self._what}": f"{v:.4g}" for part, v in roots.items()}
            part = "validation" if self._validated else "train"
            text |= {f"{part} {name}": f"{value:.3g}" for name, value in watched.items()}
            self._bar.set_postfix(text, refresh=False)
            self._bar.update(epochs)
