/** The field as an editor: colours, completion, marks where something is wrong; Tab always leaves it. */
import { autocompletion, completionKeymap, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { forEachDiagnostic, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";

import { completionsAt } from "./completion";
import { declarations, isApart, lacking, NOTHING, placeForPrefix, type Vocabulary } from "./vocabulary";
import type { Words } from "./words";

// Colours are those of the pages, so that dark mode and a deployment's own theme reach inside.
const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--wijk-hue-2)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--wijk-hue-0)" },
  { tag: [tags.number, tags.bool], color: "var(--wijk-hue-6)" },
  { tag: [tags.variableName, tags.special(tags.variableName)], color: "var(--wijk-hue-5)" },
  { tag: [tags.url, tags.namespace, tags.labelName], color: "var(--wijk-hue-1)" },
  { tag: [tags.comment, tags.meta], color: "var(--wijk-soft)", fontStyle: "italic" },
]);
const LOOK = EditorView.theme({
  "&": { color: "var(--wijk-ink)", backgroundColor: "var(--wijk-card)", fontSize: "0.95rem", borderRadius: "6px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--wijk-mono)", lineHeight: "1.5", minHeight: "14rem", maxHeight: "32rem" },
  "@media print": { ".cm-scroller": { maxHeight: "none" } },
  ".cm-content": { padding: "0.6rem 0", caretColor: "var(--wijk-ink)" },
  ".cm-gutters": { backgroundColor: "var(--wijk-tint)", color: "var(--wijk-soft)", borderRight: "1px solid var(--wijk-line)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--wijk-tint)", outline: "1px solid var(--wijk-strong-line)" },
  ".cm-tooltip": { backgroundColor: "var(--wijk-card)", color: "var(--wijk-ink)", border: "1px solid var(--wijk-strong-line)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--wijk-mono)", fontSize: "0.875rem", maxWidth: "min(75vw, 40rem)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.2rem 0.5rem", whiteSpace: "normal" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--wijk-focus)", color: "var(--wijk-on-focus)" },
  ".cm-completionDetail": { fontFamily: "var(--wijk-sans)", fontStyle: "normal", marginLeft: "0.8em" },
  ".cm-completionInfo": { maxWidth: "min(75vw, 22rem)", padding: "0.4rem 0.6rem", fontFamily: "var(--wijk-sans)", fontSize: "0.875rem" },
  // The underline that the library draws is a picture in the style sheet, which the policy of the pages does not let in.
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--wijk-hue-5) 2px", textUnderlineOffset: "0.2em", paddingBottom: "0" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--wijk-hue-5)" },
});
const AROUND = `:host { display: block; } .keys { margin: 0; padding: 0.4rem 0.8rem; border-top: 1px solid var(--wijk-line);
  color: var(--wijk-soft); font: var(--wijk-step--1)/1.4 var(--wijk-sans); }
  @media print { .keys { display: none; } }`;

/** The cursor goes to what is wrong, and a screen reader hears why; no panel opens, whose words would be English. */
function toWhatIsWrong(view: EditorView): boolean {
  nextDiagnostic(view);
  const at = view.state.selection.main.from;
  const found: string[] = [];
  forEachDiagnostic(view.state, (one, from) => from === at && found.push(one.message));
  if (!found.length) return false;
  view.dispatch({ effects: EditorView.announce.of(found.join(" ")) });
  return true;
}

/** What the editor needs of the page. */
export interface Around {
  readonly words: Words;
  readonly language: "nl" | "en";
  readonly changed: (text: string) => void;
  readonly run: () => void;
}

/** An editor in a shadow of its own, so that its style sheets are adopted and never written into the page. */
export class Editor {
  readonly view: EditorView;
  vocabulary: Vocabulary = NOTHING;

  constructor(host: HTMLElement, text: string, around: Around) {
    const shadow = host.attachShadow({ mode: "open", delegatesFocus: true });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(AROUND);
    shadow.adoptedStyleSheets = [sheet];
    const field = document.createElement("div");
    const keys = document.createElement("p");
    keys.className = "keys";
    keys.id = "keys";
    keys.textContent = around.words["keys"] ?? "";
    shadow.append(field, keys);
    this.view = new EditorView({
      parent: field,
      root: shadow,
      state: EditorState.create({ doc: text, extensions: this.extensions(around) }),
    });
  }

