// Markdown as elements. The text comes from a model, and so perhaps from somebody
// who wants to attack its reader: HTML in it stays text, a link leads to the web
// or to an address of mail, a picture becomes a link (to load one would tell its
// server that it was read), and what marked makes passes DOMPurify.
import { Marked } from "./vendor/marked.esm.js";
import DOMPurify from "./vendor/purify.es.mjs";
import { icon, make } from "./dom.js";
import { label } from "./words.js";

const CLEAN = {
  ALLOWED_TAGS: ["a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5",
    "h6", "hr", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th",
    "thead", "tr", "ul"],
  ALLOWED_ATTR: ["align", "class", "href", "start"],
  ALLOW_ARIA_ATTR: false, ALLOW_DATA_ATTR: false, RETURN_DOM_FRAGMENT: true,
};

const LINK = /^(?:https?:\/\/|mailto:)/i;
const BREAK = /^<br *\/?>/i;
// ** beside Chinese punctuation: `**注意：**这里` is no mark in CommonMark.
const STRONG = /^\*\*(?=[^\s*])((?:\\.|`[^`]*`|[^*\\`]|\*(?!\*))*?[^\s*])\*\*(?!\*)/;

// An address in a text ends at Chinese, and before the sentence's own marks.
const URL_IN_TEXT = /^https?:\/\/[^\s<>"\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+/i;
const END_OF_SENTENCE = /[.,;:!?'*_~]+$/;

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text) => text.replace(/[&<>"]/g, (mark) => ESCAPES[mark]);

const link = (href, inside) => `<a href="${escape(href)}">${inside}</a>`;

// A method that returns nothing knows no such mark: the text stays as it is. One
// that returns false leaves the decision to marked.
const tokenizer = {
  html() {},
  tag(source) {
    const raw = source.match(BREAK)?.[0];
    return raw && { type: "br", raw };
  },
  lheading() {}, // "a\n-" is the beginning of a list that is still coming
  url(source) {
    const found = source.match(URL_IN_TEXT)?.[0].replace(END_OF_SENTENCE, "");
    if (!found) return false;
    const raw = found.includes("(") ? found : found.replace(/\).*$/, "");
    return { type: "link", raw, href: raw, text: raw,
      tokens: [{ type: "text", raw, text: raw }] };
  },
  emStrong(source) {
    const [raw, text] = source.match(STRONG) ?? [];
    return raw !== undefined
      && { type: "strong", raw, text, tokens: this.lexer.inlineTokens(text) };
  },
};

const renderer = {
  heading({ tokens, depth }) {
    const name = `h${Math.min(depth + 2, 6)}`; // h1 and h2 are the page's
    return `<${name}>${this.parser.parseInline(tokens)}</${name}>`;
  },
  link({ href, raw, tokens }) {
    if (!LINK.test(href)) return escape(raw);
    return link(href, this.parser.parseInline(tokens));
  },
  image({ href, raw, text }) {
    return LINK.test(href) ? link(href, escape(text || href)) : escape(raw);
  },
  checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
};

const marked = new Marked({ breaks: true, tokenizer, renderer });

// Dressing: what is no Markdown, but helps to read and to use it. --------------

function dressLink(element) {
  element.target = "_blank";
  element.rel = "noopener noreferrer";
}

function dressCode(pre) {
  const [, language = ""] = pre.firstChild?.className.match(/^language-(.+)/)
    ?? [];
  const copy = label(make("button", { type: "button", class: "quiet copy" },
    icon("copy")), "copyCode");
  const figure = make("figure", { class: "code" },
    make("figcaption", {}, make("span", {}, language), copy));
  pre.tabIndex = 0; // to scroll it by keys
  pre.replaceWith(figure);
  figure.append(pre);
}

function dressTable(table) {
  const place = make("div", { class: "table", tabindex: 0 });
  table.replaceWith(place);
  place.append(table);
}

const DRESSES = { a: dressLink, pre: dressCode, table: dressTable };

/** The blocks of a text; `links` are the definitions that stand before it. */
export function blocksOf(text, links) {
  const lexer = new marked.Lexer(marked.defaults);
  Object.assign(lexer.tokens.links, links);
  return lexer.lex(text);
}

/** The links that blocks define, as blocksOf() takes them. */
export function definitionsOf(blocks) {
  const links = {};
  for (const { type, tag, href, title } of blocks) {
    if (type === "def") links[tag] ??= { href, title };
  }
  return links;
}

/** The elements of blocks. */
export function elementsOf(blocks) {
  const fragment = DOMPurify.sanitize(marked.parser(blocks), CLEAN);
  for (const [name, dress] of Object.entries(DRESSES)) {
    fragment.querySelectorAll(name).forEach(dress);
  }
  return [...fragment.children];
}
