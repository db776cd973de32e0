// The put wall as it hangs before the person: rows and columns of slots, the lit ones large.

import { h, symbol } from "./dom.js";

const STATES = {
  idle: "free", assigned: "kept", binding: "tote?", filling: "", complete: "close", cancelled: "take out", sealed: "",
};
const SAID = {
  idle: "free", assigned: "kept for an order", binding: "wants an empty tote", filling: "is being filled",
  complete: "complete, close the tote", cancelled: "order cancelled, take the tote out",
};

export function wall(screen) {
  const { slots, tote, left, colour, columns } = screen.wall;
  const faces = [...new Set(slots.map((slot) => slot.face))].sort();
  return [
    h("h1", { class: "title" }, screen.title),
    screen.item ? article(screen) : null,
    slots.length ? null : h("p", { class: "hint" }, "No slots hang here yet: build the wall in the admin."),
    faces.map((face) => [
      faces.length > 1 ? h("p", { class: "label-part" }, `Face ${face}`) : null,
      h("ol", { class: `wall c-${colour}`, "data-columns": String(Math.min(columns, 12)), "aria-label": "Slots of the wall" },
        slots.filter((slot) => slot.face === face).sort((a, b) => a.row - b.row || a.column - b.column).map(cubby)),
    ]),
    h("p", { class: "facts" }, tote ? `Pick tote ${tote} · ${left} to sort` : "No pick tote in work"),
  ].flat(Infinity);
}

function article({ item, qty, wall: { typed } }) {
  const known = [item.sku];
  if (item.lot) known.push(`lot ${item.lot}`);
  if (item.expires) known.push(`use by ${item.expires}`);
  return h("div", { class: "take" },
    h("p", { class: "qty", "aria-label": `Quantity ${qty}` }, h("span", { class: "times" }, "×"), String(qty)),
    h("div", { class: "item" }, h("p", { class: "name" }, item.name), h("p", { class: "facts" }, known.join(" · ")),
      typed ? h("p", { class: "facts instead" }, `Next put: ${typed}`) : null));
}

function cubby({ position, state, order, qty, lit }) {
  const said = [`Slot ${position}`, qty && lit && state === "filling" ? `put ${qty}` : SAID[state] ?? state, order ? `order ${order}` : ""];
  const note = qty && state === "filling" ? `×${qty}` : STATES[state] ?? state;
  return h("li", { class: "cubby", "data-state": state, "data-lit": lit ? "yes" : false, "data-slot": String(position),
    "aria-label": said.filter(Boolean).join(", ") },
    h("span", { class: "number", "aria-hidden": "true" }, String(position)),
    note ? h("span", { class: qty && state === "filling" ? "count" : "note", "aria-hidden": "true" }, note) : null,
    state === "complete" ? symbol("sign-accepted", "tick") : null);
}
