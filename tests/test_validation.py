"""Validation: two engines behind one port that find the same, in time, and a report that always parses."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

import pyoxigraph as ox
import pytest

from kg import vocabulary as word
from kg.contribution import Document, Neighbour, Slice
from kg.naming import renamed
from kg.objection import OBJECTIONS, Objection, object_to
from kg.validation import DOCUMENTS_AT_ONCE, ShapesUnreadable, Validator, validation_report
from tests.examples import BASE, DATA, ONTOLOGY, ROOT, TODAY, Example, examples, judge, read_example, slice_for

SEED = 20261122
MUTATIONS = 200  # At about 0.1 s each in the slower engine.
MILLISECONDS_MAX = 5.0  # About 0.7 on an idle core; the margin is for machines that do other things too.


@pytest.fixture(scope="module")
def fast() -> Validator:
    """The engine of the hot path."""
    return Validator([ROOT / "shapes"], ONTOLOGY, "shacl")


@pytest.fixture(scope="module")
def reference() -> Validator:
    """The engine that the other one is held against."""
    return Validator([ROOT / "shapes"], ONTOLOGY, "pyshacl")


def example(name: str) -> Example:
    """An accepted example by its path."""
    return next(e for e in examples("accepted") if e.name == f"accepted/{name}")


def documents_of(name: str) -> tuple[Document, ...]:
    """The documents of an accepted example."""
    found = read_example(example(name))
    documents = tuple(d for d in found if isinstance(d, Document))
    assert len(found) == len(documents)
    return documents


def mutated(document: Document, lines: list[bytes], chance: random.Random) -> Document:
    """The document with one to three of its triples lost, doubled, or with a part from another triple."""
    payload = document.payload.splitlines(keepends=True)
    for _ in range(chance.randint(1, 3)):
        if not payload:
            break
        at = chance.randrange(len(payload))
        subject, predicate, value = payload[at][:-3].split(b" ", 2)
        _, other_predicate, other_value = chance.choice(lines)[:-3].split(b" ", 2)
        match chance.randrange(6):
            case 0:
                payload.pop(at)
            case 1:
                payload.append(b" ".join((subject, predicate, other_value)) + b" .\n")
            case 2:
                payload[at] = b" ".join((subject, predicate, other_value)) + b" .\n"
            case 3:
                payload[at] = b" ".join((subject, other_predicate, value)) + b" .\n"
            case 4:
                payload.append(b" ".join((subject, other_predicate, other_value)) + b" .\n")
            case _:
                payload[at] = re.sub(rb'"@[a-z]+', b'"', payload[at])
    return replace(document, payload=b"".join(sorted(set(payload))))


def mutations() -> Iterator[tuple[Document, Slice]]:
    """MUTATIONS documents, each changed at random from an accepted one, with what is known around them."""
    chance = random.Random(SEED)
    all_documents = [d for e in examples("accepted") for d in documents_of(e.name.removeprefix("accepted/"))]
    lines = [line for d in all_documents for line in d.payload.splitlines(keepends=True)]
    everything = slice_for(all_documents)
    for _ in range(MUTATIONS):
        yield mutated(chance.choice(all_documents), lines, chance), everything


def test_both_engines_find_the_same_in_mutated_contributions(fast: Validator, reference: Validator) -> None:
    """The same objections to the same values in the same order, warnings included; most mutants are refused."""
    refused = 0
    for document, known in mutations():
        expected = reference.validate([document], known, today=TODAY, delegation="publicSource")
        found = fast.validate([document], known, today=TODAY, delegation="publicSource")
        assert list(map(key, expected)) == list(map(key, found)), document.payload.decode()
        refused += any(o.is_violation for o in found)
    assert refused > MUTATIONS // 2


def key(objection: Objection) -> tuple[str | None, ...]:
    """What the engines have to agree on."""
    return objection.name, objection.focus, objection.path, objection.value, objection.severity, objection.shape


@pytest.mark.parametrize("name", ["GroundUnclear", "TargetHidden", "ConnectionUnclear", "ResponseTwice", "AgainstTime"])
def test_the_reference_engine_refuses_the_same_examples(name: str, reference: Validator) -> None:
    """With queries of our own and without: the objection is that of the folder."""
    for refused in examples(f"refused/{name}"):
        assert [name] == [o.name for o in judge(refused, reference)], refused.name


def test_a_document_is_checked_in_about_a_millisecond(fast: Validator) -> None:
    """The median over all accepted examples, with everything that lies around them."""
    batches = [documents_of(e.name.removeprefix("accepted/")) for e in examples("accepted")]
    known = [slice_for(batch) for batch in batches]
    times = []
    for _ in range(5):
        for batch, around in zip(batches, known, strict=True):
            began = time.perf_counter()
            fast.validate(batch, around, today=TODAY, delegation="byHolder")
            times.append((time.perf_counter() - began) / len(batch) * 1000)
    assert median(times) < MILLISECONDS_MAX


def test_the_fast_engine_leaves_no_thread_behind(fast: Validator) -> None:
    """A process forks after it has the shapes: a thread that is there then would hang its children."""
    child = os.fork()
    if child == 0:
        validator = Validator([ROOT / "shapes"], ONTOLOGY, "shacl")
        documents = documents_of("story/own.ttl")
        validator.validate(documents, slice_for(documents), today=TODAY, delegation="byHolder")
        os._exit(len(os.listdir("/proc/self/task")))
    assert 1 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_batch_counts_as_its_own_neighbours(fast: Validator) -> None:
    """A connection to a plan that comes along is fine; alone it points to nothing."""
    together = documents_of("batch/plan-and-its-connection.ttl")
    connection = [d for d in together if d.response is None and d.ties]
    known = slice_for(together)
    assert () == fast.validate(together, known, today=TODAY, delegation="byHolder")
    alone = fast.validate(connection, known, today=TODAY, delegation="byHolder")
    assert [("TargetMissing", f"{BASE}/id/gemeente/nieuw-plan")] == [(o.name, o.value) for o in alone]


def test_a_batch_is_one_whole_however_large_it_is(fast: Validator) -> None:
    """What lies far apart in it counts: a connection to the last plan, a second response of the same kind."""
    plan, connection = sorted(documents_of("batch/plan-and-its-connection.ttl"), key=lambda d: bool(d.ties))
    (response,) = documents_of("response/recognises.ttl")
    many = [renamed(plan, {plan.iri: f"{plan.iri}-{n}"}) for n in range(DOCUMENTS_AT_ONCE)]
    whole = [connection, *many, plan]
    assert () == fast.validate(whole, slice_for(whole), today=TODAY, delegation="byHolder")
    first, second = (renamed(response, {response.iri: f"{BASE}/id/bewoners/r-{n}"}) for n in range(2))
    others = [renamed(plan, {plan.iri: f"{BASE}/id/bewoners/p-{n}"}) for n in range(DOCUMENTS_AT_ONCE)]
    twice = [first, *(held_by(d, response.holder) for d in others), second]
    found = fast.validate(twice, slice_for(twice), today=TODAY, delegation="byHolder")
    assert [("ResponseTwice", first.iri), ("ResponseTwice", second.iri)] == [(o.name, o.focus) for o in found]


def held_by(document: Document, holder: str) -> Document:
    """The same document of another holder."""
    payload = document.payload.replace(document.holder.encode() + b">", holder.encode() + b">")
    return replace(document, holder=holder, payload=payload)


def test_what_one_may_not_see_is_as_if_it_were_not_there(fast: Validator) -> None:
    """A tie to a plan for its holder alone, to nothing at all and to its tombstone: word for word the same."""
    (document,) = documents_of("connection/implements.ttl")
    target = f"{BASE}/id/gemeente/woonplan"
    own = Neighbour(target, 7, (word.LW + "Policy",), f"{BASE}/id/gemeente", "own", None)
    rest = tuple(n for n in slice_for([document]).neighbours if n.iri != target)
    answers = {
        fast.validate([document], Slice((*rest, there), ()), today=TODAY, delegation="byHolder")
        for there in (own, replace(own, ended="withdrawn"), Neighbour(target, None, (), None, None, None))
    }
    assert 1 == len(answers)
    assert ["TargetMissing"] == [o.name for o in answers.pop()]


def test_the_ground_is_held_against_the_day(fast: Validator) -> None:
    """Consent holds on its last day and not on the next."""
    documents = documents_of("story/consent.ttl")
    names = {
        day: [o.name for o in fast.validate(documents, slice_for(documents), today=day, delegation="byHolder")]
        for day in ("2027-01-15", "2027-01-16")
    }
    assert {"2027-01-15": [], "2027-01-16": ["GroundEnded"]} == names


def test_ones_own_earlier_response_may_be_replaced(fast: Validator) -> None:
    """The response that a new version replaces is not a second one."""
    (document,) = documents_of("response/recognises.ttl")
    assert document.response is not None
    known = slice_for([document])
    again = replace(known, own_responses=((*document.response, document.iri),))
    other = replace(known, own_responses=((*document.response, f"{BASE}/id/bewoners/r-0"),))
    assert () == fast.validate([document], again, today=TODAY, delegation="byHolder")
    twice = fast.validate([document], other, today=TODAY, delegation="byHolder")
    assert ["ResponseTwice"] == [o.name for o in twice]


def test_what_neighbours_lack_is_not_held_against_a_document(fast: Validator) -> None:
    """A neighbour is there as evidence, without its title and text."""
    documents = documents_of("dialogue/two-perspectives.ttl")
    assert () == fast.validate(documents, slice_for(documents), today=TODAY, delegation="byHolder")


def test_a_shape_with_an_objection_that_does_not_exist_stops_the_start(tmp_path: object) -> None:
    """The message names the shape and what may be used."""
    folder = DATA.parent.parent / "shapes"
    broken = type(folder)(str(tmp_path)) / "broken.ttl"
    broken.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix lw: <https://w3id.org/lerende-wijk/def#> ."
        ' <urn:x:s> a sh:NodeShape ; lw:objection "NoSuch" ; sh:targetClass lw:Story .'
    )
    with pytest.raises(ShapesUnreadable, match=r"urn:x:s.*NoSuch"):
        Validator([folder, broken.parent], ONTOLOGY)


HOSTILE = [
    object_to("ForeignSubject", focus="http://elders.example/a b", value='"><script>', limit="x"),
    object_to("SyntaxUnclear", value="\\u0000 \x00 < > \" ' {", line=3, column=9),
    object_to("UnsafeIri", focus="", path="javascript:alert(1)", value="\n.\n<urn:x> a <urn:y> ."),
    object_to("EmptyBody"),
]


@pytest.mark.parametrize("objections", [[], HOSTILE, [object_to(n, focus="urn:x:y") for n in OBJECTIONS]])
def test_a_report_always_parses(objections: list[Objection], fast: Validator) -> None:
    """One result for each objection with both messages, whatever a caller wrote; empty means that it conforms."""
    graph = list(ox.parse(fast.report(objections), format=ox.RdfFormat.N_TRIPLES))
    count = {name: sum(q.predicate.value == word.SH + name for q in graph) for name in ("result", "resultMessage")}
    assert {"result": len(objections), "resultMessage": 2 * len(objections)} == count
    (conforms,) = [q.object for q in graph if q.predicate.value == word.SH + "conforms"]
    assert ox.Literal(not objections) == conforms
    assert validation_report(objections) == fast.report(objections)
