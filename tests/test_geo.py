"""Positions: what the engine knows of GeoSPARQL, what it leaves open, what the door refuses, what docs/geo.md says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from kg.engines.spatial import GEOF, NOT_AS_THE_STANDARD_SAYS, SPATIAL_FUNCTIONS
from kg.ontology import read_ontology
from kg.validation import Validator
from service.description import SD
from tests.example_store import build_store, read_example
from tests.examples import DATA, Example, judge, settings_of
from tests.running import Service

ROOT = Path(__file__).parent.parent
PREFIXES = f"""PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX geof: <{GEOF}>
    PREFIX unit: <http://www.opengis.net/def/uom/OGC/1.0/> """
# All functions of GeoSPARQL 1.1 (OGC 22-047r1), the aggregates included.
STANDARD = {
    *(f"sf{n}" for n in ("Contains", "Crosses", "Disjoint", "Equals", "Intersects", "Overlaps", "Touches", "Within")),
    *(f"eh{n}" for n in ("Contains", "CoveredBy", "Covers", "Disjoint", "Equals", "Inside", "Meet", "Overlap")),
    *(f"rcc8{n}" for n in ("dc", "ec", "eq", "ntpp", "ntppi", "po", "tpp", "tppi")),
    *("relate", "distance", "metricDistance", "buffer", "metricBuffer", "convexHull", "concaveHull", "intersection"),
    *("union", "difference", "symDifference", "envelope", "boundary", "boundingCircle", "centroid", "transform"),
    *("area", "metricArea", "length", "metricLength", "perimeter", "metricPerimeter", "getSRID", "dimension"),
    *("coordinateDimension", "spatialDimension", "geometryN", "geometryType", "is3D", "isEmpty", "isMeasured"),
    *("isSimple", "maxX", "maxY", "maxZ", "minX", "minY", "minZ", "numGeometries", "asWKT", "asGML", "asGeoJSON"),
    *("asKML", "asDGGS", "aggBoundingBox", "aggBoundingCircle", "aggCentroid", "aggConcaveHull", "aggConvexHull"),
    "aggUnion",
}
EAST, WEST = "POLYGON((4 52,6 52,6 54,4 54,4 52))", "POLYGON((3 52,5 52,5 54,3 54,3 52))"


def value(expression: str) -> str | None:
    """What an expression is worth, with 'WKT' written in single quotes; None where it is left open."""
    text = re.sub(r"'([^']*)'", r'"\1"^^geo:wktLiteral', expression)
    found = ox.Store().query(f"{PREFIXES} SELECT ({text} AS ?it) {{}}")
    assert isinstance(found, ox.QuerySolutions)
    term = next(iter(found))[0]
    assert term is None or isinstance(term, ox.Literal | ox.NamedNode)
    return term.value if term is not None else None


def knows(name: str) -> bool:
    """Whether the engine has this function, whatever it is given."""
    try:
        value(f"geof:{name}()")
    except RuntimeError as error:
        if "is not supported" not in str(error):
            raise
        return False
    return True


def test_the_list_is_what_the_engine_has() -> None:
    """Of all functions of the standard the engine is asked; what it has is listed, or said why it is not."""
    assert {name for name in STANDARD if knows(name)} == {*SPATIAL_FUNCTIONS, *NOT_AS_THE_STANDARD_SAYS}
    assert set() == set(SPATIAL_FUNCTIONS) & set(NOT_AS_THE_STANDARD_SAYS)


def test_what_is_not_offered_is_still_wrong() -> None:
    """When the engine mends it, it goes on the list."""
    assert {"area", "isSimple", "spatialDimension"} == set(NOT_AS_THE_STANDARD_SAYS)
    there, back = "POLYGON((4 52,5 52,5 53,4 53,4 52))", "POLYGON((4 52,4 53,5 53,5 52,4 52))"
    assert value(f"geof:area('{there}', unit:square_metre)") != value(f"geof:area('{back}', unit:square_metre)")
    assert "true" == value("geof:isSimple('LINESTRING(0 0, 2 2, 0 2, 2 0)')")
    assert "0" == value("geof:spatialDimension('POINT(4 53)')")


