// The station's websocket: screens come in, a lost connection comes back by itself.

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10000;
const UNKNOWN_STATION = 4404;

export class Link {
  constructor({ path, onScreen, onState, onUnknown }) {
    Object.assign(this, { path, onScreen, onState, onUnknown });
    this.pause = FIRST_RETRY_MS;
    this.isOpen = false;
    this.timer = 0;
  }

  open() {
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.path}`);
    this.socket = socket;
    socket.addEventListener("message", (event) => {
      this.pause = FIRST_RETRY_MS;
      this.set(true);
      this.onScreen(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (socket !== this.socket) return;
      this.set(false);
      if (event.code === UNKNOWN_STATION) this.onUnknown();
      else this.later();
    });
  }

  later() {
    this.timer = setTimeout(() => this.open(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(this.pause * 2, LAST_RETRY_MS);
  }

  // The network is said to be back, or the page is looked at again: do not wait for the timer.
  hurry() {
    this.pause = FIRST_RETRY_MS;
    if (!this.isOpen && this.socket?.readyState === WebSocket.CLOSED) this.open();
  }

  set(isOpen) {
    if (this.isOpen === isOpen) return;
    this.isOpen = isOpen;
    this.onState();
  }
}
