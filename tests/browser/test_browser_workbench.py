"""The workbench in a real browser: an editor that traps nobody, and a plain form where scripts do not run."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlencode, urlparse

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_browser import NARROW, STOPS, TAGS, WIDE
from tests.running import ROOT, Service

PREFIXES = "PREFIX lw: <https://w3id.org/lerende-wijk/def#>\nPREFIX dcterms: <http://purl.org/dc/terms/>\n"
COUNTED = (
    PREFIXES + "SELECT ?holder (COUNT(?story) AS ?stories) { ?story a lw:Story ; lw:heldBy ?holder }"
    " GROUP BY ?holder ORDER BY ?holder"
)
PLACES = (
    PREFIXES + "PREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
    "SELECT ?place ?wkt { ?place a lw:Place ; geo:hasGeometry/geo:asWKT ?wkt } ORDER BY ?place"
)
EMPTY = PREFIXES + "SELECT ?x { ?x a lw:NotThere }"
WRONG = "SELECT ?x {\n  ?x ) ?y\n}"
GRAPH = "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 5"
PAYLOAD = "<script>alert(1)</script><img src=x onerror=alert(1)>"
STATES = {"start": None, "rows": COUNTED, "places": PLACES, "empty": EMPTY, "wrong": WRONG, "graph": GRAPH}
QUICK = {("rows", "nl", NARROW), ("places", "en", WIDE), ("wrong", "nl", WIDE), ("start", "en", NARROW)}
LOOKS = [
    pytest.param((state, lang, width), id=f"{state}-{lang}-{width}", marks=() if quick else pytest.mark.slow)
    for state in STATES
    for lang in ("nl", "en")
    for width in (NARROW, WIDE)
    for quick in [(state, lang, width) in QUICK]
]


@pytest.fixture(scope="module", autouse=True)
def island() -> None:
    """The built island; where npm's registry can't be reached there is none, and these tests say so."""
    done = subprocess.run([sys.executable, str(ROOT / "viewer" / "bundle.py")], capture_output=True, text=True)
    if done.returncode == 3:
        pytest.skip(done.stderr.strip())
    assert 0 == done.returncode, done.stderr


@pytest.fixture
def bench(browser: Browser, site: str) -> Iterator[Page]:
    """The workbench, open and ready."""
    context = browser.new_context(viewport={"width": WIDE, "height": 900}, locale="nl-NL")
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{site}/sparql?lang=nl")
    page.wait_for_selector("wijk-workbench[data-ready]")
    yield page
    context.close()


def address(site: str, query: str | None, lang: str = "nl") -> str:
    """The workbench with a question that is asked at once."""
    return f"{site}/sparql?{urlencode({'lang': lang, **({'query': query} if query else {})})}"


def write(page: Page, text: str) -> None:
    """Another text in the editor, as somebody pastes it."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def text_of(page: Page) -> str:
    """What the form would send."""
    return str(page.evaluate("document.querySelector('#query').value"))


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_and_nothing_is_asked_of_strangers(
    browser: Browser, site: str, look: tuple[str, str, int]
) -> None:
    """With and without an answer, in both languages and widths: no violation, no other host, no broken policy."""
    state, lang, width = look
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    hosts: set[str] = set()
    said: list[str] = []
    page.on("request", lambda asked: hosts.add(urlparse(asked.url).netloc))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address(site, STATES[state], lang))
    page.wait_for_selector("wijk-workbench[data-ready]")
    if state == "places":
        page.wait_for_selector("wijk-map[data-drawn]")
    for details in page.locator("details").all():
        details.evaluate("one => one.open = true")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    assert [] == [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found]
    assert {urlparse(site).netloc} == hosts
    assert [] == [text for text in said if "Content Security Policy" in text or "Refused" in text]
    nameless = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1 &&"
        " ['auto','scroll'].includes(getComputedStyle(e).overflowX) && !e.getAttribute('aria-label'))"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert (width, []) == (page.evaluate("document.documentElement.scrollWidth"), nameless)
    context.close()


