// A form made from the catalog: what a model takes, as the catalog tells it.
import { chip, fieldOf } from "./fields.js";
import { excuse } from "./excuse.js";
import { find, make } from "./dom.js";
import { label, say } from "./words.js";
import { newId } from "./caption.js";
import { post } from "./api.js";
import { withUploads } from "./media.js";

const isHead = (param) => param.name === "model" || param.const !== undefined;

// What is written and shown first, then the rest in the catalog's order.
const rank = (param) => (param.name === "prompt" ? 0 : param.role ? 1 : 2);

const fieldsOf = (row, state) => row.params
  .filter((param) => !isHead(param))
  .sort((a, b) => rank(a) - rank(b))
  .map((param) => fieldOf(param, state));

function demand({ element }) {
  const note = say(make("p", { class: "needed", role: "alert" }), "needed");
  const meet = () => note.remove();
  find(".needed", element)?.remove();
  element.append(note);
  for (const type of ["input", "change", "drop"]) {
    element.addEventListener(type, meet, { once: true });
  }
}

function missing(fields) {
  const lacking = fields.filter(({ param, read }) =>
    param.required && read() === undefined);
  lacking.forEach(demand);
  return lacking;
}

// The models in groups by who makes them.
function modelOptions(rows) {
  const groups = new Map();
  for (const { model, vendor = "·" } of rows) {
    if (!groups.has(vendor)) groups.set(vendor, []);
    groups.get(vendor).push(make("option", { value: model }, model));
  }
  return Array.from(groups, ([vendor, options]) =>
    make("optgroup", { label: vendor }, ...options));
}

// Who leaves before the id has come pays for a task that no list has.
const askFirst = (event) => event.preventDefault();

class Form {
  constructor(kind, rows, onTask) {
    Object.assign(this, { kind, rows, onTask, fields: [],
      category: rows[0].category, state: { kind, values: {}, files: {} } });
    this.tabs = label(make("div", { class: "chips tabs", role: "radiogroup" }),
      kind);
    this.model = make("select", { id: newId(),
      onchange: () => this.showFields() });
    this.place = make("div", { class: "fields" });
    this.problem = make("div");
    this.button = say(make("button", { type: "submit", class: "primary" }),
      "generate");
    this.element = this.build();
    this.showTabs();
    this.showModels();
  }

  build() {
    const title = this.kind === "image" ? "makeImage" : "makeVideo";
    const form = make("form", { class: "form", novalidate: true },
      say(make("h2"), title), this.tabs,
      make("div", {}, make("div", { class: "caption" },
        say(make("label", { for: this.model.id }), "model")), this.model),
      this.place, this.problem,
      make("div", { class: "submit" }, this.button));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.button.disabled) this.submit();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      form.requestSubmit();
    });
    return form;
  }

  showTabs() {
    const name = newId();
    const categories = [...new Set(this.rows.map((row) => row.category))];
    this.tabs.hidden = categories.length === 1;
    this.tabs.replaceChildren(...categories.map((category) =>
      chip(name, category, category === this.category, () => {
        this.category = category;
        this.showModels();
      })));
  }

  showModels() {
    const before = this.model.value;
    const fitting = this.rows.filter((row) => row.category === this.category);
    this.model.replaceChildren(...modelOptions(fitting));
    if (fitting.some((row) => row.model === before)) this.model.value = before;
    this.showFields();
  }

  showFields() {
    const row = this.rows.find((one) => one.model === this.model.value
      && one.category === this.category);
    this.fields = fieldsOf(row, this.state);
    this.place.replaceChildren(...this.fields.map((field) => field.element));
  }

  /** Enters the settings of a task. */
  fill(task) {
    Object.assign(this.state.values, task.settings);
    this.category = task.category;
    this.showTabs();
    this.showModels();
    this.model.value = task.model;
    this.showFields();
  }

  async submit() {
    const lacking = missing(this.fields);
    if (lacking.length > 0) return lacking[0].focus.focus();
    this.button.disabled = true;
    this.problem.replaceChildren();
    addEventListener("beforeunload", askFirst);
    await this.send().catch((error) => {
      this.problem.replaceChildren(excuse(error));
      this.problem.scrollIntoView({ block: "center" });
    });
    removeEventListener("beforeunload", askFirst);
    this.button.disabled = false;
    say(this.button, "generate");
  }

  // A failure may come with a task all the same, which is paid for.
  async send() {
    const { kind, category, state } = this;
    const given = { model: this.model.value, category };
    for (const { param, read } of this.fields) given[param.name] = read();
    const task = { kind, category, model: given.model, prompt: given.prompt,
      settings: { ...state.values } };
    const params = await withUploads(given, (part) =>
      say(this.button, "uploading", { n: Math.round(100 * part) }));
    say(this.button, "sending");
    try {
      this.onTask({ ...task, ...await post(kind, params) });
    } catch (error) {
      if (error.id) this.onTask({ ...task, id: error.id, status: "CREATED" });
      throw error;
    }
  }
}

/** A form in a room, for the catalog's rows of a kind; `onTask` is called with
    each task that was begun. */
export function start(room, kind, rows, onTask) {
  const form = new Form(kind, rows, onTask);
  room.replaceChildren(form.element);
  return form;
}
