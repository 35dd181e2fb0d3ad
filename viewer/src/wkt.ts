/** Well-known text as GeoSPARQL writes it, as far as a map draws it: points, lines, areas and several of them. */

export type Position = [latitude: number, longitude: number];
export type Shape =
  | { readonly kind: "point"; readonly at: Position }
  | { readonly kind: "line"; readonly along: Position[] }
  | { readonly kind: "area"; readonly rings: Position[][] };

type Nested = number[] | Nested[];
const PLAIN = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"; // Longitude first; what a literal without a system means.
const TURNED = "http://www.opengis.net/def/crs/EPSG/0/4326"; // Latitude first.

/** The shapes of a literal; none where it is in another system or cannot be read. */
export function shapesOf(literal: string): Shape[] {
  const [, system = PLAIN, text = ""] = /^\s*(?:<([^>]*)>)?\s*([^]*)$/.exec(literal) ?? [];
  if (system !== PLAIN && system !== TURNED) return [];
  const found = /^([A-Z]+)\s*(?:ZM|Z|M)?\s*(\([^]*\))\s*$/i.exec(text);
  if (!found) return [];
  const kind = (found[1] ?? "").toUpperCase();
  if (kind === "GEOMETRYCOLLECTION") {
    const inside = (found[2] ?? "").slice(1, -1);
    return inside.split(/,\s*(?=[A-Za-z])/).flatMap((one) => shapesOf(system === PLAIN ? one : `<${system}> ${one}`));
  }
  const numbers = nested(found[2] ?? "");
  return numbers ? made(kind, numbers, system === TURNED) : [];
}

/** Brackets and numbers as lists of lists. */
function nested(text: string): Nested | null {
  const json = text
    .replace(/-?\d+(?:\.\d*)?(?:e[-+]?\d+)?(?:\s+-?\d+(?:\.\d*)?(?:e[-+]?\d+)?)+/gi, (pair) => `[${pair.split(/\s+/).map(Number).join(",")}]`)
    .replace(/\(/g, "[")
    .replace(/\)/g, "]");
  try {
    return JSON.parse(json) as Nested;
  } catch {
    return null;
  }
}

function position(pair: Nested, turned: boolean): Position | null {
  const [first, second] = pair;
  if (typeof first !== "number" || typeof second !== "number") return null;
  const at: Position = turned ? [first, second] : [second, first];
  return Math.abs(at[0]) <= 90 && Math.abs(at[1]) <= 180 ? at : null;
}

function positions(list: Nested, turned: boolean): Position[] {
  return (list as Nested[]).filter(Array.isArray).map((pair) => position(pair, turned)).filter((at) => at !== null);
}

function made(kind: string, numbers: Nested, turned: boolean): Shape[] {
  const list = numbers as Nested[];
  const area = (rings: Nested): Shape => ({ kind: "area", rings: (rings as Nested[]).map((ring) => positions(ring, turned)) });
  const points = (pairs: Nested): Shape[] => positions(pairs, turned).map((at) => ({ kind: "point", at }));
  switch (kind) {
    case "POINT":
      return points(list);
    case "MULTIPOINT":
      return points(list.map((one) => (Array.isArray(one[0]) ? one[0] : one)));
    case "LINESTRING":
      return [{ kind: "line", along: positions(list, turned) }];
    case "MULTILINESTRING":
      return list.map((line) => ({ kind: "line", along: positions(line, turned) }));
    case "POLYGON":
      return [area(list)];
    case "MULTIPOLYGON":
      return list.map(area);
    default:
      return [];
  }
}
