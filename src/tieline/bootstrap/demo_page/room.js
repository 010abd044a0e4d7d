// The room's timeline: messages and refusals in order of time, each redrawn when it changes.

import { call, get, post, room } from "./api.js";
import { h, icon, pinned } from "./dom.js";
import { messageItem, refusedItem } from "./message.js";
import { listen } from "./socket.js";
import { messages, put, putDelivery, take } from "./store.js";

const LATEST = 2 ** 53 - 1;

export async function openRoom({ list, spoken, live, composer, me, changed, fail }) {
  const acts = { me, fail, redraw, reply: composer.reply, edit: composer.edit, mend: (message, text) => composer.edit(message, text) };
  const refused = new Map();
  const keep = pinned(list);

  const page = await get(`${room}/messages?before=${LATEST}&limit=200`);
  page.messages.forEach(put);
  const waiting = await get("/api/v1/deliveries?state=failed,held,queued,uncertain&limit=200");
  waiting.items.forEach((item) => putDelivery(item.message, item));
  const empty = h("li", { class: "empty" }, icon("play"), "Nothing was said yet. Type below, or into any channel.");
  list.append(empty);
  for (const message of messages.values()) place(messageItem(message, acts));
  keep();

  listen({
    after: Math.max(0, ...page.messages.map((message) => message.seq)),
    state: (word) => { live.textContent = word; live.className = `live ${word.replace(" ", "-")}`; },
    frame: (frame) => {
      const isNew = frame.type === "message" && !messages.has(frame.id);
      const id = take(frame);
      if (id) redraw(id);
      if (isNew && frame.thread) redraw(frame.thread);
      if (isNew) spoken.textContent = `${frame.author.display}: ${frame.text.slice(0, 200)}`;
      if (["message", "edit", "delivery"].includes(frame.type)) changed();
    },
  });

  function redraw(id) {
    const message = messages.get(id);
    if (message) place(messageItem(message, acts));
  }

  /** Put an item where its time says; keeps focus and the end of the list. */
  function place(item) {
    const old = document.getElementById(item.id);
    const focus = old?.contains(document.activeElement) ? document.activeElement.className : null;
    empty.remove();
    if (old) old.replaceWith(item);
    else list.insertBefore(item, after(item));
    if (focus) item.querySelector(`button.${CSS.escape(focus.split(" ")[0])}`)?.focus();
    keep();
  }

  function after(item) {
    let next = null;
    for (let other = list.lastElementChild; other; other = other.previousElementSibling) {
      if (other.dataset.at <= item.dataset.at) break;
      next = other;
    }
    return next;
  }

  return (stage) => {
    for (const one of stage.refused) {
      const known = refused.get(one.id);
      if (known && known.mended === one.mended) continue;
      refused.set(one.id, one);
      place(refusedItem(one, composer.mendRefused));
    }
  };
}

/** Send what the composer has: a post, an edit, or a mended packet. */
export async function send({ text, type, thread, edits, refused }) {
  if (refused) return post(`/demo/refused/${refused.id}/mend`, { text });
  if (edits) return call("PATCH", `/api/v1/messages/${edits.id}`, { text });
  const key = crypto.randomUUID();
  return post(`${room}/messages`, { text, type, ...(thread && { thread }), client_id: key });
}
