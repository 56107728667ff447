import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hooks(monkeypatch):
    pytest.importorskip("jupytext")
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "hooks"))
    yield
    for name in ("command_pages", "module_pages", "tutorial_pages"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("hooks")
def test_the_page_of_commands_has_every_command_and_option():
    from command_pages import commands_page

    import run_experiments

    page = commands_page()
    train = run_experiments.command_line().commands["train"]
    section = page.split("## wormtwin train\n")[1].split("\n## ")[0]
    assert all(option.opts[0] in section for option in train.params if option.name != "help")
    assert "## wormtwin posture make-sample\n" in page


@pytest.mark.usefixtures("hooks")
def test_every_module_has_a_page_and_a_place_in_the_navigation():
    from module_pages import module_tree, modules

    pages = modules()
    assert "connectome.network" in pages.values()
    assert "run_experiments" in pages.values()
    listed = str(module_tree())
    assert all(page in listed for page in pages)


@pytest.mark.usefixtures("hooks")
def test_a_tutorial_becomes_a_page_with_its_text_and_code(monkeypatch):
    from tutorial_pages import tutorial_files

    monkeypatch.delenv("WORMTWIN_RUN_TUTORIALS", raising=False)
    page = tutorial_files()["tutorials/3-your-own-network.md"]
    assert page.startswith("# 3. Your own network and stimuli")
    assert "```python\ntouch = parse(" in page


def test_a_cell_keeps_what_it_prints_and_shows(hooks, tmp_path, monkeypatch):
    import json

    from run_cells import main

    monkeypatch.chdir(tmp_path)
    drawn = "from matplotlib.figure import Figure\nfigure = Figure()\nfigure"
    Path("cells.json").write_text(json.dumps(["print('one')\n2", drawn]))
    main("page")
    results = json.loads(Path("results.json").read_text())
    assert results == [{"text": "one\n2", "pictures": []}, {"text": "", "pictures": ["page-1.png"]}]
    assert Path("page-1.png").exists()
