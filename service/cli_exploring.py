"""`wijkgraaf explore`: any RDF files as an endpoint on this machine, until stopped."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from kg.exploring import Exploring, RdfFile, rdf_file
from kg.objection import Objection
from kg.ontology import read_ontology
from kg.questions import load_questions
from kg.settings import read_settings
from service.cli_options import FINDINGS, UNAVAILABLE, USAGE, messages, stop


def explore(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="RDF files: Turtle, TriG, N-Triples, N-Quads, JSON-LD or RDF/XML; .gz may stand behind."),
    ] = None,
    graph: Annotated[
        list[str] | None, typer.Option(help="IRI=FILE: a file whose triples stand in a graph of this name.")
    ] = None,
    union: Annotated[
        bool, typer.Option("--union", help="The default graph is the union of all graphs, not the files' own.")
    ] = False,
    base: Annotated[str | None, typer.Option(help="What relative IRIs in queries are relative to.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (default: 8000; 0 for a free one).")] = None,
) -> None:
    """Ask any RDF files: a read-only SPARQL endpoint and workbench, without a ledger."""
    chosen = _chosen(files or (), graph or ())
    with tempfile.TemporaryDirectory(prefix="wijkgraaf-") as nowhere:
        # Settings of a data folder are not those of these files: limits come from the environment alone.
        _serve(chosen, Path(nowhere), base=base, union=union, host=host, port=port)


def _chosen(files: Sequence[Path], graphs: Sequence[str]) -> list[RdfFile]:
    """The files meant; what can't be meant ends the command."""
    found: list[RdfFile | Objection] = [rdf_file(path) for path in files]
    for pair in graphs:
        name, _, path = pair.rpartition("=")
        if not name:
            stop(f"--graph {pair}: write IRI=FILE", USAGE)
        found.append(rdf_file(Path(path), name))
    refused = [one for one in found if isinstance(one, Objection)]
    if refused or not found:
        stop("\n".join(o.message_en for o in refused) or "Name at least one file.", USAGE)
    return [one for one in found if isinstance(one, RdfFile)]


def _serve(
    files: list[RdfFile], folder: Path, *, base: str | None, union: bool, host: str | None, port: int | None
) -> None:
    # Only here: the other commands start a second sooner without the web framework.
    from service import serving
    from service.exploring import make_explore_app

    settings = read_settings(data=folder, host=host, port=port)
    try:
        public = serving.listen(settings)
    except OSError as error:
        stop(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another --port.", UNAVAILABLE)
    address = f"http://{settings.host}:{public.getsockname()[1]}"
    ontology = read_ontology(settings.folders("ontology"))
    exploring = Exploring(files, settings, ontology, address=address, base=base, union=union)
    try:
        faults = exploring.start()
        if faults:
            stop("\n".join(fault.message_en for fault in faults), FINDINGS)
        questions = load_questions(settings.folders("queries"), ontology, exploring.base)
        app = make_explore_app(exploring, questions)
        state = exploring.state
        messages.print(f"{state['quads']} statements, {state['graph_count']} named graphs", markup=False)
        if state["graph_count"] and not union:
            messages.print("GRAPH ?g { … } asks the named graphs; --union asks all of them at once", markup=False)
        if state["words_added"]:
            messages.print(f"with the words of the ontology of this version, in {exploring.base}/graph/vocabulary")
        messages.print(f"Ask at {address}/sparql", markup=False)
        serving.serve(app, settings, public)
    finally:
        exploring.close()