def test_the_keyboard_goes_in_and_out_of_the_editor_and_reaches_everything(bench: Page) -> None:
    """Tab goes through the editor as through a field: within fifteen stops to it, and on to the footer."""
    bench.evaluate("window.reached = []; document.addEventListener('focusin', e => window.reached.push(e.target))")
    for _ in range(15):
        bench.keyboard.press("Tab")
        if bench.evaluate("document.activeElement.classList.contains('wijk-editor')"):
            break
    assert bench.evaluate("document.activeElement.classList.contains('wijk-editor')")
    shown = bench.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert "solid" == shown
    bench.keyboard.type("# x")
    assert "# x" in text_of(bench)
    bench.keyboard.press("Escape")
    bench.keyboard.press("Tab")
    assert "format" == bench.evaluate("document.activeElement.id")
    bench.keyboard.press("Shift+Tab")
    assert bench.evaluate("document.activeElement.classList.contains('wijk-editor')")
    visible = f"[...document.querySelectorAll({STOPS!r})].filter(e => e.checkVisibility() && !e.hidden)"
    for _ in range(bench.evaluate(f"{visible}.length") + 1):
        bench.keyboard.press("Tab")
        if bench.evaluate("!!document.activeElement.closest('footer')"):
            break
    missed = bench.evaluate(
        f"{visible}.filter(e => e.closest('main') && !window.reached.includes(e)).map(e => e.outerHTML.slice(0, 160))"
    )
    assert ([], True) == (missed, bench.evaluate("!!document.activeElement.closest('footer')"))


def test_the_editor_has_a_name_and_its_label_leads_to_it(bench: Page) -> None:
    """A screen reader hears what the field is and which keys it knows; a click on its label puts the cursor in it."""
    field = bench.get_by_role("textbox", name=re.compile("Uw vraag in SPARQL"))
    expect(field).to_have_attribute("aria-describedby", "keys")
    bench.locator("label[for=query]").click()
    assert bench.evaluate("document.activeElement.classList.contains('wijk-editor')")
    expect(bench.locator("#query")).to_be_hidden()


def test_words_are_offered_by_their_dutch_name_and_their_prefix_is_declared(bench: Page) -> None:
    """`verh` offers lw:Story; taking it writes the name and, at the top, its prefix; variables are offered too."""
    write(bench, "SELECT ?story {\n  ?story a ")
    bench.keyboard.type("verha", delay=30)
    expect(bench.get_by_role("option", name=re.compile("lw:Story"))).to_be_visible()
    bench.wait_for_timeout(
        200
    )  # The library takes no Enter in the first moment of a list, so that nobody takes by accident.
    while "lw:Story" not in bench.locator("[role=option][aria-selected]").text_content():
        bench.keyboard.press("ArrowDown")
    bench.keyboard.press("Enter")
    assert text_of(bench).startswith(
        "PREFIX lw: <https://w3id.org/lerende-wijk/def#>\nSELECT ?story {\n  ?story a lw:Story"
    )
    bench.keyboard.type(" . ?st", delay=30)
    expect(bench.get_by_role("option", name=re.compile(r"\?story"))).to_be_visible()
    bench.keyboard.press("Escape")
    bench.keyboard.type(" dcterms:", delay=30)
    assert "PREFIX dcterms: <http://purl.org/dc/terms/>" in text_of(bench)


def test_ctrl_enter_asks_and_what_came_is_announced(bench: Page, site: str) -> None:
    """The answer comes into the page, a live region says how much, and the address can be shared."""
    write(bench, COUNTED.removeprefix(PREFIXES))
    bench.keyboard.press("Control+Enter")
    bench.wait_for_selector("#came table")
    rows = bench.locator("#rows tbody tr").count()
    expect(bench.locator("[role=status][data-told]")).to_contain_text(f"{rows} rijen")
    assert "PREFIX+lw" in bench.url
    shared = bench.locator("#share").input_value()
    other = bench.context.new_page()
    other.goto(shared)
    assert bench.locator("#rows").inner_text() == other.locator("#rows").inner_text()
    assert text_of(bench) == text_of(other)
    bars = bench.locator("#chart g").evaluate_all("all => all.map(e => [e.dataset.label, e.dataset.value])")
    table = bench.locator("#rows tbody tr").evaluate_all(
        "all => all.map(r => [r.cells[0].querySelector('a').textContent, r.cells[1].textContent.trim()])"
    )
    assert [value for _, value in table] == [value for _, value in bars]
    assert [name[:30] for name, _ in table] == [name[:30] for name, _ in bars]


