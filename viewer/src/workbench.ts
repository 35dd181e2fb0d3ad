/** The island `wijk-workbench`: the plain form it wraps works without it; with it the field is an editor. */
import { Editor } from "./editor";
import { fetchVocabulary } from "./vocabulary";
import { wordsOf, type Words } from "./words";

class Workbench extends HTMLElement {
  private words: Words = {};
  private form!: HTMLFormElement;
  private field!: HTMLTextAreaElement;
  private editor!: Editor;
  private stop!: HTMLButtonElement;
  private running: AbortController | null = null;
  private shown = location.pathname + location.search;

  connectedCallback(): void {
    const form = this.querySelector("form");
    const field = this.querySelector("textarea");
    if (!form || !field || this.running !== null || this.querySelector(".wijk-editor")) return;
    this.words = wordsOf(this);
    this.form = form;
    this.field = field;
    this.makeEditor();
    this.makeButtons();
    this.showMark(field);
    this.offerCopies();
    form.addEventListener("submit", (event) => this.submitted(event));
    this.addEventListener("click", (event) => this.clicked(event));
    // A step to a place on this page is a step in the history too, and asks nothing.
    addEventListener("popstate", () => {
      if (location.pathname + location.search !== this.shown) location.reload();
    });
  }

  private makeEditor(): void {
    const host = document.createElement("div");
    host.className = "wijk-editor";
    this.field.before(host);
    this.editor = new Editor(host, this.field.value, {
      words: this.words,
      language: document.documentElement.lang === "nl" ? "nl" : "en",
      changed: (text) => {
        this.field.value = text;
        if (this.field.dataset["line"]) {
          delete this.field.dataset["line"];
          queueMicrotask(() => this.editor.unmark());
        }
      },
      run: () => this.form.requestSubmit(),
    });
    this.field.hidden = true;
    this.form.querySelector("label[for=query]")?.addEventListener("click", () => this.editor.focus());
    void fetchVocabulary(this.dataset["completion"]).then((found) => {
      this.editor.vocabulary = found;
      this.dataset["ready"] = "true";
    });
  }

  /** With the island one button is enough: it takes the form that the length of the question needs. */
  private makeButtons(): void {
    const long = this.form.querySelector<HTMLButtonElement>("button[data-long]");
    this.form.querySelector("span[data-long]")?.remove();
    this.stop = document.createElement("button");
    this.stop.type = "button";
    this.stop.className = "quiet";
    this.stop.textContent = this.words["stop"] ?? "";
    this.stop.hidden = true;
    this.stop.addEventListener("click", () => this.running?.abort());
    long?.replaceWith(this.stop);
  }

  private tell(text: string): void {
    const told = this.querySelector("[data-told]");
    if (told) told.textContent = text;
  }

