"""The settings of models as options of a command, and as a list of all models."""

import inspect
import re
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from neuron_models.foundation.errors import InputError, require

DEFAULT = "gru"
"""The model that is trained when none is named."""
_given: ContextVar[dict[str, Any]] = ContextVar("settings of the model that a command line gives")
_TEXTS = {
    "rotation": "Training images are turned by up to so many degrees.",
    "bend": "Training images are bent by so much of their side.",
    "strain": "Train on the recordings of this strain only; all when empty.",
}
"""Of settings that are not the builder's, whose docstring says what its own are."""


class ModelCommand(TyperCommand):
    """A command with the option `--model`, which has the settings of that model as options too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Add the options of the model that the arguments name, parse, and hand their values on by `settings_given`."""
        from surrogates.registry import model_kind

        kind = model_kind(_named(args))
        own, self.params = self.params, [*self.params, *_options(kind)]
        try:
            _require_known(args, self.params, kind.name, list(kind.all_settings))
            rest = super().parse_args(ctx, args)
        finally:
            self.params = own
        values = {name: ctx.params.pop(name) for name in kind.all_settings if name in ctx.params}
        _given.set({name: value for name, value in values.items() if value is not None})
        return rest


def settings_given() -> dict[str, Any]:
    """The settings of the model that the command line gives, as the command reads them while it runs."""
    return dict(_given.get({}))


def _named(args: Sequence[str]) -> str:
    """The value of `--model` among arguments."""
    for index, argument in enumerate(args):
        if argument == "--model" and index + 1 < len(args):
            return args[index + 1]
        if argument.startswith("--model="):
            return argument.removeprefix("--model=")
    return DEFAULT


def _spelled(name: str) -> str:
    return name.replace("_", "-")


def _written(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def _options(kind: Any) -> list[Any]:
    """The settings of a model as options, made by Typer from a signature; None stands for what is not given."""

    def holder(**_: Any) -> None: ...

    given = {name: Annotated[_type(name, default, kind) | None, _text(name, default, kind)]
             for name, default in kind.all_settings.items()}  # fmt: skip
    keyword = inspect.Parameter.KEYWORD_ONLY
    holder.__annotations__ = given
    holder.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, keyword, default=None, annotation=each) for name, each in given.items()]
    )
    app = typer.Typer(add_completion=False)
    app.command()(holder)
    return [param for param in typer.main.get_command(app).params if param.name in given]


def _type(name: str, default: Any, kind: Any) -> type:
    """The type of a setting; those that validation chooses are whole numbers."""
    return int if name in kind.chosen else str if default is None else type(default)


def _text(name: str, default: Any, kind: Any) -> Any:
    shown = "chosen on the validation trials" if name in kind.chosen else "all" if default == "" else default
    words = setting_words(kind.build).get(name, _TEXTS.get(name, ""))
    return typer.Option(f"--{_spelled(name)}", help=f"{words} Default: {shown}.".strip())


def _require_known(args: Sequence[str], params: Sequence[Any], model: str, settings: Sequence[str]) -> None:
    """Tell an option that the command has not, with those that the model has."""
    known = {text for param in params for text in (*param.opts, *param.secondary_opts)} | {"--help"}
    values = {index + 1 for index, argument in enumerate(args) if argument in known - {"--help"}}
    for index, argument in enumerate(args):
        name = argument.partition("=")[0]
        if argument.startswith("--") and index not in values and name not in known:
            listed = ", ".join(settings) or "none"
            raise InputError(
                f"model {model} has no setting {_written(name)!r}; it has {listed} (--help lists all options)"
            )


def setting_words(build: Any) -> dict[str, str]:
    """What the docstring of a builder says of each of its arguments, in one line."""
    text = inspect.getdoc(build) or ""
    listed = text.partition("Args:\n")[2].partition("\n\n")[0]
    parts = re.split(r"^ {4}(\w+): ", listed, flags=re.MULTILINE)[1:]
    return {name: " ".join(words.split()).capitalize() for name, words in zip(parts[::2], parts[1::2], strict=True)}


def print_models(task: str = "") -> None:
    """Print every model of a task (of all when empty) with its settings.

    Raises:
        InputError: there is no such task.
    """
    from rich.table import Table

    from neuron_models.foundation.printing import print_whole
    from surrogates.registry import MODELS
    from surrogates.training.model_kind import TASKS

    require(task in ("", *TASKS), f"there is no task {task!r}; there are {', '.join(TASKS)}")
    table = Table("model", "task", "settings and defaults", "training", "source", title="Models")
    for name, kind in MODELS.items():
        if task in ("", kind.task):
            defaults = {"learning_rate": kind.learning_rate, **kind.training_defaults}
            how = "solved at once" if kind.closed_form else _listed(defaults)
            own = {key: "chosen" if key in kind.chosen else value for key, value in kind.all_settings.items()}
            table.add_row(name, kind.task, _listed(own), how, kind.source)
    print_whole(table)


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
