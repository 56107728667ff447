"""Lets docstrings show their examples as code: mkdocstrings reads this when it reads the modules."""

from typing import Any

import griffe


class FencedDoctests(griffe.Extension):
    """Puts fences around examples that stand in the text of a docstring."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Change the docstring of one object, if it has one."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """The text with a fence before each first `>>>` at the margin and one where its example ends."""
    lines: list[str] = []
    inside = False
    for line in [*text.splitlines(), ""]:
        begins, ends = line.startswith(">>>") and not inside, inside and not line.strip()
        lines += ["```pycon", line] if begins else ["```", line] if ends else [line]
        inside = (inside or begins) and not ends
    return "\n".join(lines)
