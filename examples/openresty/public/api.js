// Asking the studio's server. What goes wrong is thrown as a Failure.

/** `kind` is one of the module's, too_large, or offline; `id`: of a task that
    there is all the same; `ended`: the task has failed, not the asking. */
export class Failure extends Error {
  constructor({ kind, message, id }, ended = false) {
    super(message ?? "");
    Object.assign(this, { kind, id, ended });
  }
}

// What nginx itself says is no JSON.
const BY_STATUS = { 413: "too_large", 429: "rate_limit" };

function failure(status, text) {
  try {
    const { error, id } = JSON.parse(text);
    return new Failure(error, id !== undefined);
  } catch {
    return new Failure({ kind: BY_STATUS[status] ?? "server" });
  }
}

async function ask(path, options) {
  const response = await fetch(path, options).catch((problem) => {
    if (problem.name === "AbortError") throw problem;
    throw new Failure({ kind: "offline" });
  });
  if (!response.ok) throw failure(response.status, await response.text());
  return response;
}

export const get = async (path) => (await ask(path)).json();

const json = (value) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

export const post = async (path, value) =>
  (await ask(path, json(value))).json();

/** Yields the lines of an answer, each a JSON text, as they come. */
export async function* lines(path, value, signal) {
  const response = await ask(path, { ...json(value), signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value: piece } = await reader.read();
    if (done) return;
    const parts = (rest + piece).split("\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part);
  }
}

/** Sends a file; fetch() would not tell how far it is. */
export function upload(file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "upload");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onerror = () => reject(new Failure({ kind: "offline" }));
    request.onload = () => {
      if (request.status !== 200) {
        return reject(failure(request.status, request.responseText));
      }
      resolve({ ...JSON.parse(request.responseText), name: file.name });
    };
    request.send(file);
  });
}