def test_what_is_wrong_is_marked_where_it_is_and_a_link_leads_there(bench: Page) -> None:
    """The text says line and column, the editor underlines it, the link puts the cursor there."""
    write(bench, WRONG)
    bench.keyboard.press("Control+Enter")
    bench.wait_for_selector("#bench-objection")
    expect(bench.locator("#bench-objection")).to_have_attribute("role", "alert")
    line, column = (int(n) for n in re.findall(r"\d+", bench.locator("[data-go]").text_content())[:2])
    marked = bench.locator(".cm-line").evaluate_all(
        "all => all.map(e => [...e.querySelectorAll('.cm-lintRange-error')].map(m => m.textContent).join(''))"
    )
    assert [line - 1] == [at for at, text in enumerate(marked) if text]
    assert marked[line - 1].startswith(WRONG.splitlines()[line - 1][column - 1])
    expect(bench.locator(".cm-content")).to_have_attribute("aria-invalid", "true")
    bench.locator("[data-go]").click()
    bench.keyboard.type("!")
    assert "!" == text_of(bench).splitlines()[line - 1][column - 1]
    expect(bench.locator(".cm-lintRange-error")).to_have_count(0)


def test_a_list_of_words_has_a_name_in_dutch(bench: Page) -> None:
    """The list that completes is named in the language of the page."""
    write(bench, "SELECT ?story {\n  ?story a ")
    bench.keyboard.type("verha", delay=30)
    expect(bench.get_by_role("listbox", name="Woorden die kunnen volgen")).to_be_visible()


def test_what_is_wrong_is_announced_once_and_again_by_f8(bench: Page) -> None:
    """The alert says it, the live region does not; F8 has it said by the editor."""
    write(bench, WRONG)
    bench.keyboard.press("Control+Enter")
    message = bench.locator("[data-message]").text_content() or "-"
    expect(bench.locator("[data-told]")).to_have_text("")
    bench.locator("label[for=query]").click()
    bench.keyboard.press("Control+Home")
    bench.keyboard.press("F8")
    expect(bench.locator(".cm-announced")).to_contain_text(message)


def test_choosing_an_example_puts_its_text_in_the_field(bench: Page) -> None:
    """Nothing is asked yet, and one can go on writing."""
    bench.locator("[data-question='open-calls']").click()
    expect(bench.locator(".cm-content")).to_contain_text("Which calls are open?")
    assert bench.evaluate("document.activeElement.classList.contains('wijk-editor')")
    assert 0 == bench.locator("#came").count()
    bench.keyboard.press("Control+Enter")
    bench.wait_for_selector("#came table")


def test_a_long_question_goes_as_a_post_and_cannot_be_shared_as_an_address(bench: Page) -> None:
    """The page says so, and the downloads are buttons."""
    write(bench, COUNTED + "\n# " + "x" * 9000)
    bench.keyboard.press("Control+Enter")
    bench.wait_for_selector("#came table")
    assert (0, 4) == (bench.locator("#share").count(), bench.locator(".downloads button").count())
    assert len(bench.url) < 200
    with bench.expect_download() as download:
        bench.locator(".downloads button", has_text="CSV").click()
    assert download.value.path().read_text().startswith("holder,stories")


def test_the_places_of_an_answer_are_drawn_and_each_is_a_button_away(browser: Browser, site: str) -> None:
    """As many shapes as there are places in the list; a button shows one, by keyboard too."""
    page = browser.new_page(viewport={"width": WIDE, "height": 900})
    page.goto(address(site, PLACES))
    page.wait_for_selector("wijk-map[data-drawn]")
    places = page.locator("wijk-map li").count()
    assert places == page.locator("path.wijk-shape").count() > 1
    button = page.locator("wijk-map li button").first
    button.focus()
    page.keyboard.press("Enter")
    name = page.locator("wijk-map li").first.locator(":first-child").first.text_content()
    expect(page.locator(".leaflet-popup")).to_contain_text(name or "-")
    page.close()


