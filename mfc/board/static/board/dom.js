// Building elements: text is always text, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
export const byId = (id) => document.getElementById(id);

// Redraw only what changed: selections, focus and hovers survive.
const drawn = new WeakMap();
export function put(element, data, draw) {
  const signature = JSON.stringify(data);
  if (drawn.get(element) === signature) return;
  drawn.set(element, signature);
  element.replaceChildren(...[draw()].flat(Infinity).filter(Boolean));
}
