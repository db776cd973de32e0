// The sheet in which a value is typed: a number, a weight, a date or a text.

import { byId } from "./dom.js";

const KINDS = {
  qty: { mode: "numeric", hint: "A whole number." },
  weight: { mode: "numeric", hint: "In grams." },
  date: { mode: "numeric", hint: "Year, month, day: 2026-11-30, or as printed: 301126 (day, month, year)." },
  text: { mode: "text", hint: "As printed." },
};

// An ISO date from what people type; an empty text when it is none.
export function isoDate(text) {
  const plain = text.replace(/[^0-9]/g, "");
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(text.trim())) return text.trim().replace(/-(\d)(?=-|$)/g, "-0$1");
  if (plain.length === 6) return `20${plain.slice(4)}-${plain.slice(2, 4)}-${plain.slice(0, 2)}`;
  if (plain.length === 8) return `${plain.slice(4)}-${plain.slice(2, 4)}-${plain.slice(0, 2)}`;
  return "";
}

export class Asking {
  // onSend(qty, text): exactly one of them is not null.
  constructor(onSend) {
    this.onSend = onSend;
    this.dialog = byId("ask");
    this.field = byId("ask-value");
    this.wrong = byId("ask-wrong");
    byId("ask-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(this.field.value.trim());
    });
  }

  open(ask) {
    this.ask = ask;
    const kind = KINDS[ask.kind] ?? KINDS.text;
    byId("ask-title").textContent = ask.label;
    byId("ask-hint").textContent = kind.hint;
    this.wrong.textContent = "";
    this.field.inputMode = kind.mode;
    this.field.value = ask.value;
    this.dialog.showModal();
    this.field.focus();
    this.field.select();
  }

  send(value) {
    const isNumber = this.ask.kind === "qty" || this.ask.kind === "weight";
    const text = this.ask.kind === "date" ? isoDate(value) : value;
    if (isNumber ? !/^\d{1,6}$/.test(value) : !text) {
      this.wrong.textContent = value ? `${value} is not possible here.` : "Nothing was typed.";
      return;
    }
    this.dialog.close();
    this.onSend(isNumber ? Number(value) : null, isNumber ? null : text);
  }
}
