/** The studio's page: what is open, what was said of it, and who hears of it. */

import { Album } from "./album.js";
import { api, Gone, Views } from "./api.js";
import { ContactSheet } from "./contact.js";
import { bare, byId, drawIcons, make, on, plural, press, put } from "./elements.js";
import { filmChanged, openFilm, stepShot } from "./film.js";
import { HintList } from "./hintlist.js";
import * as hints from "./hints.js";
import { Jobs } from "./jobs.js";
import { Keys } from "./keys.js";
import { Marks } from "./marks.js";
import { MaskTools } from "./mask.js";
import { Palette } from "./palette.js";
import { Questions } from "./questions.js";
import { References } from "./references.js";
import { Stage } from "./stage.js";
import { Whole } from "./whole.js";
import { Write } from "./write.js";

/** Milliseconds between looks whether the studio is back; until a picture is said to be worked on; until how many are before. */
const [RETRY, SOON, LONG] = [2000, 120, 1200];
/** @returns {Said} what the studio has of a picture */
const stored = (picture) => ({ hints: picture.hints.map(hints.plain), choices: picture.choices });
const GONE = "The studio has stopped; start it again. Your hints are kept in this page until it is back.";

/**
 * What all parts share. It tells of: "workspace" (anything of it is new), "picture" (another is open), "said" (hints or
 * choices, tried ones too), "painted" (what is said is stored and shown), "job" (one has moved), "tool", "selected".
 */
class Studio extends EventTarget {
	workspace = null;
	/** The open picture with size, hints and choices; null while there is none. */
	picture = null;
	/** Its view before colour. */
	grey = null;
	/** What is shown but not told yet. @type {import("./api.js").Said | null} */
	tried = null;
	/** Identifier of the picture that is open, or on its way. */
	opened = null;
	/** By picture. @type {Map<string, hints.History>} */
	histories = new Map();
	views = new Map();
	names = new Map();
	opening = 0;
	gone = false;

	on(names, listener) {
		on(this, names, ({ detail }) => listener(detail));
	}

	tellOf(name, detail = undefined) {
		this.dispatchEvent(new CustomEvent(name, { detail }));
	}

	get history() {
		return this.picture && this.histories.get(this.picture.id);
	}

	/** Hints and choices as they show now. */
	get said() {
		return this.tried ?? this.history?.present ?? { hints: [], choices: {} };
	}

	say(text) {
		byId("status").textContent = text;
	}

	/** An error stays in sight until it is closed. */
	complain(error, about = "") {
		if (error instanceof Gone) return this.lose();
		const words = (about ? `${about}: ` : "") + (error.message ?? error);
		const notice = make("div", { class: "notice" }, make("p", {}, words), bare("close", "Close this message", () => notice.remove()));
		return byId("notices").replaceChildren(notice);
	}

	async attempt(work, about = "") {
		try {
			return await work();
		} catch (error) {
			return this.complain(error, about);
		}
	}

	find(id) {
		return this.workspace.pictures.find((picture) => picture.id === id);
	}

	findFilm(id) {
		return this.workspace.films.find((film) => film.id === id);
	}

	/** Pictures that stand for themselves; frames are found in their film. */
	get album() {
		return this.workspace.pictures.filter(({ film }) => !film);
	}

	update(picture) {
		put(this.workspace.pictures, picture);
		if (this.picture?.id === picture.id) {
			// What this page tells is stored while it waits for the view.
			if (picture.stamp !== this.picture.stamp && !this.#isTelling(picture.id)) this.#takeOver(picture.id);
			Object.assign(this.picture, { ...picture, hints: this.picture.hints });
		}
		this.tellOf("workspace");
	}

	/** What was told on another page, as one step that can be undone. */
	async #takeOver(id) {
		const picture = await api.picture(id).catch(() => null);
		if (!picture || this.picture?.id !== id || this.#isTelling(id) || hints.same(this.said, stored(picture))) return;
		this.histories.set(id, hints.tell(this.history, stored(picture)));
		this.tellOf("said");
		this.viewsOf(id).ask(this.said, false);
		this.say("Changed on another page.");
	}

	#isTelling(id) {
		return this.tried !== null || this.viewsOf(id).storing || this.viewsOf(id).waiting?.keep;
	}

	open(id) {
		if (this.palette.isOpen) this.palette.keep();
		this.loading = this.#open(id);
		return this.loading;
	}

