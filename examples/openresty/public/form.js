// A form made from the catalog: what a model takes, as the catalog tells it.
import { excuse } from "./excuse.js";
import { find, icon, make } from "./dom.js";
import { label, placeholder, say } from "./words.js";
import { post, upload } from "./api.js";

const isHead = (param) => param.name === "model" || param.const !== undefined;
const nameOf = (param) => param.role ?? param.name;

let count = 0; // of ids
const newId = () => `field-${count += 1}`;

// Fields ---------------------------------------------------------------------
// A field is { param, element, read() -> what goes out, or undefined }.

function caption(param, id) {
  const text = say(make("label", { for: id }), nameOf(param));
  const more = param.required ? null
    : say(make("small"), "optional");
  return make("div", { class: "caption" }, text,
    param.default === undefined && !param.choices ? more : null);
}

const HINTS = { "prompt.image": "imageIdea", "prompt.video": "videoIdea",
  negative_prompt: "avoidIdea" };

function textField(param, state) {
  const id = newId();
  const area = make("textarea", { id, rows: param.required ? 4 : 1,
    required: param.required });
  placeholder(area, HINTS[param.name] ?? HINTS[`${param.name}.${state.kind}`]);
  area.value = state.values[param.name] ?? "";
  area.addEventListener("input", () => {
    state.values[param.name] = area.value;
  });
  return { param, element: make("div", {}, caption(param, id), area),
    focus: area, read: () => area.value.trim() || undefined };
}

function flagField(param, state) {
  const box = make("input", { type: "checkbox", role: "switch" });
  box.checked = (state.values[param.name] ?? param.default) === "Y";
  box.addEventListener("change", () => {
    state.values[param.name] = box.checked ? "Y" : "N";
  });
  return { param, element: make("label", { class: "flag" }, box,
    say(make("span"), nameOf(param))),
    read: () => (box.checked ? "Y" : "N") };
}

// A default is always allowed; without one the platform may choose.
function optionsOf(param) {
  const options = param.choices.map(String);
  const standard = param.default === undefined ? "" : String(param.default);
  if (param.default === undefined && param.required) return options;
  return options.includes(standard) ? options : [standard, ...options];
}

// What was chosen before, in this model's own spelling: 720p or 720P.
function chosenOf(param, options, state) {
  const before = String(state.values[param.name] ?? "").toLowerCase();
  return options.find((option) => option && option.toLowerCase() === before)
    ?? String(param.default ?? options[0]);
}

const nameOption = (element, option) =>
  option === "" || option === "adaptive" ? say(element, "automatic")
    : Object.assign(element, { textContent: option.replace("*", " × ") });

// A ratio, drawn.
function shapeOf(option) {
  const [, width, height] = option.match(/^(\d+):(\d+)$/) ?? [];
  if (!width) return null;
  const scale = 16 / Math.max(width, height);
  const shape = make("i", { class: "shape" });
  shape.style.width = `${width * scale}px`;
  shape.style.height = `${height * scale}px`;
  return shape;
}

function chip(name, option, isChosen, onchange) {
  const radio = make("input", { type: "radio", name, value: option, onchange });
  radio.checked = isChosen;
  return make("label", { class: "chip" }, radio,
    make("span", {}, shapeOf(option), nameOption(make("span"), option)));
}

const number = (param, text) =>
  param.type === "integer" ? Number(text) : text;

function choiceField(param, state) {
  const id = newId();
  const options = optionsOf(param);
  let chosen = chosenOf(param, options, state);
  const choose = (event) => {
    chosen = state.values[param.name] = event.target.value;
  };
  const read = () => (chosen === "" ? undefined : number(param, chosen));
  if (options.length > 7) {
    const select = make("select", { id, onchange: choose },
      ...options.map((option) =>
        nameOption(make("option", { value: option }), option)));
    select.value = chosen;
    return { param, read,
      element: make("div", {}, caption(param, id), select) };
  }
  const chips = options.map((option) =>
    chip(id, option, option === chosen, choose));
  return { param, read, element: make("fieldset", {},
    say(make("legend"), nameOf(param)),
    make("div", { class: "chips" }, ...chips)) };
}

