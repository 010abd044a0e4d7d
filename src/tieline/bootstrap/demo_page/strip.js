// The channels: how each is, what waits in its lanes, and its dead letters.

import { get, post, part } from "./api.js";
import { debounced, h, icon } from "./dom.js";
import { byChannel, channelName, HEALTH } from "./words.js";

const EVERY = 2000;

export function healthStrip(strip) {
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const { items } = await get("/api/v1/channels");
      strip.replaceChildren(...items.filter((one) => one.name !== "web").sort((a, b) => byChannel(a.name, b.name)).map(chip));
    } catch {
      strip.replaceChildren(h("li", { class: "chip bad" }, icon("cut"), "the hub does not answer"));
    }
  };
  setInterval(refresh, EVERY);
  refresh();
  return debounced(refresh, 150);
}

function chip(one) {
  const [name, word] = HEALTH[one.state] ?? ["doubt", one.state];
  const bad = one.state !== "up";
  return h("li", { class: `chip ch-${one.name} ${bad ? "bad" : "good"}`, title: one.error ? `${one.error.detail} ${one.error.fix}` : "" },
    h("b", {}, channelName(one.name)),
    h("span", { class: "state" }, icon(name), word),
    one.open > 0 && h("span", { class: "count" }, `${one.open} waiting`),
    one.failed > 0 && h("span", { class: "count dead" }, `${one.failed} dead`),
    one.failed > 0 && h("button", { type: "button", onclick: () => retryAll(one.name), "aria-label": `Retry the dead letters of ${channelName(one.name)}` }, "retry"));
}

async function retryAll(channel) {
  const { items } = await get(`/api/v1/deliveries?state=failed&channel=${part(channel)}&limit=100`);
  for (const delivery of items) await post(`/api/v1/deliveries/${delivery.id}/retry`).catch(() => {});
}
