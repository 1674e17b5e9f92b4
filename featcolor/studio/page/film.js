/** A film: its shots as a strip, a frame of one to correct, a shot to try, the whole to write. */

import { api } from "./api.js";
import { bare, byId, done, focus, icon, make, on, plural, press, row } from "./elements.js";
import { GOING } from "./jobs.js";

const DOING = { scan: "Looking for shots", play: "Trying a shot", film: "Writing the film" };
/** Milliseconds that the scrubber rests before its frame is opened: arrow keys pass many. */
const REST = 350;

const percent = (share) => `${Math.round(100 * share)} %`;
// A shot without a key frame, of which no hint says anything.
const isGuess = (guessed) => guessed >= 0.995;
const inside = ({ first, last }, frames) => frames.filter((frame) => frame >= first && frame <= last);

/** @type {Strip | null} */
let strip = null;

export function openFilm(film, studio) {
	if (!strip) studio.on("job", (job) => strip.hear(job));
	if (strip?.film.id === film.id && strip.root.isConnected) return strip.update(film);
	strip?.close();
	strip = new Strip(film, studio);
	return undefined;
}

export function filmChanged(film) {
	if (strip?.film.id === film.id) strip.update(film);
}

/** Goes on to another shot. */
export function stepShot(step) {
	const shot = strip.film.shots[(strip.shot ?? 0) + step];
	if (shot) strip.show(shot.number, shot.key);
}

