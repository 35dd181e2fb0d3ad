/** The words of the vocabulary, as the service gives them for writing questions. */

/** One class, property or concept: its prefixed name, its labels and what it means. */
export interface Word {
  readonly name: string;
  readonly iri: string;
  readonly kind: "class" | "property" | "concept";
  readonly nl: string;
  readonly en: string;
  readonly about_nl: string;
  readonly about_en: string;
}

/** Prefixes with their IRIs, and all words. */
export interface Vocabulary {
  readonly prefixes: Readonly<Record<string, string>>;
  readonly words: readonly Word[];
}

export const NOTHING: Vocabulary = { prefixes: {}, words: [] };

/** The vocabulary at an address; none where there is none, since a question can be written without. */
export async function fetchVocabulary(address: string | undefined): Promise<Vocabulary> {
  if (!address) return NOTHING;
  try {
    const answer = await fetch(address);
    return answer.ok ? ((await answer.json()) as Vocabulary) : NOTHING;
  } catch {
    return NOTHING;
  }
}

const APART = /"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|<[^<>"{}|^`\\\s]*>|#[^\n]*/g;
const DECLARED = /\bPREFIX\s+([\w.-]*):/gi;
const USED = /(?<![\w?$:@%\\-])([A-Za-z][\w.-]*):/g;

/** The query with strings, IRIs and comments blanked, each as long as it was. */
function bare(text: string): string {
  return text.replace(APART, (found) => found.replace(/[^\n]/g, " "));
}

/** The prefixes that are used, known, and not declared. */
export function lacking(text: string, prefixes: Vocabulary["prefixes"]): string[] {
  const plain = bare(text);
  const declared = new Set([...plain.matchAll(DECLARED)].map((found) => found[1] ?? ""));
  const used = new Set([...plain.matchAll(USED)].map((found) => found[1] ?? ""));
  return [...used].filter((prefix) => !declared.has(prefix) && Object.hasOwn(prefixes, prefix));
}

/** Whether a place in the text is inside a string, an IRI or a comment. */
export function isApart(text: string, at: number): boolean {
  for (const found of text.matchAll(APART)) {
    if (found.index < at && at < found.index + found[0].length) return true;
  }
  return false;
}

/** Where a declaration goes: after the last one there is, else after the comments at the top. */
export function placeForPrefix(text: string): number {
  let at = /^(?:[^\S\n]*(?:#[^\n]*)?\n)*/.exec(text)?.[0].length ?? 0;
  for (const found of bare(text).matchAll(/^[^\S\n]*(?:PREFIX|BASE)\b[^\n]*(?:\n|$)/gim)) {
    at = found.index + found[0].length;
  }
  return at;
}

/** The lines that declare these prefixes, for that place in the text. */
export function declarations(text: string, wanted: readonly string[], prefixes: Vocabulary["prefixes"]): string {
  const lines = wanted.map((prefix) => `PREFIX ${prefix}: <${prefixes[prefix] ?? ""}>\n`).join("");
  const at = placeForPrefix(text);
  return at > 0 && text[at - 1] !== "\n" ? `\n${lines}` : lines;
}

/** The variables of a query, each once. */
export function variables(text: string): string[] {
  return [...new Set([...bare(text).matchAll(/[?$](\w+)/g)].map((found) => found[1] ?? ""))];
}
