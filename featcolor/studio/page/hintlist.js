/** The list of hints beside the picture, and whether they count for the whole album. */

import { isGrey, words } from "./colour.js";
import { bare, byId, make, on, plural, span, swatch } from "./elements.js";

export class HintList {
	root = byId("told");
	empty = make("p", { class: "soft" }, "Click a place in the picture and say what colour it is. What looks alike follows.");
	list = make("ol", { class: "hints" });

	constructor(studio) {
		this.studio = studio;
		const share = make("input", { type: "checkbox", id: "share", onchange: () => studio.settle({ share: share.checked }) });
		this.root.append(this.empty, this.list, make("label", { class: "check" }, share, make("span", {}, "Share hints with all pictures ", make("code", {}, "--share-hints"))));
		studio.on("said picture", () => this.draw());
		studio.on("selected", (index) => this.#select(index));
		studio.on("workspace", () => (share.checked = studio.workspace.share));
		on(byId("undo"), "click", () => studio.undo());
		on(byId("redo"), "click", () => studio.redo());
	}

	draw() {
		const { studio } = this;
		const { hints } = studio.said;
		this.root.querySelector("summary").textContent = hints.length ? plural(hints.length, "hint") : "Hints";
		this.empty.hidden = hints.length > 0;
		this.list.replaceChildren(...hints.map((hint, index) => this.#line(hint, index)));
		byId("undo").disabled = !studio.history?.past.length;
		byId("redo").disabled = !studio.history?.future.length;
		this.#select(studio.marks.selected);
	}

	#line({ colour, points }, index) {
		const { marks, names } = this.studio;
		const name = [...names].find(([, code]) => code === colour)?.[0];
		const said = isGrey(colour) ? "kept grey" : (name ?? words(colour));
		const where = points.length > 1 ? "stroke" : points[0].map(Math.round).join(", ");
		const change = make("button", { class: "line", title: "Change the colour", onclick: () => marks.change(index), onpointerenter: () => marks.select(index) });
		change.append(swatch(colour), span("word", said), span("number", where));
		return make("li", {}, change, bare("remove", `Delete hint ${index + 1}, ${said}`, () => marks.remove(index)));
	}

	#select(index) {
		[...this.list.children].forEach((line, at) => line.classList.toggle("selected", at === index));
	}
}
