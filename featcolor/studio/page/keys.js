/** The keys of the page, and the list of them. */

import { bare, byId, make, on } from "./elements.js";

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
/** What uses letters and arrows itself. */
const FIELDS = "input:not([type=checkbox], [type=file]), textarea, select, [role=slider], video";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Of the longer side, by which the cursor goes; screen pixels by which the picture does. */
const [CURSOR, PAN] = [1 / 40, 60];
const NEARER = 1.4;

export class Keys {
  constructor(studio) {
    this.studio = studio;
    const dialog = byId("keys");
    const list = make("dl", {}, ...KEYS.flatMap(([key, does]) => [make("dt", {}, key), make("dd", {}, does)]));
    dialog.append(make("header", {}, make("h2", {}, "Keys"), bare("close", "Close", () => dialog.close())), list);
    on(byId("keys-open"), "click", () => dialog.showModal());
    on(window, "keydown", (event) => this.#down(event));
    on(window, "keyup", ({ code }) => code === "Space" && studio.stage.hold(false));
    on(window, "blur", () => studio.stage.hold(false));
  }

  #down(event) {
    const { studio } = this;
    if (event.defaultPrevented || document.querySelector("dialog[open]") || !studio.workspace) return;
    const does = this.#meaning(event);
    if (!does) return;
    event.preventDefault();
    does();
  }

  /** What a key does where it is pressed; undefined for nothing. */
  #meaning({ key, code, target, ctrlKey, metaKey, altKey, shiftKey, repeat }) {
    const { studio } = this;
    const { stage, marks } = studio;
    const letter = key.length === 1 ? key.toLowerCase() : key;
    const arrow = ARROWS[key];
    const slider = target.type === "range" && !arrow;
    if (target.matches?.(FIELDS) && !slider) return undefined;
    const again = () => (shiftKey ? studio.redo() : studio.undo());
    if (ctrlKey || metaKey) return { z: again, y: () => studio.redo() }[letter];
    if (arrow) {
      const [dx, dy] = arrow;
      const step = shiftKey ? 1 : Math.max(stage.size?.width, stage.size?.height) * CURSOR;
      if (altKey) return () => stage.moveCursor(dx * step, dy * step);
      if (shiftKey) return () => stage.pan(-PAN * dx, -PAN * dy);
      return dx && !target.closest?.("[role=radiogroup], #film") ? () => studio.step(dx) : undefined;
    }
    if (altKey) return undefined;
    if (code === "Space") return target.matches?.("button, a, label, summary, input") ? undefined : () => repeat || stage.hold(true);
    return {
      z: again,
      h: () => marks.toggle(),
      q: () => studio.questions.toggle(),
      w: () => studio.picture && !studio.picture.film && studio.write.write([studio.picture.id]),
      c: () => studio.contact.open(),
      "+": () => stage.zoom(NEARER),
      "=": () => stage.zoom(NEARER),
      "-": () => stage.zoom(1 / NEARER),
      0: () => stage.fit(),
      "?": () => byId("keys").showModal(),
      Delete: () => marks.remove(),
      Backspace: () => marks.remove(),
      Escape: () => this.#escape(),
    }[letter];
  }

  #escape() {
    const { palette, maskTools, stage, marks } = this.studio;
    if (palette.isOpen) palette.cancel();
    else if (maskTools.active) stage.use("hint");
    else marks.select(null);
  }
}
