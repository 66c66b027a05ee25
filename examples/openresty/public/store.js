// What the browser keeps over a reload. It may refuse: its store is full, or
// closed to this page. Then the page goes on without.

/** The value of a name; undefined if there is none. */
export function recall(name) {
  try {
    return parse(localStorage.getItem(name)) ?? undefined;
  } catch {
    return undefined;
  }
}

// Earlier versions kept some texts as they are.
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Keeps a value; returns whether the browser took it. */
export function keep(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function forget(name) {
  try {
    localStorage.removeItem(name);
  } catch { /* then nothing was kept */ }
}

/** Calls `then` when another window has changed one of the names. */
export function onOtherWindow(names, then) {
  addEventListener("storage", ({ key }) => {
    if (key === null || names.includes(key)) then();
  });
}