@pytest.mark.parametrize("name", ["geof:area", f"<{GEOF}area>"])
def test_what_is_not_offered_is_left_open_and_said(moerwijk: Service, name: str) -> None:
    """No number at all rather than the area of nearly the whole earth; a note says why, and for nothing else."""
    ring = '"POLYGON((4 52,4 53,5 53,5 52,4 52))"^^geo:wktLiteral'
    query = f"{PREFIXES} SELECT ({name}({ring}, unit:square_metre) AS ?x) (geof:isEmpty({ring}) AS ?area) {{}}"
    answer = httpx.post(f"{moerwijk.url}/sparql", data={"query": query}, headers={"Accept": "text/csv"}, timeout=60)
    assert (200, "x,area\r\n,false\r\n") == (answer.status_code, answer.text)
    assert "geof:area is left open" in answer.headers["wijkgraaf-note"]
    other = query.replace(f"{name}({ring}, unit:square_metre)", "1")
    answer = httpx.post(f"{moerwijk.url}/sparql", data={"query": other}, timeout=60)
    assert "wijkgraaf-note" not in answer.headers


def test_the_service_description_names_each_function(moerwijk: Service) -> None:
    """As sd:extensionFunction of the service, each an sd:Function."""
    answer = httpx.get(f"{moerwijk.url}/sparql", headers={"Accept": "application/n-triples"}, timeout=60)
    triples = list(ox.parse(answer.content, format=ox.RdfFormat.N_TRIPLES))
    named = {t.object.value for t in triples if t.predicate.value == f"{SD}extensionFunction"}  # type: ignore[union-attr]
    assert {GEOF + name for name in SPATIAL_FUNCTIONS} == named
    assert named == {t.subject.value for t in triples if t.object == ox.NamedNode(f"{SD}Function")}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"geof:sfWithin('POINT(4.5 53)', '{EAST}')", "true"),
        (f"geof:sfWithin('POINT(3.5 53)', '{EAST}')", "false"),
        (f"geof:sfContains('{EAST}', 'POINT(4.5 53)')", "true"),
        (f"geof:sfOverlaps('{EAST}', '{WEST}')", "true"),
        (f"geof:sfTouches('POINT(4 53)', '{EAST}')", "true"),
        (f"geof:sfCrosses('LINESTRING(3 53, 5 53)', '{EAST}')", "true"),
        (f"geof:sfDisjoint('POINT(3 53)', '{EAST}')", "true"),
        (f"geof:sfEquals('{EAST}', '{EAST}')", "true"),
        (f"geof:ehInside('POINT(4.5 53)', '{EAST}')", "true"),
        (f"geof:ehOverlap('{EAST}', '{WEST}')", "true"),
        (f"geof:rcc8po('{EAST}', '{WEST}')", "true"),
        (f"geof:rcc8eq('{EAST}', '{EAST}')", "true"),
        (f"geof:relate('POINT(4.5 53)', '{EAST}', \"T*F**F***\")", "true"),
        (f"geof:getSRID('{EAST}')", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
        (f"geof:dimension('{EAST}')", "2"),
        ("geof:dimension('LINESTRING(3 53, 5 53)')", "1"),
        ("geof:dimension('POINT(3 53)')", "0"),
        ("geof:coordinateDimension('POINT(3 53)')", "2"),
        ("geof:isEmpty('POINT(3 53)')", "false"),
        ("geof:asGeoJSON('POINT(4 53)')", '{"type":"Point","coordinates":[4.0,53.0]}'),
        (f"STRAFTER(STR(geof:centroid('{EAST}')), \"> \")", "POINT(5 53)"),
        (f"geof:sfEquals(geof:envelope('LINESTRING(4 52, 6 54)'), '{EAST}')", "true"),
        (f"geof:sfEquals(geof:convexHull('LINESTRING(4 52, 6 52, 6 54, 4 54)'), '{EAST}')", "true"),
        (f"geof:sfEquals(geof:intersection('{EAST}', '{WEST}'), 'POLYGON((4 52,5 52,5 54,4 54,4 52))')", "true"),
        (f"geof:sfEquals(geof:union('{EAST}', '{WEST}'), 'POLYGON((3 52,6 52,6 54,3 54,3 52))')", "true"),
        (f"geof:sfEquals(geof:difference('{EAST}', '{WEST}'), 'POLYGON((5 52,6 52,6 54,5 54,5 52))')", "true"),
        (f"geof:sfContains(geof:symDifference('{EAST}', '{WEST}'), 'POINT(4.5 53)')", "false"),
        # A degree of latitude on the sphere of the earth's mean radius: 111,195 m.
        ("ROUND(geof:distance('POINT(4 52)', 'POINT(4 53)', unit:metre))", "111195"),
        ("ROUND(geof:distance('POINT(4 52)', 'POINT(4 53)', unit:kilometre))", "111"),
        ("ROUND(geof:length('LINESTRING(4 52, 4 53, 4 52)', unit:metre))", "222390"),
        # Two degrees of longitude at 52 and at 54 north, along great circles, and twice two degrees of latitude.
        (f"ROUND(geof:perimeter('{EAST}', unit:kilometre))", "712"),
        # Between the sphere's zone (29,763 km²) and what great circles add to it.
        (f"ROUND(geof:area('{EAST}', unit:square_metre) / 1e9)", "30"),
    ],
)
def test_a_function_answers_what_the_standard_says(expression: str, expected: str) -> None:
    """A known answer of every kind of function."""
    assert expected == value(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "geof:distance('POINT(4 52)', 'POINT(4 53)')",
        "geof:distance('POINT(4 52)', 'POINT(4 53)', unit:foot)",
        "geof:distance('POINT(4 52)', 'POINT(4 53)', unit:degree)",
        "geof:distance('POINT(4 52)', 'POINT(4 53)', \"metre\")",
        "geof:distance('POINT(4 52)', 'LINESTRING(4 53, 5 53)', unit:metre)",
        "geof:distance('POINT(4 52)', '<http://www.opengis.net/def/crs/EPSG/0/28992> POINT(81 455)', unit:metre)",
        f"geof:sfWithin('<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(53 4.5)', '{EAST}')",
        f"geof:sfWithin('ergens', '{EAST}')",
        f"geof:sfWithin(\"POINT(4.5 53)\", '{EAST}')",
        f"geof:area('{EAST}', unit:metre)",
        "geof:union('POINT(4 52)', 'POINT(4 53)')",
    ],
)
def test_what_cannot_be_answered_is_left_open(expression: str) -> None:
    """Another unit, another reference system or another kind of geometry gives nothing, not a guess."""
    assert value(expression) is None