function rangeField(param, state) {
  const id = newId();
  const { minimum: min, maximum: max } = param;
  const range = make("input", { id, type: "range", min, max });
  range.value = state.values[param.name] ?? param.default ?? min;
  const shown = make("output", { for: id }, range.value);
  range.addEventListener("input", () => {
    state.values[param.name] = shown.textContent = range.value;
  });
  const head = caption(param, id);
  head.append(shown);
  return { param, element: make("div", {}, head, range),
    read: () => Number(range.value) };
}

function lineField(param, state) {
  const id = newId();
  const isNumber = param.type === "integer";
  const input = make("input", { id, type: isNumber ? "number" : "text",
    min: param.minimum ?? (isNumber ? 1 : null), max: param.maximum,
    inputmode: isNumber ? "numeric" : null, placeholder: param.default });
  input.value = state.values[param.name] ?? param.default ?? "";
  input.addEventListener("input", () => {
    state.values[param.name] = input.value;
  });
  return { param, focus: input, read: () =>
    (input.value === "" ? undefined : number(param, input.value)),
  element: make("div", {}, caption(param, id), input) };
}

// Media ----------------------------------------------------------------------

const familyOf = (param) =>
  param.role.includes("video") ? "video"
    : param.role.includes("audio") ? "audio" : "image";

function thumbnail(file, family) {
  if (family === "audio") return icon("sound");
  const src = URL.createObjectURL(file);
  const done = () => URL.revokeObjectURL(src);
  return family === "image" ? make("img", { src, alt: "", onload: done })
    : make("video", { src, muted: true, preload: "metadata",
      onloadeddata: done });
}

function fileItem(file, family, onRemove) {
  return make("li", {}, make("span", { class: "thumb" },
    thumbnail(file, family)), make("span", { class: "name" }, file.name),
  label(make("button", { type: "button", class: "quiet", onclick: onRemove },
    icon("remove")), "remove"));
}

