// The live board: snapshots in, tiles and floor plan redrawn. A board that hears nothing says so.

import { byId } from "./dom.js";
import { Floor } from "./floor.js";
import { drawTiles, siteTime } from "./tiles.js";

// The server speaks at least every five seconds.
const STALE_MS = 10000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10000;
const NOT_ALLOWED = 4403;

const floor = new Floor(JSON.parse(byId("walkway").textContent));
let snapshot = JSON.parse(byId("first-snapshot").textContent);
let heardAt = performance.now();
let isOpen = false;
let pause = FIRST_RETRY_MS;

function show(fresh) {
  snapshot = fresh;
  heardAt = performance.now();
  drawTiles(snapshot);
  floor.draw(snapshot);
  tick();
}

function open() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/ws/board/`);
  socket.addEventListener("message", (event) => {
    isOpen = true;
    pause = FIRST_RETRY_MS;
    show(JSON.parse(event.data));
  });
  socket.addEventListener("close", (event) => {
    isOpen = false;
    tick();
    if (event.code === NOT_ALLOWED) location.reload();
    else setTimeout(open, pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, LAST_RETRY_MS);
  });
}

// Site time runs on between two snapshots, at the site's speed.
function tick() {
  const silence = performance.now() - heardAt;
  const isStale = silence > STALE_MS;
  const known = Date.parse(snapshot.now);
  byId("clock").textContent = siteTime(new Date(isStale ? known : known + silence * snapshot.speed));
  byId("speed").textContent = snapshot.speed === 1 ? "" : `× ${snapshot.speed}`;
  document.body.classList.toggle("stale", isStale);
  const place = byId("link");
  place.dataset.state = isStale ? "stale" : isOpen ? "live" : "starting";
  const text = isStale ? `No update for ${Math.round(silence / 1000)} s` : isOpen ? "Live" : "Connecting";
  if (place.textContent !== text) place.textContent = text;
}

show(snapshot);
open();
setInterval(tick, 1000);
