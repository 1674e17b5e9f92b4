/** The mask: where colour goes, drawn by brush, lasso and rectangle. Without one colour goes everywhere. */

import { api } from "./api.js";
import { byId, make, on, press, radioButtons, row } from "./elements.js";

/**
 * What was done with a tool, in pixels of the view; "all" takes the mask away.
 * @typedef {{tool: "brush"|"eraser"|"lasso"|"rectangle"|"invert"|"all", points?: {x: number, y: number}[], size?: number}} Act
 */

const TOOLS = [
  { name: "brush", icon: "brush", title: "Brush: colour goes here" },
  { name: "eraser", icon: "eraser", title: "Eraser: no colour here" },
  { name: "lasso", icon: "lasso", title: "Lasso: colour goes inside" },
  { name: "rectangle", icon: "rectangle", title: "Rectangle: colour goes inside" },
];
const [WITHOUT, WITH] = ["#000", "#fff"];

export class MaskTools {
  root = byId("mask-tools");
  ring = make("span", { id: "brush", hidden: true });
  /** It lies over the picture while it is worked on. */
  plane = byId("mask-layer").getContext("2d");
  /** The mask as it was when the picture was opened; null: there was none. @type {ImageBitmap | null} */
  base = null;
  /** @type {Act[]} */
  acts = [];
  /** @type {Act[]} */
  undone = [];

  constructor(studio) {
    this.studio = studio;
    const { stage } = studio;
    for (const { name } of TOOLS) stage.tools[name] = this.#tool(name);
    const group = make("div", { class: "group", role: "radiogroup", label: "Mask tool" });
    this.mark = radioButtons(group, TOOLS, (name) => stage.use(name === stage.tool ? "hint" : name));
    this.size = make("input", { type: "range", min: 4, max: 240, value: 60, label: "Size of brush and eraser, in pixels of the view" });
    this.invert = press("Invert", () => this.#act({ tool: "invert" }));
    this.clear = press("Colour all of it", () => this.#act({ tool: "all" }));
    const leave = press("Done", () => stage.use("hint"), { class: "main" });
    const note = make("p", { class: "soft" }, "Draw where colour goes; elsewhere the picture stays as it is. ", make("code", {}, "--mask"));
    this.root.append(note, group, make("label", { class: "row size" }, "Size", this.size), row(this.invert, this.clear, leave));
    stage.root.append(this.ring);
    on(stage.root, "pointermove", (event) => this.#ring(stage.inside(event)));
    on(this.root, "toggle", () => !this.root.open && this.active && stage.use("hint"));
    studio.on("picture", () => this.#opened());
    studio.on("tool", (name) => this.#chosen(name));
  }

  get active() {
    return TOOLS.some(({ name }) => name === this.studio.stage.tool);
  }

  /** Whether there is a mask now. */
  get any() {
    const all = this.acts.findLastIndex(({ tool }) => tool === "all");
    return all < this.acts.length - 1 || (all < 0 && this.base !== null);
  }

  /** Shows how large the brush is. */
  #ring({ x, y }) {
    const { tool, scale } = this.studio.stage;
    this.ring.hidden = tool !== "brush" && tool !== "eraser";
    const side = `${this.size.value * scale}px`;
    Object.assign(this.ring.style, { width: side, height: side, left: `${x}px`, top: `${y}px` });
  }

  async #opened() {
    const { picture, grey, stage } = this.studio;
    this.acts = [];
    this.undone = [];
    this.base = null;
    if (grey) {
      Object.assign(this.plane.canvas, stage.size);
      const base = picture.mask && (await this.studio.attempt(async () => createImageBitmap(await api.mask(picture.id))));
      if (this.studio.picture === picture) this.base = base || null;
    }
    this.#draw();
  }

  #chosen(name) {
    const tool = TOOLS.find((each) => each.name === name);
    this.mark(name);
    this.ring.hidden = true;
    byId("stage").classList.toggle("masking", Boolean(tool));
    if (tool) {
      this.root.open = true;
      this.studio.say(`${tool.title}.`);
    }
    this.#draw();
  }

  #tool(tool) {
    const brush = tool === "brush" || tool === "eraser";
    /** @type {Act | null} */
    let act = null;
    const stop = () => {
      act = null;
      this.#draw();
    };
    return {
      start: ({ x, y }) => {
        act = { tool, points: [{ x, y }], size: Number(this.size.value) };
        this.#draw(act);
      },
      move: ({ x, y }) => {
        if (tool === "rectangle") act.points[1] = { x, y };
        else act.points.push({ x, y });
        this.#draw(act);
      },
      end: () => (brush || act.points.length > 1 ? this.#act(act) : stop()),
      cancel: stop,
    };
  }

  #act(act) {
    this.acts.push(act);
    this.undone = [];
    this.#keep();
  }

  /** One act back (-1) or forth (1); false where the mask is not what is worked on. */
  undo(step) {
    if (!this.active) return false;
    const [from, to] = step < 0 ? [this.acts, this.undone] : [this.undone, this.acts];
    if (from.length) {
      to.push(from.pop());
      this.#keep();
    }
    return true;
  }

  /** @param {Act | null} trying what is drawn just now */
  #draw(trying = null) {
    const { plane } = this;
    const { width, height } = plane.canvas;
    const fill = (colour) => {
      plane.fillStyle = colour;
      plane.fillRect(0, 0, width, height);
    };
    if (this.base) plane.drawImage(this.base, 0, 0, width, height);
    let any = this.base !== null;
    for (const { tool, points, size } of trying ? [...this.acts, trying] : this.acts) {
      // The first thing that is drawn says what the rest is.
      if (!any) fill(tool === "eraser" || tool === "invert" ? WITH : WITHOUT);
      any = tool !== "all";
      if (tool === "invert") {
        plane.globalCompositeOperation = "difference";
        fill(WITH);
        plane.globalCompositeOperation = "source-over";
      } else if (any) drawAct(plane, tool, points, size);
    }
    this.invert.disabled = this.clear.disabled = !this.any;
    this.root.querySelector("summary").textContent = this.any ? "Only a part: drawn" : "Only a part";
    plane.canvas.hidden = !this.active || !any;
  }

  /** Stores the mask, and has the picture coloured by it. */
  async #keep() {
    const { studio } = this;
    const { id } = studio.picture;
    this.#draw();
    await studio.attempt(async () => {
      if (this.any) await api.keepMask(id, await new Promise((made) => this.plane.canvas.toBlob(made, "image/png")));
      else await api.dropMask(id);
      if (studio.picture?.id === id) studio.refresh();
    });
  }
}

function drawAct(plane, tool, points, size) {
  const [first, second] = points;
  Object.assign(plane, { lineWidth: size, lineCap: "round", lineJoin: "round" });
  plane.fillStyle = plane.strokeStyle = tool === "eraser" ? WITHOUT : WITH;
  plane.beginPath();
  if (tool === "rectangle") second && plane.rect(first.x, first.y, second.x - first.x, second.y - first.y);
  else for (const { x, y } of [first, ...points]) plane.lineTo(x, y);
  if (tool === "brush" || tool === "eraser") plane.stroke();
  else plane.fill();
}