def test_each_kind_of_geometry_is_drawn_and_what_cannot_be_says_so(browser: Browser, site: str) -> None:
    """Points, lines, areas and several of them; latitude first where the literal says so; another system not at all."""
    turned = "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(52.05 4.3)"
    texts = (
        "POINT(4.3 52.05)", turned, "LINESTRING(4.3 52.05, 4.31 52.06)",
        "POLYGON((4.3 52.05, 4.31 52.05, 4.31 52.06, 4.3 52.05))",
        "MULTIPOINT((4.3 52.05), (4.31 52.06))",
        "GEOMETRYCOLLECTION(POINT(4.3 52.05), LINESTRING(4.3 52.05, 4.31 52.06))",
        "<http://www.opengis.net/def/crs/EPSG/0/28992> POINT(80000 450000)", "POINT(nothing)",
    )  # fmt: skip
    rows = " ".join(f'(<urn:g:{at}> "{text}"^^geo:wktLiteral)' for at, text in enumerate(texts))
    query = f"PREFIX geo: <http://www.opengis.net/ont/geosparql#> SELECT * {{ VALUES (?thing ?wkt) {{ {rows} }} }}"
    page = browser.new_page(viewport={"width": WIDE, "height": 900}, locale="nl-NL")
    page.goto(address(site, query))
    page.wait_for_selector("wijk-map[data-drawn='6']")
    assert 8 == page.locator("path.wijk-shape").count()
    undrawn = page.locator("wijk-map li", has_text="niet te tekenen").evaluate_all("all => all.map(e => e.dataset.wkt)")
    assert list(texts[6:]) == undrawn
    first, second = (page.locator("path.wijk-shape").nth(at).get_attribute("d") for at in (0, 1))
    assert first == second
    page.close()


def test_a_step_on_the_page_asks_nothing_and_a_step_back_shows_what_was_asked(bench: Page) -> None:
    """The links to table and chart leave what is typed alone; Back brings the question before, with its answer."""
    for query in (COUNTED, EMPTY):
        write(bench, query)
        bench.keyboard.press("Control+Enter")
        expect(bench.locator("#came")).to_be_visible()
        bench.wait_for_url("**Story**" if query is COUNTED else "**NotThere**")
        if query is COUNTED:
            bench.keyboard.press("Control+End")
            bench.keyboard.type("# more")
            bench.locator(".views a").last.click()
            bench.wait_for_timeout(300)
            assert text_of(bench).endswith("# more")
    bench.evaluate("history.back()")
    bench.wait_for_selector("#rows")
    bench.wait_for_selector("wijk-workbench[data-ready]")
    assert COUNTED == text_of(bench)


