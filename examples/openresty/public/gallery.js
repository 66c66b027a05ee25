// What this visitor has made: tasks, which the browser remembers by their ids.
import { excuse } from "./excuse.js";
import { find, icon, make } from "./dom.js";
import { Failure, get } from "./api.js";
import { label, say, word } from "./words.js";

const KEY = "yuanjing.tasks";
const STAGES = ["CREATED", "PENDING", "RUNNING"];
const FIRST_PAUSE = 500, LONGEST_PAUSE = 8000; // ms between two queries

const works = find("#works");
const viewer = find("#viewer");

let tasks = []; // newest first
let onAgain;

const isOver = (task) => task.status === "SUCCEEDED" || task.error;
const running = () => tasks.filter((task) => !isOver(task)).length;
const remember = () => localStorage.setItem(KEY, JSON.stringify(tasks));
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function recall() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

// Looks ----------------------------------------------------------------------

function elapsed(task) {
  const seconds = Math.round(((task.ended ?? Date.now()) - task.at) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

const source = (task) => "result?id=" + encodeURIComponent(task.id);

function view(task) {
  const close = label(make("button", { class: "quiet", autofocus: true,
    onclick: () => viewer.close() }, icon("remove")), "close");
  viewer.replaceChildren(make("figure", {},
    make("img", { src: source(task), alt: task.prompt }),
    make("figcaption", {}, make("span", {}, task.prompt), close)));
  viewer.showModal();
}

function waiting(task) {
  const stage = Math.max(0, STAGES.indexOf(task.status));
  const steps = STAGES.map((_, i) => make("i", {
    class: i < stage ? "over" : i === stage ? "now" : "" }));
  const known = STAGES.includes(task.status) ? task.status : "RUNNING";
  return make("div", { class: "waiting" }, icon(task.kind),
    make("div", { class: "steps", "aria-hidden": "true" }, ...steps),
    make("p", {}, say(make("span"), task.isLost ? "offline" : known),
      make("time", {}, elapsed(task))));
}

// A file that does not come says nothing of why: the server does.
async function tellWhy(task, element) {
  let error = new Failure({ kind: "server" });
  await get(source(task)).catch((problem) => { error = problem; });
  element.replaceWith(excuse(error instanceof Failure ? error
    : new Failure({ kind: "decode" })));
}

function media(task) {
  const element = make("div", { class: "media loading" },
    say(make("span"), "loading"));
  const ready = () => element.classList.remove("loading");
  const onerror = () => tellWhy(task, element);
  if (task.kind === "image") {
    element.append(label(make("button", { class: "open",
      onclick: () => view(task) }, make("img", { src: source(task),
      alt: task.prompt, onload: ready, onerror })), "open"));
  } else {
    element.append(make("video", { src: source(task), controls: true,
      preload: "metadata", playsinline: true, "aria-label": task.prompt,
      onloadeddata: ready, onloadedmetadata: ready, onerror }));
  }
  return element;
}

function look(task) {
  if (task.error) return excuse(task.error);
  return isOver(task) ? media(task) : waiting(task);
}

function action(name, key, onclick) {
  return label(make("button", { type: "button", class: "quiet", onclick },
    icon(name)), key);
}

function actions(task) {
  const download = task.status === "SUCCEEDED"
    ? label(make("a", { class: "quiet", href: source(task), download: true },
      icon("download")), "download")
    : null;
  return make("div", { class: "actions" }, download,
    action("again", "again", () => onAgain(task)),
    action("remove", "forget", () => forget(task)));
}

function card(task) {
  return make("article", { class: "work", "data-id": task.id,
    "data-kind": task.kind,
    "data-status": task.error ? "FAILED" : task.status },
  make("div", { class: "view" }, look(task)),
  make("div", { class: "about" },
    make("p", { class: "prompt", title: task.prompt }, task.prompt),
    make("p", { class: "meta" }, make("span", {}, task.model),
      isOver(task) ? make("time", {}, elapsed(task)) : null)),
  actions(task));
}

const cardOf = (task) => find(`[data-id="${CSS.escape(task.id)}"]`, works);

function showCount() {
  const badge = find("#running");
  badge.hidden = running() === 0;
  badge.textContent = running();
  badge.setAttribute("aria-label", word("running", { n: running() }));
}

function showEmpty() {
  if (tasks.length > 0) return find(".empty", works)?.remove();
  works.replaceChildren(make("div", { class: "empty" }, icon("gallery"),
    say(make("h2"), "emptyTitle"), say(make("p"), "emptyMore")));
}

// Only what has changed: a video that plays goes on.
function show(task) {
  const before = cardOf(task);
  if (before) before.replaceWith(card(task));
  else works.prepend(card(task));
  showCount();
  showEmpty();
}

function tick() {
  for (const task of tasks) {
    if (isOver(task)) continue;
    find("time", cardOf(task)).textContent = elapsed(task);
  }
}

// Tasks ----------------------------------------------------------------------

function forget(task) {
  tasks = tasks.filter((other) => other !== task);
  cardOf(task).remove();
  remember();
  showCount();
  showEmpty();
}

function change(task, fields) {
  const before = JSON.stringify(task);
  Object.assign(task, fields);
  if (isOver(task)) task.ended = Date.now();
  if (JSON.stringify(task) === before || !tasks.includes(task)) return;
  remember();
  show(task);
  if (task.status !== "SUCCEEDED") return;
  find("#notice").textContent = word("ready", { what: task.prompt });
}

async function query(task) {
  try {
    const { status } = await get("task?id=" + encodeURIComponent(task.id));
    change(task, { status, isLost: false });
  } catch (error) {
    const { kind, message, ended } = error;
    change(task, ended ? { error: { kind, message } } : { isLost: true });
  }
}

async function follow(task) {
  let ms = FIRST_PAUSE;
  while (!isOver(task) && tasks.includes(task)) {
    await pause(ms);
    await query(task);
    ms = Math.min(ms * 1.4, LONGEST_PAUSE);
  }
}

/** Takes in a task that has begun. */
export function add(task) {
  const known = { ...task, at: Date.now() };
  tasks.unshift(known);
  remember();
  show(known);
  follow(known);
}

// What the browser remembers, of which another window may have written.
function adopt() {
  const before = new Map(tasks.map((task) => [task.id, task]));
  tasks = recall().map((task) => before.get(task.id) ?? task);
  for (const element of works.querySelectorAll(".work")) {
    if (!tasks.some(({ id }) => id === element.dataset.id)) element.remove();
  }
  for (const task of [...tasks].reverse()) {
    if (before.has(task.id)) continue;
    show(task);
    follow(task);
  }
  showCount();
  showEmpty();
}

/** `again` is called with a task whose settings are wanted again. */
export function start(again) {
  onAgain = again;
  adopt();
  addEventListener("storage", ({ key }) => {
    if (key === KEY) adopt();
  });
  setInterval(tick, 1000);
  viewer.addEventListener("click", (event) => {
    if (event.target === viewer) viewer.close();
  });
}
