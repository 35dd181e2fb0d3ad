"""What data there are here, as a catalogue after DCAT-AP-NL: one for each audience, asked of that audience's store.

What it says of a deployment (whom to ask, under which licence and subject) is what the register says of itself: a
document like any other, so that it has versions and every reader sees whose words it is. Nothing is made up for what is
not there: `lacking` names it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.asking import Answer, Asking
from kg.ledger.quads import party_iri
from kg.objection import Objection
from kg.party import STEWARD
from kg.questions import Question, bind, bind_each
from kg.vocabulary import DATA_THEME, HAS_EMAIL, LICENSE, URL

PARTS = "catalogue/"
SNAPSHOTS = "catalogue/snapshots"
SCHEMA = "profiles/schema-catalogue"
RIGHTS = "http://publications.europa.eu/resource/authority/access-right/"
# What the partners' store holds is not for everybody.
ACCESS: Mapping[str, str] = {"public": RIGHTS + "PUBLIC", "partners": RIGHTS + "RESTRICTED"}
# What a catalogue needs of the register: any of these predicates says it.
FACTS: Mapping[str, tuple[str, ...]] = {
    "contact": (HAS_EMAIL, URL),
    "licence": (LICENSE,),
    "theme": (DATA_THEME,),
}
TRIES_MAX = 3  # Several questions make a catalogue; somebody may publish between them.


@dataclass(frozen=True)
class Catalogue:
    """A catalogue as N-Triples, each line once and in order; `position` and `state` of the store that it holds for."""

    triples: bytes
    position: int
    state: str


def lacking(register: bytes) -> tuple[str, ...]:
    """Which of FACTS the register's own document (its triples) does not say."""
    return tuple(
        name for name, predicates in FACTS.items() if not any(f" <{p}> ".encode() in register for p in predicates)
    )


async def describe(asking: Asking, audience: str, snapshots: Sequence[str] = ()) -> Catalogue | Objection:
    """The catalogue of an audience as DCAT-AP-NL, with what these snapshots (IRIs) have in common."""
    whole = [question for name, question in asking.questions.items() if name.startswith(PARTS) and name != SNAPSHOTS]
    texts = [_bound(asking.base, question, audience) for question in whole]
    if snapshots:
        texts.append(bind_each(asking.questions[SNAPSHOTS], "snapshot", snapshots))
    return await _joined(asking, audience, texts)


async def as_schema(asking: Asking, audience: str) -> Catalogue | Objection:
    """The same in the words of schema.org, as search engines and the register of the Dutch heritage network read it."""
    return await _joined(asking, audience, [_bound(asking.base, asking.questions[SCHEMA], audience)])


def _bound(base: str, question: Question, audience: str) -> str:
    known = {"register": party_iri(base, STEWARD), "rights": ACCESS[audience]}
    text = bind(question, {parameter.name: known[parameter.name] for parameter in question.parameters})
    assert isinstance(text, str), text  # Our own question with our own values: an objection is a bug.
    return text


async def _joined(asking: Asking, audience: str, texts: Sequence[str]) -> Catalogue | Objection:
    """What these questions answer together, at one state of the store where that can be had."""
    answers: list[Answer] = []
    lines: set[bytes] = set()
    for _ in range(TRIES_MAX):
        answers, lines = [], set()
        found = await asyncio.gather(*(asking.ask(audience, text, answer_format="ntriples") for text in texts))
        refused = next((answer for answer in found if isinstance(answer, Objection)), None)
        for answer in found:
            if isinstance(answer, Answer):
                answers.append(answer)
                lines.update(answer.read().splitlines(keepends=True))
        if refused is not None:
            return refused
        if len({answer.state for answer in answers}) == 1:
            break
    oldest = min(answers, key=lambda answer: answer.position)
    return Catalogue(b"".join(sorted(lines)), oldest.position, oldest.state)
