/** The stage: the picture before and after under one slider, zoomed and panned, and the gestures on it. */

import { byId, done, on, radioButtons, within } from "./elements.js";

const MARGIN = 28;
/** Room for the slider's thumb, below. */
const FOOT = 14;
const [FARTHEST, CLOSEST] = [0.05, 12];
/** Screen pixels that a click may slip. */
const SLIP = 5;
/** Screen pixels of a picture that stay in sight. */
const KEPT = 60;
const NEARER = 1.4;
const TOOLS = [
  { name: "hint", icon: "hint", title: "Tell a colour: click a place, or drag a stroke" },
  { name: "hand", icon: "hand", title: "Move the picture (or Shift and arrows, or the middle button)" },
];

/**
 * A tool is told of one pointer's way, in pixels of the view.
 * @typedef {{x: number, y: number, moved: boolean, inside: boolean}} Place
 * @typedef {{start: (p: Place) => void, move: (p: Place) => void, end: (p: Place) => void, cancel: () => void}} Tool
 */

export class Stage {
  root = byId("stage");
  sheet = this.root.querySelector(".sheet");
  before = byId("grey").getContext("2d", { willReadFrequently: true });
  after = byId("colour").getContext("2d");
  range = byId("compare");
  /** Of the picture, and of its view; null while there is none. */
  full = null;
  size = null;
  /** Where the view's corner is on the stage, and how large its pixels are. */
  x = 0;
  y = 0;
  scale = 1;
  fitted = true;
  /** The keyboard's cursor, in the view. @type {{x: number, y: number} | null} */
  at = null;
  /** @type {Record<string, Tool>} */
  tools = {};
  pointers = new Map();
  listeners = [];