  private submitted(event: SubmitEvent): void {
    this.editor.declareAll();
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) {
      if (typeof value === "string" && value !== "") asked.append(name, value);
    }
    const here = asked.get("format") === "html";
    const address = `${this.form.getAttribute("action") ?? ""}?${asked}`;
    const isLong = location.origin.length + address.length > Number(this.dataset["addressMax"]);
    if (!here) {
      this.form.method = isLong ? "post" : "get"; // A file: the browser fetches it as it does without the island.
      return;
    }
    event.preventDefault();
    asked.delete("format");
    void this.ask(asked, isLong);
  }

  private async ask(asked: URLSearchParams, isLong: boolean): Promise<void> {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.busy(true);
    const path = this.form.getAttribute("action") ?? "";
    const address = isLong ? path : `${path}?${asked}`;
    try {
      const answer = await fetch(address, {
        headers: { Accept: "text/html" },
        signal: running.signal,
        ...(isLong ? { method: "POST", body: asked } : {}),
      });
      const text = await answer.text();
      if (this.running !== running) return;
      if (!answer.headers.get("content-type")?.startsWith("text/html")) {
        this.tell((JSON.parse(text) as { detail?: string }).detail ?? this.words["failed"] ?? "");
        return;
      }
      this.show(new DOMParser().parseFromString(text, "text/html"));
      if (!isLong) history.pushState(null, "", address); // What does not fit in an address leaves it as it is.
      this.shown = location.pathname + location.search;
    } catch {
      if (this.running === running) this.tell((running.signal.aborted ? this.words["stopped"] : this.words["failed"]) ?? "");
    } finally {
      if (this.running === running) {
        this.running = null;
        this.busy(false);
      }
    }
  }

  private busy(now: boolean): void {
    const held = this.stop.getRootNode() instanceof Document && document.activeElement === this.stop;
    this.stop.hidden = !now;
    if (!now && held) this.form.querySelector<HTMLButtonElement>("button[type=submit]")?.focus();
    this.querySelector("[data-came]")?.setAttribute("aria-busy", String(now));
    if (now) this.tell(this.words["busy"] ?? "");
  }

  /** Puts the answer of a page that the service made into this one. */
  private show(page: Document): void {
    const came = page.querySelector("[data-came]");
    const mine = this.querySelector("[data-came]");
    if (!came || !mine || !came.firstElementChild) {
      this.tell(this.words["failed"] ?? "");
      return;
    }
    mine.replaceChildren(...came.childNodes);
    this.querySelector(".gallery")?.removeAttribute("open");
    document.title = page.title;
    const language = page.querySelector<HTMLAnchorElement>("a.language");
    if (language) document.querySelector("a.language")?.setAttribute("href", language.getAttribute("href") ?? "");
    this.editor.unmark();
    this.field.removeAttribute("data-line");
    const theirs = page.querySelector<HTMLTextAreaElement>("textarea#query");
    if (theirs) this.showMark(theirs);
    this.offerCopies();
    const facts = this.querySelector("[data-facts]")?.textContent?.replace(/\s+/g, " ").trim();
    // What is wrong is an alert already: said here too, it would be heard twice.
    this.tell(facts ? `${this.words["done"] ?? ""} ${facts}` : "");
    this.showWrongTime(page);
    this.querySelector("#answer")?.scrollIntoView({ block: "nearest" });
  }

  /** What is wrong with the time, in words beside its field. */
  private showWrongTime(page: Document): void {
    const theirs = page.querySelector<HTMLElement>("[data-at]");
    const mine = this.querySelector<HTMLElement>("[data-at]");
    if (!theirs || !mine) return;
    mine.hidden = theirs.hidden;
    mine.textContent = theirs.textContent;
    const field = this.querySelector("#at");
    if (theirs.hidden) field?.removeAttribute("aria-invalid");
    else field?.setAttribute("aria-invalid", "true");
  }

  private showMark(field: HTMLTextAreaElement): void {
    const { line, column } = field.dataset;
    if (!line) return;
    this.field.dataset["line"] = line;
    this.field.dataset["column"] = column ?? "1";
    const message = this.querySelector("[data-message]")?.textContent ?? this.words["problem"] ?? "";
    this.editor.mark(Number(line), Number(column ?? 1), message);
  }

  private clicked(event: MouseEvent): void {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const link = (event.target as Element).closest<HTMLAnchorElement>("a");
    if (!plain || !link || !this.contains(link)) return;
    if (link.dataset["go"] !== undefined && this.field.dataset["line"]) {
      event.preventDefault();
      this.editor.go(Number(this.field.dataset["line"]), Number(this.field.dataset["column"]));
    } else if (link.dataset["go"] !== undefined) {
      event.preventDefault();
      this.editor.focus();
    } else if (link.dataset["question"]) {
      event.preventDefault();
      void this.take(link);
    }
  }

  /** Puts a named question's text in the field; where that fails the link leads to the question's own page. */
  private async take(link: HTMLAnchorElement): Promise<void> {
    try {
      const address = `/queries/${link.dataset["question"] ?? ""}`;
      const answer = await fetch(address, { headers: { Accept: "application/sparql-query" } });
      if (!answer.ok) throw new Error(answer.statusText);
      this.editor.text = await answer.text();
      this.editor.focus();
      this.tell(this.words["taken"] ?? "");
    } catch {
      location.assign(link.href);
    }
  }

  /** A button beside what one takes elsewhere, where the browser lets a page fill the clipboard. */
  private offerCopies(): void {
    if (!navigator.clipboard) return;
    for (const held of this.querySelectorAll<HTMLElement>("[data-copy]:not([data-offered])")) {
      held.dataset["offered"] = "true";
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet copy";
      button.textContent = this.words["copy"] ?? "";
      button.addEventListener("click", () => {
        const text = held instanceof HTMLInputElement ? held.value : (held.textContent ?? "");
        void navigator.clipboard.writeText(text).then(() => this.tell(this.words["copied"] ?? ""));
      });
      held.after(button);
    }
  }
}

/** The island `wijk-map`: fetched only where a map is asked for. */
class MapIsland extends HTMLElement {
  connectedCallback(): void {
    const sheet = this.dataset["sheet"];
    if (!sheet || this.querySelector(".wijk-ground")) return;
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = sheet;
    style.addEventListener("load", () => {
      void import("./map").then(({ drawMap }) => drawMap(this, wordsOf(this)));
    });
    this.append(style);
  }
}

customElements.define("wijk-workbench", Workbench);
customElements.define("wijk-map", MapIsland);
