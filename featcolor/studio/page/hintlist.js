/** The list of hints beside the picture, and whether they count for the whole album. */

import { isGrey, words } from "./colour.js";
import { byId, make, plural } from "./elements.js";

export class HintList {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.empty = make("p", { class: "soft" }, "Click a place in the picture and say what colour it is. What looks alike follows.");
    this.list = make("ol", { class: "hints" });
    this.share = make("input", { type: "checkbox", id: "share", onchange: () => studio.settle({ share: this.share.checked }) });
    const label = make("label", { class: "check" }, this.share, make("span", {}, "Share hints with all pictures ", make("code", {}, "--share-hints")));
    byId("told").append(this.empty, this.list, label);
    this.summary = byId("told").querySelector("summary");
    studio.on("said", () => this.draw());
    studio.on("picture", () => this.draw());
    studio.on("selected", (index) => this.#select(index));
    studio.on("workspace", () => {
      this.share.checked = studio.workspace.share;
    });
    for (const [id, turn] of [["undo", () => studio.undo()], ["redo", () => studio.redo()]]) byId(id).addEventListener("click", turn);
  }

  draw() {
    const { studio } = this;
    const { hints } = studio.said;
    this.summary.textContent = hints.length ? plural(hints.length, "hint") : "Hints";
    this.empty.hidden = hints.length > 0;
    this.list.replaceChildren(...hints.map((hint, index) => this.#line(hint, index)));
    byId("undo").disabled = !studio.history?.past.length;
    byId("redo").disabled = !studio.history?.future.length;
    this.#select(studio.marks.selected);
  }

  #line(hint, index) {
    const swatch = make("span", { class: "swatch" });
    swatch.style.background = hint.colour;
    const name = [...this.studio.names].find(([, { code }]) => code === hint.colour)?.[0];
    const said = isGrey(hint.colour) ? "kept grey" : (name ?? words(hint.colour));
    const where = hint.points.length > 1 ? "stroke" : hint.points[0].map(Math.round).join(", ");
    const change = make("button", { class: "line", title: "Change the colour", onclick: () => this.studio.marks.change(index) }, swatch, make("span", { class: "word" }, said), make("span", { class: "number" }, where));
    change.addEventListener("pointerenter", () => this.studio.marks.select(index));
    const remove = make("button", { icon: "remove", title: "Delete (Del)", "aria-label": `Delete hint ${index + 1}, ${said}`, onclick: () => this.studio.marks.remove(index) });
    return make("li", {}, change, remove);
  }

  #select(index) {
    [...this.list.children].forEach((line, at) => line.classList.toggle("selected", at === index));
  }
}