class Strip {
	/** Items of shots with what they were made of. @type {Map<number, {stamp: string, item: HTMLElement}>} */
	items = new Map();
	shot = null;
	/** The shot that is played as soon as it is there. */
	awaited = null;
	words = make("p", { id: "film-words", class: "soft", role: "status" });
	bar = make("progress", { hidden: true, label: "Work on this film" });
	next = press("", () => this.show(this.film.next.shot, this.film.next.frame), { id: "film-next" });
	writeIt = press("Write the film", () => this.#write(), { id: "film-write", class: "main", title: "Colour the whole film in full size, with its sound" });
	file = make("a", { class: "button", id: "film-file", icon: "download", download: "" }, "Download");
	tryIt = press("", () => this.#try(), { id: "film-try" });
	again = press("Play", () => this.play(this.shot), { id: "film-play", icon: "play", title: "The shot as it was tried" });
	preview = make("img", { id: "film-preview", alt: "", hidden: true });
	range = make("input", { id: "film-frame", type: "range", oninput: () => this.#scrub(), onchange: () => this.#rest() });
	ticks = make("div", { class: "ticks" });
	number = make("output", { id: "film-number", for: "film-frame" });
	scrubber = make("div", { class: "scrubber" }, make("div", { class: "rail" }, this.preview, this.range, this.ticks), this.number, row(this.tryIt, this.again));
	shots = make("ol", { id: "film-shots", label: "Shots" });

	constructor(film, studio) {
		Object.assign(this, { film, studio });
		this.jobs = new Map(studio.workspace.jobs.filter((job) => job.film === film.id).map((job) => [job.id, job]));
		const copy = bare("copy", "Copy as command line", () => this.#copy());
		const head = make("div", { class: "reel-head" }, make("h2", {}, film.name.split("/").at(-1)), this.words, this.next, row(this.writeIt, this.file, copy));
		this.root = make("div", { class: "reel" }, this.bar, head, this.scrubber, this.shots);
		byId("film").replaceChildren(this.root);
		this.update(film);
		if (film.state === "new") this.#ask("/scan");
	}

	close() {
		clearTimeout(this.resting);
		this.#stop();
		this.root.remove();
	}

	#of(what) {
		return `api/films/${this.film.id}${what}`;
	}

	#thumb(frame) {
		return this.#of(`/frames/${frame}/thumb.jpg?s=${this.film.stamp}`);
	}

	// What is known of the film

	update(film) {
		const before = this.film.shots[this.awaited]?.playable;
		const { next, written } = film;
		this.film = film;
		if (!film.shots[this.shot]) this.shot = null;
		this.file.hidden = !written;
		this.file.href = this.#of("/file");
		this.next.hidden = !next;
		if (next) Object.assign(this.next, { textContent: `Correct next: frame ${next.frame}`, title: `Shot ${next.shot + 1}: ${next.reason}` });
		this.shots.replaceChildren(...film.shots.map((shot) => this.#item(shot)));
		this.#draw();
		if (film.shots.length && this.shot === null) this.#begin();
		const playable = film.shots[this.awaited]?.playable;
		if (playable && playable !== before) this.play(this.awaited);
	}

	/** The frame that stands on the stage, or the first that is worth it. */
	#begin() {
		const { shots, next, id } = this.film;
		const opened = this.studio.find(this.studio.opened);
		if (opened?.film === id) this.#choose(shots.findIndex(({ last }) => opened.frame <= last), opened.frame);
		else this.show(next?.shot ?? 0, next?.frame ?? shots[0].key);
	}

	#item(shot) {
		const { number, first, last, key, confidence, guessed, playable, changed } = shot;
		const told = inside(shot, this.film.corrected).length;
		const next = this.film.next?.shot === number && this.film.next.reason;
		const stamp = JSON.stringify([shot, told, next, this.film.stamp]);
		const known = this.items.get(number);
		if (known?.stamp === stamp) return known.item;
		const frames = plural(last - first + 1, "frame");
		const sure = confidence === null ? "not tried yet" : isGuess(guessed) ? "all of it a guess" : `${percent(confidence)} sure`;
		const words = [`Shot ${number + 1}`, frames, sure, told && `${plural(told, "frame")} corrected`, playable && changed && "changed since tried", next && `to correct next: ${next}`];
		const level = make("span");
		level.style.width = `${100 * (confidence ?? 0)}%`;
		const item = make("li", { "data-shot": number }, make(
			"button",
			{ label: words.filter(Boolean).join(", "), title: words.filter(Boolean).join("\n"), onclick: () => this.show(number, key) },
			make("img", { src: this.#thumb(key), alt: "", loading: "lazy" }),
			make("span", { class: "level" }, level),
			make("b", {}, String(number + 1)),
			make("span", { class: "soft" }, confidence === null ? frames : isGuess(guessed) ? "a guess" : percent(confidence)),
			next || told ? make("span", { class: "badge" }, next ? "next" : String(told)) : null,
		));
		this.items.set(number, { stamp, item });
		return item;
	}

	// A frame on the stage

	/** Opens a frame as a picture. */
	async show(shot, frame) {
		this.#stop();
		clearTimeout(this.resting);
		this.#choose(shot, frame);
		const picture = await this.#ask(`/frames/${frame}`);
		if (picture && this.frame === frame && this.root.isConnected) this.studio.openPicture(picture);
	}

	#choose(shot, frame) {
		Object.assign(this, { shot, frame });
		this.shots.children[shot].scrollIntoView({ block: "nearest", inline: "nearest" });
		this.#draw();
	}

	/** Shows which shot and frame it is, and what is done. */
	#draw() {
		const { film, range } = this;
		const shot = film.shots[this.shot];
		for (const item of this.shots.children) item.firstChild.ariaCurrent = String(Number(item.dataset.shot) === this.shot);
		this.scrubber.hidden = !shot;
		if (shot) {
			Object.assign(range, { min: shot.first, max: shot.last, value: this.frame, ariaLabel: `Frame of shot ${shot.number + 1}` });
			const marks = [[shot.key, "key"], ...inside(shot, film.corrected).map((frame) => [frame, "told"]), ...inside(shot, film.next ? [film.next.frame] : []).map((frame) => [frame, "next"])];
			this.ticks.replaceChildren(...marks.map(([frame, kind]) => {
				const tick = make("span", { class: kind });
				tick.style.left = this.#place(frame);
				return tick;
			}));
			this.#tell(this.frame);
		}
		const going = [...this.jobs.values()].filter(({ state }) => GOING.includes(state));
		const now = going.find(({ state }) => state === "running") ?? going[0];
		const trying = going.some((job) => job.kind === "play" && job.shot === this.shot);
		this.tryIt.disabled = trying;
		this.tryIt.replaceChildren(icon("play"), trying ? "Trying" : shot?.playable && !shot.changed ? "Try again" : "Try this shot");
		this.again.hidden = !shot?.playable;
		this.writeIt.disabled = !shot || going.some(({ kind, state }) => kind === "film" && state !== "paused");
		this.bar.hidden = !now;
		if (now?.state === "running" && now.total) Object.assign(this.bar, { max: now.total, value: now.done });
		else this.bar.removeAttribute("value");
		const idle = film.error ?? (shot ? this.#facts() : "Its shots are not known.");
		this.words.textContent = this.words.title = now ? `${DOING[now.kind]}: ${(now.state === "running" && now.stage) || now.state}` : idle;
		if (!now && film.state !== "ready") this.words.append(" ", press("Look for its shots", () => this.#ask("/scan"), { class: "link" }));
	}

	#facts() {
		const { shots, frames, seconds, width, height } = this.film;
		const clock = seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
		return `${plural(shots.length, "shot")} · ${plural(frames, "frame")} · ${clock} · ${width} × ${height}`;
	}

	#place(frame) {
		const { first, last } = this.film.shots[this.shot];
		return `${(100 * (frame - first)) / Math.max(1, last - first)}%`;
	}

	#tell(frame) {
		const at = frame / this.film.rate;
		this.number.textContent = `frame ${frame} · ${Math.floor(at / 60)}:${(at % 60).toFixed(2).padStart(5, "0")}`;
		this.range.ariaValueText = `frame ${frame}`;
	}

	/** Shows where the scrubber is, small: one picture at a time, and the last one in any case. */
	async #scrub() {
		const { preview, range } = this;
		this.#tell(range.valueAsNumber);
		preview.hidden = false;
		preview.style.left = this.#place(range.valueAsNumber);
		if (this.loading) return;
		this.loading = true;
		for (let shown = null; shown !== range.value; ) {
			shown = range.value;
			preview.src = this.#thumb(shown);
			await preview.decode().catch(() => {});
		}
		this.loading = false;
	}

	#rest() {
		clearTimeout(this.resting);
		this.resting = setTimeout(() => {
			this.preview.hidden = true;
			this.show(this.shot, this.range.valueAsNumber);
		}, REST);
	}

	// Work that takes long

	hear(job) {
		const { film, studio } = this;
		if (job.film !== film.id) return;
		this.jobs.set(job.id, job);
		this.#draw();
		// What fails is told of as a job only.
		if (job.kind === "scan" && !GOING.includes(job.state)) api.json("GET", this.#of("")).then((now) => this.update(now), () => {});
		if (job.kind === "film" && job.state === "done") studio.say(`${film.name} is written.`);
	}

	/** What the studio answers, a picture or a job; nothing where it refuses, which a person is told. */
	async #ask(what, content = {}) {
		try {
			const answer = await api.json("POST", this.#of(what), content);
			if (answer.kind) this.hear(answer);
			return answer;
		} catch (error) {
			const [name] = error.exists ?? [];
			if (!name) this.studio.complain(error, this.film.name);
			else if (await this.studio.confirm(`${name} is there already, and not from this studio.`, "Replace it")) return this.#ask(what, { overwrite: true });
			return null;
		}
	}

	#try() {
		this.#stop();
		this.awaited = this.shot;
		this.#ask("/play", { shot: this.shot });
	}

	#write() {
		this.#ask("/write");
	}

