// Replicates a stream with ldes-client, and writes a line of JSON for each member: its name and its quads.
import { intoConfig, replicateLDES } from "ldes-client";

const client = replicateLDES(intoConfig({ url: process.argv[2] }), "ascending");
client.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
const term = (one) => ({ type: one.termType, value: one.value });
const reader = client.stream({ highWaterMark: 10 }).getReader();
for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
  const quads = value.quads.map((q) => ({
    subject: q.subject.value,
    predicate: q.predicate.value,
    object: { ...term(q.object), language: q.object.language, datatype: q.object.datatype?.value },
    graph: q.graph.value,
  }));
  console.log(JSON.stringify({ id: value.id.value, quads }));
}
