/** The keys of the page, and the list of them. */

import { byId, make } from "./elements.js";

const KEYS = [
  ["← →", "previous and next picture"],
  ["Z", "undo, also Ctrl+Z"],
  ["Shift+Z", "redo"],
  ["Space", "hold: the picture as it was"],
  ["H", "hints off and on"],
  ["Q", "questions off and on"],
  ["Del", "delete the chosen hint"],
  ["+ − 0", "larger, smaller, whole picture"],
  ["Shift+arrows", "move the picture"],
  ["Alt+arrows", "move the cursor, or the chosen hint; with Shift by one pixel"],
  ["Enter", "tell the colour at the cursor"],
  ["1 … 5", "take the first, second … likely colour"],
  ["G", "keep the place grey"],
  ["W", "write this picture"],
  ["C", "contact sheet"],
  ["Esc", "close"],
  ["?", "this list"],
];
const FIELDS = "input:not([type=checkbox], [type=file]), textarea, select, [role=slider], video";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Keys {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    const dialog = byId("keys");
    const list = make("dl", {}, ...KEYS.flatMap(([key, does]) => [make("dt", {}, key), make("dd", {}, does)]));
    dialog.append(make("header", {}, make("h2", {}, "Keys"), make("button", { icon: "close", "aria-label": "Close", onclick: () => dialog.close() })), list);
    byId("keys-open").addEventListener("click", () => dialog.showModal());
    addEventListener("keydown", (event) => this.#down(event));
    addEventListener("keyup", (event) => event.code === "Space" && studio.stage.hold(false));
    addEventListener("blur", () => studio.stage.hold(false));
  }

  #down(event) {
    const { studio } = this;
    const { stage } = studio;
    if (event.defaultPrevented || document.querySelector("dialog[open]") || !studio.workspace) return;
    const target = event.target instanceof Element ? event.target : document.body;
    const typing = target.matches(FIELDS) && !(target.type === "range" && !event.key.startsWith("Arrow") && !/^(Home|End|Page)/.test(event.key));
    const command = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (typing) return;
    if (command) {
      if (key === "z") this.#do(event, () => (event.shiftKey ? studio.redo() : studio.undo()));
      if (key === "y") this.#do(event, () => studio.redo());
      return;
    }
    const arrow = ARROWS[key];
    if (arrow) {
      const [dx, dy] = arrow;
      if (event.altKey) {
        const step = event.shiftKey ? 1 : Math.max(stage.size?.width ?? 0, stage.size?.height ?? 0) / 40;
        this.#do(event, () => stage.moveCursor(dx * step, dy * step));
      } else if (event.shiftKey) this.#do(event, () => stage.size && stage.pan(-60 * dx, -60 * dy));
      else if (dx && !target.closest("[role=radiogroup], #film")) this.#do(event, () => studio.step(dx));
      return;
    }
    if (event.altKey) return;
    const pressed = target.matches("button, a, label, summary, input");
    if (event.code === "Space" && !pressed) this.#do(event, () => event.repeat || stage.hold(true));
    else if (event.key === "Escape") this.#escape(event);
    else if (event.key === "Delete" || event.key === "Backspace") this.#do(event, () => studio.marks.remove());
    else {
      const does = {
        z: () => (event.shiftKey ? studio.redo() : studio.undo()),
        h: () => studio.marks.toggle(),
        q: () => studio.questions.toggle(),
        w: () => studio.picture && !studio.picture.film && studio.write.write([studio.picture.id]),
        c: () => studio.contact.open(),
        "+": () => stage.zoom(1.4),
        "=": () => stage.zoom(1.4),
        "-": () => stage.zoom(1 / 1.4),
        0: () => stage.fit(),
        "?": () => byId("keys").showModal(),
      }[key];
      if (does) this.#do(event, does);
    }
  }

  #do(event, work) {
    event.preventDefault();
    work();
  }

  #escape(event) {
    const { studio } = this;
    if (studio.palette.isOpen) studio.palette.cancel();
    else if (studio.maskTools.active) studio.stage.use("hint");
    else if (studio.marks.selected !== null) studio.marks.select(null);
    else return;
    event.preventDefault();
  }
}
