"""Fills in the templates of this folder."""

import re
from pathlib import Path

import jinja2

from neuron_models.foundation.files import atomic_write


def write_filled(template: str, path: Path, **values: object) -> Path:
    """Fill in a template and write it, whole or not at all."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("surrogates.export"),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"comment": comment, "markdown": markdown}
    with atomic_write(path) as temporary:
        temporary.write_text(environment.get_template(template).render(**values), encoding="utf-8")
    return path


def comment(text: str) -> str:
    """A text for a COMMENT of NMODL: on one line, in ASCII, without the words that end or begin a block of code.

    >>> comment("V" + chr(10) + "ENDCOMMENT VERBATIM")
    'V ... ...'
    """
    plain = re.sub(r"[^ -~]", " ", text)
    return re.sub(r"(END)*(COMMENT|VERBATIM)", "...", plain, flags=re.IGNORECASE)


def markdown(text: str) -> str:
    r"""A text for Markdown that is read as nothing but text.

    >>> print(markdown("```python <b>|"))
    \`\`\`python \<b\>\|
    """
    return re.sub(r"([\\`*~<>\[\]|&#])", r"\\\1", " ".join(text.split()))