function mediaField(param, state) {
  const id = newId();
  const family = familyOf(param);
  const isMany = param.type === "files";
  const most = isMany ? param.max_count ?? Infinity : 1;
  const files = state.files[param.role] ??= [];
  const list = make("ul", { class: "files" });
  const input = make("input", { id, type: "file", accept: family + "/*",
    multiple: isMany });
  const drop = make("label", { class: "drop", for: id }, input,
    icon(family === "audio" ? "sound" : family),
    say(make("span"), isMany ? "chooseMore" : "choose"));

  function show() {
    list.replaceChildren(...files.map((file, i) =>
      fileItem(file, family, () => {
        files.splice(i, 1);
        show();
      })));
    drop.hidden = files.length >= most;
  }
  function add(more) {
    files.push(...Array.from(more).slice(0, most - files.length));
    input.value = "";
    show();
  }
  input.addEventListener("change", () => add(input.files));
  drop.addEventListener("dragover", (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  show();
  const head = caption(param, id);
  if (param.max_count) {
    head.append(say(make("small"), "atMost", { n: most }));
  }
  return { param, focus: input, element: make("div", {}, head, list, drop),
    read: () => (files.length === 0 ? undefined : isMany ? files : files[0]) };
}

// ----------------------------------------------------------------------------

function fieldOf(param, state) {
  if (param.role) return mediaField(param, state);
  if (param.flag) return flagField(param, state);
  if (param.choices) return choiceField(param, state);
  if (param.maximum !== undefined) return rangeField(param, state);
  if (param.name.includes("prompt")) return textField(param, state);
  return lineField(param, state);
}

// What is written and shown first, then the rest in the catalog's order.
const rank = (param) =>
  param.name === "prompt" ? 0 : param.role ? 1 : 2;

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

// The files, each by its upload.
async function withUploads(given, tell) {
  const all = Object.values(given).flat().filter((one) => one instanceof File);
  const total = all.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  const params = {};
  async function send(file) {
    const sent = await upload(file, (bytes) => tell((before + bytes) / total));
    before += file.size;
    return sent;
  }
  for (const [name, value] of Object.entries(given)) {
    if (value instanceof File) params[name] = await send(value);
    else if (Array.isArray(value)) {
      params[name] = [];
      for (const file of value) params[name].push(await send(file));
    } else params[name] = value;
  }
  return params;
}

// The models in groups by who makes them.
function modelOptions(rows) {
  const groups = new Map();
  for (const { model, vendor = "" } of rows) {
    if (!groups.has(vendor)) groups.set(vendor, []);
    groups.get(vendor).push(make("option", { value: model }, model));
  }
  return Array.from(groups, ([vendor, options]) =>
    make("optgroup", { label: vendor || "·" }, ...options));
}

/** A form in a room, for the catalog's rows of a kind; `onTask` is called with
    each task that was begun. Returns what fills it: fill(settings). */
export function start(room, kind, rows, onTask) {
  const state = { kind, values: {}, files: {} };
  const categories = [...new Set(rows.map((row) => row.category))];
  let category = categories[0];
  let fields = [];

  const model = make("select", { id: newId(), onchange: showFields });
  const place = make("div", { class: "fields" });
  const problem = make("div");
  const button = make("button", { type: "submit", class: "primary" });
  const tabs = label(make("div", { class: "chips tabs", role: "radiogroup" }),
    kind);
  const form = make("form", { class: "form", novalidate: true },
    say(make("h2"), kind === "image" ? "makeImage" : "makeVideo"),
    categories.length > 1 ? tabs : null,
    make("div", {}, make("div", { class: "caption" },
      say(make("label", { for: model.id }), "model")), model),
    place, problem, make("div", { class: "submit" }, button));

  function showFields() {
    const row = rows.find((one) => one.model === model.value
      && one.category === category);
    fields = fieldsOf(row, state);
    place.replaceChildren(...fields.map((field) => field.element));
  }
  function showModels() {
    const before = model.value;
    const fitting = rows.filter((row) => row.category === category);
    model.replaceChildren(...modelOptions(fitting));
    if (fitting.some((row) => row.model === before)) model.value = before;
    showFields();
  }
  function showTabs() {
    const name = newId();
    tabs.replaceChildren(...categories.map((one) => {
      const tab = chip(name, one, one === category, () => {
        category = one;
        showModels();
      });
      say(find("span > span", tab), one);
      return tab;
    }));
  }
  function idle() {
    button.disabled = false;
    say(button, "generate");
  }

  async function submit() {
    const lacking = missing(fields);
    if (lacking.length > 0) return lacking[0].focus.focus();
    const given = { model: model.value, category };
    for (const { param, read } of fields) given[param.name] = read();
    const about = { kind, model: model.value, category, prompt: given.prompt,
      settings: { ...state.values } };
    const params = await withUploads(given, (part) =>
      say(button, "uploading", { n: Math.round(100 * part) }));
    say(button, "sending");
    try {
      onTask({ ...about, ...await post(kind, params) });
    } catch (error) {
      if (error.id) onTask({ ...about, id: error.id, status: "CREATED" });
      throw error;
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    problem.replaceChildren();
    await submit().catch((error) => problem.replaceChildren(excuse(error)));
    idle();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      form.requestSubmit();
    }
  });

  room.replaceChildren(form);
  showTabs();
  showModels();
  idle();
  return {
    fill(task) {
      Object.assign(state.values, task.settings);
      category = task.category;
      showTabs();
      showModels();
      model.value = task.model;
      showFields();
    },
  };
}
