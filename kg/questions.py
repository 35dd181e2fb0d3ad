"""The questions in `queries/`: read from their files, with typed parameters, and bound without building strings.

A file opens with its question as a sentence in English (`# What …?`). Then come `# nl:` the same in Dutch, `# about:`
and `# over:` what counts and what does not, and `# param NAME TYPE [required|optional] [default VALUE]` for each
parameter. Each parameter has its marked row in the query, `VALUES (?name) { (UNDEF) }`, which is replaced by a term
that the library writes; a parameter without a value leaves its row open. Each question declares a total order.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import pyoxigraph as ox

from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.vocabulary import SCHEME, XSD

LANGUAGES = ("nl", "en")
TEXT_CHARACTERS_MAX = 1000  # A parameter is a name, a date or some words; more is not a parameter.
VERSION_CHARACTERS = 16  # Of the digest: short enough for an address, long enough that no two texts share it.
REGISTER = "wijk"  # Whose names places bear.
RESERVED = ("after", "at", "for", "limit")  # What these mean is the same for every question.

NAMING = ("iri", "party", "place")  # Types whose values name what may be there, or not.

_TYPES = ("iri", "lang", "string", "integer", "date", "year", "boolean", "party", "place")
_PATTERNS = {
    "integer": r"-?\d{1,18}",
    "date": r"\d{4}-\d{2}-\d{2}",
    "year": r"\d{4}",
    "boolean": r"true|false",
}
DATATYPES = {"integer": "integer", "date": "date", "year": "gYear", "boolean": "boolean"}
_EXPECTED = {
    "integer": "-3, 0, 12",
    "date": "2027-06-30",
    "year": "2023",
    "boolean": "true, false",
    "party": "gemeente, https://…/id/gemeente",
    "place": "pl-…, https://…/id/wijk/pl-…",
    "iri": "https://…",
}
_EXAMPLES = {
    "integer": "12",
    "date": "2027-06-30",
    "year": "2023",
    "boolean": "true",
    "string": "thuis",
    "lang": "nl",
}
_SLUGS = {
    "party": re.compile(r"[a-z0-9][a-z0-9._-]{0,79}"),
    "place": re.compile(r"[a-z0-9][a-z0-9._-]{0,79}(/[a-z0-9][a-z0-9._-]{0,79}){0,2}"),
}
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_NAME = re.compile(r"[a-z][A-Za-z0-9]*")
_OPEN_ROW = re.compile(r"VALUES\s*\(\s*\?(\w+)\s*\)\s*\{\s*\(\s*UNDEF\s*\)\s*\}")
_PREFIX = re.compile(r"^\s*PREFIX\s+([\w-]*):\s*<([^>]*)>", re.IGNORECASE | re.MULTILINE)
_ORDER = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
_GRAPH_ANSWER = re.compile(r"\s*(CONSTRUCT|DESCRIBE)\b", re.IGNORECASE)
_HEADS = ("nl", "about", "over")


class UnclearQuestion(ValueError):
    """A question's file that can't be used: the message names the file, the line and what to mend."""

    def __init__(self, file: Path, line: int, mend: str) -> None:
        super().__init__(f"{file}:{line}: {mend}")


@dataclass(frozen=True)
class Parameter:
    """One parameter: `type` is one of iri, lang, string, integer, date, year, boolean, party, place, concept:SCHEME."""

    name: str
    type: str
    required: bool = False
    default: str | None = None

    @property
    def row(self) -> re.Pattern[str]:
        """Where in the query it is bound."""
        return re.compile(rf"VALUES\s*\(\s*\?{self.name}\s*\)\s*\{{\s*\(\s*UNDEF\s*\)\s*\}}")


@dataclass(frozen=True)
class Question:
    """One question; `name` is its file's path below the folder, without the ending."""

    name: str
    text: str
    question_en: str
    question_nl: str
    about_en: str
    about_nl: str
    parameters: tuple[Parameter, ...]
    is_construct: bool
    base: str = ""
    concepts: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Scheme IRI → notation → concept IRI, for parameters that are concepts."""

    @property
    def version(self) -> str:
        """The beginning of its text's SHA-256: another text is another version."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:VERSION_CHARACTERS]

    @property
    def prefixes(self) -> Mapping[str, str]:
        """The prefixes that its text declares: prefix → namespace."""
        return dict(_PREFIX.findall(self.text))

    def choices(self, parameter: Parameter) -> tuple[str, ...]:
        """Every value that this parameter may have, where that is a list: languages, or the notations of a scheme."""
        if parameter.type == "lang":
            return LANGUAGES
        scheme = SCHEME + parameter.type.removeprefix("concept:")
        return tuple(self.concepts[scheme]) if parameter.type.startswith("concept:") else ()

    def example(self, parameter: Parameter, served: Mapping[str, str]) -> str | None:
        """A value that this parameter may have; of the types that name something, from what is `served` (by type)."""
        choices = self.choices(parameter)
        return choices[0] if choices else _EXAMPLES.get(parameter.type) or served.get(parameter.type)

    def expected(self, parameter: Parameter) -> str:
        """What this parameter takes, by example."""
        return ", ".join(self.choices(parameter)) or _EXPECTED.get(parameter.type, f"≤ {TEXT_CHARACTERS_MAX}")

    @property
    def is_open(self) -> bool:
        """Whether it can be asked at an address of its own; the others are those that pages ask."""
        return "/" not in self.name


