// The station's page: screens in, inputs out.

import { Asking } from "./ask.js";
import { drawCard } from "./card.js";
import { closeOnRequest, closeSheets, More, Pad, Typing } from "./dialogs.js";
import { byId, h, symbol } from "./dom.js";
import { answerWith } from "./guide.js";
import { Link } from "./link.js";
import { Outbox } from "./outbox.js";
import { prepare, signal } from "./signals.js";
import { Wedge } from "./wedge.js";

// A reconnection shorter than this is nobody's business.
const PATIENCE_MS = 1500;
const base = location.pathname;
const token = base.split("/").filter(Boolean).at(-1);

let screen = JSON.parse(byId("first-screen").textContent);
let heard = screen.feedback?.seq ?? 0;
let shownAt = performance.now();
let hasBeenOpen = false;
let lostAt = performance.now();
const late = [];

const outbox = new Outbox({
  url: `${base}input`,
  key: `mfc.outbox.${token}`,
  onAnswer: (answer, item) => {
    show(answer.screen);
    if (item.late && answer.verdict === "refused") lateRefusal(answer.text, answer.remedy);
  },
  onRefused: (problem, item) => {
    banner({ verdict: "refused", text: problem.message, remedy: problem.remedy });
    signal("refused");
    if (item.late) lateRefusal(problem.message, problem.remedy);
  },
  onChange: network,
});
const link = new Link({
  path: `/ws/station/${token}/`,
  onScreen: (fresh) => show(fresh),
  onState: () => {
    if (link.isOpen) hasBeenOpen = true;
    else lostAt = performance.now();
    // Versions are the server's clock: after a restart any screen is the newest.
    if (!link.isOpen) screen.version = 0;
    if (link.isOpen) outbox.pump();
    else setTimeout(network, PATIENCE_MS + 50);
    network();
  },
  onUnknown: () => location.reload(),
});
const pad = new Pad((code, qty) => input(code, qty));
const typing = new Typing((code) => input(code));
const more = new More();
const asking = new Asking((qty, text) => input("C-ENTER", qty, text));
answerWith({ onChoose: (number) => input("C-CHOOSE", number), onAsk: (ask) => asking.open(ask) });

function input(code, qty = null, text = null) {
  closeSheets();
  if (outbox.add(code, qty, text)) {
    banner({ verdict: "busy", text: code.replaceAll("\x1d", "␝"), remedy: "" });
    return;
  }
  banner({ verdict: "refused", text: "Too many inputs wait for the network.", remedy: "Wait until they are sent, then scan again." });
  signal("refused");
}

function show(fresh) {
  // The socket and an answer may overtake one another.
  if (fresh.version < screen.version) return;
  const hasMoved = JSON.stringify(place(fresh)) !== JSON.stringify(place(screen));
  screen = fresh;
  shownAt = performance.now();
  draw();
  if (hasMoved) byId("card").scrollTop = 0;
  const feedback = screen.feedback;
  if (feedback && feedback.seq > heard) {
    heard = feedback.seq;
    signal(feedback.verdict);
  }
}

const place = ({ step, location, item, guide }) => [step, location, item, guide?.flow_step];

// Seconds a customer still has, counted here between two screens; the server decides when they are over.
setInterval(() => {
  const seconds = document.querySelector(".countdown");
  if (!seconds || !screen.waiting) return;
  const gone = ((performance.now() - shownAt) / 1000) * screen.waiting.speed;
  seconds.firstChild.textContent = String(Math.max(0, Math.round(screen.waiting.seconds - gone)));
}, 500);

function draw() {
  document.body.dataset.step = screen.step;
  byId("person").textContent = screen.person ?? "";
  byId("batch").replaceChildren(...batch(screen.batch));
  byId("card").replaceChildren(...drawCard(screen).flat());
  drawActions();
  banner(screen.feedback);
}

function batch(value) {
  if (!value) return [];
  return [
    h("span", { class: `lamp c-${value.colour}` }, `${value.colour} ${value.number}`),
    h("span", { class: "stop", "aria-label": `Stop ${value.stop} of ${value.stops}` }, `${value.stop}/${value.stops}`),
  ];
}

function drawActions() {
  const asButton = (action) => button(action.label, action.code.slice(2).toLowerCase(), () => act(action));
  const buttons = screen.actions.filter((action) => !action.more).map(asButton);
  buttons.push(button("Type code", "type", () => typing.open()));
  const seldom = screen.actions.filter((action) => action.more);
  if (seldom.length) buttons.push(button("More", "more", () => more.open(seldom.map(asButton))));
  const signature = JSON.stringify(screen.actions);
  const bar = byId("actions");
  // A button that is being pressed must not be exchanged under the finger.
  if (bar.dataset.signature === signature) return;
  bar.dataset.signature = signature;
  bar.replaceChildren(...buttons);
}

function button(label, icon, onclick) {
  return h("button", { type: "button", class: "big", "data-action": icon, onclick }, symbol(`icon-${icon}`, "icon"), h("span", {}, label));
}

function act(action) {
  closeSheets();
  if (action.needs_qty) pad.open(action);
  else input(action.code);
}

function banner(feedback) {
  const place = byId("banner");
  const verdict = feedback?.verdict ?? "idle";
  const signature = JSON.stringify(feedback ?? null);
  // Said once: a redraw of the screen must not be read out again.
  if (place.dataset.signature === signature) return;
  place.dataset.signature = signature;
  place.dataset.verdict = verdict;
  place.replaceChildren(...(feedback ? said(feedback) : []));
}

function said({ verdict, text, remedy }) {
  return [
    symbol(`sign-${verdict}`, "sign"),
    h("div", {}, h("p", { class: "said" }, text), remedy ? h("p", { class: "remedy" }, remedy) : null),
  ];
}

function network() {
  const waiting = outbox.items.length;
  const isLost = outbox.isStuck || (!link.isOpen && performance.now() - lostAt > PATIENCE_MS);
  const place = byId("net");
  place.dataset.state = isLost ? "offline" : waiting > 1 ? "sending" : hasBeenOpen ? "online" : "starting";
  const text = isLost ? `Offline · ${waiting} waiting` : waiting > 1 ? `Sending ${waiting}` : hasBeenOpen ? "Online" : "Connecting";
  if (place.textContent !== text) place.textContent = text;
  if (isLost && waiting) banner({ verdict: "busy", text: `Kept: ${outbox.items.at(-1).code}`, remedy: "It is sent as soon as the network is back." });
}

function lateRefusal(text, remedy) {
  late.push({ text, remedy });
  if (!byId("late").open) nextLate();
}

function nextLate() {
  const dialog = byId("late");
  const first = late.shift();
  if (!first) return dialog.close();
  byId("late-text").textContent = first.text;
  byId("late-remedy").textContent = first.remedy;
  if (!dialog.open) dialog.showModal();
  return signal("alarm");
}

function wakeUp() {
  if (document.visibilityState !== "visible") return;
  link.hurry();
  outbox.pump();
}

prepare();
closeOnRequest();
byId("late-read").addEventListener("click", nextLate);
byId("late").addEventListener("cancel", (event) => event.preventDefault());
addEventListener("online", wakeUp);
document.addEventListener("visibilitychange", wakeUp);
new Wedge((code) => input(code)).listen();
draw();
link.open();
outbox.pump();
setTimeout(network, PATIENCE_MS + 50);
