// Asks as people write it with Comunica: one source, two sources, triples of one's own beside ours.
// Arguments: two endpoints. Prints one JSON object: what was asked → rows as text.
import { QueryEngine } from '@comunica/query-sparql';

const [ours, other] = process.argv.slice(2);
const prefix = 'PREFIX lw: <https://w3id.org/lerende-wijk/def#>\nPREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n';
const mine = {
  type: 'serialized', mediaType: 'text/turtle', baseIRI: 'http://localhost/',
  value: '<http://127.0.0.1:8000/id/ad> <http://www.w3.org/2000/01/rdf-schema#label> "our paper"@en .',
};
const engine = new QueryEngine();

async function rows(query, sources) {
  const found = await (await engine.queryBindings(prefix + query, { sources })).toArray();
  return found.map((row) => Object.fromEntries([...row].map(([name, term]) => [name.value, term.value])));
}

const stories = 'SELECT ?story ?holder { ?story a lw:Story ; lw:heldBy ?holder }';
console.log(JSON.stringify({
  rows: await rows(`${stories} ORDER BY ?story`, [ours]),
  plain: await rows(`${stories} ORDER BY ?story`, [{ type: 'sparql', value: ours }]),
  truth: await engine.queryBoolean(`${prefix} ASK { ?story a lw:Story }`, { sources: [ours] }),
  triples: (await (await engine.queryQuads(
    `${prefix} CONSTRUCT { ?story lw:heldBy ?holder } WHERE { ?story a lw:Story ; lw:heldBy ?holder }`,
    { sources: [ours] },
  )).toArray()).length,
  both: await rows(stories, [ours, other]),
  joined: await rows(
    'SELECT DISTINCT ?theme ?story ?service { ?story a lw:Story ; lw:theme ?theme . ?service a lw:Service ; lw:theme ?theme }',
    [ours, other],
  ),
  path: await rows('SELECT ?story ?domain { ?story a lw:Story ; lw:theme/skos:broader* ?domain }', [ours]),
  mine: await rows(
    'SELECT ?story ?name { ?holder <http://www.w3.org/2000/01/rdf-schema#label> ?name . ?story lw:heldBy ?holder ; a lw:Story }',
    [ours, mine],
  ),
}));
