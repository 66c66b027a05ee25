// The conversation.
import { get, lines, Failure } from "./api.js";
import { excuse } from "./excuse.js";
import { find, icon, make } from "./dom.js";
import { label, say, word } from "./words.js";
import { prose } from "./prose.js";

const KEY = "yuanjing.talk"; // where the id of the conversation is kept

const thread = find("#thread");
const log = find("#log");
const question = find("#question");
const send = find("#send");
const model = find("#chat-model");

let talk; // the id of the conversation: the server keeps what was said in it
let running; // the AbortController of the answer that is coming

// Looks ----------------------------------------------------------------------

function greet() {
  const ideas = ["idea1", "idea2", "idea3"].map((key) =>
    say(make("button", { type: "button", class: "idea",
      onclick: () => ask(word(key)) }), key));
  thread.replaceChildren(make("div", { class: "greeting" },
    make("img", { src: "seal.svg", alt: "", width: 52, height: 52 }),
    say(make("h1"), "greeting"), say(make("p"), "greetingMore"),
    make("div", { class: "ideas" }, ...ideas)));
}

const isAtEnd = () =>
  log.scrollHeight - log.scrollTop - log.clientHeight < 80;

// Runs a change; who reads the end goes on reading the end.
function keepingTheEnd(change) {
  const follows = isAtEnd();
  change();
  if (follows) log.scrollTop = log.scrollHeight;
}

function grow() {
  question.style.height = "auto";
  question.style.height = Math.min(question.scrollHeight, 200) + "px";
}

function showRunning() {
  send.replaceChildren(icon(running ? "stop" : "send"));
  send.classList.toggle("stops", Boolean(running));
  label(send, running ? "stop" : "send");
}

// An answer that comes: its element, and what adds to it.
function newAnswer() {
  const text = make("div", { class: "text" });
  const thought = make("div", { class: "thought" });
  const thinking = make("details", { open: true, hidden: true },
    say(make("summary"), "thinking"), thought);
  const element = make("article", { class: "answer coming",
    "aria-busy": "true" }, thinking, text);
  return {
    element,
    text: "",
    add({ text: more = "", reasoning = "" }) {
      this.text += more;
      thought.append(reasoning);
      text.replaceChildren(...prose(this.text));
      if (reasoning) thinking.hidden = false;
      if (this.text) thinking.open = false;
    },
    end(...children) {
      element.classList.remove("coming");
      element.removeAttribute("aria-busy");
      element.append(...children);
    },
  };
}

function copyButton(text) {
  const button = label(make("button", { type: "button", class: "quiet" },
    icon("copy")), "copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    label(button, "copied");
  });
  return button;
}

// Whether the answer had no room to go on: it may stop in the middle of a word.
function isCut(end) {
  return /^(length|max_(output_)?tokens)$/i.test(end.ended_by ?? "");
}

function footer(answer, end) {
  const tokens = end.usage?.total_tokens;
  return make("footer", {}, copyButton(answer.text),
    isCut(end) ? say(make("span", { class: "cut" }), "cut") : null,
    make("span", {}, end.model ?? ""),
    tokens ? say(make("span"), "tokens", { n: tokens }) : null);
}

// Asking ---------------------------------------------------------------------

// Reads the whole answer; returns its last line.
async function read(answer, prompt, signal) {
  const asked = { model: model.value || undefined, talk, prompt };
  for await (const line of lines("chat", asked, signal)) {
    if (line.error) throw new Failure(line.error);
    if (line.done) return line;
    keepingTheEnd(() => answer.add(line));
  }
  throw new Failure({ kind: "truncated" });
}

function problem(error) {
  if (error.name === "AbortError") {
    return say(make("footer", { class: "stopped" }), "stopped");
  }
  // A connection that breaks is no Failure of the server's own.
  return excuse(error instanceof Failure ? error
    : new Failure({ kind: "truncated", message: error.message }));
}

async function ask(text) {
  const asked = talk;
  find(".greeting", thread)?.remove();
  const answer = newAnswer();
  thread.append(make("article", { class: "question" }, text), answer.element);
  log.scrollTop = log.scrollHeight;
  running = new AbortController();
  const { signal } = running;
  showRunning();
  let last;
  try {
    last = footer(answer, await read(answer, text, signal));
    localStorage.setItem(KEY, asked);
  } catch (error) {
    last = problem(error);
  }
  keepingTheEnd(() => answer.end(last));
  if (asked !== talk) return; // there is a new chat meanwhile
  running = undefined;
  showRunning();
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

// Nobody can guess it.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function restart() {
  running?.abort();
  running = undefined;
  talk = newId();
  localStorage.removeItem(KEY);
  showRunning();
  greet();
  enter();
}

function show({ role, content }) {
  if (role === "user") {
    return thread.append(make("article", { class: "question" }, content));
  }
  if (role !== "assistant") return;
  const answer = newAnswer();
  answer.add({ text: content });
  answer.end(footer(answer, {}));
  thread.append(answer.element);
}

// Goes on with the conversation of before, if there was one.
async function resume() {
  const kept = localStorage.getItem(KEY);
  talk = kept ?? newId();
  if (!kept) return greet();
  const { messages = [] } = await get(`talk?id=${kept}`).catch(() => ({}));
  if (kept !== talk || thread.childElementCount > 0) return; // meanwhile asked
  if (messages.length === 0) return greet();
  for (const message of messages) show(message);
  log.scrollTop = log.scrollHeight;
}

async function fillModels() {
  const names = await get("models").catch(() => []);
  if (names.length === 0) model.hidden = true;
  model.replaceChildren(...Array.from(names, (name) =>
    make("option", { value: name }, name)));
}

export function start() {
  resume();
  fillModels();
  question.addEventListener("input", grow);
  // Enter that ends the input of Chinese is not one that sends.
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") running?.abort();
  });
  find("#composer").addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) running.abort();
    else submit();
  });
  find("#new-chat").addEventListener("click", restart);
}