def test_a_question_can_be_stopped(bench: Page) -> None:
    """A button appears while the answer is looked for; after it the live region says so, and the focus is not lost."""
    write(bench, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    bench.keyboard.press("Control+Enter")
    stop = bench.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    stop.focus()
    bench.keyboard.press("Enter")
    expect(bench.locator("[data-told]")).to_have_text("Gestopt.")
    expect(stop).to_be_hidden()
    assert "submit" == bench.evaluate("document.activeElement.type")


def test_without_scripts_the_form_does_it_all(browser: Browser, site: str) -> None:
    """Ask, read, err, share, take an example by its page, and download: by plain links and forms."""
    context = browser.new_context(java_script_enabled=False, locale="nl-NL")
    page = context.new_page()
    page.goto(f"{site}/sparql?lang=nl")
    for button in ("Stel de vraag", "Stel een lange vraag"):
        page.locator("#query").fill(COUNTED)
        page.get_by_role("button", name=button).click()
        assert page.locator("#rows tbody tr").count() > 5
        assert COUNTED == page.locator("#query").input_value()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text().startswith("holder,stories")
    page.goto(page.locator("#share").input_value())
    assert page.locator("#rows tbody tr").count() > 5
    page.locator("#query").fill(WRONG)
    page.get_by_role("button", name="Stel de vraag").click()
    assert page.locator("#bench-objection mark").count() == 1
    page.goto(f"{site}/sparql?lang=nl")
    page.locator("[data-question='open-calls']").click()
    page.get_by_role("button", name="Open in de werkbank").click()
    assert (True, True) == ("/sparql" in page.url, page.locator("#rows tbody tr").count() > 0)
    context.close()


def test_the_workbench_and_the_reading_pages_are_light(site: str) -> None:
    """At most 160 KiB of style and script, compressed, on the workbench, and 60 more for a map; 40 on other pages."""
    page = httpx.get(f"{site}/sparql?lang=nl", headers={"Accept": "text/html"}).text
    needed = re.findall(r'(?:src|rel="stylesheet" href)="(/static/[^"]+)"', page)
    script = next(one for one in needed if "workbench.js" in one)
    whole = httpx.get(site + script).text
    chunks = [f"/static/built/{name}" for name in re.findall(r'from"\./(chunk-\w+\.js)"', whole)]
    maps = [f"/static/built/{name}" for name in re.findall(r'import\("\./(map-\w+\.js)"\)', whole)]
    weight = {one: len(gzip.compress(httpx.get(site + one).content)) for one in (*needed, *chunks, *maps)}
    assert (3, 1) == (len(needed), len(maps))
    assert sum(weight[one] for one in (*needed, *chunks)) <= 160 * 1024
    assert sum(weight[one] for one in maps) <= 60 * 1024
    assert "<script" not in httpx.get(f"{site}/nl/naast-elkaar").text.replace("application/ld+json", "").replace(
        '<script type="">', ""
    )


def shows_as_text(browser: Browser, url: str, thing: str) -> None:
    """Markup in rows, names, the list of places and the map is shown and not run; an unsafe address is no link."""
    title = PAYLOAD.replace('"', '\\"')
    query = (
        PREFIXES + "PREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
        f'SELECT ("{title}" AS ?title) ?thing ("javascript:alert(1)" AS ?j) (IRI("javascript:alert(1)") AS ?bad)'
        f' ("POINT(4.3 52.05)"^^geo:wktLiteral AS ?wkt) {{ VALUES ?thing {{ {thing} }} }}'
    )
    page = browser.new_page()
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.goto(address(url, query))
    page.wait_for_selector("wijk-map[data-drawn]")
    page.locator("wijk-map li button").click()
    expect(page.locator(".leaflet-popup")).to_contain_text(PAYLOAD)
    for cell in page.locator("#rows td").all()[:2]:
        assert cell.inner_text().startswith(PAYLOAD)
    assert 0 == page.locator("#came img, #came script, #came a[href^='javascript']").count()
    assert [] == alerts
    page.close()


def test_markup_in_an_answer_comes_out_as_text(browser: Browser, site: str) -> None:
    """What a question itself puts into its answer."""
    shows_as_text(browser, site, f'"{PAYLOAD}"')


@pytest.mark.slow
def test_what_somebody_stored_comes_out_as_text(browser: Browser, shared: Service) -> None:
    """A title with markup, as the name of a thing."""
    shared.run("party", "add", "werkbank", "--name", "Werkbank", "--name-en", "Bench", "--perspective", "residents")
    token = shared.token("werkbank", "contribute")
    thing = f"{shared.base}/id/werkbank/markup"
    body = (
        "@prefix lw: <https://w3id.org/lerende-wijk/def#> . @prefix dcterms: <http://purl.org/dc/terms/> .\n"
        f'<{thing}> a lw:Vision ; lw:heldBy <{shared.base}/id/werkbank> ; dcterms:title "{PAYLOAD}"@nl ;'
        ' dcterms:description "Tekst."@nl ; lw:audience <https://w3id.org/lerende-wijk/id/concept/audience/public> .'
    )
    with shared.client(token) as client:
        sent = client.post("/contributions", content=body, headers={"Content-Type": "text/turtle"})
    assert 201 == sent.status_code, sent.text
    shows_as_text(browser, shared.url, f"<{thing}>")


@pytest.mark.parametrize("forced", ["active", "none"])
@pytest.mark.slow
def test_axe_finds_nothing_in_the_dark(browser: Browser, site: str, forced: str) -> None:
    """The editor, chart and map keep their contrasts in dark mode and under forced colours."""
    context = browser.new_context(color_scheme="dark", forced_colors=forced)  # type: ignore[arg-type]
    page = context.new_page()
    for query in (COUNTED, PLACES, WRONG):
        page.goto(address(site, query))
        page.wait_for_selector("wijk-workbench[data-ready]")
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
        assert [] == [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found]
    context.close()