	#copy() {
		const { command } = this.film;
		const { studio } = this;
		// Only pages of this machine, or of https, may write to the clipboard.
		(navigator.clipboard?.writeText(command) ?? Promise.reject()).then(() => studio.say("The command line is copied."), () => studio.complain(command));
	}

	// A shot that was tried

	/** Plays a shot over the stage, again and again; left of the divider it is grey. */
	play(number) {
		this.#stop();
		this.awaited = null;
		const { film } = this;
		const { playable, confidence, guessed } = film.shots[number];
		const video = make("video", { src: this.#of(`/shots/${number}.mp4?s=${playable}`), loop: true, muted: true, autoplay: true, playsInline: true });
		const grey = make("div", { class: "greyed" });
		const divide = make("input", { class: "divide", type: "range", label: "Before and after", oninput: () => (grey.style.width = `${divide.value}%`) });
		grey.style.width = "50%";
		const box = make("div", { class: "box" }, video, grey, divide);
		const shape = (ratio) => box.style.setProperty("--ratio", ratio);
		shape(film.width / film.height);
		const turn = () => (video.paused ? video.play() : video.pause());
		const pause = bare("pause", "Pause", turn);
		on(video, "play pause", () => {
			pause.title = video.paused ? "Play" : "Pause";
			pause.replaceChildren(icon(video.paused ? "play" : "pause"));
		});
		on(video, "loadedmetadata", () => shape(video.videoWidth / video.videoHeight));
		on(video, "error", () => this.player && this.studio.complain("This browser does not play the shot; write the film and look at it in a player.", film.name));
		const sure = confidence === null ? "" : isGuess(guessed) ? " · all of it a guess" : ` · ${percent(confidence)} sure, ${percent(guessed)} of it a guess`;
		const close = bare("close", "Back to the picture (Esc)", () => this.#stop());
		const foot = make("div", { class: "foot" }, pause, make("p", {}, `Shot ${number + 1}${sure} · small, without sound`), close);
		this.player = make("div", { id: "film-player", role: "region", label: `Shot ${number + 1} as it was tried` }, make("div", { class: "screen" }, box), foot);
		on(this.player, "keydown", (event) => {
			if (event.key === "Escape") this.#stop();
			else if (event.key === " " && event.target === divide) turn();
			else return;
			done(event);
		});
		this.root.append(this.player);
		// Over all that stands above the strip.
		const host = byId("film");
		const above = host.parentElement;
		this.sized = new ResizeObserver(() => this.player && (this.player.style.height = `${host.offsetTop - above.offsetTop}px`));
		this.sized.observe(above);
		focus(divide);
	}

	#stop() {
		const held = this.player?.contains(document.activeElement);
		this.sized?.disconnect();
		this.player?.remove();
		this.player = null;
		if (held) focus(this.again);
	}
}