@pytest.fixture(scope="module")
def validator() -> Validator:
    """The shapes in the engine that the service uses."""
    return Validator([ROOT / "shapes"], read_ontology([ROOT / "ontology"]), "shacl")


def ring(points: int) -> str:
    """A closed ring of so many points, some thirty characters each."""
    spots = [f"4.{at:014d} 52.{at * 7 % points:08d}" for at in range(points)]
    return "(" + ", ".join([*spots, spots[0]]) + ")"


@pytest.mark.parametrize(
    ("position", "taken"),
    [
        ("POINT(4.29 52.05)", True),
        ("POINT (-4.29 -52.05)", True),
        ("MULTIPOINT((4 52), (5 52))", True),
        ("MULTIPOINT(4 52, 5 52)", True),
        ("MULTILINESTRING((4 52, 5 52), (4 53, 5 53))", True),
        ("MULTIPOLYGON(((4 52, 5 52, 5 53, 4 52)), ((6 52, 7 52, 7 53, 6 52)))", True),
        ("POLYGON((4 52, 5 52, 5 53, 4 53, 4 52), (4.1 52.1, 4.2 52.1, 4.2 52.2, 4.1 52.1))", True),
        ("POINT(180 90)", True),
        ("POINT(180.1 52)", False),
        ("POINT(4 90.1)", False),
        ("POINT(4..5 52)", False),
        ("POINT(- 52)", False),
        ("POINT(4 52", False),
        ("POINT(4)", False),
        ("POINT()", False),
        ("POINT EMPTY", False),
        ("POINT Z (4 52 1)", False),
        ("POINT(1e1 52)", False),
        ("POINT(NaN 52)", False),
        ("LINESTRING(4 52)", False),
        ("POLYGON((4 52, 5 52, 4 52))", False),
        ("POLYGON(((((4 52, 5 52, 5 53, 4 52)))))", False),
        ("POLYGON" + "(" * 90_000, False),
        ("GEOMETRYCOLLECTION(" * 4000 + "POINT(4 52)" + ")" * 4000, False),
        ("POLYGON(" + ring(3000) + ")", True),
        ("POLYGON(" + ring(3000)[:-3] + ")", False),
        ("POLYGON(" + ring(30_000) + ")", False),
    ],
    ids=lambda it: it[:40] if isinstance(it, str) else "",
)
def test_the_door_takes_a_position_that_parses_and_no_other(
    position: str, taken: bool, validator: Validator, tmp_path: Path
) -> None:
    """Well-known text of known kinds, in range, closed and bounded; the hostile is refused like the mistaken."""
    file = tmp_path / "place.ttl"
    file.write_text((DATA / "accepted/place/street.ttl").read_text().replace("POINT(4.29 52.05)", position))
    found = judge(Example(file, settings_of(file.read_text())), validator)
    assert ([] if taken else ["PlaceUnclear"]) == [objection.name for objection in found]
    if taken:
        assert value(f"geof:isEmpty('{position}')") == "false"


