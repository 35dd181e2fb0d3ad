"""A Sphinx extension: pages of terms written before the build, and lines like `{{ limits }}` filled while it reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from drawn_model import model_svg, model_table
from published import limits, notebooks, objections, past_limits, readme
from recipes import recipe
from sheet_pages import column_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from term_pages import term_pages
from words import read_words

_MADE = re.compile(r"^\{\{ (?P<what>[a-z-]+)(?: (?P<name>[\w-]+))? \}\}$", re.MULTILINE)
_UPWARD = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<to>(?:\.\./)+[^)#]*)(?P<anchor>#[\w-]+)?\)")

_REGIONS = {
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    '<aside class="toc-drawer no-toc">': '<aside class="toc-drawer no-toc" aria-label="On this page">',
    '<div class="highlight"><pre>': '<div class="highlight"><pre tabindex="0">',
    ' docutils container">\n<table': ' docutils container" role="group" aria-label="Table" tabindex="0">\n<table',
}


def _picture(_: str) -> str:
    words = read_words()
    frame = '<div class="model-frame" role="region" aria-label="Picture of the model" tabindex="0">'
    return f"```{{raw}} html\n{frame}\n{model_svg(words)}\n</div>\n```\n"


MADE: Mapping[str, Callable[[str], str]] = {
    "model-picture": _picture,
    "model-table": lambda _: model_table(read_words()),
    "limits": lambda _: limits(),
    "past-limits": lambda _: past_limits(),
    "objections": lambda _: objections(),
    "notebooks": lambda _: notebooks(),
    "readme": lambda _: readme(),
    "recipe": recipe,
}


def _write_terms(app: Sphinx) -> None:
    """Writes the pages of the terms where they changed, and takes away those of terms that are gone."""
    folder = Path(app.srcdir) / "terms"
    folder.mkdir(exist_ok=True)
    pages = {f"{name}.md": text for name, text in term_pages(read_words()).items()}
    pages["spreadsheet-columns.md"] = column_page(read_words())
    for file in folder.iterdir():
        if file.name not in pages:
            file.unlink()
    for name, text in pages.items():
        file = folder / name
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


def _fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Fills the made lines of a page; links to the README lead to its page, those to other files become text."""
    if page.startswith("terms/"):
        return
    text = _MADE.sub(lambda m: _made(page, m["what"], m["name"] or ""), source[0])
    source[0] = _UPWARD.sub(lambda m: _within(Path(app.srcdir), page, m), text)


def _within(docs: Path, page: str, found: re.Match[str]) -> str:
    """A link as it can stand in these pages: those that leave the documentation become text, or lead to the README."""
    to = (docs / page).parent.joinpath(found["to"]).resolve()
    if to == docs.parent / "README.md":
        return f"[{found['text']}]({'../' * page.count('/')}readme.md{found['anchor'] or ''})"
    return found[0] if to.is_relative_to(docs) else found["text"]


def _name_regions(app: Sphinx, error: Exception | None) -> None:
    """Gives what scrolls a place for the keyboard, and the two asides of the theme a name of their own."""
    if error is not None or app.builder.name != "html":
        return
    for file in Path(app.outdir).rglob("*.html"):
        text = file.read_text()
        for old, new in _REGIONS.items():
            text = text.replace(old, new)
        file.write_text(text)


def _made(page: str, what: str, name: str) -> str:
    if what not in MADE:
        raise ExtensionError(f"{page}: nothing is made for {what}")
    return MADE[what](name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Ties them to the build."""
    app.connect("builder-inited", _write_terms)
    app.connect("source-read", _fill)
    app.connect("build-finished", _name_regions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
