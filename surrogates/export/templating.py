"""Fills in the templates of this folder."""

from pathlib import Path

import jinja2

from neuron_models.files import written_whole


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
    with written_whole(path) as beside:
        beside.write_text(environment.get_template(template).render(**values))
    return path
