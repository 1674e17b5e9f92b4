/** The palette at a place: likely colours, a wheel of what is possible there, names, grey, and a dropper. */

import { api } from "./api.js";
import { hexOf, isGrey, labOf, rgbOf, rgbOfHex, words } from "./colour.js";
import { Dropper } from "./dropper.js";
import { bare, byId, done, focus, make, on, press, row, span, swatch, within } from "./elements.js";
import { withChange, withHint } from "./hints.js";
import { Wheel } from "./wheel.js";

const MOST_NAMES = 8;
const SUGGESTED = 5;
const GREY = "#808080";
/** Screen pixels between the place and the palette. */
const [BESIDE, RIM] = [24, 8];

export class Palette {
	root = byId("palette");
	isOpen = false;

	constructor(studio) {
		this.studio = studio;
		on(this.root, "keydown", (event) => this.#key(event));
		studio.on("picture", () => this.#shut());
		studio.stage.onMoved(() => this.#place());
	}

	/**
	 * of the hint that is told
	 * @param {number | null} index of the hint whose colour changes; null for a new one
	 */
	open(points, index) {
		const { stage, history } = this.studio;
		Object.assign(this, { isOpen: true, points, index, before: history.present });
		this.colour = this.before.hints[index ?? -1]?.colour;
		this.lightness = labOf(stage.greyAt(stage.viewOf(points[0])))[0];
		this.#build();
		this.root.hidden = false;
		this.#place();
		focus(this.root);
		this.#suggest();
	}

	#build() {
		this.patch = span("patch");
		this.title = make("h3");
		const head = make("header", {}, this.patch, this.title, bare("close", "Close without telling a colour (Esc)", () => this.cancel()));
		const ghosts = Array.from({ length: SUGGESTED }, () => span("ghost"));
		this.suggestions = make("div", { class: "suggestions", role: "group", label: "Likely colours" }, ...ghosts);
		const grey = press("Keep grey", () => this.choose(GREY), { title: "This place stays without colour (G)" });
		const dropper = press("From a picture", () => this.#dropper(), { icon: "dropper", title: "Take a colour out of any picture of the album" });
		this.search = make("input", { type: "search", placeholder: "A name: khaki, navy, skin…", autocomplete: "off", label: "Search a colour by name", oninput: () => this.#find() });
		this.found = make("div", { class: "found", role: "group", label: "Names found" });
		this.wheel = new Wheel(this.lightness, (hex) => this.#try(hex));
		this.hex = make("input", { type: "text", class: "hex", maxLength: 9, spellcheck: false, autocomplete: "off", placeholder: "#rrggbb", label: "Colour as #rrggbb", oninput: () => this.#typed() });
		const column = make("div", { class: "column" }, this.hex, press("Done", () => this.keep(), { class: "main" }));
		const remove = this.index === null ? null : press("Delete this hint", () => this.#remove(), { icon: "remove" });
		this.root.replaceChildren(head, this.suggestions, row(grey, dropper), this.search, this.found, row(this.wheel.root, column), row(remove));
		this.#show();
	}

	async #suggest() {
		const { suggestions, studio, points } = this;
		const told = await api.suggest(studio.picture.id, ...points[points.length >> 1]).catch((error) => ({ error }));
		if (!this.isOpen || this.suggestions !== suggestions) return;
		if (told.error) {
			suggestions.replaceChildren(make("p", { class: "soft" }, told.error.message));
			return;
		}
		const buttons = told.suggestions.map(({ colour, share, name }, at, all) => {
			const bar = span("share");
			bar.style.width = `${(100 * share) / all[0].share}%`;
			// A name that two of them have tells neither.
			const alone = name && all.filter((other) => other.name === name).length < 2;
			const button = press("", () => this.choose(colour), { class: "suggestion", title: `${colour} (${at + 1})` });
			button.append(swatch(colour), span("word", alone ? name : words(colour)), span("number", `${Math.round(100 * share)} %`), bar);
			return button;
		});
		suggestions.replaceChildren(...buttons);
		if (document.activeElement === this.root) focus(buttons[0]);
		this.#place();
	}

	#with(colour) {
		const { before, index, points } = this;
		return index === null ? withHint(before, { points, colour }) : withChange(before, index, { colour });
	}

	choose(colour) {
		const said = this.#with(colour);
		const index = this.index ?? said.hints.length - 1;
		this.studio.say(`Told: ${words(colour)}.`);
		this.#shut();
		this.studio.tell(said);
		this.studio.marks.select(index);
	}

	/** Shows the colour in the picture; it is told when the palette closes. */
	#try(colour, typed = false) {
		this.colour = colour;
		this.studio.attemptTo(this.#with(colour));
		this.#show(typed);
	}

	keep() {
		if (this.studio.tried) this.choose(this.colour);
		else this.#shut();
	}

	cancel() {
		this.#shut();
		this.studio.attemptTo(null);
	}

	#shut() {
		if (!this.isOpen) return;
		const { marks, stage } = this.studio;
		const inside = this.root.contains(document.activeElement);
		this.isOpen = false;
		this.root.hidden = true;
		if (this.lifted) stage.fit();
		this.lifted = marks.pending = null;
		marks.draw();
		if (inside) focus(marks.buttons[this.index ?? -1] ?? stage.root);
	}

	#remove() {
		this.#shut();
		this.studio.attemptTo(null);
		this.studio.marks.remove(this.index);
	}

	#show(typed = false) {
		const { colour } = this;
		this.title.textContent = !colour ? "What colour is this?" : isGrey(colour) ? "kept grey" : words(colour);
		this.patch.style.background = colour ?? hexOf(rgbOf(this.lightness, 0, 0));
		if (!typed) this.hex.value = colour ?? "";
		if (colour) this.wheel.point(...labOf(rgbOfHex(colour)).slice(1));
	}

	#typed() {
		const rgb = rgbOfHex(this.hex.value);
		this.hex.ariaInvalid = String(!rgb && this.hex.value !== "");
		if (rgb) this.#try(hexOf(rgb), true);
	}

	#find() {
		const plain = (name) => name.toLowerCase().replace(/[\s_-]/g, "").replace("gray", "grey");
		const wanted = plain(this.search.value);
		const found = [...this.studio.names].map(([name, colour]) => ({ name, colour, at: wanted ? plain(name).indexOf(wanted) : -1 })).filter(({ at }) => at >= 0);
		found.sort((one, other) => one.at - other.at || one.name.length - other.name.length);
		const buttons = found.slice(0, MOST_NAMES).map(({ name, colour }) => make("button", { title: colour, onclick: () => this.choose(colour) }, swatch(colour), name));
		if (wanted && !found.length) buttons.push(make("p", { class: "soft" }, "No such name; the field below takes #rrggbb."));
		this.found.replaceChildren(...buttons);
		this.#place();
	}

	#dropper() {
		const kept = [...this.root.children];
		const back = () => {
			this.root.replaceChildren(...kept);
			this.#place();
			focus(this.root);
		};
		const dropper = new Dropper(this.studio, back, (hex) => {
			back();
			this.#try(hex);
		});
		this.root.replaceChildren(dropper.root);
		this.#place();
		focus(dropper.canvas);
	}

	/** Beside the place, and never over it while there is room; on a small screen at its foot. */
	#place() {
		if (!this.isOpen) return;
		const { root, points } = this;
		const { stage } = this.studio;
		const way = points.map((point) => stage.screenOf(point));
		const xs = way.map(([x]) => x);
		if (matchMedia("(max-width: 760px)").matches) {
			root.style.left = root.style.top = "";
			const over = way[0][1] + stage.root.getBoundingClientRect().top + BESIDE - root.getBoundingClientRect().top;
			if (over <= 0) return;
			this.lifted ??= stage.fitted;
			stage.pan(0, -over);
			return;
		}
		const { clientWidth, clientHeight } = stage.root;
		const right = Math.max(...xs) + BESIDE;
		const left = Math.min(...xs) - BESIDE - root.offsetWidth;
		const most = clientWidth - root.offsetWidth - RIM;
		root.style.left = `${within(right < most || left < RIM ? right : left, RIM, Math.max(most, RIM))}px`;
		root.style.top = `${within(way[0][1] - 90, RIM, Math.max(clientHeight - root.offsetHeight - RIM, RIM))}px`;
	}

	#key(event) {
		const { key, target, shiftKey } = event;
		const typing = target.matches("input");
		const step = { ArrowDown: 1, ArrowUp: -1 }[key];
		if (key === "Escape") this.cancel();
		else if (key === "Tab") {
			const all = [...this.root.querySelectorAll("button, input, [tabindex='0']")];
			const at = all.indexOf(target);
			all[at < 0 ? 0 : (at + (shiftKey ? -1 : 1) + all.length) % all.length].focus();
		} else if (key === "Enter" && target === this.search) this.found.querySelector("button")?.click();
		else if (key === "Enter" && target === this.hex) this.keep();
		else if (!typing && /^[1-9]$/.test(key)) this.suggestions.querySelectorAll("button")[key - 1]?.click();
		else if (!typing && key === "g") this.choose(GREY);
		else if (step && target.matches(".suggestion")) target[step > 0 ? "nextElementSibling" : "previousElementSibling"]?.focus();
		else {
			event.stopPropagation();
			return;
		}
		done(event);
	}
}
