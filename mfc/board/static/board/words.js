// Journal verbs as sentences. What is not listed is shown as it is.

const rest = (subject) => subject.slice(subject.indexOf(":") + 1);
const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

const SENTENCES = {
  "order.accepted": (e) => `Order ${e.of} accepted: ${many(e.data.lines, "line")}`,
  "order.released": (e) => `Order ${e.of} released`,
  "order.picking": (e) => `Order ${e.of} is on a cart (batch ${e.data.batch})`,
  "order.picked": (e) => `Order ${e.of} is picked, tote ${e.data.tote} is on the belt`,
  "order.packed": (e) => `Order ${e.of} is sealed`,
  "order.ready": (e) => `Order ${e.of} is ready in ${e.data.lane}`,
  "order.handed_over": (e) => `Order ${e.of} was handed over`,
  "order.cancelled": (e) => `Order ${e.of} was cancelled: ${e.data.reason}`,
  "order.unfilled": (e) => `Order ${e.of} stays unfilled: ${e.data.reason}`,
  "batch.planned": (e) => `Batch ${e.of} planned`,
  "batch.claimed": (e) => `${e.actor} took batch ${e.of} (${e.data.colour})`,
  "batch.picked": (e) => `Batch ${e.of} is picked`,
  "batch.dropped": (e) => `Batch ${e.of}: ${many(e.data.full, "tote")} on the belt`,
  "tote.loaded": (e) => `${e.actor} put tote ${e.data.tote} on ${e.data.position}`,
  "tote.at_bench": (e) => `${e.actor} took tote ${e.data.tote} to the bench`,
  "tote.weighed": (e) => `Order ${e.of} weighs right: ${e.data.measured_g} g`,
  "tote.rejected": (e) => `Order ${e.of} weighs wrong: ${e.data.reason}`,
  "tote.admitted": (e) => `${e.actor} counts order ${e.of} at the hospital`,
  "tote.differs": (e) => `Order ${e.of}: the count differs`,
  "tote.mended": (e) => `Order ${e.of} is right again`,
  "task.picked": (e) => `${e.actor} picked ${e.data.qty} × ${e.data.sku}`,
  "task.short": (e) => `${e.actor}: ${e.data.qty} × ${e.data.sku} missing at ${e.data.location}`,
  "task.undone": (e) => `${e.actor} took a pick back`,
  "session.started": (e) => `${e.actor} started at ${e.of}`,
  "session.ended": (e) => `${e.actor} stopped work`,
  "cart.taken": (e) => `${e.actor} took cart ${e.of}`,
  "stock.adjusted": (e) => `${e.actor} corrected stock by ${e.data.difference}: ${e.data.reason}`,
  "parcel.staged": (e) => `Parcel of order ${e.of} stands in ${e.data.lane}`,
  "shipment.claimed": (e) => `${e.data.claimed_by} will collect order ${e.of}`,
  "device.online": (e) => `${e.of} is back`,
  "device.offline": (e) => `${e.of} is offline ${e.data.detail ?? ""}`,
  "device.degraded": (e) => `${e.of} works only partly ${e.data.detail ?? ""}`,
  "device.fault": (e) => `${e.of} reports a fault ${e.data.detail ?? ""}`,
  "gateway.lost": (e) => `Gateway ${e.of} is lost`,
  "event.failed": (e) => `An event of ${e.of} could not be handled`,
};
const BAD = new Set(["task.short", "tote.rejected", "tote.differs", "order.unfilled", "device.offline", "device.fault", "device.degraded", "gateway.lost", "event.failed"]);

export function sentence(event) {
  const words = SENTENCES[event.verb];
  if (words) return words({ ...event, of: rest(event.subject) }).trim();
  return `${event.verb.replaceAll(/[._]/g, " ")}: ${event.subject}`;
}

export const isBad = (event) => BAD.has(event.verb);

export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

export const lampWords = (lamp) =>
  `${lamp.colour}${lamp.mode === "steady" ? "" : lamp.mode === "slow" ? ", blinking slowly" : ", blinking fast"}${lamp.quantity ? `, shows ${lamp.quantity}` : ""}`;
