// The conversation. Each turn is kept while it comes, so a reload loses nothing.
import * as kept from "./talk.js";
import * as thread from "./thread.js";
import { get, lines, Failure } from "./api.js";
import { find, icon, make } from "./dom.js";
import { hideToast, toast } from "./toast.js";
import { label } from "./words.js";

const BEAT = 2000; // ms between two savings of a turn that is coming

const question = find("#question");
const send = find("#send");
const model = find("#chat-model");

let talk; // the id of the conversation, by which the server knows it too
let running; // { turn, view, controller } of the answer that is coming

function grow() {
  question.style.height = "auto";
  question.style.height = Math.min(question.scrollHeight, 200) + "px";
}

function showRunning() {
  send.replaceChildren(icon(running ? "stop" : "send"));
  send.classList.toggle("stops", Boolean(running));
  label(send, running ? "stop" : "send");
}

// Asking ---------------------------------------------------------------------

function take({ turn, view }, { text = "", reasoning = "" }) {
  turn.text += text;
  turn.reasoning += reasoning;
  view.add({ text, reasoning });
}

// Reads the whole answer; returns its last line.
async function read(answer) {
  const asked = { model: model.value || undefined, talk,
    prompt: answer.turn.question };
  for await (const line of lines("chat", asked, answer.controller.signal)) {
    if (line.error) throw new Failure(line.error);
    if (line.done) return line;
    take(answer, line);
  }
  throw new Failure({ kind: "truncated" });
}

const endOf = ({ model: name, cut, usage }) => ({ state: "done", model: name,
  cut, tokens: usage?.total_tokens });

function failureOf(error) {
  if (error.name === "AbortError") return { state: "stopped" };
  // A connection that breaks is no Failure of the server's own.
  const { kind, message } = error instanceof Failure ? error
    : new Failure({ kind: "truncated", message: error.message });
  return { state: "failed", error: { kind, message } };
}

// Keeps a conversation that begins; tells if the browser does not take it.
function begin(turn) {
  if (kept.load()?.id !== talk) {
    kept.put({ id: talk, turns: [], dropped: 0 });
  }
  if (!kept.save(talk, turn)) toast("notKept");
}

function newTurn(text) {
  return { id: kept.newId(), question: text, text: "", reasoning: "",
    state: "coming" };
}

function show(answer) {
  if (thread.isGreeting()) thread.showAll({ turns: [answer.turn] });
  answer.view = thread.showTurn(answer.turn);
  thread.toEnd();
}

// The answer has ended, in whatever way.
function end({ turn, view }, how) {
  Object.assign(turn, how);
  kept.save(talk, turn);
  thread.keepingTheEnd(() => view.finish(turn));
  running = undefined;
  showRunning();
}

async function ask(text) {
  if (running) return;
  hideToast();
  const answer = { turn: newTurn(text), controller: new AbortController() };
  running = answer;
  begin(answer.turn);
  show(answer);
  showRunning();
  const beat = setInterval(() => kept.save(talk, answer.turn), BEAT);
  const how = await read(answer).then(endOf, failureOf);
  clearInterval(beat);
  if (running === answer) end(answer, how); // else it was cleared meanwhile
}

function submit() {
  const text = question.value.trim();
  if (running || !text) return;
  question.value = "";
  grow();
  ask(text);
}

/** Where there is a keyboard, it is for the question. */
export function enter() {
  if (matchMedia("(hover: hover)").matches) question.focus();
}

// A page that goes away takes the answer that is coming with it.
function interrupt() {
  if (running) kept.save(talk, { ...running.turn, state: "interrupted" });
}

// Keeping --------------------------------------------------------------------

function restart() {
  talk = kept.newId();
  thread.greet();
}

function resume(conversation) {
  talk = conversation.id;
  thread.showAll(conversation);
}

// Another window has written; or an answer that came there came to its end.
function refresh() {
  if (running) return;
  const now = kept.load();
  if (now && now.id !== talk) return resume(now);
  if (now) return thread.keepingTheEnd(() => now.turns.forEach(thread.showTurn));
  if (!thread.isGreeting()) restart();
}

// Ends what is coming, and forgets all; undone, it is there again as it was.
function clear() {
  if (running) {
    running.controller.abort();
    end(running, { state: "stopped" });
  }
  const before = kept.load();
  kept.clear();
  restart();
  enter();
  if (!before) return;
  toast("cleared", {}, () => {
    kept.put(before);
    resume(before);
  });
}

function turnsOf(messages) {
  const turns = [];
  for (const { role, content } of messages) {
    if (role === "user") turns.push({ ...newTurn(content), state: "done" });
    else if (role === "assistant" && turns.length > 0) {
      turns.at(-1).text += content;
    }
  }
  return turns;
}

// A version before kept the id alone: the server has the rest.
function adopt(known, messages) {
  known.turns = turnsOf(messages);
  if (known.turns.length === 0) return restart();
  kept.put(known);
  resume(known);
}

// Tells where the server, and so the model, has forgotten what is shown.
function compare({ turns }, messages) {
  const last = turns.findLast(({ state }) =>
    state === "done" || state === "forgotten");
  if (messages.length > 0 || last?.state !== "done") return;
  const mark = { id: kept.newId(), state: "forgotten" };
  kept.save(talk, mark);
  thread.showTurn(mark);
  thread.toEnd();
}

async function goOn() {
  const known = kept.load();
  if (!known) return restart();
  resume(known);
  const { messages = [] } = await get(`talk?id=${talk}`).catch((error) => {
    if (known.turns.length === 0) thread.greet();
    throw error;
  });
  if (running || talk !== known.id) return; // meanwhile asked
  if (known.turns.length === 0) adopt(known, messages);
  else compare(known, messages);
}

async function fillModels() {
  const names = await get("models").catch(() => []);
  if (names.length === 0) model.hidden = true;
  model.replaceChildren(...Array.from(names, (name) =>
    make("option", { value: name }, name)));
}

export function start() {
  thread.start(ask, refresh);
  goOn().catch(() => {}); // the studio is out of reach: the next call tells it
  fillModels();
  question.addEventListener("input", grow);
  // Enter that ends the input of Chinese is not one that sends.
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") running?.controller.abort();
  });
  find("#composer").addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) running.controller.abort();
    else submit();
  });
  find("#new-chat").addEventListener("click", clear);
  addEventListener("pagehide", interrupt);
  kept.onChange(refresh);
}