	async #open(id) {
		const opening = ++this.opening;
		const listed = this.find(id);
		this.tried = this.picture = this.grey = null;
		this.opened = id;
		document.body.classList.toggle("frame", Boolean(listed?.film));
		if (listed?.film && listed.film !== this.film) this.openFilm(this.findFilm(listed.film));
		history.replaceState(null, "", `#picture=${id}`);
		byId("title").textContent = listed?.name ?? "";
		this.tellOf("picture");
		this.stage.expect();
		if (listed?.error) return this.stage.refuse(listed.error);
		try {
			this.coming = api.grey(id);
			this.coming.catch(() => {});
			const picture = await api.picture(id);
			if (opening !== this.opening) return undefined;
			const known = this.histories.get(id) ?? JSON.parse(sessionStorage.getItem(id));
			const holds = known && (this.views.get(id)?.waiting || hints.same(known.present, stored(picture)));
			this.histories.set(id, holds ? known : hints.begin(stored(picture)));
			this.picture = picture;
			this.viewsOf(id).ask(this.said, true);
			byId("title").append(make("small", {}, `${picture.width} × ${picture.height}`));
			const grey = await this.coming;
			if (opening !== this.opening) return undefined;
			this.grey = grey;
			this.stage.show(picture, grey);
			this.tellOf("picture");
			this.tellOf("said");
		} catch (error) {
			if (error instanceof Gone) this.lose();
			else if (opening === this.opening) this.stage.refuse(error.message);
		}
		return undefined;
	}

	step(step) {
		if (this.film) return stepShot(step);
		const { album } = this;
		const at = album.findIndex(({ id }) => id === this.opened);
		const next = album[(at + step + album.length) % album.length];
		if (next && next.id !== this.opened) this.open(next.id);
		return undefined;
	}

	close() {
		this.opening++;
		this.picture = this.grey = this.tried = this.opened = null;
		this.closeFilm();
		history.replaceState(null, "", "#");
		byId("title").textContent = "";
		this.stage.clear();
		this.tellOf("picture");
	}

	/** Tells hints and choices: kept, shown, and one step of undo. */
	tell(said) {
		this.#turn(hints.tell(this.history, said));
	}

	/** Shows hints and choices that are not told yet; null goes back. @param {import("./api.js").Said | null} said */
	attemptTo(said) {
		if (!this.picture || (!said && !this.tried)) return;
		this.tried = said;
		this.tellOf("said");
		this.viewsOf(this.picture.id).ask(this.said, !said);
	}

	undo() {
		if (!this.maskTools.undo(-1) && this.history?.past.length) this.#turn(hints.undo(this.history), "Undone.");
	}

	redo() {
		if (!this.maskTools.undo(1) && this.history?.future.length) this.#turn(hints.redo(this.history), "Done again.");
	}

	#turn(history, words = "") {
		if (!this.picture) return;
		this.tried = null;
		this.histories.set(this.picture.id, history);
		try {
			// Undo goes back beyond a reload.
			sessionStorage.setItem(this.picture.id, JSON.stringify(history));
		} catch {
			sessionStorage.clear();
		}
		this.tellOf("said");
		if (words) this.say(words);
		this.refresh();
	}

	/** Asks for the open picture anew: what was said, or something around it, is another. */
	refresh() {
		if (this.picture) this.viewsOf(this.picture.id).ask(this.said, true);
	}

	viewsOf(id) {
		let views = this.views.get(id);
		if (!views) {
			views = new Views(id, (...shown) => this.#shown(id, ...shown), (error) => this.#failed(id, error));
			this.views.set(id, views);
		}
		if (!views.watched) setTimeout(() => this.#watch(views, performance.now()), SOON);
		views.watched = true;
		return views;
	}

	async #shown(id, picture, said, milliseconds) {
		if (this.opened !== id) return;
		await this.coming; // The grey one may come later.
		if (this.picture?.id !== id) return;
		this.stage.paint(picture);
		this.stage.trouble("");
		if (said !== this.history.present) return;
		const told = said.hints.length ? ` with ${plural(said.hints.length, "hint")}` : "";
		this.say(`Coloured${told} in ${milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`}.`);
		this.tellOf("painted");
	}

	#failed(id, error) {
		if (error instanceof Gone) this.lose();
		else if (this.picture?.id === id) this.stage.trouble(error.message);
		else this.complain(error, this.find(id)?.name);
	}

	async #watch(views, begun) {
		const shown = this.opened === views.id;
		views.watched = views.busy && !this.gone;
		if (!views.watched) {
			if (shown) this.stage.busy(null);
			return;
		}
		const long = performance.now() - begun > LONG;
		const place = long && shown ? await api.place().catch(() => 0) : 0;
		if (shown) this.stage.busy(place ? `Waiting: ${place} before you` : "");
		setTimeout(() => this.#watch(views, begun), long ? LONG : SOON);
	}

	async load() {
		this.workspace = await api.workspace();
		document.body.classList.remove("loading");
		this.tellOf("workspace");
		this.workspace.films.forEach(filmChanged);
	}

	async settle(change) {
		const workspace = await this.attempt(() => api.settle(change));
		if (!workspace) return;
		this.workspace = workspace;
		this.tellOf("workspace");
		this.refresh();
	}

	/** The studio has stopped: says so, and asks until it is back. */
	lose() {
		if (this.gone) return;
		this.gone = true;
		byId("banner").replaceChildren(GONE, press("Try now", () => this.#retry()));
		byId("banner").hidden = false;
		this.retrying = setInterval(() => this.#retry(), RETRY);
	}

	async #retry() {
		try {
			await this.load();
		} catch (error) {
			if (error instanceof Gone) return;
			this.complain(error);
		}
		clearInterval(this.retrying);
		this.gone = false;
		byId("banner").hidden = true;
		this.say("The studio is back.");
		listen();
		for (const [id, views] of this.views) if (views.waiting) this.viewsOf(id).run();
		if (this.opened && !this.grey) this.open(this.opened);
		this.tellOf("back");
	}

	openFilm(film) {
		if (this.opened && this.find(this.opened)?.film !== film.id) this.close();
		this.film = film.id;
		byId("film").hidden = false;
		history.replaceState(null, "", `#film=${film.id}`);
		this.tellOf("workspace");
		openFilm(film, this);
	}

	/** Opens a picture that the studio has just told of, such as a frame. */
	openPicture(picture) {
		this.update(picture);
		return this.open(picture.id);
	}

	closeFilm() {
		this.film = null;
		byId("film").hidden = true;
		byId("film").replaceChildren();
	}

	confirm(words, yes, names = []) {
		const dialog = byId("question");
		const list = make("ul", {}, ...names.map((name) => make("li", {}, name)));
		const answers = make("menu", {}, press("Cancel", () => dialog.close()), press(yes, () => dialog.close("yes"), { class: "main" }));
		dialog.replaceChildren(make("div", {}, make("p", {}, words), list, answers));
		dialog.returnValue = "";
		dialog.showModal();
		return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }));
	}
}

