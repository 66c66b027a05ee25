// Fields of a form, each made from a parameter of the catalog:
// { param, element, focus, read() -> what goes out, or undefined }. What was
// entered stays in `state`, for the next model's field of the same name.
import { caption, newId, nameOf } from "./caption.js";
import { make } from "./dom.js";
import { mediaField } from "./media.js";
import { isKnown, placeholder, say } from "./words.js";

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

// An option in words, where it has some: the categories do.
function nameOption(element, option) {
  if (option === "" || option === "adaptive") return say(element, "automatic");
  if (isKnown(option)) return say(element, option);
  element.textContent = option.replace("*", " × ");
  return element;
}

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

/** One of the options of a name, to press. */
export function chip(name, option, isChosen, onchange) {
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

/** The field of a parameter. */
export function fieldOf(param, state) {
  if (param.role) return mediaField(param, state);
  if (param.flag) return flagField(param, state);
  if (param.choices) return choiceField(param, state);
  if (param.maximum !== undefined) return rangeField(param, state);
  if (param.name.includes("prompt")) return textField(param, state);
  return lineField(param, state);
}
