// One message of the room as an element: who, badge, words, packet, reactions, how it fared on each channel.

import { ask, call, get, part, post } from "./api.js";
import { coded, h, icon, iconButton, time } from "./dom.js";
import { messages, putDelivery, replies, summary, deliveries } from "./store.js";
import { channelName, EMOJI, STATES, TYPES } from "./words.js";

const opened = new Set();

/** `acts`: {me, reply, edit, mend, redraw, fail}. */
export function messageItem(message, acts) {
  const gone = Boolean(message.deleted_at);
  const root = message.thread && messages.get(message.thread);
  return h("li", { class: `message ${message.thread ? "in-thread" : ""} kind-${message.author.kind}`, id: message.id, dataset: { at: message.created_at, seq: message.seq } },
    avatar(message.author),
    h("div", { class: "body" },
      heading(message),
      root && quoteOf(root),
      gone ? h("p", { class: "gone" }, "This message was deleted.") : content(message, acts),
      !gone && reactions(message, acts),
      fared(message, acts),
      !gone && toolbar(message, acts)));
}

function avatar(author) {
  const initial = (author.display || "?").trim()[0].toUpperCase();
  return h("span", { class: `avatar kind-${author.kind}`, "aria-hidden": "true" }, initial);
}

function heading(message) {
  const { author, origin } = message;
  const made = author.kind === "ai" ? [author.ai, author.machine].filter(Boolean).join(" on ") : "";
  return h("p", { class: "heading" },
    h("b", {}, author.display),
    author.kind !== "human" && h("span", { class: "tag", title: made }, author.kind === "ai" ? "AI" : author.kind),
    badge(message),
    h("span", { class: `via ch-${origin.channel}` }, `${channelName(origin.channel)}`),
    h("time", { datetime: message.created_at }, time(message.created_at)),
    message.edited_at && !message.deleted_at && h("span", { class: "edited" }, "edited"));
}

function badge(message) {
  const shown = TYPES[message.type];
  if (!shown) return null;
  const word = message.severity ? `${shown[1]}: ${message.severity}` : shown[1];
  return h("span", { class: `badge type-${message.type}` }, icon(shown[0]), word);
}

function quoteOf(root) {
  const words = root.deleted_at ? "a deleted message" : root.text.replace(/\s+/g, " ").slice(0, 90);
  return h("a", { class: "quote", href: `#${root.id}` }, icon("reply"), h("span", {}, h("b", {}, root.author.display), ` ${words}`));
}

// ── words and packets ───────────────────────────────────────────────────────────────────────────────────────────────

function content(message, acts) {
  if (message.packet) return packetCard(message.packet);
  const words = h("div", { class: "words", html: message.html });
  if (!message.violations?.length) return words;
  const card = h("div", { class: "card broken" }, h("p", { class: "card-title" }, icon("alert"), "Meant as a packet, and none"));
  faults(card, message, acts);
  return [words, card];
}

export function packetCard(packet) {
  const hop = packet.next_hop === "DONE" ? "DONE" : `@${packet.next_hop}`;
  return h("div", { class: "card packet" },
    h("p", { class: "card-title" }, icon("handoff"), "Packet", h("b", { class: `state-${packet.state}` }, packet.state)),
    h("dl", {}, row("Task", packet.task_id), row("Payload", packet.payload_path), row("Next hop", hop)));
}

const row = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

export function violationList(violations) {
  return h("ul", { class: "violations" }, violations.map((one) =>
    h("li", {}, h("code", {}, one.code), one.line ? ` line ${one.line}: ` : " ", coded(one.message), "; ", h("b", {}, coded(one.fix)), ".")));
}

async function faults(card, message, acts) {
  try {
    const report = await ask("/api/v1/packets/check", { text: message.text });
    card.append(violationList(report.violations));
    const right = report.corrected ?? report.template;
    if (right) card.append(h("button", { type: "button", class: "main", onclick: () => acts.mend(message, right) }, icon("check"), "Mend"));
  } catch (problem) {
    card.append(h("p", {}, problem.message));
  }
}

/** What an agent posted and the hub did not take. */
export function refusedItem(refused, mend) {
  return h("li", { class: "message refused", id: refused.id, dataset: { at: refused.at } },
    h("span", { class: "avatar kind-ai", "aria-hidden": "true" }, refused.display[0]),
    h("div", { class: "body" },
      h("p", { class: "heading" }, h("b", {}, refused.display), h("span", { class: "tag" }, "AI"), h("span", { class: "badge type-refused" }, icon("cross"), "refused: 422"), h("time", { datetime: refused.at }, time(refused.at))),
      h("div", { class: "card broken" },
        h("p", { class: "card-title" }, icon("alert"), refused.mended ? "This packet had faults. It was mended and posted." : "A packet with faults. Nobody got it; its author was told how to mend it."),
        h("pre", {}, refused.text),
        violationList(refused.violations),
        !refused.mended && refused.corrected && h("button", { type: "button", class: "main", onclick: () => mend(refused) }, icon("check"), "Mend"))));
}