def load_questions(folders: Sequence[Path], ontology: Ontology, base: str) -> Mapping[str, Question]:
    """Every question below these folders, by name. Raises UnclearQuestion."""
    found: dict[str, Question] = {}
    for folder in folders:
        for file in sorted(folder.rglob("*.rq")):
            name = str(file.relative_to(folder).with_suffix(""))
            if name in found:
                raise UnclearQuestion(file, 1, f"there is a question {name} already: give this file another name")
            found[name] = _read(file, name, ontology, base)
    return found


def _read(file: Path, name: str, ontology: Ontology, base: str) -> Question:
    """One file as a question."""
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    if not lines or not re.fullmatch(r"# \S.*\?\s*", lines[0]):
        raise UnclearQuestion(file, 1, "the first line is the question in English: `# What …?`")
    head, parameters, body_from = _head(file, lines, ontology)
    body = "\n".join(line for line in lines[body_from:] if not line.lstrip().startswith(("#", "PREFIX")))
    _check_rows(file, text, parameters)
    is_construct = bool(_GRAPH_ANSWER.match(body))
    if not is_construct and not _ORDER.search(body):
        raise UnclearQuestion(file, len(lines), "no ORDER BY: without a total order its pages would not fit together")
    return Question(
        name=name,
        text=text,
        question_en=lines[0].removeprefix("#").strip(),
        question_nl=head["nl"],
        about_en=head["about"],
        about_nl=head["over"],
        parameters=parameters,
        is_construct=is_construct,
        base=base,
        concepts=ontology.notations,
    )


def _head(file: Path, lines: Sequence[str], ontology: Ontology) -> tuple[dict[str, str], tuple[Parameter, ...], int]:
    """The comment lines under the question: sentences by their key, parameters, and the line where the query starts."""
    head: dict[str, str] = {}
    parameters: list[Parameter] = []
    end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    for number, line in enumerate(lines[1:end], 2):
        key, _, value = line.removeprefix("#").strip().partition(":")
        if key.split()[:1] == ["param"]:
            parameter = _parameter(file, number, line.removeprefix("#").split()[1:], ontology)
            if parameter.name in (p.name for p in parameters):
                raise UnclearQuestion(file, number, f"parameter {parameter.name} stands here twice")
            parameters.append(parameter)
        elif key not in _HEADS or key in head or not value.strip():
            raise UnclearQuestion(file, number, "expected `# nl:`, `# about:`, `# over:` (once each) or `# param …`")
        else:
            head[key] = value.strip()
    for key in _HEADS:
        if key not in head:
            raise UnclearQuestion(file, end, f"`# {key}:` is missing under the question")
    if not head["nl"].endswith("?"):
        raise UnclearQuestion(file, 2, "`# nl:` is the question in Dutch and ends in a question mark")
    return head, tuple(parameters), end


def _parameter(file: Path, number: int, words: Sequence[str], ontology: Ontology) -> Parameter:
    """A parameter from the words of its line."""
    known = (*_TYPES, *sorted(f"concept:{scheme.removeprefix(SCHEME)}" for scheme in ontology.notations))
    if len(words) < 2 or not _NAME.fullmatch(words[0]):
        raise UnclearQuestion(file, number, "expected `# param NAME TYPE [required|optional] [default VALUE]`")
    if words[1] not in known:
        near = get_close_matches(words[1], known, 3) or _TYPES
        raise UnclearQuestion(file, number, f"no type {words[1]}; did you mean {', '.join(near)}?")
    if words[0] in RESERVED:
        raise UnclearQuestion(file, number, f"{words[0]} means the same for every question: give it another name")
    match list(words[2:]):
        case [] | ["optional"]:
            return Parameter(words[0], words[1])
        case ["required"]:
            return Parameter(words[0], words[1], required=True)
        case ["default", value]:
            return Parameter(words[0], words[1], default=value)
        case _:
            raise UnclearQuestion(
                file, number, "after the type comes nothing, `required`, `optional` or `default VALUE`"
            )


