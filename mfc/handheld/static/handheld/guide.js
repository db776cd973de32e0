// The work card of a stock terminal: what the step shows, its buttons, and what it asks for.

import { h } from "./dom.js";

// Callbacks are set once by the page: onChoose(number), onAsk(ask).
let reply = { onChoose: () => {}, onAsk: () => {} };
export const answerWith = (callbacks) => { reply = callbacks; };

export function guide(screen) {
  const { guide: step } = screen;
  return [
    h("h1", { class: "title" }, screen.title),
    step.hint ? h("p", { class: "hint" }, step.hint) : null,
    screen.location ? spot(screen.location) : null,
    screen.item ? article(screen) : null,
    step.why ? h("p", { class: "why" }, h("b", {}, "Why: "), step.why) : null,
    step.ask ? h("button", { type: "button", class: "big strong ask", onclick: () => reply.onAsk(step.ask) }, `Enter: ${step.ask.label}`) : null,
    step.choices.length ? h("div", { class: `options ${shape(screen)}` }, step.choices.map(choice)) : null,
    step.rows.length ? h("ul", { class: "rows" }, step.rows.map(row)) : null,
  ].filter(Boolean);
}

// The label is shown for when it must be typed.
function spot({ code, label, check }) {
  return h("div", {}, h("p", { class: "spot" }, code),
    h("p", { class: "label-part" }, h("span", {}, label), check ? h("span", { class: "check" }, "check ", h("b", {}, check)) : null));
}

function article({ item, qty }) {
  const known = [item.sku];
  if (item.lot) known.push(`lot ${item.lot}`);
  if (item.expires) known.push(`use by ${item.expires}`);
  return h("div", { class: "take" },
    qty ? h("p", { class: "qty", "aria-label": `Quantity ${qty}` }, h("span", { class: "times" }, "×"), String(qty)) : null,
    h("div", { class: "item" }, h("p", { class: "name" }, item.name), h("p", { class: "facts" }, known.join(" · "))));
}

function shape({ step, guide: { choices } }) {
  if (step === "menu") return "menu";
  return choices.every(({ hint }) => !hint) ? "short" : "";
}

function choice({ label, hint }, index) {
  return h("button", { type: "button", class: "big choice", "data-choice": String(index + 1), onclick: () => reply.onChoose(index + 1) },
    h("span", { class: "choice-label" }, label), hint ? h("span", { class: "facts" }, hint) : null);
}

function row({ text, facts, qty, state }) {
  return h("li", { "data-state": state },
    h("span", {}, h("span", { class: "name" }, text), facts ? h("span", { class: "facts" }, facts) : null),
    qty ? h("span", { class: "number" }, qty) : null);
}
