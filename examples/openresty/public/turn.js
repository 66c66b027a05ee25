// How a turn of the conversation looks: a question, and its answer, which may
// still be coming.
import { copy } from "./copy.js";
import { excuse } from "./excuse.js";
import { icon, make } from "./dom.js";
import { label, say } from "./words.js";
import { Pace } from "./pace.js";
import { Prose } from "./prose.js";

function copyButton(turn) {
  const button = label(make("button", { type: "button", class: "quiet" },
    icon("copy")), "copy");
  button.addEventListener("click", async () => {
    await copy(turn.text);
    label(button, "copied");
  });
  return button;
}

/** Copies the code above which such a button was pressed. */
export async function copyCode({ target }) {
  const button = target.closest(".code .copy");
  if (!button) return;
  await copy(button.closest(".code").querySelector("code").textContent);
  label(button, "copied");
}

// What a reader has to know of an answer that is not all there was to say.
const MARKS = { length: "cut", filter: "filtered", stopped: "stopped",
  interrupted: "interrupted" };

function markOf({ state, cut }) {
  const key = MARKS[state === "done" ? cut : state];
  return key ? say(make("span", { class: "mark " + key }), key) : null;
}

function againButton(turn, onAgain) {
  if (turn.state === "done") return null;
  return say(make("button", { type: "button", class: "again",
    onclick: () => onAgain(turn.question) }), "askAgain");
}

function footer(turn, onAgain) {
  return make("footer", {}, turn.text ? copyButton(turn) : null, markOf(turn),
    againButton(turn, onAgain), make("span", {}, turn.model ?? ""),
    turn.tokens ? say(make("span"), "tokens", { n: turn.tokens }) : null);
}

/** The elements of a turn, and what changes them. `onAgain` is called with the
    question that is to be asked again; `around(paint)` has to run each paint. */
export class TurnView {
  constructor(turn, onAgain, around) {
    this.onAgain = onAgain;
    this.thought = make("div", { class: "thought" });
    this.thinking = make("details", { open: true, hidden: true },
      say(make("summary"), "thinking"), this.thought);
    const text = make("div", { class: "text" });
    this.end = make("div", { class: "end" });
    this.answer = make("article", { class: "answer coming",
      "aria-busy": "true" }, this.thinking, text, this.end);
    this.elements = [make("article", { class: "question" }, turn.question),
      this.answer];
    this.prose = new Prose(text);
    this.pace = new Pace(() => around(() => this.paint()));
    this.clear();
    this.update(turn);
  }

  clear() {
    this.prose.clear();
    this.reasoning = this.unpainted = "";
    this.thought.replaceChildren();
  }

  /** A piece of the answer that has come. */
  add({ text = "", reasoning = "" }) {
    this.prose.add(text);
    this.reasoning += reasoning;
    this.unpainted += reasoning;
    if (text || reasoning) this.pace.soon();
  }

  paint() {
    this.thought.append(this.unpainted);
    this.unpainted = "";
    this.thinking.hidden = !this.reasoning;
    this.prose.paint();
    if (this.isAnswering || !this.prose.text) return;
    this.isAnswering = true;
    this.thinking.open = false; // who opens it again keeps it open
  }

  /** Shows the turn as it is now, an earlier state of which is shown. */
  update({ text, reasoning, ...turn }) {
    if (!text.startsWith(this.prose.text)) this.clear();
    this.add({ text: text.slice(this.prose.text.length),
      reasoning: reasoning.slice(this.reasoning.length) });
    if (turn.state !== "coming") this.finish({ text, ...turn });
  }

  finish(turn) {
    this.pace.now();
    this.prose.finish();
    this.answer.classList.remove("coming");
    this.answer.removeAttribute("aria-busy");
    this.end.replaceChildren(...turn.error ? [excuse(turn.error)] : [],
      footer(turn, this.onAgain));
  }
}
