/** Questions: places where a hint would help most, as a pulse over the picture. */

import { api } from "./api.js";
import { byId, focus, make, on } from "./elements.js";

const COUNT = 3;
/** Milliseconds of rest before it is asked, so that it never holds up a picture. */
const REST = 1500;

export class Questions {
	layer = make("div", { id: "questions" });
	on = true;
	questions = [];

	constructor(studio) {
		this.studio = studio;
		byId("marks").before(this.layer);
		studio.on("painted", () => this.#ask());
		studio.on("picture", () => this.#show([]));
		studio.on("said", () => {
			clearTimeout(this.timer);
			this.#thin();
		});
		studio.stage.onMoved(() => this.#place());
		on(byId("questions-toggle"), "click", () => this.toggle());
	}

	toggle() {
		this.on = !this.on;
		byId("questions-toggle").ariaPressed = String(this.on);
		this.studio.say(this.on ? "Questions are shown." : "Questions are hidden.");
		this.#show([]);
		this.#ask(0);
	}

	#ask(rest = REST) {
		const { studio } = this;
		const id = studio.picture?.id;
		clearTimeout(this.timer);
		if (!this.on || !id) return;
		this.timer = setTimeout(async () => {
			if (studio.picture?.id !== id || studio.views.get(id)?.busy) return;
			const questions = await api.ask(id, COUNT).catch(() => []);
			if (studio.picture?.id !== id || !this.on) return;
			if (studio.stage.pointers.size || studio.palette.isOpen) this.#ask(); // Nothing comes up under a click.
			else this.#show(questions);
		}, rest);
	}

	#show(questions) {
		const held = this.layer.contains(document.activeElement);
		this.questions = questions.map(({ x, y, worth }, at) => {
			const label = `Question ${at + 1}: what colour is the place at ${x}, ${y}? It would settle ${Math.round(100 * worth)} per cent of the doubt`;
			const button = make("button", { class: "pulse", label, title: "Here a hint would help most", onclick: () => this.studio.marks.ask([[x, y]]) });
			return { point: [x, y], button };
		});
		this.layer.replaceChildren(...this.questions.map(({ button }) => button));
		this.#place();
		if (held) focus(this.questions[0]?.button);
	}

	#thin() {
		const told = this.studio.said.hints.map((hint) => String(hint.points[0]));
		for (const { point, button } of this.questions) button.hidden = told.includes(String(point));
	}

	#place() {
		const { stage } = this.studio;
		for (const { point, button } of this.questions) {
			button.style.translate = stage.screenOf(point).map((at) => `${at}px`).join(" ");
		}
	}
}