  constructor(studio) {
    this.studio = studio;
    this.mark = radioButtons(byId("tools"), TOOLS, (name) => this.use(name));
    this.use("hint");
    this.clear();
    const { root } = this;
    new ResizeObserver(() => (this.fitted ? this.fit() : this.#place())).observe(root);
    on(this.range, "input", () => this.compare());
    on(root, "pointerdown", (event) => this.#down(event));
    on(root, "pointermove", (event) => this.#move(event));
    on(root, "pointerup pointercancel", (event) => this.#up(event));
    root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    on(root, "keydown", (event) => this.#key(event));
    on(byId("zoom-in"), "click", () => this.zoom(NEARER));
    on(byId("zoom-out"), "click", () => this.zoom(1 / NEARER));
    on(byId("zoom-fit"), "click", () => this.fit());
    on(byId("hold"), "pointerdown keydown", ({ key }) => key !== "Tab" && this.hold(true));
    on(byId("hold"), "pointerup pointerleave pointercancel keyup blur", () => this.hold(false));
  }

  /** Calls when the picture lies elsewhere on the screen. */
  onMoved(listener) {
    this.listeners.push(listener);
  }

  /** @param {string} name of a tool */
  use(name) {
    this.tool = this.root.dataset.tool = name;
    this.mark(name);
    this.studio.tellOf("tool", name);
  }

  // What is shown

  /** A picture is on its way. */
  expect() {
    this.trouble("");
    this.busy("");
    this.at = null;
    byId("colour").dataset.picture = "";
    this.root.classList.add("waiting");
  }

  /** @param {ImageBitmap} grey its view before colour */
  show(picture, grey) {
    this.full = { width: picture.width, height: picture.height };
    this.size = { width: grey.width, height: grey.height };
    for (const context of [this.before, this.after]) {
      Object.assign(context.canvas, this.size);
      context.drawImage(grey, 0, 0);
    }
    this.before.canvas.setAttribute("aria-label", `${picture.name} as it is`);
    this.after.canvas.setAttribute("aria-label", `${picture.name} in colour`);
    this.root.classList.remove("waiting", "empty");
    this.fit();
  }

  /** @param {ImageBitmap} bitmap the open picture in colour */
  paint(bitmap) {
    this.after.drawImage(bitmap, 0, 0, this.size.width, this.size.height);
    byId("colour").dataset.picture = this.studio.picture.id;
  }

  /** Nothing is open. */
  clear() {
    this.size = null;
    this.root.classList.add("empty");
    this.busy(null);
    this.trouble("");
  }

  /** @param {string} words why the picture cannot be shown */
  refuse(words) {
    this.clear();
    this.trouble(words);
  }

  /** @param {string} words "" takes them away */
  trouble(words) {
    byId("trouble").textContent = words;
    byId("trouble").hidden = !words;
  }

  /** @param {string | null} words beside the line that runs while it is worked; null: it is not */
  busy(words) {
    byId("busy").hidden = words === null;
    byId("busy").textContent = words;
  }

  /** Shows the picture as it was, as long as it is held. */
  hold(on) {
    this.root.classList.toggle("held", on);
    byId("hold").classList.toggle("on", on);
  }

  // Where it lies

  /** The whole picture, as large as there is room. */
  fit() {
    if (!this.size) return;
    const { clientWidth, clientHeight } = this.root;
    const { width, height } = this.size;
    const room = 2 * Math.min(MARGIN, clientWidth / 20);
    this.scale = Math.min((clientWidth - room) / width, (clientHeight - room - FOOT) / height, 4);
    this.x = (clientWidth - width * this.scale) / 2;
    this.y = (clientHeight - FOOT - height * this.scale) / 2;
    this.fitted = true;
    this.#place();
  }

  /** @param {{x: number, y: number}} around in pixels of the stage */
  zoom(factor, { x, y } = { x: this.root.clientWidth / 2, y: this.root.clientHeight / 2 }) {
    if (!this.size) return;
    const scale = within(this.scale * factor, Math.min(FARTHEST, this.scale), CLOSEST);
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.#place();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.#place();
  }

  #place() {
    if (!this.size) return;
    const { clientWidth, clientHeight } = this.root;
    const { width, height } = this.size;
    this.x = within(this.x, KEPT - width * this.scale, clientWidth - KEPT);
    this.y = within(this.y, KEPT - height * this.scale, clientHeight - KEPT);
    const { x, y, scale } = this;
    Object.assign(this.sheet.style, { transform: `translate(${x}px, ${y}px) scale(${scale})`, width: `${width}px`, height: `${height}px` });
    this.sheet.classList.toggle("close", scale > 3);
    byId("zoom-fit").textContent = `${Math.round((100 * scale * width) / this.full.width)} %`;
    this.compare();
    this.#drawCursor();
    for (const listener of this.listeners) listener();
  }

  /** Cuts the colour where the slider stands, which is as wide as what is seen of the picture. */
  compare() {
    if (!this.size) return;
    const { x, y, scale, size, range, root } = this;
    const width = size.width * scale;
    const [left, right] = [Math.max(x, 0), Math.min(x + width, root.clientWidth)];
    const [top, bottom] = [Math.max(y, 0), Math.min(y + size.height * scale, root.clientHeight)];
    const share = Number(range.value) / 100;
    const cut = left + share * (right - left);
    this.after.canvas.style.clipPath = share ? `inset(0 0 0 ${within((100 * (cut - x)) / width, 0, 100).toFixed(3)}%)` : "none";
    // The thumb's middle is on the line: the slider is wider by one thumb.
    Object.assign(range.style, { left: `${left - 14}px`, width: `${right - left + 28}px`, top: `${Math.min(bottom - 14, root.clientHeight - 30)}px` });
    byId("divider").hidden = !share;
    Object.assign(byId("divider").style, { left: `${cut}px`, top: `${top}px`, height: `${bottom - top}px` });
  }

  // Pixels

  /** The place of the view where a pixel of the full picture is. @param {[number, number]} pixel */
  viewOf([x, y]) {
    return { x: ((x + 0.5) * this.size.width) / this.full.width, y: ((y + 0.5) * this.size.height) / this.full.height };
  }

  /** Where on the stage a pixel of the full picture is. @param {[number, number]} pixel @returns {[number, number]} */
  screenOf(pixel) {
    const { x, y } = this.viewOf(pixel);
    return [this.x + x * this.scale, this.y + y * this.scale];
  }

  /** The pixel of the full picture that a place of the view is in. */
  pixelOf({ x, y }) {
    const pixel = (at, from, to) => within(Math.floor((at * to) / from), 0, to - 1);
    return [pixel(x, this.size.width, this.full.width), pixel(y, this.size.height, this.full.height)];
  }

  /** Red, green and blue of the view before colour. */
  greyAt({ x, y }) {
    const { width, height } = this.size;
    return [...this.before.getImageData(within(Math.floor(x), 0, width - 1), within(Math.floor(y), 0, height - 1), 1, 1).data.slice(0, 3)];
  }

  /** Where on the stage an event is. */
  inside({ clientX, clientY }) {
    const { left, top } = this.root.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  #point(event) {
    const at = this.inside(event);
    const [x, y] = [(at.x - this.x) / this.scale, (at.y - this.y) / this.scale];
    const held = this.pointers.get(event.pointerId);
    held.moved ||= Math.hypot(event.clientX - held.start.x, event.clientY - held.start.y) > SLIP;
    return { x, y, moved: held.moved, inside: x >= 0 && y >= 0 && x < this.size.width && y < this.size.height };
  }

  // Gestures

  #down(event) {
    const { target, button, pointerId, clientX: x, clientY: y } = event;
    if (!this.size || button > 1 || !(target === this.root || target.closest(".sheet"))) return;
    if (button) event.preventDefault();
    if (this.studio.palette.isOpen) this.studio.palette.keep();
    this.root.setPointerCapture(pointerId);
    this.pointers.set(pointerId, { x, y, start: { x, y }, moved: false });
    if (this.pointers.size > 1) {
      this.drawing?.cancel();
      this.drawing = null;
      this.pinch = this.#fingers();
    } else {
      this.drawing = button || this.tool === "hand" ? null : this.tools[this.tool];
      this.drawing?.start(this.#point(event));
    }
  }

  #fingers() {
    const [one, other] = [...this.pointers.values()];
    const middle = this.inside({ clientX: (one.x + other.x) / 2, clientY: (one.y + other.y) / 2 });
    return { ...middle, apart: Math.max(Math.hypot(one.x - other.x, one.y - other.y), 1) };
  }

  #move(event) {
    const held = this.pointers.get(event.pointerId);
    if (!held) return;
    const { clientX: x, clientY: y } = event;
    const [dx, dy] = [x - held.x, y - held.y];
    Object.assign(held, { x, y });
    if (this.pointers.size > 1) {
      const fingers = this.#fingers();
      this.pan(fingers.x - this.pinch.x, fingers.y - this.pinch.y);
      this.zoom(fingers.apart / this.pinch.apart, fingers);
      this.pinch = fingers;
    } else if (this.drawing) this.drawing.move(this.#point(event));
    else if (!this.pinch) this.pan(dx, dy);
  }

  #up(event) {
    if (!this.pointers.has(event.pointerId)) return;
    const point = this.#point(event);
    this.pointers.delete(event.pointerId);
    if (this.pointers.size) return;
    const { drawing } = this;
    this.drawing = this.pinch = null;
    if (event.type === "pointercancel") drawing?.cancel();
    else drawing?.end(point);
  }

  #wheel(event) {
    if (!this.size || event.target.closest("#palette")) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 20 : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.shiftKey && !event.ctrlKey) this.pan(-(dx || dy), dx ? -dy : 0);
    else this.zoom(Math.exp(within(-dy * (event.ctrlKey ? 0.01 : 0.0016), -0.5, 0.5)), this.inside(event));
  }

  #key(event) {
    if (event.target !== this.root || event.key !== "Enter" || !this.at) return;
    done(event);
    const place = { ...this.at, moved: false, inside: true };
    this.tools[this.tool]?.start(place);
    this.tools[this.tool]?.end(place);
  }

  /** Moves the keyboard's cursor; the first time it comes to the middle of what is seen. */
  moveCursor(dx, dy) {
    if (!this.size) return;
    const { clientWidth, clientHeight } = this.root;
    const from = this.at ?? { x: (clientWidth / 2 - this.x) / this.scale, y: (clientHeight / 2 - this.y) / this.scale };
    this.at = { x: within(from.x + dx, 0, this.size.width - 0.5), y: within(from.y + dy, 0, this.size.height - 0.5) };
    this.root.focus();
    this.#drawCursor();
    this.studio.say(`Cursor at ${this.pixelOf(this.at).join(", ")}.`);
  }

  #drawCursor() {
    const cursor = byId("cursor");
    cursor.hidden = !this.at;
    if (this.at) cursor.style.translate = `${this.x + this.at.x * this.scale}px ${this.y + this.at.y * this.scale}px`;
  }
}
