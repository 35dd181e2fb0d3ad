"""The notebooks: readable as they stand, and executed against both examples, over HTTP and on data folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from tests.running import ROOT, Service, copy_of, start_service, wijkgraaf

NOTEBOOKS = ("first-questions", "still-open", "two-neighbourhoods")
CELL_SECONDS = 180
# What a cell with a table says of it: rows are statements of somebody, or it is about the data.
TAGS = {"statements", "about"}


def read(name: str) -> Any:
    """One notebook."""
    return nbformat.read(ROOT / "docs" / "notebooks" / f"{name}.ipynb", as_version=4)


def test_each_notebook_is_here_and_is_tried() -> None:
    """The list of this file is the folder."""
    assert sorted(NOTEBOOKS) == sorted(file.stem for file in (ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_stands_without_answers(name: str) -> None:
    """Valid, without outputs and counts, opening with words; its code can be read by Python."""
    notebook = read(name)
    nbformat.validate(notebook)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert ([], None) == (cell.outputs, cell.execution_count)
            compile(cell.source, name, "exec")


def test_comparing_opens_with_its_warning() -> None:
    """Before any number: what was gathered is not what lives, and Waterwijk is made up."""
    first = read("two-neighbourhoods").cells[0].source
    for words in ("**gathered**, not what **lives**", "Waterwijk does not exist", "Do not rank"):
        assert words in first


@pytest.fixture(scope="module")
def waterwijk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the second example, its names under a base of their own."""
    data = tmp_path_factory.mktemp("waterwijk") / "data"
    wijkgraaf("init", "--example", "waterwijk", "--base", "http://127.0.0.1:9000", "--data", str(data))
    return data


@pytest.fixture(scope="module")
def waterwijk(waterwijk_folder: Path) -> Iterator[Service]:
    """A running service on it."""
    service = start_service(waterwijk_folder, "http://127.0.0.1:9000")
    yield service
    service.stop()


def tables(cell: Any) -> list[tuple[list[str], str]]:
    """The columns and the whole text of each table that a cell shows."""
    shown = [output.data.get("text/html", "") for output in cell.outputs if "data" in output]
    return [(re.findall(r"<th[^>]*>([^<]*)</th>", text), text) for text in shown if "<table" in text]


@pytest.mark.slow
@pytest.mark.parametrize("where", ["address", "folder"])
@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_notebook_runs_to_its_end(
    name: str,
    where: str,
    moerwijk: Service,
    waterwijk: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No cell fails; each table of statements has rows, and a voice in each; neighbourhoods are never mixed."""
    places = {"MOERWIJK": moerwijk, "WATERWIJK": waterwijk}
    for variable, service in places.items():
        (tmp_path / variable).mkdir()
        folder = copy_of(service.data, tmp_path / variable) if where == "folder" else None
        monkeypatch.setenv(variable, str(folder or service.url))
    notebook = read(name)
    nbclient.NotebookClient(notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(tmp_path)}}).execute()
    seen = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        assert [] == [o for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"], cell.source
        tags = TAGS & set(cell.metadata.get("tags", ()))
        for columns, text in tables(cell):
            assert 1 == len(tags), f"say whether these rows are statements:\n{cell.source}"
            assert "<td" in text, cell.source
            if "statements" in tags:
                seen += 1
                assert any(column.startswith("voice") for column in columns), cell.source
                assert (
                    any(f"http://127.0.0.1:{port}/id/" in text for port in (8000, 9000)) or "voice_name of" in columns
                )
    assert seen >= 5
    whole = nbformat.writes(notebook)
    if name == "first-questions":
        assert "line 2" in whole
        assert "http://127.0.0.1:8000/id/gemeente" in whole
    if name == "two-neighbourhoods":
        assert {"http://127.0.0.1:8000/id/", "http://127.0.0.1:9000/id/"} <= set(
            re.findall(r"http://[\d.:]+/id/", whole)
        )
        assert whole.count("Waterwijk (made up)") > 10
