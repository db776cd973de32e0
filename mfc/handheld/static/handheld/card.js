// The work card: one task, drawn from the screen's JSON.

import { h, symbol } from "./dom.js";
import { guide } from "./guide.js";
import { wall } from "./wall.js";

const SHAPES = 6;
const PICTURES = {
  badge: "badge",
  lead: "badge",
  cart: "cart",
  wait: "wait",
  pack_tote: "tote",
  pack_weigh: "scale",
  hospital_tote: "tote",
};
const STATES = {
  wanted: "put here", done: "done", full: "onto the belt", at_wall: "to the put wall", empty: "empty, back to the stack", cancelled: "order cancelled", idle: "",
};
const FIXES = { ok: "right", remove: "take out", fetch: "fetch" };

export function drawCard(screen) {
  const parts = {
    wall_tote: wall, wall_item: wall, wall_put: wall, wall_bind: wall, wall_seal: wall,
    menu: guide, stock: guide, pick, put, drop, ask, totes, pack_seal: seal, hospital_count: lines, hospital_fix: lines,
  };
  // Nothing to draw is nothing, not the word "null".
  return (parts[screen.step] ?? plain)(screen).filter((part) => part !== null);
}

function plain(screen) {
  const picture = PICTURES[screen.step];
  return [
    h("div", { class: "plain" },
      picture ? symbol(`picture-${picture}`, "picture") : null,
      h("h1", { class: "title" }, screen.title),
      screen.totes.map((tote) => h("p", { class: "facts" }, `Tote ${tote.label}, order ${tote.order}`)),
    ),
  ];
}

function pick(screen) {
  return [heading(screen), place(screen, "Go to"), take(screen), weighing(screen), cart(screen)];
}

function put(screen) {
  return [
    h("h1", { class: "title" }, screen.title),
    cart(screen, "large"),
    h("div", { class: "item" },
      h("p", { class: "name" }, screen.item.name),
      h("p", { class: "facts" }, facts(screen.item), ` · from ${screen.location.code}`)),
  ];
}

function drop(screen) {
  return [heading(screen), screen.location ? place(screen, "Bring the cart to") : h("p", { class: "title" }, screen.title), cart(screen, "large")];
}

// A customer may still choose a substitute; the seconds run here, the server says when they are over.
function ask(screen) {
  const { seconds, asks } = screen.waiting;
  return [
    h("h1", { class: "unseen" }, screen.title),
    h("p", { class: "label-part" }, "Waiting for the customer"),
    h("p", { class: "qty countdown" }, String(seconds), h("span", { class: "times" }, " s")),
    asks.map((one) => h("p", { class: "facts" }, `${one.letter} · ${one.qty} × ${one.name} · order ${one.order}`)),
    cart(screen),
  ];
}

function weighing({ weighing: state }) {
  if (!state) return null;
  const last = state.last_g === null ? "" : ` · last ${state.last_g} g`;
  const next = state.identified ? "type its weight" : "scan the weight label of each piece";
  return h("p", { class: "weighing" },
    h("b", {}, `${state.done} of ${state.wanted}`), ` weighed${last} · about ${state.expected_g} g each · ${next}`);
}

function totes(screen) {
  return [h("h1", { class: "title" }, screen.title), cart(screen, "large")];
}

function seal(screen) {
  const { sscc, weight_g: weight, reason } = screen.seal;
  return [
    h("h1", { class: "title" }, screen.title),
    h("p", { class: "label-part" }, "Label (SSCC)"),
    // Groups of three as on the label, so that a person can compare.
    h("p", { class: "sscc" }, sscc.match(/.{1,3}/g).map((group) => h("span", {}, group))),
    h("p", { class: "facts" }, weight ? `${(weight / 1000).toFixed(3)} kg` : "", reason ? ` · ${reason}` : ""),
    screen.totes.map((tote) => h("p", { class: "facts" }, `Tote ${tote.label}, order ${tote.order}`)),
  ];
}

