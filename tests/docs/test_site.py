"""The site in a browser: nothing of its pages is cut at the right edge of a phone or a desk."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITTEN = ("index.md", "gallery.md", "results/experiments.md", "results/calcium.md", "how-to/wirings.md")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of a few pages, with the look of the whole one, and the page of commands."""
    pytest.importorskip("material")
    config = pytest.importorskip("mkdocs.config")
    from mkdocs.commands.build import build

    folder = tmp_path_factory.mktemp("site")
    source = folder / "docs"
    for path in (ROOT / "docs").rglob("*"):
        name = path.relative_to(ROOT / "docs")
        if str(name) in WRITTEN or path.suffix in {".png", ".css", ".js"}:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, source / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs" / "hooks"))
        from command_pages import commands_page

    (source / "commands.md").write_text(commands_page())
    settings = {"docs_dir": str(source), "site_dir": str(folder / "site"), "hooks": [], "plugins": [], "nav": None}
    build(config.load_config(str(ROOT / "mkdocs.yml"), validation={}, exclude_docs="", **settings))
    return folder / "site"


@pytest.mark.parametrize("page", ["commands.html", *(str(Path(name).with_suffix(".html")) for name in WRITTEN)])
@pytest.mark.slow
def test_nothing_is_cut(site, page, shown_whole):
    shown_whole(site / page)
