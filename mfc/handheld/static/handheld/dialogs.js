// The two sheets of the page: how many, and which code. Scans go on while one is open.

import { byId, h } from "./dom.js";

const MAX_QTY = 999;

export class Pad {
  constructor(onSend) {
    this.onSend = onSend;
    this.dialog = byId("pad");
    this.title = byId("pad-title");
    this.output = byId("pad-value");
    this.send = byId("pad-send");
    this.choices = byId("pad-choices");
    byId("pad-digits").append(
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 0].map((digit) =>
        h("button", { type: "button", class: "big", onclick: () => this.type(digit) }, String(digit))));
    for (const button of this.dialog.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => this.set(this.value + Number(button.dataset.step)));
    }
    this.send.addEventListener("click", () => {
      this.dialog.close();
      this.onSend(this.code, this.value);
    });
  }

  // `choices` are buttons that say why and send at once; without them there is one button that sends.
  open({ code, label, question, limit, least, unit, choices }) {
    this.code = code;
    this.limit = limit ?? MAX_QTY;
    this.least = least ?? 0;
    this.unit = unit ?? "";
    this.label = label;
    this.title.textContent = question ?? "How many did you find?";
    this.choices.replaceChildren(...(choices ?? []).map((choice) =>
      h("button", { type: "button", class: "big strong", "data-choice": choice.code, onclick: () => this.choose(choice.code) }, choice.label)));
    this.choices.hidden = !choices?.length;
    this.send.hidden = Boolean(choices?.length);
    // Nothing to count: a tote that is full with nothing left in the hand.
    this.dialog.classList.toggle("uncounted", this.limit === 0);
    this.set(this.least);
    this.isFresh = true;
    this.dialog.showModal();
  }

  type(digit) {
    this.set(this.isFresh || this.value * 10 + digit > this.limit ? digit : this.value * 10 + digit);
  }

  choose(code) {
    this.dialog.close();
    this.onSend(code, this.value);
  }

  set(value) {
    this.isFresh = false;
    this.value = Math.min(Math.max(value, 0), this.limit);
    this.output.value = this.unit ? `${this.value} ${this.unit}` : String(this.value);
    this.send.disabled = this.value < this.least;
    this.send.textContent = this.value ? `${this.label}: ${this.value} ${this.unit}`.trim() : `${this.label}: none`;
  }
}

// The actions that are seldom needed, as big buttons.
export class More {
  constructor() {
    this.dialog = byId("more");
    this.list = byId("more-list");
  }

  open(buttons) {
    this.list.replaceChildren(...buttons);
    this.dialog.showModal();
  }
}

export class Typing {
  constructor(onCode) {
    this.dialog = byId("type");
    this.field = byId("type-code");
    byId("type-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const code = this.field.value.trim();
      this.dialog.close();
      if (code) onCode(code);
    });
  }

  open() {
    this.field.value = "";
    this.dialog.showModal();
    this.field.focus();
  }
}

export function closeOnRequest() {
  for (const button of document.querySelectorAll("dialog [data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
}

// A scan answers the question on the screen: an open sheet has become pointless.
export function closeSheets() {
  for (const dialog of document.querySelectorAll("dialog.sheet:not(.alarm)[open]")) dialog.close();
}
