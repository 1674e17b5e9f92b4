/** The stage: the picture before and after under one slider, zoomed and panned, and the gestures on it. */

import { byId, radioButtons } from "./elements.js";

const MARGIN = 28;
const CLOSEST = 12;
/** Screen pixels that a click may slip. */
const SLIP = 5;

/**
 * A tool that draws: told of one pointer's way in pixels of the view.
 * @typedef {{start: (p: Point) => void, move: (p: Point) => void, end: (p: Point) => void, cancel: () => void}} Tool
 * @typedef {{x: number, y: number, moved: boolean, inside: boolean}} Point
 */

export class Stage {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.root = byId("stage");
    this.sheet = this.root.querySelector(".sheet");
    this.greyCanvas = byId("grey");
    this.colourCanvas = byId("colour");
    this.range = byId("compare");
    this.cursor = byId("cursor");
    this.scale = 1;
    this.x = this.y = 0;
    this.fitted = true;
    this.size = null;
    /** @type {{x: number, y: number} | null} the keyboard's cursor, in the view */
    this.at = null;
    /** @type {Record<string, Tool>} */
    this.tools = {};
    this.pointers = new Map();
    this.listeners = [];
    this.mark = radioButtons(
      byId("tools"),
      [
        { name: "hint", icon: "hint", label: "Tell a colour", title: "Tell a colour: click a place, or drag a stroke" },
        { name: "hand", icon: "hand", label: "Move the picture", title: "Move the picture (or Shift and arrows, or the middle button)" },
      ],
      (name) => this.use(name),
    );
    this.use("hint");
    this.#listen();
    this.clear();
  }

  /** Calls when the picture lies elsewhere on the screen. @param {() => void} listener */
  onMoved(listener) {
    this.listeners.push(listener);
  }

  /** @param {string} name of a tool */
  use(name) {
    this.tool = name;
    this.root.dataset.tool = name;
    this.mark(name);
    this.studio.tellOf("tool", name);
  }

  // What is shown

  /** A picture is on its way: its thumbnail stands in for it. @param {any} picture */
  expect(picture) {
    this.trouble("");
    this.busy("");
    this.at = null;
    this.root.classList.add("waiting");
    if (picture?.error) this.refuse(picture.error);
  }

  /** @param {any} picture @param {ImageBitmap} grey */
  show(picture, grey) {
    this.full = { width: picture.width, height: picture.height };
    this.size = { width: grey.width, height: grey.height };
    for (const canvas of [this.greyCanvas, this.colourCanvas]) {
      canvas.width = grey.width;
      canvas.height = grey.height;
      canvas.getContext("2d", { willReadFrequently: canvas === this.greyCanvas }).drawImage(grey, 0, 0);
    }
    this.greyCanvas.setAttribute("aria-label", `${picture.name} as it is`);
    this.colourCanvas.setAttribute("aria-label", `${picture.name} in colour`);
    this.colourCanvas.dataset.picture = "";
    this.root.classList.remove("waiting", "empty");
    this.fit();
    if (this.early?.id === picture.id) this.paint(this.early.bitmap);
    this.early = null;
  }

  /** @param {ImageBitmap} picture in colour */
  paint(picture) {
    const id = this.studio.picture.id;
    if (this.studio.grey === null) {
      this.early = { id, bitmap: picture };
      return;
    }
    this.colourCanvas.getContext("2d").drawImage(picture, 0, 0, this.size.width, this.size.height);
    this.colourCanvas.dataset.picture = id;
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
    byId("busy").textContent = words ?? "";
  }

  // Where it lies

  /** The whole picture, as large as there is room. */
  fit() {
    if (!this.size) return;
    const { clientWidth, clientHeight } = this.root;
    const room = Math.min(MARGIN, clientWidth / 20);
    this.scale = Math.min((clientWidth - 2 * room) / this.size.width, (clientHeight - 2 * room - 14) / this.size.height, 4);
    this.x = (clientWidth - this.size.width * this.scale) / 2;
    this.y = (clientHeight - 14 - this.size.height * this.scale) / 2;
    this.fitted = true;
    this.#place();
  }

  /** @param {number} factor @param {{x: number, y: number}} around in pixels of the stage */
  zoom(factor, around = { x: this.root.clientWidth / 2, y: this.root.clientHeight / 2 }) {
    if (!this.size) return;
    const least = Math.min(0.05, this.scale);
    const scale = Math.min(Math.max(this.scale * factor, least), CLOSEST);
    this.x = around.x - ((around.x - this.x) * scale) / this.scale;
    this.y = around.y - ((around.y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.#place();
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.#place();
  }

  #place() {
    if (!this.size) return;
    const { clientWidth: width, clientHeight: height } = this.root;
    const keep = 60; // of the picture stays in sight
    const [w, h] = [this.size.width * this.scale, this.size.height * this.scale];
    this.x = Math.min(Math.max(this.x, keep - w), width - keep);
    this.y = Math.min(Math.max(this.y, keep - h), height - keep);
    this.sheet.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.sheet.style.width = `${this.size.width}px`;
    this.sheet.style.height = `${this.size.height}px`;
    this.sheet.classList.toggle("close", this.scale > 3);
    byId("zoom-fit").textContent = `${Math.round(this.scale * 100 * (this.size.width / this.full.width))} %`;
    this.compare();
    this.#drawCursor();
    for (const listener of this.listeners) listener();
  }

  /** Cuts the colour where the slider stands. */
  compare() {
    if (!this.size) return;
    const left = Math.max(this.x, 0);
    const right = Math.min(this.x + this.size.width * this.scale, this.root.clientWidth);
    const top = Math.max(this.y, 0);
    const bottom = Math.min(this.y + this.size.height * this.scale, this.root.clientHeight);
    const share = Number(this.range.value) / 100;
    const cut = left + share * (right - left);
    const part = Math.min(Math.max((cut - this.x) / (this.size.width * this.scale), 0), 1);
    this.colourCanvas.style.clipPath = share > 0 ? `inset(0 0 0 ${(100 * part).toFixed(3)}%)` : "none";
    // The thumb's middle is on the line: the slider is wider by one thumb.
    Object.assign(this.range.style, { left: `${left - 14}px`, width: `${right - left + 28}px`, top: `${Math.min(bottom - 14, this.root.clientHeight - 30)}px` });
    const line = byId("divider");
    line.hidden = share === 0;
    Object.assign(line.style, { left: `${cut}px`, top: `${top}px`, height: `${bottom - top}px` });
  }

  // Pixels

  /** Pixels of the stage where a pixel of the full picture is. @param {[number, number]} point */
  screenOf([x, y]) {
    const factor = (this.size.width / this.full.width) * this.scale;
    return [this.x + (x + 0.5) * factor, this.y + (y + 0.5) * ((this.size.height / this.full.height) * this.scale)];
  }

  /** The pixel of the full picture that a place of the view is in. @param {{x: number, y: number}} place */
  pixelOf({ x, y }) {
    const within = (at, from, to) => Math.min(Math.max(Math.floor((at * to) / from), 0), to - 1);
    return [within(x, this.size.width, this.full.width), within(y, this.size.height, this.full.height)];
  }

  /** Red, green and blue of the view before colour. @param {{x: number, y: number}} place */
  before({ x, y }) {
    const within = (at, to) => Math.min(Math.max(Math.floor(at), 0), to - 1);
    const pixel = this.greyCanvas.getContext("2d").getImageData(within(x, this.size.width), within(y, this.size.height), 1, 1).data;
    return [...pixel.slice(0, 3)];
  }

  /** The place of the view where a pixel of the full picture is. @param {[number, number]} point */
  viewOf([x, y]) {
    return { x: ((x + 0.5) * this.size.width) / this.full.width, y: ((y + 0.5) * this.size.height) / this.full.height };
  }

  #point(event) {
    const box = this.root.getBoundingClientRect();
    const x = (event.clientX - box.left - this.x) / this.scale;
    const y = (event.clientY - box.top - this.y) / this.scale;
    const held = this.pointers.get(event.pointerId);
    const moved = held ? Math.hypot(event.clientX - held.startX, event.clientY - held.startY) > SLIP : false;
    if (held && moved) held.moved = true;
    const inside = x >= 0 && y >= 0 && x < this.size.width && y < this.size.height;
    return { x, y, moved: held?.moved ?? false, inside };
  }

  // Gestures

  #listen() {
    const { root, range } = this;
    new ResizeObserver(() => (this.fitted ? this.fit() : this.#place())).observe(root);
    range.addEventListener("input", () => this.compare());
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#move(event));
    root.addEventListener("pointerup", (event) => this.#up(event, false));
    root.addEventListener("pointercancel", (event) => this.#up(event, true));
    root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    root.addEventListener("keydown", (event) => this.#key(event));
    byId("zoom-in").addEventListener("click", () => this.zoom(1.4));
    byId("zoom-out").addEventListener("click", () => this.zoom(1 / 1.4));
    byId("zoom-fit").addEventListener("click", () => this.fit());
    const hold = byId("hold");
    hold.addEventListener("pointerdown", () => this.hold(true));
    for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) hold.addEventListener(end, () => this.hold(false));
    hold.addEventListener("keydown", (event) => event.key === "Enter" && this.hold(true));
    hold.addEventListener("keyup", () => this.hold(false));
  }

  /** Shows the picture as it was, as long as it is held. @param {boolean} on */
  hold(on) {
    this.root.classList.toggle("held", on);
    byId("hold").classList.toggle("on", on);
  }

  #isCanvas(event) {
    return event.target === this.root || event.target.closest(".sheet");
  }

  #down(event) {
    if (!this.size || !this.#isCanvas(event)) return;
    if (this.studio.palette.isOpen) this.studio.palette.keep();
    if (event.button === 1) event.preventDefault();
    else if (event.button !== 0) return;
    // A pointer that a test or a pen makes up cannot be captured.
    try {
      this.root.setPointerCapture(event.pointerId);
    } catch {}
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, startX: event.clientX, startY: event.clientY, moved: false });
    if (this.pointers.size > 1) {
      this.drawing?.cancel();
      this.drawing = null;
      this.pinch = this.#fingers();
      return;
    }
    this.drawing = event.button === 1 || this.tool === "hand" ? null : this.tools[this.tool];
    this.drawing?.start(this.#point(event));
  }

  #fingers() {
    const [one, other] = [...this.pointers.values()];
    const box = this.root.getBoundingClientRect();
    return {
      x: (one.x + other.x) / 2 - box.left,
      y: (one.y + other.y) / 2 - box.top,
      apart: Math.max(Math.hypot(one.x - other.x, one.y - other.y), 1),
    };
  }

  #move(event) {
    const held = this.pointers.get(event.pointerId);
    if (!held) return;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    Object.assign(held, { x: event.clientX, y: event.clientY });
    if (this.pointers.size > 1) {
      const fingers = this.#fingers();
      this.pan(fingers.x - this.pinch.x, fingers.y - this.pinch.y);
      this.zoom(fingers.apart / this.pinch.apart, fingers);
      this.pinch = fingers;
    } else if (this.drawing) this.drawing.move(this.#point(event));
    else if (!this.pinch) this.pan(dx, dy);
  }

  #up(event, cancelled) {
    if (!this.pointers.has(event.pointerId)) return;
    const point = this.#point(event);
    this.pointers.delete(event.pointerId);
    if (this.pointers.size) return;
    const { drawing } = this;
    this.drawing = this.pinch = null;
    if (cancelled) drawing?.cancel();
    else drawing?.end(point);
  }

  #wheel(event) {
    if (!this.size || event.target.closest("#palette")) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 20 : 1;
    if (event.shiftKey && !event.ctrlKey) {
      this.pan(-(event.deltaX || event.deltaY) * unit, event.deltaX ? -event.deltaY * unit : 0);
      return;
    }
    const box = this.root.getBoundingClientRect();
    const speed = event.ctrlKey ? 0.01 : 0.0016;
    const amount = Math.min(Math.max(-event.deltaY * unit * speed, -0.5), 0.5);
    this.zoom(Math.exp(amount), { x: event.clientX - box.left, y: event.clientY - box.top });
  }

  #key(event) {
    if (event.target !== this.root || !this.size) return;
    if (event.key === "Enter" && this.at) {
      event.preventDefault();
      const point = { ...this.at, moved: false, inside: true };
      this.tools[this.tool]?.start(point);
      this.tools[this.tool]?.end(point);
    }
  }

  /** Moves the keyboard's cursor; the first time it comes to the middle of what is seen. @param {number} dx @param {number} dy */
  moveCursor(dx, dy) {
    if (!this.size) return;
    const { width, height } = this.size;
    const middle = { x: (this.root.clientWidth / 2 - this.x) / this.scale, y: (this.root.clientHeight / 2 - this.y) / this.scale };
    const from = this.at ?? middle;
    this.at = { x: Math.min(Math.max(from.x + dx, 0), width - 0.5), y: Math.min(Math.max(from.y + dy, 0), height - 0.5) };
    this.root.focus();
    this.#drawCursor();
    const [x, y] = this.pixelOf(this.at);
    this.studio.say(`Cursor at ${x}, ${y}.`);
  }

  #drawCursor() {
    this.cursor.hidden = !this.at;
    if (!this.at) return;
    this.cursor.style.left = `${this.x + this.at.x * this.scale}px`;
    this.cursor.style.top = `${this.y + this.at.y * this.scale}px`;
  }
}
