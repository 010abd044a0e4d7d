// Words and icons for what the hub's short names mean. Never colour alone.

export const STATES = {
  queued: ["clock", "queued"],
  sending: ["send", "sending"],
  uncertain: ["doubt", "uncertain"],
  held: ["hand", "held"],
  sent: ["check", "sent"],
  delivered: ["check", "delivered"],
  read: ["eye", "read"],
  failed: ["cross", "failed"],
  expired: ["cross", "given up"],
};

export const TYPES = {
  chat: null,
  sync: ["sync", "sync"],
  alert: ["alert", "alert"],
  handoff: ["handoff", "handoff"],
  question: ["question", "question"],
  decision: ["decision", "decision"],
};

export const HEALTH = {
  up: ["check", "up"],
  connecting: ["clock", "connecting"],
  catching_up: ["sync", "catching up"],
  down: ["cut", "down"],
  paused: ["pause", "paused"],
  misconfigured: ["alert", "needs a person"],
};

export const SWITCHES = {
  ok: "working",
  cut: "cut",
  throttled: "throttled (429)",
  failing: "refusing",
  flaky: "losing answers",
};

export const CHANNELS = { slack: "Slack", discord: "Discord", email: "E-mail", phone: "Phone", web: "Web" };
export const channelName = (name) => CHANNELS[name] ?? name;
const ORDER = Object.keys(CHANNELS);
/** In the order of the page, not of the alphabet. */
export const byChannel = (a, b) => ORDER.indexOf(a) - ORDER.indexOf(b);
export const EMOJI = ["👍", "👀", "🎉", "✅"];