// ── reactions and tools ─────────────────────────────────────────────────────────────────────────────────────────────

function reactions(message, acts) {
  if (!message.reactions?.length) return null;
  return h("p", { class: "reactions" }, message.reactions.map((one) => {
    const mine = one.by.includes(acts.me.handle);
    return h("button", { type: "button", class: mine ? "mine" : "", "aria-pressed": String(mine), title: one.by.join(", "), onclick: () => react(message, one.emoji, !mine, acts) }, `${one.emoji} ${one.by.length}`);
  }));
}

function react(message, emoji, on, acts) {
  const path = `/api/v1/messages/${message.id}/reactions/${part(emoji)}`;
  call(on ? "PUT" : "DELETE", path).catch(acts.fail);
}

function toolbar(message, acts) {
  const own = message.author.handle === acts.me.handle || acts.me.level >= "L3";
  const count = replies(message.id);
  return h("p", { class: "tools" },
    iconButton("reply", `Reply to ${message.author.display}`, () => acts.reply(message)),
    EMOJI.map((emoji) => h("button", { type: "button", class: "icon-button", "aria-label": `React ${emoji}`, onclick: () => react(message, emoji, true, acts) }, emoji)),
    own && iconButton("pencil", "Edit", () => acts.edit(message)),
    own && iconButton("bin", "Delete", () => call("DELETE", `/api/v1/messages/${message.id}`).catch(acts.fail)),
    count > 0 && h("span", { class: "replies" }, count === 1 ? "1 reply" : `${count} replies`));
}

// ── how it fared ────────────────────────────────────────────────────────────────────────────────────────────────────

function fared(message, acts) {
  const shown = summary(message.id);
  if (!shown.length) return null;
  const open = opened.has(message.id);
  const toggle = h("button", { type: "button", class: "fared", "aria-expanded": String(open), onclick: () => unfold(message, acts) },
    shown.map((one) => {
      const [name, word] = STATES[one.state] ?? ["doubt", one.state];
      return h("span", { class: `went ${one.state} ch-${one.channel}` }, icon(name), h("span", {}, channelName(one.channel)), h("span", { class: one.state === "sent" ? "hidden" : "" }, word));
    }));
  const urgent = shown.filter((one) => one.state === "failed" || one.state === "held");
  return h("div", {}, toggle, open ? details(message, acts) : urgent.map((one) => detail(one, acts)));
}

async function unfold(message, acts) {
  if (opened.delete(message.id)) return acts.redraw(message.id);
  opened.add(message.id);
  try {
    const { items } = await get(`/api/v1/messages/${message.id}/deliveries`);
    for (const item of items) putDelivery(message.id, item);
  } catch (problem) {
    acts.fail(problem);
  }
  return acts.redraw(message.id);
}

function details(message, acts) {
  const all = [...deliveries.get(message.id).values()].sort((a, b) => a.position - b.position);
  return h("div", { class: "details" }, all.map((one) => detail(one, acts)));
}

function detail(one, acts) {
  const [name, word] = STATES[one.state] ?? ["doubt", one.state];
  const act = (verb) => post(`/api/v1/deliveries/${one.id}/${verb}`).catch(acts.fail);
  const what = one.operation && one.operation !== "send" ? ` (${one.operation})` : "";
  return h("div", { class: `detail ${one.state}` },
    h("p", {}, icon(name), h("b", {}, `${channelName(one.channel)}${what}: ${word}`),
      one.attempts > 0 && ` · ${one.attempts} ${one.attempts === 1 ? "attempt" : "attempts"}`, one.late && " · late",
      one.next_at && ` · again at ${time(one.next_at)}`),
    one.error && h("p", { class: "why" }, [one.error.code, one.error.detail, one.error.fix].filter(Boolean).join(" · ")),
    one.degradations?.map((less) => h("p", { class: "less" }, `${less.feature.replaceAll("_", " ")}: ${less.detail}`)),
    (one.state === "failed" || one.state === "held") && h("p", {},
      h("button", { type: "button", class: "main", onclick: () => act("retry") }, "Retry"),
      h("button", { type: "button", onclick: () => act("discard") }, "Discard")));
}