def test_a_hostile_geometry_in_a_query_ends_nothing_but_its_query(moerwijk: Service) -> None:
    """A collection nested deeper than the parser's stack is a problem in time, and the next question is answered."""
    nest = 'BIND("GEOMETRYCOLLECTION(" AS ?a0) '
    nest += " ".join(f"BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(17))
    query = f"{PREFIXES} SELECT (geof:isEmpty(STRDT(?a17, geo:wktLiteral)) AS ?it) {{ {nest} }}"
    answer = httpx.post(f"{moerwijk.url}/sparql", data={"query": query}, timeout=60)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (503, "EngineEnded") == (answer.status_code, answer.json()["errors"][0]["name"])
    after = httpx.post(f"{moerwijk.url}/sparql", data={"query": "ASK {}"}, timeout=60)
    assert 200 == after.status_code
    assert moerwijk.process.poll() is None


@cache
def waterwijk() -> ox.Store:
    """The neighbourhood that the examples in the documentation are about."""
    return build_store(read_example(ROOT / "examples" / "waterwijk"))


BLOCKS = re.findall(r"```(sparql|text)\n(.*?)```", (ROOT / "docs" / "geo.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS) // 2))
def test_the_documentation_shows_what_is_answered(number: int) -> None:
    """Each query of docs/geo.md gives the answer that stands below it."""
    (kind, query), (form, expected) = BLOCKS[2 * number : 2 * number + 2]
    assert ("sparql", "text") == (kind, form)
    answer = waterwijk().query(query, use_default_graph_as_union=True).serialize(format=ox.QueryResultsFormat.CSV)  # type: ignore[union-attr, call-arg]
    assert isinstance(answer, bytes)
    assert expected == answer.decode().replace("\r\n", "\n")


def test_the_documentation_names_every_function() -> None:
    """No function is offered that docs/geo.md does not name."""
    text = (ROOT / "docs" / "geo.md").read_text()
    assert [] == [name for name in SPATIAL_FUNCTIONS if f"`{name}`" not in text]
