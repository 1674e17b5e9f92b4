/** The contact sheet: the whole album before and after, and which of it is written. */

import { api } from "./api.js";
import { bare, byId, make, on, plural, press, reason, span, thumbnail } from "./elements.js";

const STATES = { grey: "", coloured: "written", corrected: "corrected", changed: "changed" };

export class ContactSheet {
	dialog = byId("contact");
	chosen = new Set();
	coloured = true;

	constructor(studio) {
		this.studio = studio;
		on(byId("contact-open"), "click", () => this.open());
		studio.on("workspace", () => {
			byId("contact-open").disabled = !studio.album.length;
			if (this.dialog.open) this.draw();
		});
	}

	open() {
		const { studio, dialog } = this;
		if (!studio.album.length) return;
		this.chosen.clear();
		this.cells = new Map();
		this.sides = ["Before", "After"].map((words, at) => press(words, () => this.#turn(Boolean(at))));
		this.note = span("soft");
		this.all = press("", () => this.#chooseAll());
		this.write = press("", () => this.#write(), { class: "main" });
		this.zip = make("a", { class: "button", icon: "download", href: api.zip, download: "" }, "Zip");
		const both = make("div", { class: "group", role: "group", label: "Shown" }, ...this.sides);
		const head = make("header", {}, make("h2", {}, "Contact sheet"), this.note, both, this.all, this.write, this.zip, bare("close", "Close the contact sheet", () => dialog.close()));
		this.grid = make("ul", { class: "contact" });
		dialog.replaceChildren(head, this.grid);
		this.draw();
		this.#turn(true);
		dialog.showModal();
	}

	#turn(coloured) {
		this.coloured = coloured;
		this.sides.forEach((side, at) => (side.ariaPressed = String(Boolean(at) === coloured)));
		for (const { image, picture } of this.cells.values()) if (image) image.src = api.thumb(picture, coloured);
	}

	draw() {
		const { album } = this.studio;
		for (const picture of album) {
			const known = this.cells.get(picture.id);
			const stamp = JSON.stringify(picture);
			if (known?.stamp === stamp) continue;
			const cell = { ...this.#cell(picture), stamp, picture };
			if (known) known.item.replaceWith(cell.item);
			else this.grid.append(cell.item);
			this.cells.set(picture.id, cell);
		}
		this.note.textContent = `${plural(album.length, "picture")}, ${album.filter(({ state }) => state === "coloured").length} written`;
		this.zip.hidden = !album.some(({ written }) => written);
		this.#count();
	}

	#cell(picture) {
		const { id, name, error, state } = picture;
		const choose = () => {
			this.chosen[box.checked ? "add" : "delete"](id);
			this.#count();
		};
		const open = () => {
			this.dialog.close();
			this.studio.open(id);
		};
		const box = make("input", { type: "checkbox", checked: this.chosen.has(id), label: `Choose ${name}`, onchange: choose });
		const image = error ? null : thumbnail(api.thumb(picture, this.coloured));
		const button = make("button", { class: "cell", title: `Open ${name}`, onclick: open }, image ?? reason(error));
		const label = make("label", {}, box, span("name", name.split("/").at(-1)), span("state", error ? "broken" : STATES[state]));
		return { item: make("li", { "data-state": error ? "broken" : state }, button, label), image, box };
	}

	#count() {
		const { size } = this.chosen;
		this.write.textContent = size ? `Write ${size} chosen` : "Write all";
		this.all.textContent = size ? "Choose none" : "Choose all";
	}

	#chooseAll() {
		const all = !this.chosen.size;
		this.chosen = new Set(all ? this.cells.keys() : []);
		for (const { box } of this.cells.values()) box.checked = all;
		this.#count();
	}

	#write() {
		this.dialog.close();
		this.studio.write.write(this.chosen.size ? [...this.chosen] : null);
	}
}
