// What the conversation's room shows: a greeting, or the turns.
import * as kept from "./talk.js";
import { copyCode, TurnView } from "./turn.js";
import { find, make } from "./dom.js";
import { say, word } from "./words.js";

const RECHECK = 2000; // ms until a turn of another window is looked at again

const thread = find("#thread");
const log = find("#log");

const views = new Map(); // { view, stamp } by the turns' ids
let ask, refresh; // given by start()
let recheck;

const isAtEnd = () =>
  log.scrollHeight - log.scrollTop - log.clientHeight < 80;

export function toEnd() {
  log.scrollTop = log.scrollHeight;
}

/** Runs a change; who reads the end goes on reading the end. */
export function keepingTheEnd(change) {
  const follows = isAtEnd();
  change();
  if (follows) toEnd();
}

export function greet() {
  const ideas = ["idea1", "idea2", "idea3"].map((key) =>
    say(make("button", { type: "button", class: "idea",
      onclick: () => ask(word(key)) }), key));
  views.clear();
  thread.replaceChildren(make("div", { class: "greeting" },
    make("img", { src: "seal.svg", alt: "", width: 52, height: 52 }),
    say(make("h1"), "greeting"), say(make("p"), "greetingMore"),
    make("div", { class: "ideas" }, ...ideas)));
}

export const isGreeting = () => find(".greeting", thread) !== null;

const divider = (key, values) =>
  say(make("p", { class: "divider" }), key, values);

function viewOf(turn) {
  if (turn.state === "forgotten") return { elements: [divider("forgotten")] };
  return new TurnView(turn, ask, keepingTheEnd);
}

// Its window may be gone without a word: it is looked at again.
function stateOf(turn) {
  if (kept.isAbandoned(turn)) return "interrupted";
  if (turn.state === "coming") {
    clearTimeout(recheck);
    recheck = setTimeout(refresh, RECHECK);
  }
  return turn.state;
}

/** Shows a turn, or what has changed of it; returns how it is shown. */
export function showTurn(turn) {
  const now = { ...turn, state: stateOf(turn) };
  const stamp = `${now.at} ${now.state}`;
  const before = views.get(turn.id);
  if (before?.stamp === stamp) return before.view;
  const view = before?.view ?? viewOf(now);
  views.set(turn.id, { view, stamp });
  if (before) view.update(now);
  else thread.append(...view.elements);
  return view;
}

/** Shows a conversation in the place of what was shown. */
export function showAll({ turns, dropped }) {
  views.clear();
  thread.replaceChildren(
    ...dropped > 0 ? [divider("dropped", { n: dropped })] : []);
  turns.forEach(showTurn);
  toEnd();
}

/** `onAsk` is called with a question, `onRecheck` when it is time to look at what
    another window has kept. */
export function start(onAsk, onRecheck) {
  ask = onAsk;
  refresh = onRecheck;
  thread.addEventListener("click", copyCode);
}
