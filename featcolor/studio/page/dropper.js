/** The dropper: a colour out of any picture of the album, as it is or as it is coloured. */

import { api } from "./api.js";
import { hexOf } from "./colour.js";
import { ARROWS, bare, done, make, row, span, thumbnail, within } from "./elements.js";

const [WIDTH, HEIGHT] = [264, 220];
/** Side of the square of pixels whose mean is taken. */
const SIDE = 3;

export class Dropper {
	at = { x: 0.5, y: 0.5 };

	constructor(studio, back, chosen) {
		Object.assign(this, { studio, chosen });
		const listeners = { onpointermove: (event) => this.#hover(event), onclick: (event) => chosen(this.#hover(event)), onkeydown: (event) => this.#key(event) };
		this.canvas = make("canvas", { tabIndex: 0, role: "application", label: "Picture to take a colour out of; arrows move, Enter takes", ...listeners });
		this.cross = make("span", { class: "dot", hidden: true });
		this.patch = span("patch");
		this.words = make("span", { class: "soft", role: "status" });
		this.coloured = make("input", { type: "checkbox", checked: true, onchange: () => this.#load() });
		const head = make("header", {}, this.patch, make("h3", {}, "From a picture"), bare("close", "Back to the palette", back));
		const pictures = studio.workspace.pictures.filter(({ error }) => !error);
		this.strip = make("div", { class: "strip", role: "group", label: "Pictures" });
		this.strip.append(...pictures.map((picture) => make("button", { title: picture.name, onclick: () => this.#choose(picture) }, thumbnail(api.thumb(picture)))));
		this.pictures = pictures;
		const foot = row(make("label", { class: "check" }, this.coloured, "coloured"), this.words);
		this.root = make("div", { class: "dropper" }, head, this.strip, make("div", { class: "dropped" }, this.canvas, this.cross), foot);
		this.#choose(studio.find(studio.picture.id));
	}

	#choose(picture) {
		this.picture = picture;
		[...this.strip.children].forEach((button, at) => button.ariaPressed = String(this.pictures[at] === picture));
		this.#load();
	}

	/** The thumbnail at once, then the view. */
	async #load() {
		const { picture, studio } = this;
		this.words.textContent = "Coming";
		const coloured = this.coloured.checked;
		try {
			this.#draw(this.strip.children[this.pictures.indexOf(picture)].firstChild);
			const { hints, choices } = picture.id === studio.picture.id ? studio.history.present : await api.picture(picture.id);
			const view = coloured ? await api.view(picture.id, { hints, choices }, false) : await api.grey(picture.id);
			if (this.picture === picture && this.coloured.checked === coloured) this.#draw(view);
		} catch (error) {
			this.words.textContent = error.message;
		}
	}

	#draw(picture) {
		const { naturalWidth: width = picture.width, naturalHeight: height = picture.height } = picture;
		if (!width) return;
		const scale = Math.min(WIDTH / width, HEIGHT / height);
		Object.assign(this.canvas, { width: Math.max(SIDE, width * scale), height: Math.max(SIDE, height * scale) });
		this.context = this.canvas.getContext("2d", { willReadFrequently: true });
		this.context.drawImage(picture, 0, 0, this.canvas.width, this.canvas.height);
		this.words.textContent = "Click a colour";
	}

	#hover({ offsetX, offsetY }) {
		this.at = { x: offsetX / this.canvas.width, y: offsetY / this.canvas.height };
		this.cross.hidden = true;
		return this.#show();
	}

	/** The colour where it is, which it shows. */
	#show() {
		const { width, height, offsetLeft, offsetTop } = this.canvas;
		const corner = (share, most) => within(Math.floor(share * most) - 1, 0, most - SIDE);
		const { data } = this.context.getImageData(corner(this.at.x, width), corner(this.at.y, height), SIDE, SIDE);
		const mean = [0, 1, 2].map((channel) => Math.round((4 / data.length) * data.reduce((sum, code, at) => sum + (at % 4 === channel ? code : 0), 0)));
		const hex = hexOf(mean);
		this.patch.style.background = hex;
		this.words.textContent = hex;
		Object.assign(this.cross.style, { left: `${offsetLeft + this.at.x * width}px`, top: `${offsetTop + this.at.y * height}px` });
		return hex;
	}

	#key(event) {
		const by = ARROWS[event.key];
		if (event.key === "Enter") this.chosen(this.#show());
		else if (by) {
			const step = event.shiftKey ? 0.1 : 0.02;
			this.at = { x: within(this.at.x + by[0] * step, 0, 1), y: within(this.at.y + by[1] * step, 0, 1) };
			this.cross.hidden = false;
			this.#show();
		} else return;
		done(event);
	}
}
