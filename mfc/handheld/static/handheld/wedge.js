// Keyboard wedges: telling a scanner's burst of keys from a person's typing, whatever has the focus.

// Our own labels: with this prefix a text is a scan at any speed.
const PREFIX = /^[LTKUCDS]-/i;
// Scanners type with 0 to 30 ms between keys, people never keep up 36 ms.
const FAST_GAP_MS = 36;
const MIN_LENGTH = 6;
// A pause this long ends a foreign code; a label may be sent more slowly.
const BREAK_MS = 150;
const LABEL_BREAK_MS = 1000;
// Without a final Enter, a fast label ends by silence.
const SILENCE_MS = 200;
const MAX_KEYS = 256;
const GROUP_SEPARATOR = "\x1d";

const textOf = (keys) => keys.map((key) => key.char).join("");

function averageGap(keys) {
  return keys.length < 2 ? Infinity : (keys.at(-1).at - keys[0].at) / (keys.length - 1);
}

// What follows the last pause: a stray key before a scan must not spoil it.
function lastRun(keys) {
  let start = 0;
  for (let index = 1; index < keys.length; index += 1) {
    if (keys[index].at - keys[index - 1].at > BREAK_MS) start = index;
  }
  return keys.slice(start);
}

// The scanned text, or null when these keys were typed by a person.
export function classify(keys) {
  if (PREFIX.test(textOf(keys)) && keys.length > 2) return textOf(keys);
  const run = lastRun(keys);
  if (PREFIX.test(textOf(run)) && run.length > 2) return textOf(run);
  return run.length >= MIN_LENGTH && averageGap(run) <= FAST_GAP_MS ? textOf(run) : null;
}

function charOf(event) {
  if (event.ctrlKey && event.key === "]") return GROUP_SEPARATOR;
  if (event.ctrlKey || event.altKey || event.metaKey) return "";
  return event.key.length === 1 ? event.key : "";
}

const isField = (target) => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

export class Wedge {
  constructor(onScan) {
    this.onScan = onScan;
    this.reset();
    this.timer = 0;
  }

  listen(target = window) {
    target.addEventListener("keydown", (event) => this.down(event), { capture: true });
    // A space that belongs to a scan must not press the focused button when the key comes up.
    target.addEventListener("keyup", (event) => this.up(event), { capture: true });
  }

  reset() {
    this.keys = [];
    this.field = null;
  }

  down(event) {
    if (event.isComposing || event.repeat) return;
    if (event.key === "Enter" || event.key === "Tab") this.end(event);
    else if (event.key === "Backspace" || event.key === "Escape") this.reset();
    else this.collect(event, charOf(event));
  }

  up(event) {
    if (event.key === " " && this.keys.length > 1) event.preventDefault();
  }

  collect(event, char) {
    if (!char) return;
    const at = event.timeStamp;
    const isLabel = PREFIX.test(textOf(this.keys));
    const pause = this.keys.length ? at - this.keys.at(-1).at : 0;
    if (pause > (isLabel ? LABEL_BREAK_MS : BREAK_MS)) this.reset();
    if (!this.keys.length) this.field = isField(event.target) ? { element: event.target, value: event.target.value } : null;
    if (this.keys.length < MAX_KEYS) this.keys.push({ char, at });
    if (char === GROUP_SEPARATOR || (char === " " && this.keys.length > 1 && !isField(event.target))) event.preventDefault();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.silence(), SILENCE_MS);
  }

  silence() {
    const isLabel = PREFIX.test(textOf(this.keys)) && this.keys.length >= MIN_LENGTH;
    if (isLabel && averageGap(this.keys) <= FAST_GAP_MS) this.give(textOf(this.keys));
  }

  end(event) {
    clearTimeout(this.timer);
    const text = classify(this.keys);
    if (text === null) {
      this.reset();
      return;
    }
    // The scan's Enter must press nothing.
    event.preventDefault();
    event.stopImmediatePropagation();
    this.give(text);
  }

  give(text) {
    // What the scanner typed into a field is taken out again.
    if (this.field) this.field.element.value = this.field.value;
    this.reset();
    this.onScan(text);
  }
}
