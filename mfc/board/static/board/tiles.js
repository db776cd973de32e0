// The tiles around the floor plan.

import { byId, h, put } from "./dom.js";
import { initials, isBad, lampWords, sentence } from "./words.js";

const QUARTER_MS = 15 * 60 * 1000;
const MAX_REASON = 90;
let format = null;

function clock(iso, parts = { hour: "2-digit", minute: "2-digit" }) {
  const timeZone = document.body.dataset.timeZone;
  return new Intl.DateTimeFormat("en-GB", { timeZone, ...parts }).format(new Date(iso));
}

export function siteTime(date) {
  format ??= new Intl.DateTimeFormat("en-GB", {
    timeZone: document.body.dataset.timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  return format.format(date);
}

function ago(iso, now) {
  const minutes = Math.max(0, Math.round((new Date(now) - new Date(iso)) / 60000));
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`;
}

const nothing = (text) => h("p", { class: "quiet" }, text);
const bar = (value, max, label) => h("progress", { value, max: Math.max(max, 1), "aria-label": label });
const baseOf = (id) => byId(id).closest("[data-base]").dataset.base;

export function drawTiles(snapshot) {
  for (const [state, count] of Object.entries(snapshot.orders)) {
    const number = byId(`orders-${state}`);
    number.textContent = String(count);
    number.closest("li").toggleAttribute("data-none", count === 0);
  }
  put(byId("figures"), snapshot.figures, () => figures(snapshot.figures));
  put(byId("promises"), [snapshot.promises, snapshot.now.slice(0, 16)], () => promises(snapshot));
  put(byId("risk"), snapshot.at_risk, () => risk(snapshot.at_risk));
  put(byId("batches"), snapshot.batches, () => batches(snapshot.batches));
  const cartLamps = snapshot.lamps.filter((lamp) => lamp.station);
  put(byId("people"), [snapshot.people, cartLamps], () => people(snapshot.people, cartLamps));
  put(byId("lanes"), snapshot.lanes, () => lanes(snapshot.lanes));
  put(byId("devices"), [snapshot.devices, snapshot.now.slice(0, 16)], () => devices(snapshot.devices, snapshot.now));
  put(byId("events"), snapshot.events, () => snapshot.events.map(event));
}

function figures(values) {
  const pairs = [
    ["lines picked", values.lines_picked], ["units picked", values.units_picked], ["lines short", values.short_lines],
    ["handed over", values.handed_over], ["late", values.late],
  ];
  return [
    h("div", { class: "of" }, h("dt", {}, "last"), h("dd", {}, `${values.hours} h`)),
    pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))),
  ];
}

function promises({ promises: slots, now }) {
  if (!slots.length) return nothing("No open order.");
  const most = Math.max(...slots.map((slot) => slot.orders));
  return h("ul", { class: "bars" }, slots.map(({ slot, orders }) => {
    const left = new Date(slot) - new Date(now);
    const urgency = left + QUARTER_MS <= 0 ? "late" : left <= QUARTER_MS ? "soon" : "fine";
    const words = { late: "late", soon: "now", fine: "" }[urgency];
    return h("li", { "data-urgency": urgency }, h("span", {}, clock(slot)), bar(orders, most, `${orders} orders to leave from ${clock(slot)}`),
      h("b", {}, String(orders)), h("em", {}, words));
  }));
}

function risk(rows) {
  if (!rows.length) return nothing("No order is at risk.");
  const base = baseOf("risk");
  return [
    h("h3", { class: "alert" }, `At risk: ${rows.length}`),
    h("ul", { class: "rows" }, rows.map((row) => h("li", {},
      h("a", { href: `${base}?q=${encodeURIComponent(row.ref)}` }, row.ref), h("span", { class: "quiet" }, row.state),
      h("b", { class: "end" }, clock(row.leave_by))))),
  ];
}

function batches(rows) {
  if (!rows.length) return nothing("No batch is planned or under way.");
  const head = ["Batch", "Who", "Orders", "Progress", "Walk", "Why together"];
  return h("table", {},
    h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map(batch)));
}

function batch(row) {
  const done = row.tasks - row.todo;
  const why = row.reason.length > MAX_REASON ? `${row.reason.slice(0, MAX_REASON - 1)}…` : row.reason;
  return h("tr", {},
    h("td", {}, h("a", { class: `chip c-${row.colour || "none"}`, href: `${baseOf("batches")}${row.number}/change/` },
      `${row.number} ${row.colour || "planned"}`)),
    h("td", {}, row.person ?? h("span", { class: "quiet" }, "nobody yet"), row.station ? h("span", { class: "quiet" }, ` ${row.station}`) : ""),
    h("td", { class: "number" }, String(row.orders)),
    h("td", { class: "progress" }, bar(done, row.tasks, `${done} of ${row.tasks} tasks`), h("span", {}, `${done}/${row.tasks}`), h("span", { class: "quiet" }, row.state)),
    h("td", { class: "number" }, `${row.metres} m`),
    h("td", { class: "why", title: row.reason }, why));
}

function people(rows, lamps) {
  if (!rows.length) return h("li", { class: "quiet" }, "Nobody is logged in.");
  return rows.map((person) => {
    const lit = lamps.filter((lamp) => lamp.station === person.station);
    return h("li", {},
      h("i", { class: `swatch round c-${person.colour ?? "none"}`, "aria-hidden": "true" }, initials(person.name)),
      h("span", {}, h("b", {}, person.name), ` ${person.doing}`, person.batch ? h("span", { class: "quiet" }, ` · batch ${person.batch}, ${person.colour}`) : ""),
      lit.length ? h("span", { class: "end cart-lamps", title: lit.map(lampWords).join("; ") },
        lit.map((lamp) => h("i", { class: `chip c-${lamp.colour} mode-${lamp.mode}` },
          `${String.fromCharCode(64 + lamp.position)}${lamp.quantity ? ` ×${lamp.quantity}` : ""}`))) : null);
  });
}

function lanes(rows) {
  if (!rows.length) return nothing("This site has no stage lane.");
  return h("table", {},
    h("thead", {}, h("tr", {}, ["Lane", "coming", "ready", "claimed"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map((lane) => h("tr", {}, h("th", { scope: "row" }, lane.code),
      [lane.sealed, lane.ready, lane.claimed].map((count) => h("td", { class: "number", "data-none": count === 0 }, String(count)))))));
}

function devices(rows, now) {
  const bad = rows.filter((device) => device.state !== "online");
  const good = rows.length - bad.length;
  const summary = h("p", { class: bad.length ? "" : "good" }, `${good} of ${rows.length} online`);
  if (!bad.length) return summary;
  return [summary, h("ul", { class: "rows" }, bad.map((device) => h("li", {},
    h("span", { class: "chip bad" }, device.state),
    h("span", {}, h("b", {}, device.key), device.detail ? ` ${device.detail}` : ""),
    device.since ? h("span", { class: "end quiet" }, ago(device.since, now)) : null)))];
}

function event(row) {
  return h("li", { class: isBad(row) ? "alert" : "" },
    h("time", { datetime: row.at }, clock(row.at, { hour: "2-digit", minute: "2-digit", second: "2-digit" })), h("span", {}, sentence(row)));
}