const studio = new Studio();
let events = null;

function listen() {
	events?.close();
	events = new EventSource("api/events");
	events.onmessage = ({ data }) => {
		const { kind, picture, job, film } = JSON.parse(data);
		if (kind === "picture") studio.update(picture);
		if (kind === "job") {
			put(studio.workspace.jobs, job);
			studio.tellOf("job", job);
		}
		if (kind === "film") {
			put(studio.workspace.films, film);
			studio.tellOf("workspace");
			filmChanged(film);
		}
		if (kind === "workspace") studio.attempt(() => studio.load());
	};
	// The browser tries again by itself; what was missed is fetched, or nobody is there.
	events.onerror = () => studio.gone || studio.attempt(() => studio.load());
}

/** Opens what the address says, else the first picture, else the first film. */
function openFromAddress() {
	const [what, id] = location.hash.slice(1).split("=");
	const film = what === "film" && studio.findFilm(id);
	if (film) return studio.openFilm(film);
	const picture = (what === "picture" && studio.find(id)) || studio.album[0];
	if (picture) return studio.open(picture.id);
	return studio.workspace.films.length && studio.openFilm(studio.workspace.films[0]);
}

async function begin() {
	if (!studio.workspace) return;
	if (!studio.opened) openFromAddress();
	const { groups } = await api.names();
	for (const names of Object.values(groups)) for (const [name, colour] of Object.entries(names)) studio.names.set(name, colour);
	studio.tellOf("said");
}

async function boot() {
	drawIcons();
	studio.stage = new Stage(studio);
	studio.marks = new Marks(studio);
	studio.palette = new Palette(studio);
	studio.questions = new Questions(studio);
	studio.maskTools = new MaskTools(studio);
	studio.contact = new ContactSheet(studio);
	for (const Part of [Album, HintList, Whole, References, Write, Jobs, Keys]) new Part(studio);
	studio.on("back", () => studio.attempt(begin));
	on(window, "hashchange", () => studio.workspace && openFromAddress());
	await studio.attempt(() => studio.load());
	if (!studio.workspace) return;
	listen();
	studio.attempt(begin);
}

boot();
