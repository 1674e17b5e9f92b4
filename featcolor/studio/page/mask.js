/** The mask: where colour goes, drawn by brush, lasso and rectangle. Without one colour goes everywhere. */

import { api } from "./api.js";
import { byId, make, radioButtons } from "./elements.js";

/**
 * A stroke of a tool, in pixels of the view.
 * @typedef {{tool: "brush"|"eraser"|"lasso"|"rectangle"|"invert"|"all", points: {x: number, y: number}[], size: number, without: boolean}} Act
 */

const TOOLS = [
  { name: "brush", icon: "brush", label: "Brush", title: "Brush: colour goes here" },
  { name: "eraser", icon: "eraser", label: "Eraser", title: "Eraser: no colour here" },
  { name: "lasso", icon: "lasso", label: "Lasso", title: "Lasso: colour goes inside (with Alt: not inside)" },
  { name: "rectangle", icon: "rectangle", label: "Rectangle", title: "Rectangle: colour goes inside (with Alt: not inside)" },
];
const SIZES = { min: 4, max: 240, value: 60 };

export class MaskTools {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.layer = byId("mask-layer");
    this.plane = document.createElement("canvas");
    /** The mask as it was when the picture was opened; null: there was none. @type {ImageBitmap | null} */
    this.base = null;
    /** @type {Act[]} */
    this.acts = [];
    /** @type {Act[]} */
    this.undone = [];
    for (const { name } of TOOLS) studio.stage.tools[name] = this.#tool(name);
    this.#panel();
    studio.on("picture", () => this.#opened());
    studio.on("tool", (name) => this.#shown(name));
    studio.stage.onMoved(() => this.#ring());
  }

  get active() {
    return TOOLS.some(({ name }) => name === this.studio.stage.tool);
  }

  #panel() {
    const root = byId("mask-tools");
    const group = make("div", { class: "group", role: "radiogroup", "aria-label": "Mask tool" });
    this.mark = radioButtons(group, TOOLS, (name) => this.studio.stage.use(this.studio.stage.tool === name ? "hint" : name));
    this.size = make("input", { type: "range", ...SIZES, "aria-label": "Size of brush and eraser, in pixels of the view", oninput: () => this.#ring() });
    this.invert = make("button", { onclick: () => this.#act({ tool: "invert", points: [], size: 0, without: false }) }, "Invert");
    this.clear = make("button", { onclick: () => this.#remove() }, "Colour all of it");
    const note = make("p", { class: "soft" }, "Draw where colour goes; elsewhere the picture stays as it is. ", make("code", {}, "--mask"));
    this.done = make("button", { class: "main", onclick: () => this.studio.stage.use("hint") }, "Done");
    root.append(note, group, make("label", { class: "size" }, "Size ", this.size), make("div", { class: "row" }, this.invert, this.clear, this.done));
    root.addEventListener("toggle", () => !root.open && this.active && this.studio.stage.use("hint"));
    this.cursor = make("span", { id: "brush", "aria-hidden": "true" });
    byId("stage").append(this.cursor);
    byId("stage").addEventListener("pointermove", (event) => {
      const box = byId("stage").getBoundingClientRect();
      this.pointer = { x: event.clientX - box.left, y: event.clientY - box.top };
      this.#ring();
    });
  }

  /** The ring that shows how large the brush is. */
  #ring() {
    const { stage } = this.studio;
    const on = ["brush", "eraser"].includes(stage.tool) && this.pointer;
    this.cursor.hidden = !on;
    if (!on) return;
    const side = this.size.value * stage.scale;
    Object.assign(this.cursor.style, { width: `${side}px`, height: `${side}px`, left: `${this.pointer.x - side / 2}px`, top: `${this.pointer.y - side / 2}px` });
  }

  async #opened() {
    const { picture, grey } = this.studio;
    this.acts = [];
    this.undone = [];
    this.base = null;
    this.#controls();
    if (!picture || !grey) return;
    for (const canvas of [this.plane, this.layer]) Object.assign(canvas, { width: grey.width, height: grey.height });
    if (picture.mask) {
      const base = await this.studio.attempt(async () => createImageBitmap(await api.mask(picture.id)));
      if (this.studio.picture?.id === picture.id) this.base = base ?? null;
    }
    this.#draw();
    this.#controls();
  }

  /** Whether there is a mask now. */
  get any() {
    const last = this.acts.findLastIndex(({ tool }) => tool === "all");
    return last < 0 ? this.base !== null || this.acts.length > 0 : last < this.acts.length - 1;
  }

  #controls() {
    this.invert.disabled = this.clear.disabled = !this.any;
    byId("mask-tools").querySelector("summary").textContent = this.any ? "Only a part: drawn" : "Only a part";
  }

  #shown(name) {
    this.mark(TOOLS.some((tool) => tool.name === name) ? name : null);
    byId("stage").classList.toggle("masking", this.active);
    this.#draw();
    this.#ring();
    if (this.active) {
      this.studio.say(`${TOOLS.find((tool) => tool.name === name).title}.`);
      byId("mask-tools").open = true;
    }
  }

  #tool(tool) {
    /** @type {Act | null} */
    let act = null;
    return {
      start: (p) => {
        act = { tool, points: [{ x: p.x, y: p.y }], size: Number(this.size.value), without: tool === "eraser" || this.alt };
        this.#draw(act);
      },
      move: (p) => {
        if (!act) return;
        if (tool === "rectangle") act.points[1] = { x: p.x, y: p.y };
        else act.points.push({ x: p.x, y: p.y });
        this.#draw(act);
      },
      end: () => {
        const drawn = act && (tool === "brush" || tool === "eraser" || act.points.length > 1);
        if (drawn) this.#act(act);
        else this.#draw();
        act = null;
      },
      cancel: () => {
        act = null;
        this.#draw();
      },
    };
  }

  /** @param {Act} act */
  #act(act) {
    this.acts.push(act);
    this.undone = [];
    this.#keep();
  }

  #remove() {
    this.#act({ tool: "all", points: [], size: 0, without: false });
    this.studio.stage.use("hint");
  }

