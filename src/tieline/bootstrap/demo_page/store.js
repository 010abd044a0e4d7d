// What the page knows of the room: messages by id, deliveries by message. One function takes every frame; no DOM here.

import { byChannel } from "./words.js";

export const messages = new Map();
export const deliveries = new Map();

/** A message as HTTP answers it, or as a frame has it: there its own type is `message_type`. */
export function put(message) {
  const type = message.message_type ?? message.type;
  const kept = { ...message, type };
  messages.set(kept.id, kept);
  for (const delivery of message.deliveries ?? []) putDelivery(kept.id, delivery);
  return kept;
}

export function putDelivery(id, delivery) {
  const known = deliveries.get(id) ?? new Map();
  known.set(delivery.id, { ...known.get(delivery.id), ...delivery });
  deliveries.set(id, known);
}

/** Take a frame; answers the id of the message that changed, if one did. */
export function take(frame) {
  if (frame.type === "message") return put(frame).id;
  if (frame.type === "delivery") {
    putDelivery(frame.message, frame.delivery);
    return frame.message;
  }
  const message = messages.get(frame.message);
  if (!message) return null;
  if (frame.type === "edit") {
    const { text, html, mentions, packet, violations, edited_at } = frame;
    Object.assign(message, { text, html, mentions, packet, violations, edited_at });
  } else if (frame.type === "delete") {
    Object.assign(message, { text: "", html: "", packet: null, violations: [], reactions: [], deleted_at: frame.deleted_at });
  } else if (frame.type === "reaction") {
    message.reactions = frame.reactions;
  } else {
    return null;
  }
  return message.id;
}

const URGENCY = { failed: 5, held: 4, uncertain: 3, queued: 2, sending: 2 };

/** One delivery per channel, the one that says most: a dead letter, else what waits, else the newest. */
export function summary(id) {
  const chosen = new Map();
  for (const delivery of deliveries.get(id)?.values() ?? []) {
    const other = chosen.get(delivery.channel);
    if (!other || says(delivery) >= says(other)) chosen.set(delivery.channel, delivery);
  }
  return [...chosen.values()].sort((a, b) => byChannel(a.channel, b.channel));
}

const says = (delivery) => URGENCY[delivery.state] ?? 1;
export const replies = (id) => [...messages.values()].filter((message) => message.thread === id && !message.deleted_at).length;
