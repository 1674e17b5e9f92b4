/** A wheel of all colours that there are at one lightness: hue around, and from grey to the most vivid outward. */

import { hexOf, intoGamut, labOf, rgbOf, words } from "./colour.js";
import { make } from "./elements.js";

const SIDE = 132;
const RADIUS = SIDE / 2;
const STEP = 0.06;
/** Of the radius, inside which a colour is none. */
const NEUTRAL = 0.05;
const TURN = 2 * Math.PI;

export class Wheel {
  /** @param {number} lightness L*, 0..100 @param {(hex: string) => void} chosen */
  constructor(lightness, chosen) {
    this.lightness = Math.min(Math.max(lightness, 2), 98);
    this.chosen = chosen;
    /** The most chroma of each degree of hue. */
    this.most = Array.from({ length: 360 }, (_, degree) => Math.hypot(...intoGamut(this.lightness, ...around((degree / 360) * TURN, 140))));
    this.canvas = make("canvas", { width: SIDE, height: SIDE });
    this.dot = make("span", { class: "dot" });
    this.root = make("div", { class: "wheel", tabIndex: 0, role: "slider", "aria-label": "Colour wheel; arrows move through it", "aria-valuemin": 0, "aria-valuemax": 100 }, this.canvas, this.dot);
    this.root.addEventListener("pointerdown", (event) => this.#down(event));
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.#draw();
    this.point(0, 0);
  }

  #mostAt(hue) {
    return this.most[Math.round(((hue / TURN) * 360 + 360) % 360) % 360];
  }

  #draw() {
    const picture = new ImageData(SIDE, SIDE);
    for (let at = 0; at < SIDE * SIDE; at++) {
      const x = (at % SIDE) + 0.5 - RADIUS;
      const y = RADIUS - Math.floor(at / SIDE) - 0.5;
      const hue = Math.atan2(y, x);
      const chroma = Math.min(Math.hypot(x, y) / RADIUS, 1) * this.#mostAt(hue);
      picture.data.set([...rgbOf(this.lightness, ...around(hue, chroma)), 255], 4 * at);
    }
    this.canvas.getContext("2d").putImageData(picture, 0, 0);
  }

  /** Shows where a colour is. @param {number} a @param {number} b */
  point(a, b) {
    const hue = Math.atan2(b, a);
    const share = Math.min(Math.hypot(a, b) / this.#mostAt(hue), 1);
    [this.x, this.y] = around(hue, share);
    this.dot.style.left = `${RADIUS * (1 + this.x)}px`;
    this.dot.style.top = `${RADIUS * (1 - this.y)}px`;
    const hex = hexOf(rgbOf(this.lightness, a, b));
    this.dot.style.background = hex;
    this.root.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    this.root.setAttribute("aria-valuetext", `${words(hex)}, ${hex}`);
  }

  /** @param {number} x @param {number} y within a circle of radius 1 */
  #choose(x, y) {
    const hue = Math.atan2(y, x);
    const share = Math.min(Math.hypot(x, y), 1);
    let rgb = rgbOf(this.lightness, ...around(hue, share * this.#mostAt(hue)));
    if (share < NEUTRAL) rgb = Array(3).fill(rgb[1]); // Exactly neutral says: keep it grey.
    this.chosen(hexOf(rgb));
    const [, a, b] = labOf(rgb);
    this.point(a, b);
  }

  #down(event) {
    event.preventDefault();
    this.root.focus();
    const box = this.root.getBoundingClientRect();
    const move = ({ clientX, clientY }) => this.#choose((clientX - box.left) / RADIUS - 1, 1 - (clientY - box.top) / RADIUS);
    const end = () => {
      removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) removeEventListener(name, end);
    };
    addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, end);
    move(event);
  }

  #key(event) {
    const step = event.shiftKey ? 3 * STEP : STEP;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
    if (!by || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#choose(this.x + by[0], this.y + by[1]);
  }
}

const around = (angle, radius) => [radius * Math.cos(angle), radius * Math.sin(angle)];