  private extensions(around: Around): Extension[] {
    return [
      lineNumbers(),
      EditorState.phrases.of({ Completions: around.words["completions"] ?? "Completions" }),
      history(),
      indentUnit.of("  "),
      bracketMatching(),
      sparql(),
      syntaxHighlighting(COLOURS),
      LOOK,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        "aria-label": around.words["editor"] ?? "SPARQL",
        "aria-describedby": "keys",
        lang: "zxx",
      }),
      autocompletion({
        override: [(context) => completionsAt(context, this.vocabulary, around.words, around.language)],
        icons: false,
      }),
      EditorView.inputHandler.of((view, from, to, insert) => insert === ":" && this.declare(view, from, to)),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) around.changed(update.state.doc.toString());
      }),
      // No key is bound to Tab: it leaves the field, as everywhere else.
      keymap.of([
        { key: "Mod-Enter", run: () => (around.run(), true), preventDefault: true },
        ...completionKeymap,
        { key: "F8", run: toWhatIsWrong },
        ...historyKeymap,
        ...defaultKeymap,
      ]),
    ];
  }

  /** Types the colon after a known prefix and declares that prefix at the top; false where that is not what happens. */
  private declare(view: EditorView, from: number, to: number): boolean {
    const text = view.state.doc.toString();
    const line = view.state.doc.lineAt(from);
    const prefix = /(?<![\w?$:@%\\-])[A-Za-z][\w.-]*$/.exec(line.text.slice(0, from - line.from))?.[0];
    if (!prefix || isApart(text, from) || /^\s*PREFIX\b/i.test(line.text)) return false;
    if (!lacking(`${text.slice(0, from)}:${text.slice(to)}`, this.vocabulary.prefixes).includes(prefix)) return false;
    const lines = declarations(text, [prefix], this.vocabulary.prefixes);
    view.dispatch({
      changes: [
        { from: placeForPrefix(text), insert: lines },
        { from, to, insert: ":" },
      ],
      selection: { anchor: from + lines.length + 1 },
      userEvent: "input.type",
    });
    startCompletion(view);
    return true;
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Another text in the field, as one step that can be undone. */
  set text(text: string) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, selection: { anchor: 0 } });
  }

  /** Declares every known prefix that is used and not declared. */
  declareAll(): void {
    const text = this.text;
    const wanted = lacking(text, this.vocabulary.prefixes);
    if (!wanted.length) return;
    const insert = declarations(text, wanted, this.vocabulary.prefixes);
    this.view.dispatch({ changes: { from: placeForPrefix(text), insert } });
  }

  /** Where a line and a column are in the text, both counted from one. */
  private at(line: number, column: number): number {
    const found = this.view.state.doc.line(Math.min(Math.max(1, line), this.view.state.doc.lines));
    return Math.min(found.from + Math.max(0, column - 1), found.to);
  }

  /** Marks what is wrong, from a place to the end of the word there. */
  mark(line: number, column: number, message: string): void {
    const from = this.at(line, column);
    const end = this.view.state.doc.lineAt(from).to;
    const word = /^[\w:?$-]+|^\S/.exec(this.view.state.doc.sliceString(from, end))?.[0].length ?? 0;
    const begin = word ? from : Math.max(this.view.state.doc.lineAt(from).from, from - 1);
    const diagnostics = [{ from: begin, to: Math.max(from + word, begin), severity: "error" as const, message }];
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
    this.view.contentDOM.setAttribute("aria-invalid", "true");
  }

  unmark(): void {
    this.view.dispatch(setDiagnostics(this.view.state, []));
    this.view.contentDOM.removeAttribute("aria-invalid");
  }

  /** Puts the cursor somewhere, in sight. */
  go(line: number, column: number): void {
    this.view.dispatch({ selection: { anchor: this.at(line, column) }, scrollIntoView: true });
    this.focus();
  }

  focus(): void {
    this.view.focus();
  }
}
