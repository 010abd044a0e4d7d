// The demo's page: the room in the middle, the platforms around it. Next stops: room.js, panes.js, composer.js.

import { get, onAct, post } from "./api.js";
import { makeComposer } from "./composer.js";
import { curlBar } from "./curl.js";
import { h, icon } from "./dom.js";
import { drawPane } from "./panes.js";
import { openRoom } from "./room.js";
import { healthStrip } from "./strip.js";
import { channelName } from "./words.js";

const at = (id) => document.getElementById(id);

async function start() {
  const me = await get("/api/v1/me");
  onAct(curlBar(at("curl")));
  const changed = healthStrip(at("strip"));
  const composer = makeComposer(at("composer"), () => at("messages").scrollTo(0, Number.MAX_SAFE_INTEGER));
  tabs();
  const drawStage = await openRoom({
    list: at("messages"), spoken: at("spoken"), live: at("live"), composer, changed, fail: composer.fail,
    me: { handle: me.member.handle, level: me.level },
  });
  const stream = new EventSource("/demo/stream");
  stream.onmessage = ({ data }) => {
    for (const [name, view] of Object.entries(JSON.parse(data))) {
      if (name !== "stage") drawPane(at("stage"), view);
      else {
        drawAct(view);
        drawStage(view);
      }
    }
    changed();
  };
}

function drawAct(stage) {
  const again = h("button", { type: "button", onclick: () => post("/demo/cast") }, icon("play"), "Play the scene again");
  at("act").replaceChildren(...[h("p", {}, stage.act || "The curtain rises."), !stage.playing && again].filter(Boolean));
}

/** On narrow screens one place is shown at a time. */
function tabs() {
  const names = ["room", "slack", "discord", "email", "phone"];
  const buttons = names.map((name) => h("button", {
    type: "button", "aria-pressed": String(name === "room"),
    onclick: (event) => {
      document.body.dataset.view = name;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
    },
  }, name === "room" ? "Room" : channelName(name)));
  at("tabs").append(...buttons);
}

function gate(problem) {
  const signedOut = problem.status === 401;
  document.body.replaceChildren(h("main", { class: "gate" },
    h("h1", {}, signedOut ? "You are not signed in" : "The demo cannot be shown"),
    h("p", {}, signedOut ? "Open the link that the demo printed in its terminal. It works once; start the demo again for another." : problem.message),
    h("p", {}, h("a", { href: "/" }, "Try again"))));
}

start().catch(gate);
