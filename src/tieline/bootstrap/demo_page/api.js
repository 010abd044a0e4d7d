// The hub's API as the page uses it. Every act is told to the curl bar, so that it can be repeated from a shell.

export class Problem extends Error {
  constructor(body) {
    super(body.detail || body.title || "The hub did not answer.");
    Object.assign(this, { code: body.code, status: body.status, violations: body.violations ?? [], corrected: body.corrected });
  }
}

let told = () => {};
/** `listener({method, path, body})` hears of every act that changes something. */
export function onAct(listener) {
  told = listener;
}

export async function call(method, path, body, { quiet = method === "GET" } = {}) {
  if (!quiet) told({ method, path, body });
  const init = { method, headers: {} };
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new Problem({ code: "unreachable", status: 0, detail: "The hub does not answer. Is it still running?" });
  }
  const text = await answer.text();
  const value = text ? parsed(text) : null;
  if (!answer.ok) throw new Problem(value ?? { status: answer.status, detail: answer.statusText });
  return value;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 200) };
  }
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
/** A question that changes nothing, asked by POST. */
export const ask = (path, body) => call("POST", path, body, { quiet: true });
export const ROOM = "studio";
export const room = `/api/v1/rooms/${ROOM}`;
export const part = encodeURIComponent;
