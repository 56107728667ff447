"""Adds the pages to the site that nobody writes by hand: commands, the modules' pages and the tutorials.

MkDocs calls the functions named `on_...`; the three modules beside this one make the text.
"""

from typing import Any

from command_pages import commands_page
from mkdocs.structure.files import File, Files
from module_pages import module_page, module_tree, modules
from tutorial_pages import tutorial_files


def on_config(config: Any) -> Any:
    """Put the modules' pages under Reference."""
    for entry in config.nav:
        if "Reference" in entry:
            entry["Reference"].append({"Modules": module_tree()})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages and pictures to the files of the site."""
    made: dict[str, str | bytes] = {"reference/commands.md": commands_page()}
    made |= {page: module_page(module) for page, module in modules().items()}
    made |= tutorial_files()
    for path, content in made.items():
        files.append(File.generated(config, path, content=content))
    return files
