"""The words of what a party takes away: what is in the zip and how to use it, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

ABOUT: Mapping[str, str] = {
    "LEESMIJ.md": "Wat hier in zit, in het Nederlands.",
    "README.md": "What is in here, in English.",
    "viewpoint.nq": "Everything that the party says now, each contribution in its own graph (N-Quads).",
    "versions.nq": "Its earlier versions and what it withdrew, each contribution in its own graph (N-Quads).",
    "replies.nq": "What others tied to its things or replied to them, as far as the party may read it (N-Quads).",
    "register.nq": "The party's entry in the register, held by the steward (N-Quads).",
    "receipts.jsonl": "Receipts: a line of JSON each, for `wijkgraaf verify --receipts`.",
    "provenance.ttl": "Who recorded what, when, and in whose name (PROV-O, Turtle).",
    "vocabulary.ttl": "The words that are used: classes, properties and lists (Turtle).",
    "context.jsonld": "The JSON-LD context.",
}
"""What each file holds, by its path."""

README: Mapping[str, str] = {
    "LEESMIJ.md": """\
# {party}: alles wat van u is

Opgehaald op {day} bij {base}. Dit is van u. U mag het bewaren, aan anderen geven of ergens anders neerzetten.
Let op: er kan in staan wat niet voor iedereen is. Bewaar het dan ook zo.

| bestand | wat het is |
| --- | --- |
| `viewpoint.nq` | alles wat u nu zegt |
| `documents/` | hetzelfde, een bestand per document, makkelijker te lezen (Turtle) |
| `versions.nq` | uw eerdere versies, en wat u hebt ingetrokken |
| `replies.nq` | wat anderen daaraan verbonden of erop zeiden, voor zover u het mag lezen. Die woorden zijn van hen |
| `register.nq` | wat het register over u zegt |
| `receipts.jsonl` | uw ontvangstbewijzen |
| `provenance.ttl` | wie wat heeft opgeschreven, wanneer en namens wie |
| `vocabulary.ttl`, `context.jsonld` | de woorden die gebruikt zijn |
| `ro-crate-metadata.json` | deze lijst voor programma's |
| `manifest-sha256.txt` | controlegetallen van alle bestanden |

Wat gewist is, zit er niet in.

- Klopt het nog? `sha256sum -c manifest-sha256.txt`
- Staan uw woorden daar nog zo?
  `wijkgraaf verify --url {base} --party {party} --receipts receipts.jsonl`
- Ergens anders neerzetten: `wijkgraaf import ditbestand.zip --party {party}`
""",
    "README.md": """\
# {party}: everything that is yours

Fetched on {day} from {base}. It is yours: keep it, give it to others, or put it up somewhere else.
Mind that it may hold what is not for everybody. Keep it accordingly.

| file | what it is |
| --- | --- |
| `viewpoint.nq` | everything that you say now |
| `documents/` | the same, a file a document, easier to read (Turtle) |
| `versions.nq` | your earlier versions, and what you withdrew |
| `replies.nq` | what others tied or replied to it, as far as you may read that. Those words are theirs |
| `register.nq` | what the register says of you |
| `receipts.jsonl` | your receipts |
| `provenance.ttl` | who recorded what, when, and in whose name |
| `vocabulary.ttl`, `context.jsonld` | the words that are used |
| `ro-crate-metadata.json` | this list, for programs |
| `manifest-sha256.txt` | checksums of all files |

What was erased is not in it.

- Is it whole? `sha256sum -c manifest-sha256.txt`
- Do your words still stand there like this?
  `wijkgraaf verify --url {base} --party {party} --receipts receipts.jsonl`
- Put it up somewhere else: `wijkgraaf import thisfile.zip --party {party}`
""",
}
"""The two texts to read first; `party` is a slug, `day` a date."""
