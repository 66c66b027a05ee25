// An element whose Markdown grows. A block that is over is never made again: a
// piece more costs what the last blocks cost, not the whole text. The last line is
// still coming, and may change what the blocks above it are: a "2" below a list
// becomes its next item, and a "-" below a line is not yet the list that it will be.
import { blocksOf, definitionsOf, elementsOf } from "./markdown.js";
import { morph } from "./morph.js";

export class Prose {
  constructor(element) {
    this.element = element;
    this.clear();
  }

  clear() {
    this.text = this.open = "";
    this.over = 0; // how many elements are over; `open` is the text of the rest
    this.links = {}; // their definitions, of the blocks that are over
    this.element.replaceChildren();
  }

  /** A piece more, which paint() will show. */
  add(more) {
    this.text += more;
    this.open += more;
  }

  paint() {
    const blocks = blocksOf(this.open, this.links);
    const over = blocks.splice(0, beginOfLast(blocks));
    const elements = elementsOf(over);
    morph(this.element, [...elements, ...elementsOf(blocks)], this.over);
    this.over += elements.length;
    this.open = this.open.slice(lengthOf(over));
    this.links = { ...definitionsOf(over), ...this.links }; // the first counts
  }

  /** Shows the whole text: a definition at its end is for all of its links. */
  finish() {
    const links = definitionsOf(blocksOf(this.text, {}));
    if (Object.keys(links).length > 0) {
      Object.assign(this, { over: 0, open: this.text, links });
    }
    this.paint();
  }
}

const lengthOf = (blocks) =>
  blocks.reduce((sum, { raw }) => sum + raw.length, 0);

const OPEN = 3; // blocks

function beginOfLast(blocks) {
  const places = [...blocks.keys()].filter((i) => blocks[i].type !== "space");
  return places.at(-OPEN) ?? 0;
}
