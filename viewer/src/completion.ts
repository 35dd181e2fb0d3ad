/** What may come next while writing a question: variables, words of the vocabulary by name or label, keywords. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";

import { declarations, isApart, lacking, placeForPrefix, variables, type Vocabulary, type Word } from "./vocabulary";
import type { Words } from "./words";

const SHOWN_MAX = 60; // A list that is longer is not read; another letter makes it shorter.
const KEYWORDS = (
  "ASK AS ASC BASE BIND CONSTRUCT DESC DESCRIBE DISTINCT EXISTS FILTER FROM GRAPH GROUP HAVING LIMIT MINUS NAMED NOT " +
  "OFFSET OPTIONAL ORDER PREFIX REDUCED SELECT UNDEF UNION VALUES WHERE AVG BOUND COALESCE CONCAT CONTAINS COUNT " +
  "DATATYPE GROUP_CONCAT IF LANG LANGMATCHES LCASE MAX MIN REGEX REPLACE SAMPLE STR STRENDS STRLEN STRSTARTS SUBSTR " +
  "SUM UCASE YEAR"
).split(" ");

/** How well a word fits what was typed: 0 is best, null is not at all. */
function fit(word: Word, typed: string): number | null {
  const local = word.name.slice(word.name.indexOf(":") + 1).toLowerCase();
  if (local.startsWith(typed) || word.name.toLowerCase().startsWith(typed)) return 0;
  const labels = [word.nl.toLowerCase(), word.en.toLowerCase()];
  if (labels.some((label) => label.startsWith(typed))) return 1;
  return labels.some((label) => label.includes(typed)) || local.includes(typed) ? 2 : null;
}

/** Puts a prefixed name in its place, and its prefix at the top where it is not declared. */
function applied(vocabulary: Vocabulary) {
  return (view: EditorView, chosen: Completion, from: number, to: number): void => {
    const text = view.state.doc.toString();
    const name = chosen.label;
    const wanted = lacking(`${text.slice(0, from)}${name}${text.slice(to)}`, vocabulary.prefixes);
    const prefix = wanted.filter((one) => name.startsWith(`${one}:`));
    const changes: { from: number; to?: number; insert: string }[] = [{ from, to, insert: name }];
    let moved = 0;
    if (prefix.length) {
      const lines = declarations(text, prefix, vocabulary.prefixes);
      changes.unshift({ from: placeForPrefix(text), insert: lines });
      moved = lines.length;
    }
    view.dispatch({ changes, selection: { anchor: from + moved + name.length }, userEvent: "input.complete" });
  };
}

/** The completions at a place in the text. */
export function completionsAt(
  context: CompletionContext,
  vocabulary: Vocabulary,
  words: Words,
  language: "nl" | "en",
): CompletionResult | null {
  const text = context.state.doc.toString();
  if (isApart(text, context.pos)) return null;
  const variable = context.matchBefore(/[?$]\w*/);
  if (variable) {
    const mark = variable.text[0] ?? "?";
    const others = variables(text.slice(0, variable.from) + text.slice(variable.to));
    const options = others.map((name) => ({ label: mark + name, type: "variable", detail: words["variable"] ?? "" }));
    return { from: variable.from, options, validFor: /^[?$]\w*$/ };
  }
  const typed = context.matchBefore(/[\p{L}][\p{L}\w.-]*(?::[\p{L}\w-]*)?/u);
  if (!typed && !context.explicit) return null;
  const from = typed?.from ?? context.pos;
  const wanted = (typed?.text ?? "").toLowerCase();
  if (wanted.length < 2 && !context.explicit && !wanted.includes(":")) return null;
  const apply = applied(vocabulary);
  const found = vocabulary.words
    .map((word) => ({ word, rank: fit(word, wanted) }))
    .filter((one): one is { word: Word; rank: number } => one.rank !== null)
    .sort((a, b) => a.rank - b.rank || a.word.name.length - b.word.name.length);
  const options: Completion[] = KEYWORDS.filter((word) => wanted && word.toLowerCase().startsWith(wanted)).map(
    (label) => ({ label, type: "keyword" }),
  );
  for (const [prefix, iri] of Object.entries(vocabulary.prefixes)) {
    if (wanted && prefix.startsWith(wanted)) {
      options.push({ label: `${prefix}:`, type: "namespace", detail: words["prefix"] ?? "", info: iri, apply });
    }
  }
  for (const { word } of found) {
    const about = word[`about_${language}`];
    options.push({
      label: word.name,
      type: word.kind,
      detail: `${word[language]} (${words[word.kind] ?? word.kind})`,
      apply,
      ...(about ? { info: about } : {}),
    });
  }
  return { from, options: options.slice(0, SHOWN_MAX), filter: false };
}
