// Fields for files, and sending these ahead of the form.
import { caption, newId } from "./caption.js";
import { icon, make } from "./dom.js";
import { label, say } from "./words.js";
import { upload } from "./api.js";

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

// The label that is pressed to choose files, and takes those that are dropped.
function dropZone(family, isMany, add) {
  const id = newId();
  const input = make("input", { id, type: "file", accept: family + "/*",
    multiple: isMany });
  const zone = make("label", { class: "drop", for: id }, input,
    icon(family === "audio" ? "sound" : family),
    say(make("span"), isMany ? "chooseMore" : "choose"));
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
  zone.addEventListener("drop", (event) => add(event.dataTransfer.files));
  return { id, input, zone };
}

/** The field of a parameter that is a file or a list of them. */
export function mediaField(param, state) {
  const family = familyOf(param);
  const isMany = param.type === "files";
  const most = isMany ? param.max_count ?? Infinity : 1;
  const files = state.files[param.role] ??= [];
  const list = make("ul", { class: "files" });
  const { id, input, zone } = dropZone(family, isMany, (more) => {
    files.push(...Array.from(more).slice(0, most - files.length));
    show();
  });
  function show() {
    list.replaceChildren(...files.map((file, i) =>
      fileItem(file, family, () => {
        files.splice(i, 1);
        show();
      })));
    zone.hidden = files.length >= most;
  }
  show();
  const head = caption(param, id);
  if (param.max_count) {
    head.append(say(make("small"), "atMost", { n: most }));
  }
  return { param, focus: input, element: make("div", {}, head, list, zone),
    read: () => (files.length === 0 ? undefined : isMany ? files : files[0]) };
}

/** Parameters with an upload in the place of each file; `tell` is called with
    the part of all the bytes that has gone. */
export async function withUploads(params, tell) {
  const files = Object.values(params).flat()
    .filter((value) => value instanceof File);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  async function sent(value) {
    if (Array.isArray(value)) {
      const list = [];
      for (const one of value) list.push(await sent(one));
      return list;
    }
    if (!(value instanceof File)) return value;
    const stub = await upload(value, (bytes) => tell((before + bytes) / total));
    before += value.size;
    return stub;
  }
  const result = {};
  for (const [name, value] of Object.entries(params)) {
    result[name] = await sent(value);
  }
  return result;
}
