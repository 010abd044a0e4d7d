// The composer: writes, replies, edits, mends; and shows what every channel would make of the text before it is sent.

import { ask, ROOM } from "./api.js";
import { debounced, growing, h, icon, sendOnEnter } from "./dom.js";
import { violationList } from "./message.js";
import { send } from "./room.js";
import { channelName, TYPES } from "./words.js";

/** `sent` is called after each success. */
export function makeComposer(form, sent) {
  let mode = {};
  const words = h("textarea", { id: "words", rows: "1", placeholder: "Write to the room (Markdown)", "aria-label": "Message to the room", maxlength: "60000" });
  const type = h("select", { "aria-label": "Type of message" }, Object.keys(TYPES).map((name) => h("option", { value: name }, name)));
  const button = h("button", { type: "submit", class: "main" }, icon("send"), "Send");
  const doing = h("p", { class: "doing", hidden: true });
  const error = h("p", { class: "error", role: "alert", hidden: true });
  const verdict = h("div", { class: "verdict" });
  const shown = h("div", { class: "previews", tabindex: "0", "aria-label": "As each channel would show it" });
  const fit = growing(words);
  form.append(doing, h("div", { class: "line" }, words, h("div", { class: "sending" }, type, button)), error, verdict, shown);

  const look = debounced(async () => {
    const text = words.value;
    if (!text.trim()) return clear();
    try {
      const [previews, report] = await Promise.all([
        ask("/api/v1/preview", { room: ROOM, text, type: type.value }),
        ask("/api/v1/packets/check", { text }),
      ]);
      if (text !== words.value) return undefined;
      shown.replaceChildren(...previews.items.map(previewCard));
      judge(report);
    } catch (problem) {
      fail(problem);
    }
    return undefined;
  }, 250);

  function clear() {
    shown.replaceChildren();
    verdict.replaceChildren();
  }

  function judge(report) {
    if (report.packet) verdict.replaceChildren(h("p", { class: "ok" }, icon("check"), `A right packet for task ${report.packet.task_id}.`));
    else if (report.violations.length) {
      const right = report.corrected ?? report.template;
      verdict.replaceChildren(...[violationList(report.violations), right && h("button", { type: "button", class: "main", onclick: () => fill(right) }, icon("check"), "Mend")].filter(Boolean));
    } else verdict.replaceChildren();
  }

  function fill(text) {
    words.value = text;
    fit();
    words.focus();
    look();
  }

  function enter(next, line) {
    mode = next;
    doing.replaceChildren(line, h("button", { type: "button", onclick: leave }, "Cancel"));
    doing.hidden = false;
    type.disabled = Boolean(next.edits || next.refused);
    words.focus();
  }

  function leave() {
    if (mode.edits || mode.refused) fill("");
    mode = {};
    doing.hidden = true;
    type.disabled = false;
  }

  function fail(problem) {
    error.replaceChildren(icon("alert"), problem.message, problem.violations?.length ? violationList(problem.violations) : "");
    error.hidden = false;
  }

  async function submit() {
    const text = words.value;
    if (!text.trim() || button.disabled) return;
    button.disabled = true;
    error.hidden = true;
    try {
      await send({ text, type: type.value, ...mode });
      fill("");
      mode = {};
      leave();
      type.value = "chat";
      sent();
    } catch (problem) {
      fail(problem);
    }
    button.disabled = false;
  }

  words.addEventListener("input", look);
  type.addEventListener("change", look);
  sendOnEnter(words, submit);
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });

  return {
    fail,
    reply: (message) => enter({ thread: message.thread ?? message.id }, `Reply to ${message.author.display}`),
    edit: (message, text = message.text) => { enter({ edits: message }, `Editing what ${message.author.display} wrote`); fill(text); },
    mendRefused: (refused) => { enter({ refused }, `${refused.display}'s packet, mended. Send posts it as ${refused.display}.`); fill(refused.corrected); },
  };
}

function previewCard(item) {
  const { kind, count, limit } = item.units;
  const parts = item.frames.length === 1 ? "" : `${item.frames.length} messages · `;
  return h("details", { class: `preview ch-${item.channel}` },
    h("summary", {}, h("b", {}, channelName(item.channel)), h("span", {}, `${parts}${count} of ${limit} ${kind}`),
      item.degradations.length > 0 && h("span", { class: "less" }, icon("alert"), item.degradations.map((less) => less.feature.replaceAll("_", " ")).join(", "))),
    item.frames.map((frame) => h("pre", {}, frame.text)),
    item.degradations.map((less) => h("p", { class: "less" }, `${less.feature.replaceAll("_", " ")}: ${less.detail}`)));
}
