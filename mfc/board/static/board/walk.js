// Walking on the floor plan: the shortest way over the aisles and the two cross aisles, at people's real speed.

// At a hundredfold site speed a walk is over before anybody sees it; this keeps it visible.
const MIN_WALK_MS = 250;
// A tote rides at about this speed (millimetres per second).
export const BELT_MM_PER_S = 500;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// Points are {x, y} in the plan's millimetres, where y grows towards the front.
export function route(walkway, from, to) {
  const isFront = (point) => point.y >= walkway.front;
  const isBack = (point) => point.y <= walkway.back;
  if (from.x === to.x) return [from, to];
  if (isFront(from)) return [from, { x: to.x, y: from.y }, to];
  if (isFront(to)) return [from, { x: from.x, y: to.y }, to];
  if (isBack(from)) return [from, { x: to.x, y: from.y }, to];
  const byFront = 2 * walkway.front - from.y - to.y;
  const byBack = from.y + to.y - 2 * walkway.back;
  const y = byFront <= byBack ? walkway.front : walkway.back;
  return [from, { x: from.x, y }, { x: to.x, y }, to];
}

const length = (a, b) => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);

function along(points, distance) {
  let left = distance;
  for (let index = 1; index < points.length; index += 1) {
    const [a, b] = [points[index - 1], points[index]];
    const leg = length(a, b);
    if (left <= leg && leg > 0) return { x: a.x + ((b.x - a.x) * left) / leg, y: a.y + ((b.y - a.y) * left) / leg };
    left -= leg;
  }
  return points.at(-1);
}

// Moves SVG groups; nothing runs while nothing moves.
export class Movers {
  constructor() {
    this.moving = new Map();
    this.frame = 0;
  }

  place(element, point) {
    this.moving.delete(element);
    element.at = point;
    element.setAttribute("transform", `translate(${Math.round(point.x)} ${Math.round(point.y)})`);
  }

  // mmPerS is in real seconds; waypoints(from, to) gives the way.
  send(element, to, mmPerS, waypoints) {
    const going = this.moving.get(element)?.points.at(-1) ?? element.at;
    if (going && going.x === to.x && going.y === to.y) return;
    if (!element.at || calm.matches) {
      this.place(element, to);
      return;
    }
    const points = waypoints(element.at, to);
    const total = points.slice(1).reduce((sum, point, index) => sum + length(points[index], point), 0);
    this.moving.set(element, { points, total, start: performance.now(), ms: Math.max((total / mmPerS) * 1000, MIN_WALK_MS) });
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.step(now));
  }

  step(now) {
    this.frame = 0;
    for (const [element, { points, total, start, ms }] of this.moving) {
      if (!element.isConnected) {
        this.moving.delete(element);
        continue;
      }
      const share = Math.min(Math.max((now - start) / ms, 0), 1);
      const point = share === 1 ? points.at(-1) : along(points, total * share);
      element.at = point;
      element.setAttribute("transform", `translate(${Math.round(point.x)} ${Math.round(point.y)})`);
      if (share === 1) this.moving.delete(element);
    }
    if (this.moving.size) this.frame = requestAnimationFrame((next) => this.step(next));
  }
}
