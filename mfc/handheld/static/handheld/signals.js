// Tones, vibration and the wake lock. All of them are extras: where one is missing, the screen still tells everything.

const ACCEPTED = { tones: [{ hertz: 1760, ms: 90, type: "sine" }], vibrate: [40] };
const REFUSED = { tones: [{ hertz: 180, ms: 400, type: "square" }], vibrate: [120, 60, 120] };
const ALARM = {
  tones: [0, 1, 2].map(() => ({ hertz: 440, ms: 250, type: "square" })),
  vibrate: [400, 100, 400, 100, 400],
};
const SIGNALS = { accepted: ACCEPTED, refused: REFUSED, alarm: ALARM };
const VOLUME = 0.25;
const GAP_S = 0.06;

let audio = null;

function unlock() {
  try {
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume().catch(() => {});
  } catch {
    audio = null;
  }
  keepAwake();
}

async function keepAwake() {
  try {
    if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
  } catch {
    // Low battery or not allowed: the terminal's own setting rules.
  }
}

function play(tones) {
  if (audio?.state !== "running") return;
  let at = audio.currentTime;
  for (const { hertz, ms, type } of tones) {
    const oscillator = new OscillatorNode(audio, { frequency: hertz, type });
    const gain = new GainNode(audio, { gain: VOLUME });
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(at);
    oscillator.stop(at + ms / 1000);
    at += ms / 1000 + GAP_S;
  }
}

export function signal(name) {
  const wanted = SIGNALS[name];
  if (!wanted) return;
  try {
    play(wanted.tones);
    navigator.vibrate?.(wanted.vibrate);
  } catch {
    // No sound today.
  }
}

// Browsers want a first touch or key before they let a page make a sound.
export function prepare() {
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, unlock, { capture: true, passive: true });
  document.addEventListener("visibilitychange", keepAwake);
}
