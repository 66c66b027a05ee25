// The page: its rooms, its language, and what each room begins with.
import * as chat from "./chat.js";
import * as form from "./form.js";
import * as gallery from "./gallery.js";
import { excuse } from "./excuse.js";
import { find } from "./dom.js";
import { get } from "./api.js";
import { keep, recall } from "./store.js";
import { speak } from "./words.js";

const ROOMS = ["chat", "image", "video", "gallery"];
const isNarrow = () => matchMedia("(max-width: 899px)").matches;

function enter() {
  const asked = location.hash.slice(1);
  const room = ROOMS.includes(asked) ? asked : "chat";
  document.body.dataset.room = room;
  for (const link of document.querySelectorAll(".rooms a")) {
    if (link.hash === "#" + room) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (room === "chat") chat.enter();
}

function chooseLanguage(name) {
  keep("yuanjing.language", name);
  speak(name);
}

const preferred = () => recall("yuanjing.language")
  ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

// Beside the form there is the gallery already, where there is room for both.
function take(task) {
  gallery.add(task);
  if (isNarrow()) location.hash = "gallery";
}

async function makeForms() {
  const forms = {};
  const rows = await get("catalog");
  for (const kind of ["image", "video"]) {
    forms[kind] = form.start(find(`#${kind}-room`), kind,
      rows.filter((row) => row.kind === kind), take);
  }
  return forms;
}

speak(preferred());
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () =>
    chooseLanguage(button.dataset.language));
}
addEventListener("hashchange", enter);
// A file that misses its place must not take the page's.
for (const type of ["dragover", "drop"]) {
  addEventListener(type, (event) => event.preventDefault());
}
enter();
chat.start();
const forms = makeForms();
gallery.start(async (task) => {
  (await forms)[task.kind].fill(task);
  location.hash = task.kind;
});
forms.catch((error) => {
  for (const kind of ["image", "video"]) {
    find(`#${kind}-room`).replaceChildren(excuse(error));
  }
});
