// The simulated platforms: what people on each see, a box to type into, and the switch that makes the line fail.

import { call, part, post } from "./api.js";
import { growing, h, icon, iconButton, pinned, sendOnEnter, time } from "./dom.js";
import { EMOJI, SWITCHES } from "./words.js";

const made = new Map();

/** Draw a pane, or draw its changes. */
export function drawPane(stage, view) {
  const pane = made.get(view.channel) ?? makePane(stage, view);
  pane.switcher.value = view.switch;
  pane.element.dataset.switch = view.switch;
  pane.state.replaceChildren(icon(view.switch === "ok" ? "check" : "cut"), SWITCHES[view.switch]);
  const items = view.messages.map((message) => kept(message, view, pane));
  fill(pane.list, items.length ? items : [h("li", { class: "empty" }, "Nothing here yet.")]);
  pane.keep();
}

/** Make the list hold exactly these elements, moving none that stands right. */
function fill(list, items) {
  const wanted = new Set(items);
  for (const old of [...list.children]) if (!wanted.has(old)) old.remove();
  items.forEach((item, number) => {
    if (list.children[number] !== item) list.insertBefore(item, list.children[number] ?? null);
  });
}

function makePane(stage, view) {
  const name = `pane-${view.channel}`;
  const pane = { list: h("ol", { class: "natives", tabindex: "0", "aria-label": `${view.title}: messages` }), state: h("span", { class: "line-state" }), channel: view.channel, items: new Map() };
  pane.error = h("p", { class: "error", role: "alert", hidden: true });
  pane.fail = (problem) => { pane.error.textContent = problem.message; pane.error.hidden = false; };
  pane.switcher = h("select", { "aria-label": `${view.title}: the line`, onchange: (event) => flip(pane, event.target.value) },
    Object.entries(SWITCHES).map(([value, word]) => h("option", { value }, word)));
  pane.element = h("section", { class: `pane view ch-${view.channel}`, "aria-labelledby": name, dataset: { place: view.channel } },
    h("div", { class: "head" },
      h("h2", { id: name, title: view.note }, view.title, h("small", {}, view.label)),
      h("span", { class: "switch" }, pane.switcher, pane.state),
      h("p", { class: "hint" }, view.note)),
    pane.list, pane.error, typingBox(view, pane));
  stage.append(pane.element);
  pane.keep = pinned(pane.list);
  made.set(view.channel, pane);
  return pane;
}

function typingBox(view, pane) {
  const words = h("textarea", { rows: "1", placeholder: `Type on ${view.title}`, "aria-label": `Type on ${view.title}`, maxlength: "20000" });
  pane.who = h("select", { "aria-label": `${view.title}: who types` }, view.typists.map((typist) => h("option", { value: typist.id }, typist.handle || !typist.name ? typist.name : `${typist.name} – guest`)));
  pane.about = h("p", { class: "doing", hidden: true });
  pane.words = words;
  pane.fit = growing(words);
  const submit = async () => {
    if (!words.value.trim()) return;
    try {
      await speak(view.channel, pane, words.value);
      words.value = "";
      pane.fit();
      settle(pane);
      pane.error.hidden = true;
    } catch (problem) {
      pane.fail(problem);
    }
  };
  sendOnEnter(words, submit);
  return h("form", { class: "composer small", autocomplete: "off", onsubmit: (event) => { event.preventDefault(); submit(); } },
    pane.about, h("div", { class: "line" }, pane.who, words, h("button", { type: "submit", class: "main", "aria-label": `Send on ${view.title}` }, icon("send"))));
}

function speak(channel, pane, text) {
  const { edits, thread } = pane.mode ?? {};
  const path = `/demo/panes/${channel}/messages`;
  if (edits) return call("PATCH", `${path}/${part(edits.id)}`, { user: edits.user, text });
  return post(path, { user: pane.who.value, text, ...(thread && { thread }) });
}

function settle(pane, mode = null, line = "") {
  pane.mode = mode;
  pane.about.hidden = !mode;
  pane.about.replaceChildren(line, h("button", { type: "button", onclick: () => { pane.words.value = ""; settle(pane); } }, "Cancel"));
  if (mode) pane.words.focus();
}

async function flip(pane, state) {
  try {
    await post(`/demo/panes/${pane.channel}/switch`, { state });
  } catch (problem) {
    pane.fail(problem);
  }
}

/** The element of a message; the same one as before while nothing about it changed, so that focus and selection stay. */
function kept(message, view, pane) {
  const state = JSON.stringify([message, pane.who.value]);
  const known = pane.items.get(message.id);
  if (known?.state === state) return known.element;
  const element = nativeItem(message, view, pane);
  pane.items.set(message.id, { state, element });
  return element;
}

// ── one native message ──────────────────────────────────────────────────────────────────────────────────────────────

function nativeItem(message, view, pane) {
  const ours = message.user === null;
  const rich = ours && message.html.includes("-message");
  return h("li", { class: `native ${ours ? "ours" : "theirs"} ${message.thread ? "in-thread" : ""} ${message.notice ? "notice" : ""}`, dataset: { id: message.id } },
    h("p", { class: "heading" },
      !rich && h("b", {}, message.name),
      ours && h("span", { class: "tag", title: "Sent by Tieline" }, "app"),
      message.notice && h("span", { class: "tag" }, "only visible to its author"),
      h("time", { datetime: message.at }, time(message.at)),
      message.edited && h("span", { class: "edited" }, "edited")),
    h("div", { class: "words", html: message.html }),
    reactionsOf(message, view, pane),
    tools(message, view, pane));
}

function reactionsOf(message, view, pane) {
  const all = Object.entries(message.reactions);
  if (!all.length) return null;
  return h("p", { class: "reactions" }, all.map(([emoji, by]) => {
    const mine = by.includes(nameOf(view, pane.who.value));
    return h("button", { type: "button", class: mine ? "mine" : "", "aria-pressed": String(mine), title: by.join(", "), onclick: () => mark(message, view, pane, emoji, !mine) }, `${emoji} ${by.length}`);
  }));
}

const nameOf = (view, id) => view.typists.find((typist) => typist.id === id)?.name;

function mark(message, view, pane, emoji, on) {
  const path = `/demo/panes/${view.channel}/messages/${part(message.id)}/reactions/${part(emoji)}?user=${part(pane.who.value)}`;
  call(on ? "PUT" : "DELETE", path).catch(pane.fail);
}

function tools(message, view, pane) {
  const theirs = message.user !== null && view.edits;
  if (!view.reacts && !theirs && !view.threads) return null;
  return h("p", { class: "tools" },
    view.threads && iconButton("reply", `Reply to ${message.name} in the thread`, () => settle(pane, { thread: message.thread ?? message.id }, `In ${message.name}'s thread`)),
    view.reacts && EMOJI.slice(0, 2).map((emoji) => h("button", { type: "button", class: "icon-button", "aria-label": `React ${emoji}`, onclick: () => mark(message, view, pane, emoji, true) }, emoji)),
    theirs && iconButton("pencil", "Edit", () => { settle(pane, { edits: message }, `Editing as ${message.name}`); pane.words.value = message.text; pane.fit(); }),
    theirs && iconButton("bin", "Delete", () => call("DELETE", `/demo/panes/${view.channel}/messages/${part(message.id)}?user=${part(message.user)}`).catch(pane.fail)));
}
