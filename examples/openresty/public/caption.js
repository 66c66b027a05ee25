// What stands above a field.
import { make } from "./dom.js";
import { say } from "./words.js";

let count = 0; // of ids

export const newId = () => `field-${count += 1}`;

/** A parameter as its users know it: by its role, if it has one. */
export const nameOf = (param) => param.role ?? param.name;

/** Its label, for the input of that id, and whether it may be left out. */
export function caption(param, id) {
  const isPlain = param.default === undefined && !param.choices;
  return make("div", { class: "caption" },
    say(make("label", { for: id }), nameOf(param)),
    isPlain && !param.required ? say(make("small"), "optional") : null);
}