// The sentence for screen readers: people with eyes see place, quantity and totes.
function heading(screen) {
  return h("h1", { class: "unseen" }, screen.title);
}

function place({ location }, what) {
  const parts = location.code.split("-");
  return h("div", { class: "where" },
    h("p", { class: "label-part" }, what, location.check ? h("span", { class: "check" }, "check ", h("b", {}, location.check)) : ""),
    h("p", { class: location.code.length > 8 ? "place long" : "place" },
      parts.map((part, index) => [index ? h("span", { class: "dash" }, "-") : "", h("span", {}, part)])),
  );
}

function facts(item) {
  const known = [item.sku];
  if (item.lot) known.push(`lot ${item.lot}`);
  if (item.expires) known.push(`use by ${item.expires}`);
  return known.join(" · ");
}

function take({ qty, item }) {
  return h("div", { class: "take" },
    h("p", { class: "qty", "aria-label": `Quantity ${qty}` }, h("span", { class: "times" }, "×"), String(qty)),
    h("div", { class: "item" }, h("p", { class: "name" }, item.name), h("p", { class: "facts" }, facts(item)),
      item.instead_of ? h("p", { class: "facts instead" }, `Instead of ${item.instead_of}`) : null),
  );
}

function cart(screen, size = "") {
  return h("ol", { class: `cart ${size} c-${screen.batch?.colour ?? "none"}`, "aria-label": "Totes on the cart" },
    screen.totes.map(tote));
}

function tote({ position, letter, state, qty, label }) {
  const said = [letter.length > 1 ? letter : `Tote ${letter}`, qty ? `${qty} pieces` : "", STATES[state] ?? ""].filter(Boolean).join(", ");
  return h("li", { class: "tote", "data-state": state, "data-gets": qty ? "yes" : false, "aria-label": said },
    letter.length > 1 ? null : symbol(`shape-${((position - 1) % SHAPES) + 1}`, "shape"),
    h("span", { class: letter.length > 1 ? "letter word" : "letter", "aria-hidden": "true" }, letter),
    qty ? h("span", { class: "count", "aria-hidden": "true" }, `×${qty}`) : null,
    state === "wanted" && qty && label ? h("span", { class: "plate" }, label) : null,
    state === "done" ? symbol("sign-accepted", "tick") : null,
    state === "full" || state === "empty" || state === "cancelled" ? h("span", { class: "count", "aria-hidden": "true" }, state) : null,
    state === "at_wall" ? h("span", { class: "count", "aria-hidden": "true" }, "to the wall") : null,
  );
}

function lines(screen) {
  const isFixing = screen.step === "hospital_fix";
  return [
    h("h1", { class: "title" }, screen.title),
    screen.lines.length
      ? h("table", { class: "lines" },
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Article"), h("th", { scope: "col" }, "Counted"),
            isFixing ? h("th", { scope: "col" }, "Do") : null)),
          h("tbody", {}, sorted(screen.lines).map((line) => row(line, isFixing))))
      : h("p", { class: "facts" }, "Nothing counted yet."),
  ];
}

// What is to be done stands above what is right.
const sorted = (all) => [...all.filter((line) => line.fix !== "ok"), ...all.filter((line) => line.fix === "ok")];

function row(line, isFixing) {
  const counted = isFixing ? `${line.counted} of ${line.expected}` : `${line.counted} counted`;
  const todo = line.fix === "ok" ? FIXES.ok : `${FIXES[line.fix]} ${Math.abs(line.difference ?? 0)}`;
  return h("tr", { "data-fix": isFixing ? line.fix : false },
    h("td", {}, h("span", { class: "name" }, line.name),
      h("span", { class: "facts" }, isFixing && line.fix === "fetch" && line.location ? `${line.sku} · ${line.location}` : line.sku)),
    h("td", { class: "number" }, counted),
    isFixing ? h("td", { class: "todo" }, todo) : null);
}
