// The floor plan: lamps, totes and people over the plan that the server drew.

import { byId, put, s } from "./dom.js";
import { BELT_MM_PER_S, Movers, route } from "./walk.js";
import { initials, lampWords } from "./words.js";

// People and totes at one spot stand side by side: this many in a row, this far apart.
const ROW = 4;
const PERSON_MM = 950;
const TOTE_MM = 330;
// On a bench the tote stands beside the person.
const ON_BENCH = new Set(["at_bench", "weighed", "counting", "fixing"]);
const BESIDE_MM = 620;

export class Floor {
  constructor(walkway) {
    this.walkway = walkway;
    this.movers = new Movers();
    this.people = new Map();
    this.totes = new Map();
    this.bins = new Map([...document.querySelectorAll("[data-bin]")].map((rect) => [rect.dataset.bin, rect]));
    this.drawBelt();
  }

  // From the belt's start past every exit, in the order they stand.
  drawBelt() {
    const points = [...document.querySelectorAll(".kind-belt, .kind-stage")]
      .map((place) => ({ x: Number(place.dataset.x), y: Number(place.dataset.y) }))
      .sort((a, b) => b.x - a.x);
    byId("belt").setAttribute("points", points.map(({ x, y }) => `${x},${y}`).join(" "));
  }

  draw(snapshot) {
    this.drawLamps(snapshot.lamps.filter((lamp) => lamp.location));
    this.drawPeople(snapshot);
    this.drawTotes(snapshot);
    byId("plan-words").textContent = this.words(snapshot);
  }

  point(row) {
    return { x: row.x_mm, y: this.walkway.depth - row.y_mm };
  }

  drawLamps(lamps) {
    put(byId("lamps"), lamps, () => lamps.map((lamp) => {
      const bin = this.bins.get(lamp.location);
      if (!bin) return null;
      const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(bin.getAttribute(name)));
      return s("g", { class: `lit c-${lamp.colour} mode-${lamp.mode}`, transform: `translate(${x + width / 2} ${y + height / 2})` },
        s("title", {}, `${lamp.location}: ${lampWords(lamp)}`),
        s("rect", { x: -width / 2 - 40, y: -height / 2 - 40, width: width + 80, height: height + 80, rx: 60 }),
        s("circle", { r: 420 }),
        s("text", { y: 160 }, lamp.quantity ? String(lamp.quantity) : ""));
    }));
  }

  drawPeople(snapshot) {
    const speed = this.walkway.mm_per_s * snapshot.speed;
    const crowd = new Map();
    for (const person of snapshot.people) {
      const group = this.keep(this.people, byId("walkers"), person.name, () =>
        s("g", { class: "walker" }, s("title"), s("circle", { r: 430 }), s("text", { y: 140 }, initials(person.name))));
      group.setAttribute("class", `walker c-${person.colour ?? "none"}`);
      group.firstChild.textContent = `${person.name} (${person.station}) ${person.doing}`;
      this.movers.send(group, this.spread(crowd, this.point(person), PERSON_MM), speed, (from, to) => route(this.walkway, from, to));
    }
    this.forget(this.people, snapshot.people.map((person) => person.name));
  }

  drawTotes(snapshot) {
    const crowd = new Map();
    const shown = snapshot.belt.filter((tote) => tote.x_mm !== null);
    for (const tote of shown) {
      const group = this.keep(this.totes, byId("totes"), tote.tote, () =>
        s("g", { class: "tote" }, s("title"), s("rect", { x: -140, y: -140, width: 280, height: 280, rx: 50 })));
      group.setAttribute("class", `tote state-${tote.shipment || tote.state}`);
      group.firstChild.textContent = `Tote ${tote.tote}, order ${tote.order}: ${tote.shipment || tote.state}${tote.reason ? ` (${tote.reason})` : ""}`;
      const spot = this.point(tote);
      if (ON_BENCH.has(tote.state)) spot.x += BESIDE_MM;
      this.movers.send(group, this.spread(crowd, spot, TOTE_MM), BELT_MM_PER_S * snapshot.speed,
        (from, to) => [from, { x: to.x, y: from.y }, to]);
    }
    this.forget(this.totes, shown.map((tote) => tote.tote));
  }

  keep(map, parent, key, make) {
    if (!map.has(key)) map.set(key, parent.appendChild(make()));
    return map.get(key);
  }

  forget(map, keys) {
    const known = new Set(keys);
    for (const [key, element] of map) {
      if (known.has(key)) continue;
      element.remove();
      map.delete(key);
    }
  }

  // The first stands on the spot, the others beside it.
  spread(crowd, point, step) {
    const key = `${point.x},${point.y}`;
    const index = crowd.get(key) ?? 0;
    crowd.set(key, index + 1);
    const isInAisle = point.y < this.walkway.front;
    if (isInAisle) return { x: point.x, y: point.y + (index * step) / 2 };
    return { x: point.x + (index % ROW) * step, y: point.y + Math.floor(index / ROW) * step };
  }

  words({ people, lamps, belt }) {
    const lit = lamps.filter((lamp) => lamp.location).map((lamp) => `${lamp.location} ${lampWords(lamp)}`);
    return [
      people.map((person) => `${person.name} ${person.doing}.`).join(" "),
      lit.length ? `Lamps: ${lit.join("; ")}.` : "No lamp is lit.",
      `${belt.length} totes between cart and lane.`,
    ].join(" ");
  }
}
