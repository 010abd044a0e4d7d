// The room over /ws: everything after the last number we saw, in order, again and again.

import { ROOM } from "./api.js";

const FIRST = 300;
const LONGEST = 10_000;

export function listen({ after, frame, state }) {
  let seen = after;
  let wait = FIRST;

  function open() {
    const url = new URL("/ws", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) => take(JSON.parse(data), socket);
    socket.onclose = ({ code }) => {
      state(code === 4401 ? "signed out" : "reconnecting");
      if (code === 4401) return;
      setTimeout(open, wait * (0.5 + Math.random() / 2));
      wait = Math.min(LONGEST, wait * 2);
    };
  }

  function take(heard, socket) {
    if (heard.type === "ready") {
      wait = FIRST;
      socket.send(JSON.stringify({ type: "subscribe", rooms: [ROOM], after: { [ROOM]: seen }, deliveries: true }));
    } else if (heard.type === "subscribed") {
      state("live");
    } else if (heard.type === "resync") {
      location.reload();
    }
    if (heard.room === ROOM && heard.seq > seen) seen = heard.seq;
    frame(heard);
  }

  open();
}
