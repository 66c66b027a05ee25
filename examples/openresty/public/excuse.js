// A failure in kind words: what happened, what to do, and below what was said.
import { icon, make } from "./dom.js";
import { isKnown, say } from "./words.js";

export function excuse(error) {
  const kind = isKnown(error.kind + ".0") ? error.kind : "server";
  const details = error.message && make("details", {},
    say(make("summary"), "details"), make("p", {}, error.message));
  return make("div", { class: "excuse", role: "alert", "data-kind": kind },
    icon("alert"),
    make("div", {}, say(make("strong"), kind + ".0"),
      say(make("p"), kind + ".1"), details || null));
}
