"""The questions in `queries/`: read from their files, with typed parameters, and bound without building strings.

A file opens with its question as a sentence in English (`# What …?`), then `# nl:` the same in Dutch, `# about:` and
`# over:` what counts and what does not, and `# param NAME TYPE [required] [default VALUE]` for each parameter. Each
parameter has one marked row in the query, `VALUES (?name) { (UNDEF) }`, which is replaced by a term.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import pyoxigraph as ox

from kg.objection import Objection, object_to
from kg.ontology import Ontology
from kg.vocabulary import SCHEME, XSD

LANGUAGES = ("nl", "en")
TEXT_CHARACTERS_MAX = 1000  # A parameter is a name, a date or some words; more is not a parameter.
_TYPES = ("iri", "lang", "string", "integer", "date", "year", "boolean", "party", "place")
_PATTERNS = {
    "integer": r"-?\d{1,18}",
    "date": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
    "year": r"\d{4}",
    "boolean": r"true|false",
}
_DATATYPES = {"integer": "integer", "date": "date", "year": "gYear", "boolean": "boolean"}
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}(/[a-z0-9][a-z0-9._-]{0,79})?")

REGISTER = "wijk"  # Whose names places bear.


class UnclearQuestion(ValueError):
    """A question's file that can't be used: the message names the file, the line and what to mend."""


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


def load_questions(folders: Sequence[Path], ontology: Ontology, base: str) -> Mapping[str, Question]:
    """Every question below these folders, by name. Raises UnclearQuestion."""
    found: dict[str, Question] = {}
    for folder in folders:
        for file in sorted(folder.rglob("*.rq")):
            name = str(file.relative_to(folder).with_suffix(""))
            found[name] = _read(file, name, ontology, base)
    return found


def _read(file: Path, name: str, ontology: Ontology, base: str) -> Question:
    text = file.read_text()
    lines = text.splitlines()
    head: dict[str, str] = {}
    parameters: list[Parameter] = []
    for number, line in enumerate(lines[1:], 2):
        if not line.startswith("#"):
            break
        key, _, value = line.lstrip("# ").partition(":")
        if line.startswith("# param "):
            parameters.append(_parameter(file, number, line.split()[2:], ontology))
        elif key in ("nl", "about", "over"):
            head[key] = value.strip()
    missing = [key for key in ("nl", "about", "over") if not head.get(key)]
    if not lines or not re.match(r"# .*\?\s*$", lines[0]) or missing:
        raise UnclearQuestion(f"{file}: the first line is `# the question?`; then come # nl:, # about: and # over:")
    for parameter in parameters:
        count = len(parameter.row.findall(text))
        if count == 0:
            raise UnclearQuestion(f"{file}: no row VALUES (?{parameter.name}) {{ (UNDEF) }} for its parameter")
    body = "\n".join(line for line in lines if not line.startswith(("#", "PREFIX")))
    return Question(
        name=name,
        text=text,
        question_en=lines[0].removeprefix("# ").strip(),
        question_nl=head["nl"],
        about_en=head["about"],
        about_nl=head["over"],
        parameters=tuple(parameters),
        is_construct=bool(re.match(r"\s*(CONSTRUCT|DESCRIBE)\b", body)),
        base=base,
        concepts=ontology.notations,
    )


def _parameter(file: Path, number: int, words: Sequence[str], ontology: Ontology) -> Parameter:
    scheme = SCHEME + words[1].removeprefix("concept:") if len(words) > 1 else ""
    if len(words) < 2 or (words[1] not in _TYPES and scheme not in ontology.notations):
        raise UnclearQuestion(
            f"{file}:{number}: `# param NAME TYPE`, and TYPE is {', '.join(_TYPES)} or concept:SCHEME"
        )
    rest = list(words[2:])
    required = "required" in rest
    default = rest[rest.index("default") + 1] if "default" in rest[:-1] else None
    return Parameter(words[0], words[1], required, default)


def bind(question: Question, values: Mapping[str, str]) -> str | tuple[Objection, ...]:
    """The query with these values in it, or every objection to them. A parameter without a value stays open."""
    names = [p.name for p in question.parameters]
    objections = [
        object_to("ParameterUnknown", path=name[:100], limit=", ".join(names) or "-")
        for name in values
        if name not in names
    ]
    text = question.text
    for parameter in question.parameters:
        value = values.get(parameter.name, parameter.default)
        if value is None or value == "":
            if parameter.required:
                objections.append(object_to("ParameterMissing", path=parameter.name))
            continue
        term = _term(question, parameter, value)
        if isinstance(term, Objection):
            objections.append(term)
        else:
            row = f"VALUES (?{parameter.name}) {{ ({term}) }}"
            text = parameter.row.sub(lambda _, row=row: row, text)  # type: ignore[misc]
    return tuple(objections) if objections else text


def _term(question: Question, parameter: Parameter, value: str) -> ox.NamedNode | ox.Literal | Objection:
    """The RDF term that a value means; the library writes it into the query."""
    kind = parameter.type

    def unclear(expected: str) -> Objection:
        return object_to("ParameterUnclear", path=parameter.name, value=value[:100], limit=expected)

    if len(value) > TEXT_CHARACTERS_MAX:
        return unclear(f"≤ {TEXT_CHARACTERS_MAX}")
    if kind in _PATTERNS:
        if not re.fullmatch(_PATTERNS[kind], value):
            return unclear(kind)
        return ox.Literal(value, datatype=ox.NamedNode(XSD + _DATATYPES[kind]))
    if kind == "lang":
        return ox.Literal(value) if value in LANGUAGES else unclear(", ".join(LANGUAGES))
    if kind == "string":
        return ox.Literal(value)
    if kind.startswith("concept:"):
        known = question.concepts[SCHEME + kind.removeprefix("concept:")]
        if value in known or value in known.values():
            return ox.NamedNode(known.get(value, value))
        near = get_close_matches(value, known, 3)
        return unclear(", ".join(near or known))
    if kind in ("party", "place") and "://" not in value:
        if not _SLUG.fullmatch(value):
            return unclear(kind)
        inside = f"{REGISTER}/" if kind == "place" and "/" not in value else ""
        return ox.NamedNode(f"{question.base}/id/{inside}{value}")
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>\"{}|^`\\]+", value):
        return unclear("IRI")
    return ox.NamedNode(value)


def page(text: str, limit: int, offset: int) -> str:
    """The query cut to `limit` rows from `offset`; its order is total, so pages fit together at one position."""
    return f"{text}\nLIMIT {limit} OFFSET {offset}\n"
