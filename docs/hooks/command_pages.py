"""The page of commands, made from the command line itself, so that it says what `--help` says."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

sys.path.insert(0, str(Path(__file__).parents[2]))

HEAD = """# Commands

Every command of `wormtwin` with all of its options. `--help` after a command prints the same. A user's mistake is one
line on the error stream, and the exit status is 2.
"""


def commands_page() -> str:
    """The text of the page, in Markdown."""
    from run_experiments import command_line

    return HEAD + "".join(_section(name, each) for name, each in _commands(command_line(), "wormtwin"))


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command below this one with its full name."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word, child in command.commands.items():
        yield from _commands(child, f"{name} {word}")


def _section(name: str, command: Any) -> str:
    arguments = " ".join(_argument(each) for each in command.params if each.param_type_name == "argument")
    options = [each for each in command.params if each.param_type_name == "option" and each.required]
    required = " ".join(f"{each.opts[0]} {_kind(each, command)}" for each in options)
    usage = " ".join(part for part in (name, arguments, required) if part)
    rows = "".join(_row(each, command) for each in command.params if each.name != "help")
    table = f"| option | value | default | what it does |\n|---|---|---|---|\n{rows}" if rows else "No options.\n"
    return f"\n## {name}\n\n{_text(command.help or '')}\n\n```\n{usage}\n```\n\n{table}"


def _argument(argument: Any) -> str:
    name = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _row(option: Any, command: Any) -> str:
    name = ", ".join((*option.opts, *option.secondary_opts)) if option.opts[0].startswith("-") else _argument(option)
    value = "" if getattr(option, "is_flag", False) else _kind(option, command)
    cells = (f"`{name}`", value, _default(option), _text(getattr(option, "help", "") or ""))
    return f"| {' | '.join(cells)} |\n"


def _kind(option: Any, command: Any) -> str:
    """The kind of an option's value, such as INT, from the annotation in the code: typer's versions disagree on it."""
    annotation = inspect.signature(command.callback).parameters[option.name].annotation
    kind = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    named = [each for each in (get_args(kind) or (kind,)) if each is not type(None)]
    return {"str": "TEXT"}.get(named[0].__name__, named[0].__name__.upper())


def _default(option: Any) -> str:
    if option.required:
        return "required"
    default = option.default
    empty = default is None or default is False or default in ("", ()) or callable(default)
    return "" if empty else f"`{default}`"


def _text(text: str) -> str:
    """On one line, with nothing in it that Markdown or HTML reads as its own."""
    line = " ".join(text.split())
    for sign, written in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("|", "&#124;"),
        ("[", "&#91;"),
        ("*", "&#42;"),
    ):
        line = line.replace(sign, written)
    return line
