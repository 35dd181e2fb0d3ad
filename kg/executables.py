"""The named questions as RDF, in the words of SHACL's executables: text, meaning, parameters and where to ask.

`sh:select` holds the file's own text, so that it can be asked anywhere as it stands and its digest is the version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyoxigraph as ox

from kg import vocabulary as word
from kg.questions import DATATYPES, Parameter, Question
from kg.vocabulary import DCTERMS, OWL, RDF_TYPE, RDFS, SCHEMA, SCHEME, SH, XSD

KINDS: Mapping[str, str] = {"party": word.PARTY, "place": word.PLACE}


def questions_as_triples(
    base: str, questions: Iterable[Question], titles: Mapping[str, str], formats: Mapping[bool, Sequence[str]]
) -> Iterator[ox.Triple]:
    """The catalogue and each question in it.

    `titles` gives what the catalogue is called by language, `formats` the media types of a question's answers by
    whether it is answered with a graph.
    """
    catalogue = ox.NamedNode(f"{base}/queries")
    yield _is(catalogue, f"{SCHEMA}DataCatalog")
    for language, title in titles.items():
        yield ox.Triple(catalogue, ox.NamedNode(f"{DCTERMS}title"), ox.Literal(title, language=language))
    for question in questions:
        yield _tie(catalogue, f"{DCTERMS}hasPart", ox.NamedNode(address(question)))
        yield from _question(question)
        yield from _prefixes(question)
        yield from _asking(question, formats[question.is_construct])
        for order, parameter in enumerate(question.parameters):
            yield from _parameter(question, parameter, order)


def address(question: Question) -> str:
    """Where the question is asked."""
    return f"{question.base}/queries/{question.name}"


def _question(question: Question) -> Iterator[ox.Triple]:
    it = ox.NamedNode(address(question))
    form = "Construct" if question.is_construct else "Select"
    yield _is(it, f"{SH}SPARQLExecutable")
    yield _is(it, f"{SH}SPARQL{form}Executable")
    yield ox.Triple(it, ox.NamedNode(SH + form.lower()), ox.Literal(question.text))
    yield ox.Triple(it, ox.NamedNode(f"{DCTERMS}identifier"), ox.Literal(question.name))
    for language, sentence, meaning in (
        ("nl", question.question_nl, question.about_nl),
        ("en", question.question_en, question.about_en),
    ):
        yield ox.Triple(it, ox.NamedNode(f"{RDFS}label"), ox.Literal(sentence, language=language))
        yield ox.Triple(it, ox.NamedNode(f"{DCTERMS}description"), ox.Literal(meaning, language=language))
    yield ox.Triple(it, ox.NamedNode(f"{SCHEMA}version"), ox.Literal(question.version))
    version = ox.NamedNode(f"{address(question)}/versions/{question.version}")
    yield _tie(it, f"{DCTERMS}hasVersion", version)
    yield _tie(it, f"{SCHEMA}target", ox.NamedNode(f"{question.base}/sparql"))


def _prefixes(question: Question) -> Iterator[ox.Triple]:
    """The prefixes apart from the text as well, for programs that hold them in one place."""
    held = ox.NamedNode(f"{address(question)}#prefixes")
    yield _tie(ox.NamedNode(address(question)), f"{SH}prefixes", held)
    yield _is(held, f"{OWL}Ontology")
    for prefix, namespace in sorted(question.prefixes.items()):
        one = ox.NamedNode(f"{address(question)}#prefix-{prefix}")
        yield _tie(held, f"{SH}declare", one)
        yield _is(one, f"{SH}PrefixDeclaration")
        yield ox.Triple(one, ox.NamedNode(f"{SH}prefix"), ox.Literal(prefix))
        uri = ox.Literal(namespace, datatype=ox.NamedNode(f"{XSD}anyURI"))
        yield ox.Triple(one, ox.NamedNode(f"{SH}namespace"), uri)


def _asking(question: Question, formats: Sequence[str]) -> Iterator[ox.Triple]:
    """The address with its parameters as a template (RFC 6570), and what it answers with."""
    action, entry = (ox.NamedNode(f"{address(question)}#{name}") for name in ("ask", "address"))
    yield _tie(ox.NamedNode(address(question)), f"{SCHEMA}potentialAction", action)
    yield _is(action, f"{SCHEMA}SearchAction")
    yield _tie(action, f"{SCHEMA}target", entry)
    yield _is(entry, f"{SCHEMA}EntryPoint")
    names = ",".join(dict.fromkeys((*(parameter.name for parameter in question.parameters), "lang")))
    template = ox.Literal(f"{address(question)}{{?{names}}}")
    yield ox.Triple(entry, ox.NamedNode(f"{SCHEMA}urlTemplate"), template)
    for media in formats:
        yield ox.Triple(entry, ox.NamedNode(f"{SCHEMA}contentType"), ox.Literal(media))


def _parameter(question: Question, parameter: Parameter, order: int) -> Iterator[ox.Triple]:
    """One parameter; the last part of its path is the variable's name, as SHACL has it."""
    it = ox.NamedNode(f"{address(question)}#{parameter.name}")
    yield _tie(ox.NamedNode(address(question)), f"{SH}parameter", it)
    yield _is(it, f"{SH}Parameter")
    yield _tie(it, f"{SH}path", ox.NamedNode(f"{question.base}/queries#{parameter.name}"))
    yield ox.Triple(it, ox.NamedNode(f"{SH}order"), _whole(order))
    flag = ox.Literal("false" if parameter.required else "true", datatype=ox.NamedNode(f"{XSD}boolean"))
    yield ox.Triple(it, ox.NamedNode(f"{SH}optional"), flag)
    yield ox.Triple(it, ox.NamedNode(f"{DCTERMS}description"), ox.Literal(question.expected(parameter)))
    if parameter.default is not None:
        yield ox.Triple(it, ox.NamedNode(f"{SH}defaultValue"), ox.Literal(parameter.default))
    if parameter.type in ("string", "lang") or parameter.type in DATATYPES:
        datatype = DATATYPES.get(parameter.type, "string")
        yield _tie(it, f"{SH}datatype", ox.NamedNode(XSD + datatype))
        return
    yield _tie(it, f"{SH}nodeKind", ox.NamedNode(f"{SH}IRI"))
    if parameter.type in KINDS:
        yield _tie(it, f"{SH}class", ox.NamedNode(KINDS[parameter.type]))
    elif parameter.type.startswith("concept:"):
        yield _tie(it, word.VALUES_FROM, ox.NamedNode(SCHEME + parameter.type.removeprefix("concept:")))


def _is(subject: ox.NamedNode, kind: str) -> ox.Triple:
    return ox.Triple(subject, ox.NamedNode(RDF_TYPE), ox.NamedNode(kind))


def _tie(subject: ox.NamedNode, predicate: str, value: ox.NamedNode) -> ox.Triple:
    return ox.Triple(subject, ox.NamedNode(predicate), value)


def _whole(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=ox.NamedNode(f"{XSD}integer"))
