// What this visitor has made: tasks, which the browser remembers by their ids.
// An id is paid for, so none is thrown away: what is removed from the list lies on
// the shelf below it, and can be put back.
import { excuse } from "./excuse.js";
import { find, icon, make } from "./dom.js";
import { Failure, get } from "./api.js";
import { keep, onOtherWindow, recall } from "./store.js";
import { label, say, word } from "./words.js";
import { toast } from "./toast.js";

const LISTED = "yuanjing.tasks", REMOVED = "yuanjing.removed";
const MOST_REMOVED = 100; // of those that are over
const STAGES = ["CREATED", "PENDING", "RUNNING"];
const FIRST_PAUSE = 500, LONGEST_PAUSE = 8000; // ms between two queries

const works = find("#works");
const shelf = find("#shelf");
const viewer = find("#viewer");

let tasks = []; // newest first
let removed = []; // last removed first
const followed = new Set();
let onAgain;

const isOver = (task) => task.status === "SUCCEEDED" || task.error;
const running = () => tasks.filter((task) => !isOver(task)).length;
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// Keeps these lists in this order: a task that moves is kept in its new list
// first. Returns whether the browser took them.
function remember(...names) {
  const lists = { [LISTED]: tasks, [REMOVED]: removed };
  return names.every((name) => keep(name, lists[name]));
}

function listOf(name) {
  const list = recall(name);
  return Array.isArray(list) ? list : [];
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
    action("remove", "forget", () => remove(task)));
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

function shelfItem(task) {
  const state = task.error ? "failed" : isOver(task) ? "finished" : "RUNNING";
  return make("li", {}, make("span", { class: "name" }, task.prompt),
    make("small", {}, say(make("span"), state), ` · ${task.id}`),
    say(make("button", { type: "button", onclick: () => putBack(task) }),
      "putBack"));
}

function showShelf() {
  shelf.hidden = removed.length === 0;
  say(find("summary", shelf), "removed", { n: removed.length });
  find("ul", shelf).replaceChildren(...removed.map(shelfItem));
}

function showAround() {
  showCount();
  showEmpty();
  showShelf();
}

// The card that stands behind a task's: of the next one that is older.
function cardBehind(task) {
  const older = tasks.slice(tasks.indexOf(task) + 1);
  return older.map(cardOf).find((element) => element) ?? null;
}

// Only what has changed: a video that plays goes on.
function show(task) {
  const before = cardOf(task);
  if (before) before.replaceWith(card(task));
  else works.insertBefore(card(task), cardBehind(task));
  showAround();
}

function tick() {
  for (const task of tasks) {
    if (isOver(task)) continue;
    find("time", cardOf(task)).textContent = elapsed(task);
  }
}

// Tasks ----------------------------------------------------------------------

// What is over is dropped from the shelf's end; what is still made, never.
function boundShelf() {
  let room = MOST_REMOVED;
  removed = removed.filter((task) => !isOver(task) || (room -= 1) >= 0);
}

function remove(task) {
  tasks = tasks.filter((other) => other !== task);
  removed = [task, ...removed.filter(({ id }) => id !== task.id)];
  boundShelf();
  remember(REMOVED, LISTED);
  cardOf(task).remove();
  showAround();
  toast(isOver(task) ? "removedOne" : "removedRunning", { what: task.prompt },
    () => putBack(task));
}

const byTime = (a, b) => b.at - a.at;

function putBack(task) {
  removed = removed.filter(({ id }) => id !== task.id);
  if (!tasks.some(({ id }) => id === task.id)) {
    tasks = [...tasks, task].sort(byTime);
  }
  remember(LISTED, REMOVED);
  show(task);
  follow(task);
}

function change(task, fields) {
  const before = JSON.stringify(task);
  Object.assign(task, fields);
  if (isOver(task)) task.ended = Date.now();
  if (JSON.stringify(task) === before || !tasks.includes(task)) return;
  remember(LISTED);
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
  if (followed.has(task.id)) return;
  followed.add(task.id);
  let ms = FIRST_PAUSE;
  while (!isOver(task) && tasks.includes(task)) {
    await pause(ms);
    await query(task);
    ms = Math.min(ms * 1.4, LONGEST_PAUSE);
  }
  followed.delete(task.id);
}

/** Takes in a task that has begun. */
export function add(task) {
  const known = { ...task, at: Date.now() };
  tasks.unshift(known);
  if (!remember(LISTED)) toast("idNotKept", { id: task.id });
  show(known);
  follow(known);
}

// What the browser remembers, of which another window may have written.
function adopt() {
  const before = new Map([...tasks, ...removed].map((task) => [task.id, task]));
  const known = (task) => before.get(task.id) ?? task;
  tasks = listOf(LISTED).map(known);
  removed = listOf(REMOVED).map(known)
    .filter(({ id }) => !tasks.some((task) => task.id === id));
  for (const element of works.querySelectorAll(".work")) {
    if (!tasks.some(({ id }) => id === element.dataset.id)) element.remove();
  }
  for (const task of [...tasks].reverse()) {
    if (cardOf(task)) continue;
    show(task);
    follow(task);
  }
  showAround();
}

/** `again` is called with a task whose settings are wanted again. */
export function start(again) {
  onAgain = again;
  adopt();
  onOtherWindow([LISTED, REMOVED], adopt);
  setInterval(tick, 1000);
  viewer.addEventListener("click", (event) => {
    if (event.target === viewer) viewer.close();
  });
}
