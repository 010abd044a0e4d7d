// Elements, icons, and the one place where HTML enters the page: what the hub's sanitizer (nh3) has made.

const policy = globalThis.trustedTypes?.createPolicy("tieline", { createHTML: (html) => html });
const SVG = "http://www.w3.org/2000/svg";

/** Make an element: `h("button", {class: "x", onclick}, "text", child)`. Text is always text. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "html") safe(element, value);
  else if (name === "value") element.value = value;
  else if (name === "dataset") Object.assign(element.dataset, value);
  else element.setAttribute(name, value === true ? "" : value);
}

/** Insert HTML that the hub has sanitized; nothing else may come here. */
export function safe(element, html) {
  element.innerHTML = policy ? policy.createHTML(html) : html;
  for (const link of element.querySelectorAll("a[href]")) link.target = "_blank";
}

const PATHS = {
  check: "M3 8.5 6.5 12 13 4.5",
  clock: "M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  cross: "m4 4 8 8m0-8-8 8",
  doubt: "M6 6a2 2 0 1 1 2.8 1.8c-.6.3-.8.7-.8 1.4M8 12v.01M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  send: "M2.5 8h10m-4-4 4 4-4 4",
  alert: "M8 2.5 14 13H2L8 2.5ZM8 7v2.5M8 11.4v.01",
  handoff: "M2 5h9m-3-3 3 3-3 3M14 11H5m3-3-3 3 3 3",
  sync: "M13 6.5A5.2 5.2 0 0 0 3.6 5M3 2.5V5.2h2.7M3 9.5A5.2 5.2 0 0 0 12.4 11M13 13.5v-2.7h-2.7",
  question: "M6 6a2 2 0 1 1 2.8 1.8c-.6.3-.8.7-.8 1.4M8 12v.01",
  decision: "M8 2l6 6-6 6-6-6 6-6Zm-2.4 6L7.4 9.8 10.6 6.4",
  reply: "M6 4 2.5 7.5 6 11M3 7.5h6c3 0 4.5 1.5 4.5 4.5",
  smile: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM5.5 9.5c1.2 1.6 3.8 1.6 5 0M6 6.2v.01M10 6.2v.01",
  pencil: "M3 13l.6-2.6L11 3l2 2-7.4 7.4L3 13Z",
  bin: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5 5 13h6l.5-8.5",
  cut: "M2 8h3.5M10.5 8H14M7 5.5l-1 5M10 5.5l-1 5",
  pause: "M6 4v8M10 4v8",
  hand: "M5 8V4.5a1 1 0 0 1 2 0V7m0 0V3.5a1 1 0 0 1 2 0V7m0 0V4.5a1 1 0 0 1 2 0V10c0 2.5-1.5 4-3.5 4S5 13 3.5 10",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  play: "M5 3.5v9l7-4.5-7-4.5Z",
  eye: "M1.5 8s2.5-4.5 6.5-4.5S14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z",
};

/** A decorative icon; the word stands beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}

/** A button with an icon, whose word is read but not shown. */
export function iconButton(name, label, onclick, props = {}) {
  return h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onclick, ...props }, icon(name));
}

export const time = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** Text with `code` in it, as the hub writes its findings. */
export const coded = (text) => text.split("`").map((bit, number) => (number % 2 ? h("code", {}, bit) : bit));

/** Run `act` once `wait` milliseconds have passed without another call. */
export function debounced(act, wait) {
  let timer;
  return (...words) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...words), wait);
  };
}

/** Keep a list at its end, whatever changes its size, until somebody scrolls up. */
export function pinned(list) {
  let pin = true;
  let height = 0;
  const keep = () => {
    if (pin) list.scrollTop = list.scrollHeight;
    height = list.clientHeight;
  };
  list.addEventListener("scroll", () => {
    if (list.clientHeight === height) pin = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  });
  new ResizeObserver(keep).observe(list);
  return keep;
}

/** Enter sends, Shift+Enter breaks the line; not while an input method composes. */
export function sendOnEnter(area, send) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
}

/** Grow a text area with its text. */
export function growing(area) {
  const fit = () => {
    area.rows = 1;
    const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(area);
    const lines = (area.scrollHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)) / parseFloat(lineHeight);
    area.rows = Math.min(8, Math.max(1, Math.round(lines)));
  };
  area.addEventListener("input", fit);
  return fit;
}
