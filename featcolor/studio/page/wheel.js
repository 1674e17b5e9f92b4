/** A wheel of all colours that there are at one lightness: hue around, and from grey to the most vivid outward. */

import { hexOf, intoGamut, labOf, rgbOf, words } from "./colour.js";
import { done, follow, make, span, within } from "./elements.js";

const SIDE = 132;
const RADIUS = SIDE / 2;
const STEP = 0.06;
/** Share of the radius inside which a colour is none. */
const NEUTRAL = 0.05;
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
/** Chroma that no colour of a screen has. */
const BEYOND = 140;

const around = (angle, radius) => [radius * Math.cos(angle), radius * Math.sin(angle)];

export class Wheel {
	constructor(lightness, chosen) {
		this.lightness = within(lightness, 2, 98);
		this.chosen = chosen;
		/** The most chroma of each degree of hue. */
		this.most = Array.from({ length: 360 }, (_, degree) => Math.hypot(...intoGamut(this.lightness, ...around((degree * Math.PI) / 180, BEYOND))));
		const canvas = make("canvas", { width: SIDE, height: SIDE });
		this.dot = span("dot");
		this.root = make("div", { class: "wheel", tabIndex: 0, role: "slider", label: "Colours of this lightness; arrows move through them" }, canvas, this.dot);
		this.root.addEventListener("pointerdown", (event) => this.#down(event));
		this.root.addEventListener("keydown", (event) => this.#key(event));
		const picture = new ImageData(SIDE, SIDE);
		for (let at = 0; at < SIDE * SIDE; at++) {
			const [x, y] = [((at % SIDE) + 0.5) / RADIUS - 1, 1 - (Math.floor(at / SIDE) + 0.5) / RADIUS];
			picture.data.set([...this.#colour(x, y), 255], 4 * at);
		}
		canvas.getContext("2d").putImageData(picture, 0, 0);
		this.point(0, 0);
	}

	#mostAt(hue) {
		return this.most[(Math.round((hue * 180) / Math.PI) + 360) % 360];
	}

	#colour(x, y) {
		const hue = Math.atan2(y, x);
		return rgbOf(this.lightness, ...around(hue, Math.min(Math.hypot(x, y), 1) * this.#mostAt(hue)));
	}

	point(a, b) {
		const hue = Math.atan2(b, a);
		const share = Math.min(Math.hypot(a, b) / this.#mostAt(hue), 1);
		[this.x, this.y] = around(hue, share);
		const hex = hexOf(this.#colour(this.x, this.y));
		Object.assign(this.dot.style, { left: `${RADIUS * (1 + this.x)}px`, top: `${RADIUS * (1 - this.y)}px`, background: hex });
		this.root.setAttribute("aria-valuenow", String(Math.round(100 * share)));
		this.root.setAttribute("aria-valuetext", `${words(hex)}, ${hex}`);
	}

	#choose(x, y) {
		let rgb = this.#colour(x, y);
		if (Math.hypot(x, y) < NEUTRAL) rgb = Array(3).fill(rgb[1]); // Exactly neutral says: keep it grey.
		this.chosen(hexOf(rgb));
		this.point(...labOf(rgb).slice(1));
	}

	#down(event) {
		event.preventDefault();
		this.root.focus();
		const { left, top } = this.root.getBoundingClientRect();
		const move = ({ clientX, clientY }) => this.#choose((clientX - left) / RADIUS - 1, 1 - (clientY - top) / RADIUS);
		follow(move);
		move(event);
	}

	#key(event) {
		const by = ARROWS[event.key];
		if (!by || event.altKey) return;
		done(event);
		const times = event.shiftKey ? 3 : 1;
		this.#choose(this.x + times * by[0], this.y + times * by[1]);
	}
}
