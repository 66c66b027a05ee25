// The conversation as the browser keeps it: { id, turns, dropped }. A turn is
// one question and its answer: { id, question, text, reasoning, state, at } and
// what was said of its end. The server keeps another copy, for the model.
import { forget, keep, onOtherWindow, recall } from "./store.js";

const NAME = "yuanjing.talk";
const MOST_TURNS = 100;
const MOST_CHARACTERS = 500_000; // browsers give a site some five million
const SILENCE = 15_000; // ms after which a window that saves no more is gone

// Nobody can guess it.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The conversation that is kept; undefined if there is none. */
export function load() {
  const kept = recall(NAME);
  if (typeof kept === "string") return { id: kept, turns: [], dropped: 0 };
  return kept?.turns ? kept : undefined;
}

const sizeOf = ({ question = "", text = "", reasoning = "" }) =>
  question.length + text.length + reasoning.length;

// Drops the oldest turns, and counts them: the page tells how many are gone.
function bound(talk) {
  let size = talk.turns.reduce((sum, turn) => sum + sizeOf(turn), 0);
  while (talk.turns.length > 1
    && (talk.turns.length > MOST_TURNS || size > MOST_CHARACTERS)) {
    size -= sizeOf(talk.turns.shift());
    talk.dropped += 1;
  }
}

/** Keeps a conversation, or as much of its end as there is room for. */
export function put(talk) {
  bound(talk);
  while (!keep(NAME, talk)) {
    if (talk.turns.length <= 1) return false;
    talk.turns.shift();
    talk.dropped += 1;
  }
  return true;
}

/** Keeps a turn of the conversation `id`; not if another one is kept meanwhile.
    Only this turn is written: another window may have added some. */
export function save(id, turn) {
  const talk = load();
  if (talk?.id !== id) return false;
  turn.at = Date.now();
  const i = talk.turns.findIndex((other) => other.id === turn.id);
  if (i < 0) talk.turns.push(turn);
  else talk.turns[i] = turn;
  return put(talk);
}

export const clear = () => forget(NAME);

/** Whether a turn says that its answer is coming, but nobody reads that any
    more: the browser has crashed, or had no time to say so. */
export const isAbandoned = (turn) =>
  turn.state === "coming" && Date.now() - turn.at > SILENCE;

export const onChange = (then) => onOtherWindow([NAME], then);
