// The bar at the foot: the curl for the last act, to copy, and a token to use it with.

import { ask } from "./api.js";
import { h, icon } from "./dom.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function curlOf({ method, path, body }) {
  const lines = [`curl -X ${method} ${quoted(location.origin + path)}`, `-H "Authorization: Bearer $TIELINE_TOKEN"`];
  if (body !== undefined) lines.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`);
  return lines.join(" ");
}

export function curlBar(bar) {
  const code = h("code", {}, "Do something, and its curl is here.");
  const said = h("span", { class: "said", role: "status" });
  const copy = h("button", { type: "button", disabled: true, onclick: () => copied(code.textContent, said) }, icon("copy"), "Copy");
  const token = h("button", { type: "button", onclick: () => newToken(code, copy, said) }, "Get a token for it");
  const pre = h("pre", { tabindex: "0", "aria-label": "curl" }, code);
  bar.append(h("b", {}, "By curl"), pre, copy, token, said);
  return (act) => {
    code.textContent = curlOf(act);
    copy.disabled = false;
    said.textContent = "";
  };
}

async function copied(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied.";
  } catch {
    said.textContent = "The browser does not let us copy; mark the text instead.";
  }
}

async function newToken(code, copy, said) {
  try {
    const made = await ask("/api/v1/tokens", { label: "demo page", expires_in: 86_400 });
    code.textContent = `export TIELINE_TOKEN=${made.token}`;
    copy.disabled = false;
    said.textContent = "Yours for a day. It is shown once.";
  } catch (problem) {
    said.textContent = problem.message;
  }
}
