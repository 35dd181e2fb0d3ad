/** The words of an island: the page brings them in its own language. */
export type Words = Readonly<Record<string, string>>;

/** The words that stand in an element's `data-words`. */
export function wordsOf(element: HTMLElement): Words {
  return JSON.parse(element.dataset["words"] ?? "{}") as Words;
}
