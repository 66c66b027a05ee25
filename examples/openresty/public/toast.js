// A short message at the lower edge, with a way to undo what it tells.
import { find, make } from "./dom.js";
import { say } from "./words.js";

const SECONDS = 12;
const place = find("#toast");
let timer;

export function hideToast() {
  clearTimeout(timer);
  place.replaceChildren();
}

/** Shows the text of a key for a while; `undo` is called if that is wanted. */
export function toast(key, values, undo) {
  const button = undo && say(make("button", { type: "button",
    onclick: () => { hideToast(); undo(); } }), "undo");
  place.replaceChildren(make("div", {}, say(make("span"), key, values),
    button ?? null));
  clearTimeout(timer);
  timer = setTimeout(hideToast, SECONDS * 1000);
}
