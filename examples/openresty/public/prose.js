// An answer's Markdown as elements: what models write most. All else, half of a
// mark that is still to come too, stands as it is.
import { make } from "./dom.js";

const MARK = /\*\*(.+?)\*\*|`([^`]+)`/g;
const FENCE = /^\s*```/;
const HEADING = /^#{1,6}\s+(.*)/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)/;

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const { 0: all, 1: bold, 2: code, index } of text.matchAll(MARK)) {
    nodes.push(text.slice(from, index),
      bold ? make("strong", {}, bold) : make("code", {}, code));
    from = index + all.length;
  }
  return [...nodes, text.slice(from)];
}

// Lines of code up to the fence that ends it, or so far.
function takeCode(lines) {
  const end = lines.findIndex((line) => FENCE.test(line));
  const code = lines.splice(0, end < 0 ? lines.length : end + 1);
  if (end >= 0) code.pop();
  return make("pre", { tabindex: 0 }, make("code", {}, code.join("\n")));
}

function takeItem(blocks, [, number, text]) {
  const name = number ? "OL" : "UL";
  const list = blocks.at(-1)?.tagName === name ? blocks.pop()
    : make(name, { start: number });
  list.append(make("li", {}, ...inline(text)));
  return list;
}

/** The elements of a text. */
export function prose(text) {
  const lines = text.split("\n");
  const blocks = [];
  let paragraph;
  while (lines.length > 0) {
    const line = lines.shift();
    const heading = line.match(HEADING);
    const item = line.match(ITEM);
    const goesOn = paragraph;
    paragraph = undefined;
    if (FENCE.test(line)) blocks.push(takeCode(lines));
    else if (heading) blocks.push(make("h3", {}, ...inline(heading[1])));
    else if (item) blocks.push(takeItem(blocks, item));
    else if (line.trim() !== "") {
      paragraph = goesOn ?? make("p");
      if (goesOn) paragraph.append("\n");
      else blocks.push(paragraph);
      paragraph.append(...inline(line));
    }
  }
  return blocks;
}
