/** Elements of the page and the icons on them. Names go in as text, never as HTML. */

/** Lines in a square of 16. */
const ICONS = {
	undo: "M6 2.5 2.5 6 6 9.5M3 6h6.2a3.8 3.8 0 0 1 0 7.6H6",
	redo: "M10 2.5 13.5 6 10 9.5M13 6H6.8a3.8 3.8 0 0 0 0 7.6H10",
	hint: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2",
	hand: "M8 1.5v13M1.5 8h13M6 3.5l2-2 2 2M6 12.5l2 2 2-2M3.5 6l-2 2 2 2M12.5 6l2 2-2 2",
	plus: "M8 3v10M3 8h10",
	minus: "M3 8h10",
	grid: "M2 2.5h5v4.5H2zM9 2.5h5v4.5H9zM2 9h5v4.5H2zM9 9h5v4.5H9z",
	close: "M4 4l8 8M12 4l-8 8",
	remove: "M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9",
	dropper: "M9 4.5 11.5 7M10.4 5.6l1.2-1.2a1.6 1.6 0 0 0-2.3-2.3L8 3.4 12.6 8M9.3 4.8 3.4 10.7l-.9 2.8 2.8-.9L11.2 6.7",
	brush: "M13.5 2.5 7.2 9.2 5.8 7.8zM5.2 8.8c-2 0-1.6 2-3.2 3.9 2.7.7 5.2 0 4.9-2.4",
	eraser: "M6 13.5h7.5M2.5 9.6l6.1-6.1 4 4-6 6H5.2z",
	lasso: "M8 2.5c3.3 0 6 1.7 6 3.9s-2.7 3.9-6 3.9-6-1.7-6-3.9 2.7-3.9 6-3.9zM4.4 9.6c-1 .9-.6 2.1.4 2.2 1 .2 1.2 1 .5 1.9",
	rectangle: "M2.5 3.5h11v9h-11z",
	eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6",
	pulse: "M8 6.6a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11",
	compare: "M8 1.5v13M6 4H2.5v8H6M10 4h3.5v8H10",
	pause: "M5.5 3.5v9M10.5 3.5v9",
	play: "M5 3l8 5-8 5z",
	download: "M8 2v8M4.5 6.8 8 10.3l3.5-3.5M2.5 13.5h11",
	picture: "M2 3h12v10H2zM2 11l3.5-3.5 3 3 2-2L14 12",
	film: "M2.5 3h11v10h-11zM5 3v10M11 3v10M2.5 6.3H5M2.5 9.6H5M11 6.3h2.5M11 9.6h2.5",
	copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
};

export const byId = (id) => document.getElementById(id);

export const within = (value, low, high) => Math.max(low, Math.min(value, high));

export const plural = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const focus = (element) => element?.focus({ preventScroll: true });

export function drawn(tag, attributes = {}) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
	return element;
}

export function icon(name) {
	const svg = drawn("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" });
	svg.append(drawn("path", { d: ICONS[name] }));
	return svg;
}

/** An element with properties ("onclick" listens, "icon" draws one, "label" is for who does not see it) and children. */
export function make(tag, properties = {}, ...children) {
	const element = document.createElement(tag);
	if (tag === "button") element.type = "button";
	for (const [name, value] of Object.entries(properties)) {
		if (value === null || value === undefined || value === false) continue;
		if (name === "icon") element.append(icon(value));
		else if (name === "label") element.setAttribute("aria-label", value);
		else if (name === "colour") element.style.background = value;
		else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else if (name in element) element[name] = value;
		else element.setAttribute(name, value === true ? "" : value);
	}
	element.append(...children.filter((child) => child !== null));
	return element;
}

/** A small button that shows only an icon; its title is its name. */
export const bare = (picture, title, onclick) => make("button", { class: "bare", icon: picture, title, onclick });

export const press = (words, onclick, look = {}) => make("button", { ...look, onclick }, words);
/** An error less the file that it names where the file is in sight. */
export const reason = (error) => error.replace(/^[^:]*: /, "");
export const thumbnail = (src, look = {}) => make("img", { src, alt: "", loading: "lazy", ...look });
export const span = (name, ...children) => make("span", { class: name }, ...children);
export const swatch = (colour) => make("span", { class: "swatch", colour });
export const row = (...children) => make("div", { class: "row" }, ...children);

export function drawIcons() {
	for (const element of document.querySelectorAll("[data-icon]")) element.prepend(icon(element.dataset.icon));
}

export function on(target, names, listener) {
	for (const name of names.split(" ")) target.addEventListener(name, listener);
}

/** Fills a group with buttons of which one is on: arrows go through them. Gives what turns one on. */
export function radioButtons(group, choices, chosen) {
	const buttons = choices.map(({ name, ...look }) => make("button", { role: "radio", ...look, "data-name": name, onclick: () => chosen(name) }));
	group.append(...buttons);
	on(group, "keydown", (event) => {
		const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
		if (!step || event.altKey) return;
		done(event);
		const next = buttons[(buttons.indexOf(event.target) + step + buttons.length) % buttons.length];
		next.focus();
		chosen(next.dataset.name);
	});
	return (name) => {
		const any = buttons.find((button) => button.dataset.name === name);
		for (const button of buttons) {
			button.ariaChecked = String(button === any);
			button.tabIndex = button === (any ?? buttons[0]) ? 0 : -1;
		}
	};
}

export function done(event) {
	event.preventDefault();
	event.stopPropagation();
}

export function follow(move, end = () => {}) {
	const last = (event) => {
		window.removeEventListener("pointermove", move);
		for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, last);
		end(event);
	};
	on(window, "pointermove", move);
	on(window, "pointerup pointercancel", last);
}

/** Puts a thing into a list, in place of the one of its id. */
export function put(list, thing) {
	const at = list.findIndex(({ id }) => id === thing.id);
	list.splice(at < 0 ? list.length : at, 1, thing);
}
