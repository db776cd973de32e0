// Inputs on their way: kept until the server has answered, sent one after the other, each under one id for ever.

// More than this was not scanned by a person who reads the screen.
const MAX_WAITING = 50;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 10000;
// Wi-Fi that swallows packets must not hold the queue.
const TIMEOUT_MS = 8000;
const TRY_AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

// crypto.randomUUID exists on https and localhost only; terminals may use plain http.
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Outbox {
  // onAnswer(answer, item), onRefused(problem, item), onChange(): something was added, sent or delayed.
  constructor({ url, key, onAnswer, onRefused, onChange }) {
    Object.assign(this, { url, key, onAnswer, onRefused, onChange });
    this.memory = [];
    this.isBusy = false;
    this.isStuck = false;
    this.pause = FIRST_RETRY_MS;
    this.timer = 0;
  }

  get items() {
    try {
      return JSON.parse(localStorage.getItem(this.key)) ?? [];
    } catch {
      return this.memory;
    }
  }

  set items(items) {
    this.memory = items;
    try {
      localStorage.setItem(this.key, JSON.stringify(items));
    } catch {
      // Storage is full or forbidden: the queue lives as long as the page.
    }
  }

  // False when the queue is full: the person must wait for the network.
  add(code, qty = null, text = null) {
    const items = this.items;
    if (items.length >= MAX_WAITING) return false;
    this.items = [...items, { id: uuid(), code, qty, text, late: this.isStuck }];
    this.onChange();
    this.pump();
    return true;
  }

  async pump() {
    if (this.isBusy) return;
    clearTimeout(this.timer);
    this.isBusy = true;
    try {
      while (this.items.length && (await this.send(this.items[0])));
    } finally {
      this.isBusy = false;
      this.onChange();
    }
  }

  async send(item) {
    const response = await this.post(item);
    if (response === null || TRY_AGAIN.has(response.status)) {
      this.delay();
      return false;
    }
    const body = await response.json().catch(() => null);
    if (body === null && response.ok) {
      this.delay();
      return false;
    }
    this.isStuck = false;
    this.pause = FIRST_RETRY_MS;
    this.items = this.items.filter((other) => other.id !== item.id);
    if (response.ok) this.onAnswer(body, item);
    else this.onRefused(body ?? { code: "invalid_request", message: `The server said ${response.status}.`, remedy: "" }, item);
    return true;
  }

  async post({ id, code, qty, text }) {
    try {
      return await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(text ? { id, code, qty, text } : { id, code, qty }),
        credentials: "omit",
        signal: AbortSignal.timeout ? AbortSignal.timeout(TIMEOUT_MS) : undefined,
      });
    } catch {
      return null;
    }
  }

  delay() {
    this.isStuck = true;
    this.items = this.items.map((item) => ({ ...item, late: true }));
    this.timer = setTimeout(() => this.pump(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(this.pause * 2, LAST_RETRY_MS);
  }
}