def _check_rows(file: Path, text: str, parameters: Sequence[Parameter]) -> None:
    """Each parameter has its marked row, and each marked row its parameter."""
    names = {p.name for p in parameters}
    marked: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        for name in _OPEN_ROW.findall(line):
            if name not in names:
                raise UnclearQuestion(file, number, f"an open row for ?{name}, which is no parameter of this question")
            marked.add(name)
    for name in sorted(names - marked):
        raise UnclearQuestion(file, 1, f"no row VALUES (?{name}) {{ (UNDEF) }} for its parameter {name}")


def bind(question: Question, values: Mapping[str, str]) -> str | tuple[Objection, ...]:
    """The query with these values in it, or every objection to them. A parameter without a value stays open."""
    names = [p.name for p in question.parameters]
    objections = [
        object_to(
            "ParameterUnknown", path=name[:100], limit=", ".join(get_close_matches(name, names, 3) or names) or "-"
        )
        for name in values
        if name not in names
    ]
    text = question.text
    for parameter in question.parameters:
        value = values.get(parameter.name) or parameter.default
        if not value:
            if parameter.required:
                objections.append(
                    object_to("ParameterMissing", path=parameter.name, limit=question.expected(parameter))
                )
            continue
        term = _term(question, parameter, value)
        if isinstance(term, Objection):
            objections.append(term)
        else:
            row = f"VALUES (?{parameter.name}) {{ ({term}) }}"
            text = parameter.row.sub(lambda _, row=row: row, text)  # type: ignore[misc]
    return tuple(objections) if objections else text


def named_things(question: Question, values: Mapping[str, str]) -> list[tuple[Parameter, str]]:
    """The IRI that each of these values means, of the parameters that name a place, a party or another thing."""
    found: list[tuple[Parameter, str]] = []
    for parameter in question.parameters:
        value = values.get(parameter.name)
        if value and parameter.type in NAMING:
            term = _term(question, parameter, value)
            found += [(parameter, term.value)] if isinstance(term, ox.NamedNode) else []
    return found


def bind_each(question: Question, name: str, iris: Sequence[str]) -> str:
    """The query about each of these IRIs; what is no absolute IRI is left out."""
    parameter = next(p for p in question.parameters if p.name == name)
    terms = [term for term in map(_iri, iris) if term is not None]
    row = f"VALUES (?{name}) {{ {' '.join(f'({term})' for term in terms)} }}"
    return parameter.row.sub(lambda _: row, question.text)


def _term(question: Question, parameter: Parameter, value: str) -> ox.NamedNode | ox.Literal | Objection:
    """The RDF term that a value means; the library writes it into the query."""
    kind = parameter.type

    def unclear(expected: str) -> Objection:
        return object_to("ParameterUnclear", path=parameter.name, value=value[:100], limit=expected)

    if len(value) > TEXT_CHARACTERS_MAX:
        return unclear(f"≤ {TEXT_CHARACTERS_MAX}")
    if kind == "lang":
        return ox.Literal(value) if value in LANGUAGES else unclear(", ".join(LANGUAGES))
    if kind == "string":
        return ox.Literal(value)
    if kind in _PATTERNS:
        if not re.fullmatch(_PATTERNS[kind], value, re.ASCII) or (kind == "date" and not _is_day(value)):
            return unclear(_EXPECTED[kind])
        return ox.Literal(value, datatype=ox.NamedNode(XSD + DATATYPES[kind]))
    if kind.startswith("concept:"):
        known = question.concepts[SCHEME + kind.removeprefix("concept:")]
        if value in known or value in known.values():
            return ox.NamedNode(known.get(value, value))
        return unclear(", ".join(dict.fromkeys((*get_close_matches(value, known, 3), *known))))
    if kind in _SLUGS and not _SCHEME.match(value):
        if not _SLUGS[kind].fullmatch(value):
            return unclear(_EXPECTED[kind])
        inside = f"{REGISTER}/" if kind == "place" and "/" not in value else ""
        return ox.NamedNode(f"{question.base}/id/{inside}{value}")
    return _iri(value) or unclear(_EXPECTED["iri"])


def _iri(value: str) -> ox.NamedNode | None:
    """`value` as an IRI, or None when it is not an absolute one."""
    if not _SCHEME.match(value):
        return None
    try:
        return ox.NamedNode(value)
    except ValueError:
        return None


def _is_day(value: str) -> bool:
    """Whether the calendar has this day."""
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def page(text: str, limit: int, offset: int) -> str:
    """The query cut to `limit` rows from `offset`; its order is total, so pages fit together at one position."""
    return f"{text}\nLIMIT {limit} OFFSET {offset}\n"