  /** One act back (-1) or forth (1); false where the mask is not what is worked on. @param {-1 | 1} step */
  undo(step) {
    const [from, to] = step < 0 ? [this.acts, this.undone] : [this.undone, this.acts];
    if (!this.active) return false;
    if (from.length) {
      to.push(from.pop());
      this.#keep();
    }
    return true;
  }

  /** Draws the mask anew, white where colour goes, and over the picture where it does not. @param {Act | null} trying */
  #draw(trying = null) {
    const { width, height } = this.plane;
    const context = this.plane.getContext("2d");
    const acts = trying ? [...this.acts, trying] : this.acts;
    const fill = (colour) => {
      context.fillStyle = colour;
      context.fillRect(0, 0, width, height);
    };
    context.globalCompositeOperation = "source-over";
    if (this.base) context.drawImage(this.base, 0, 0, width, height);
    let any = this.base !== null;
    for (const { tool, points, size, without } of acts) {
      if (tool === "all") {
        any = false;
        continue;
      }
      // The first thing that is drawn says what the rest is.
      if (!any) fill(without || tool === "invert" ? "#fff" : "#000");
      any = true;
      context.globalCompositeOperation = tool === "invert" ? "difference" : "source-over";
      if (tool === "invert") fill("#fff");
      context.globalCompositeOperation = "source-over";
      context.fillStyle = context.strokeStyle = without ? "#000" : "#fff";
      context.lineWidth = size;
      context.lineCap = context.lineJoin = "round";
      context.beginPath();
      if (tool === "rectangle" && points[1]) context.rect(points[0].x, points[0].y, points[1].x - points[0].x, points[1].y - points[0].y);
      else points.forEach(({ x, y }, at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
      if (tool === "rectangle" || tool === "lasso") context.fill();
      else if (points.length) {
        context.lineTo(points[0].x, points[0].y + (points.length === 1 ? 0.01 : 0), points.length);
        context.stroke();
      }
    }
    this.#overlay(any);
  }

  /** A veil over what gets no colour, while the mask is worked on. */
  #overlay(any) {
    const { width, height } = this.layer;
    const context = this.layer.getContext("2d");
    context.clearRect(0, 0, width, height);
    if (!this.active || !any || width < 2) return;
    const shown = context.createImageData(width, height);
    const mask = this.plane.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, width, height).data;
    for (let at = 0; at < mask.length; at += 4) {
      const stripe = ((at / 4) % width) + Math.floor(at / 4 / width);
      shown.data[at + 3] = ((255 - mask[at]) * (stripe % 12 < 2 ? 0.75 : 0.45)) | 0;
    }
    context.putImageData(shown, 0, 0);
  }

  /** Stores the mask, and has the picture coloured by it. */
  async #keep() {
    const { studio } = this;
    const { id } = studio.picture;
    this.#draw();
    this.#controls();
    await studio.attempt(async () => {
      if (this.any) await api.keepMask(id, await new Promise((done) => this.plane.toBlob(done, "image/png")));
      else await api.dropMask(id);
      if (studio.picture?.id === id) studio.refresh();
    });
  }
}
