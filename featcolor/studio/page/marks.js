/** Hints drawn over the picture: told by click and stroke, moved, chosen, deleted. */

import { words } from "./colour.js";
import { ARROWS, byId, done, drawn, focus, follow, make, on, span } from "./elements.js";
import { movedPoints, withChange, withoutHint } from "./hints.js";

const SLIP = 4;
/** Screen pixels between two points of a stroke. */
const APART = 5;

export class Marks {
	layer = byId("marks");
	lines = drawn("svg", { class: "lines", "aria-hidden": "true" });
	buttons = [];
	all = [];
	selected = null;
	/** A place or stroke without a colour yet. */
	pending = null;

	constructor(studio) {
		this.studio = studio;
		studio.on("said", () => this.draw());
		studio.on("picture", () => {
			this.selected = this.pending = null;
			this.draw();
		});
		studio.stage.onMoved(() => this.#place());
		studio.stage.tools.hint = this.#tool();
		on(byId("marks-toggle"), "click", () => this.toggle());
	}

	toggle() {
		const off = byId("stage").classList.toggle("unmarked");
		byId("marks-toggle").ariaPressed = String(!off);
		this.studio.say(off ? "Hints are hidden." : "Hints are shown.");
	}

	#tool() {
		const { stage } = this.studio;
		let stroke = [];
		const points = () => stroke.map((place) => stage.pixelOf(place)).filter((point, at, all) => String(point) !== String(all[at - 1]));
		return {
			start: (place) => {
				stroke = place.inside ? [place] : [];
				this.select(null);
			},
			move: (place) => {
				const last = stroke.at(-1);
				if (!last || !place.moved || Math.hypot(place.x - last.x, place.y - last.y) * stage.scale < APART) return;
				stroke.push(place);
				this.pending = points();
				this.draw();
			},
			// A click that slips out of the picture is none.
			end: ({ moved }) => stroke.length > (moved ? 1 : 0) && this.studio.grey && this.ask(points()),
			cancel: () => {
				stroke = [];
				this.pending = null;
				this.draw();
			},
		};
	}

	/** Shows a place at once and asks for its colour. */
	ask(points) {
		this.pending = points;
		this.draw();
		this.studio.palette.open(points, null);
	}

	change(index) {
		this.select(index);
		this.studio.palette.open(this.studio.said.hints[index].points, index);
	}

	select(index) {
		this.selected = index;
		this.buttons.forEach((button, at) => button.classList.toggle("selected", at === index));
		this.studio.tellOf("selected", index);
	}

	remove(index = this.selected) {
		if (!this.studio.said.hints[index ?? -1]) return;
		const focused = this.layer.contains(document.activeElement);
		this.selected = null;
		this.studio.tell(withoutHint(this.studio.said, index));
		this.studio.say("The hint is deleted.");
		if (focused) focus(this.buttons[index] ?? this.buttons[index - 1] ?? this.studio.stage.root);
	}

	draw() {
		const { studio } = this;
		const focused = this.buttons.indexOf(document.activeElement);
		const hints = studio.grey ? studio.said.hints : [];
		this.buttons = hints.map(({ colour, points }, index) => {
			const button = make("button", {
				class: "mark",
				label: `Hint ${index + 1}: ${words(colour)}${points.length > 1 ? ", a stroke" : ""}. Enter changes its colour, Delete takes it away`,
				onpointerdown: (event) => this.#drag(event, index),
				onfocus: () => this.select(index),
				onkeydown: (event) => this.#key(event, index),
			});
			button.style.setProperty("--colour", colour);
			button.classList.toggle("selected", index === this.selected);
			return button;
		});
		this.all = hints.map(({ points, colour }, index) => ({ points, colour, button: this.buttons[index] }));
		if (this.pending && !studio.tried) this.all.push({ points: this.pending, colour: "var(--accent)", button: span("mark pending") });
		this.layer.replaceChildren(this.lines, ...this.all.map(({ button }) => button));
		this.#place();
		focus(this.buttons[focused]);
	}

	#place() {
		const { stage } = this.studio;
		this.lines.replaceChildren();
		if (!stage.size) return;
		this.all.forEach(({ points, colour, button }, index) => {
			const way = points.map((point) => stage.screenOf(point).map((at) => at.toFixed(1)));
			button.style.translate = way[0].map((at) => `${at}px`).join(" ");
			if (way.length < 2) return;
			const [rim, line] = ["rim", "line"].map((name) => drawn("path", { d: `M${way.join("L")}`, class: name }));
			line.style.stroke = colour;
			if (this.buttons[index]) on(rim, "pointerdown", (event) => this.#drag(event, index));
			this.lines.append(rim, line);
		});
	}

	/** A press on a mark: its colour is chosen anew, or it goes where the pointer goes. */
	#drag(event, index) {
		if (event.button) return;
		done(event);
		const { studio } = this;
		const { stage, palette } = studio;
		if (palette.isOpen) palette.keep();
		this.select(index);
		const before = studio.said;
		const factor = stage.full.width / stage.size.width / stage.scale;
		let said = null;
		const move = ({ clientX, clientY }) => {
			const [dx, dy] = [clientX - event.clientX, clientY - event.clientY];
			if (!said && Math.hypot(dx, dy) < SLIP) return;
			said = withChange(before, index, { points: movedPoints(before.hints[index], dx * factor, dy * factor, stage.full) });
			studio.attemptTo(said);
		};
		follow(move, ({ type }) => {
			if (type === "pointercancel") studio.attemptTo(null);
			else if (!said) this.change(index);
			else {
				studio.tell(said);
				focus(this.buttons[index]);
			}
		});
	}

	#key(event, index) {
		const { studio } = this;
		const { full, size } = studio.stage;
		const by = event.altKey && ARROWS[event.key];
		if (event.key === "Enter") this.change(index);
		else if (by) {
			const step = Math.ceil(((event.shiftKey ? 1 : 8) * full.width) / size.width);
			studio.tell(withChange(studio.said, index, { points: movedPoints(studio.said.hints[index], by[0] * step, by[1] * step, full) }));
		} else return;
		done(event);
	}
}
