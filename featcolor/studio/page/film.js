/** A film: its shots as a strip, a frame of one to correct, a shot to try, the whole to write. */

import { make, plural } from "./elements.js";

/**
 * @typedef {{number: number, first: number, last: number, kind: string, key: number, confidence: number|null,
 *   guessed: number|null, playable: string|null, changed: boolean}} Shot
 * @typedef {{id: string, name: string, state: string, error: string|null, width: number, height: number, frames: number,
 *   rate: number, seconds: number, command: string, written: string|null, stamp: string, shots: Shot[], corrected: number[],
 *   next: {frame: number, shot: number, reason: string}|null}} Film
 * @typedef {import("./api.js").Job} Job
 */

const GOING = ["waiting", "running", "paused"];
/** Milliseconds that the scrubber rests before its frame is opened: arrow keys pass many. */
const REST = 350;

/** @type {Strip | null} */
let strip = null;
let watching = false;

/** @param {Film} film @param {any} context as `filmContext` of app.js gives it */
export function openFilm(film, context) {
  if (strip?.film.id === film.id && strip.root.isConnected) return strip.update(film);
  strip?.close();
  strip = new Strip(film, context);
  if (!watching) context.watchJobs((/** @type {Job} */ job) => strip?.hear(job));
  watching = true;
  return undefined;
}

/** @param {Film} film */
export function filmChanged(film) {
  if (strip?.film.id === film.id) strip.update(film);
}

/** Goes on to another shot. @param {number} step */
export function stepShot(step) {
  const shot = strip?.film.shots[(strip.shot ?? 0) + step];
  if (shot) strip.show(shot.number, shot.key);
}

class Strip {
  /** @param {Film} film @param {any} context */
  constructor(film, context) {
    this.film = film;
    this.context = context;
    /** @type {Map<number, {stamp: string, item: HTMLElement}>} */
    this.items = new Map();
    /** @type {Map<string, Job>} */
    this.jobs = new Map(context.jobs().filter((job) => job.film === film.id).map((job) => [job.id, job]));
    this.shot = null;
    this.frame = null;
    /** The shot that is to be played as soon as it is there. */
    this.awaited = null;
    this.player = null;
    this.#build();
    this.update(film);
    if (film.state === "new") this.#post("/scan");
  }

  #build() {
    this.next = make("button", { id: "film-next", hidden: true, onclick: () => this.show(this.film.next.shot, this.film.next.frame) });
    this.tryIt = make("button", { id: "film-try", icon: "play", disabled: true, onclick: () => this.#try() });
    this.again = make("button", { id: "film-play", icon: "play", hidden: true, title: "See the shot as it was tried", onclick: () => this.play(this.shot) }, "Play");
    this.writeIt = make("button", { id: "film-write", class: "main", disabled: true, title: "Colour the whole film in full size, with its sound", onclick: () => this.#write(false) }, "Write the film");
    this.file = make("a", { class: "button", id: "film-file", icon: "download", download: "", hidden: true }, "Download");
    this.words = make("p", { id: "film-words", class: "soft", role: "status" });
    this.copy = make("button", { id: "film-command", icon: "copy", title: "Copy as command line", "aria-label": "Copy as command line", onclick: () => this.#copy() });
    this.bar = make("progress", { hidden: true, "aria-label": "How far the work on this film is" });
    this.shots = make("ol", { id: "film-shots", "aria-label": "Shots" });
    this.preview = make("img", { id: "film-preview", alt: "", hidden: true });
    this.range = make("input", { id: "film-frame", type: "range", min: 0, max: 0, step: 1, oninput: () => this.#scrub(), onchange: () => this.#rest() });
    this.ticks = make("div", { class: "ticks", "aria-hidden": "true" });
    this.number = make("output", { id: "film-number", for: "film-frame" });
    this.scrubber = make("div", { class: "scrubber", hidden: true }, make("div", { class: "rail" }, this.preview, this.range, this.ticks), this.number, make("div", { class: "row" }, this.tryIt, this.again));
    this.tryIt.append(make("span", {}, "Try this shot"));
    const title = make("h2", {}, this.film.name.split("/").at(-1));
    const head = make("div", { class: "reel-head" }, title, this.words, this.next, make("div", { class: "row" }, this.writeIt, this.file, this.copy));
    this.root = make("div", { class: "reel" }, this.bar, head, this.scrubber, this.shots);
    this.context.host.replaceChildren(this.root);
  }

  close() {
    clearTimeout(this.resting);
    this.#stop();
    this.root.remove();
  }

  // What is known of the film

  /** @param {Film} film */
  update(film) {
    const before = this.film;
    this.film = film;
    const ready = film.state === "ready";
    this.file.hidden = !film.written;
    this.file.href = of(film, "/file");
    this.file.setAttribute("aria-label", `Download ${film.written ?? ""}`);
    this.next.hidden = !film.next;
    if (film.next) {
      this.next.textContent = `Correct next: frame ${film.next.frame}`;
      this.next.title = `Shot ${film.next.shot + 1}: ${film.next.reason}`;
    }
    this.#drawShots();
    this.#drawScrubber();
    this.#drawWork();
    if (ready && this.shot === null) this.#begin();
    const awaited = film.shots[this.awaited];
    if (awaited?.playable && awaited.playable !== before.shots[this.awaited]?.playable) this.play(this.awaited);
  }

  /** The frame that stands on the stage, or the first that is worth it. */
  #begin() {
    const open = this.context.opened?.();
    if (open?.film === this.film.id) this.#choose(shotOf(this.film, open.frame), open.frame);
    else if (this.film.next) this.show(this.film.next.shot, this.film.next.frame);
    else this.show(0, this.film.shots[0].key);
  }

  #drawShots() {
    const { film } = this;
    const shown = film.shots.map((shot) => {
      const corrected = film.corrected.filter((frame) => frame >= shot.first && frame <= shot.last);
      const next = film.next?.shot === shot.number ? film.next : null;
      const stamp = JSON.stringify([shot, corrected, next, film.stamp]);
      const known = this.items.get(shot.number);
      if (known?.stamp === stamp) return known.item;
      const item = this.#item(shot, corrected, next);
      this.items.set(shot.number, { stamp, item });
      return item;
    });
    for (const old of [...this.shots.children]) if (!shown.includes(old)) old.remove();
    shown.forEach((item, at) => this.shots.children[at] !== item && this.shots.insertBefore(item, this.shots.children[at] ?? null));
    this.#mark();
  }

  /** @param {Shot} shot @param {number[]} corrected @param {any} next */
  #item(shot, corrected, next) {
    const known = shot.confidence !== null;
    const sure = known ? `${Math.round(100 * shot.confidence)} % sure` : "not tried yet";
    const told = corrected.length ? `${plural(corrected.length, "frame")} corrected` : "";
    const news = shot.playable && shot.changed ? "changed since tried" : "";
    const words = [`Shot ${shot.number + 1}`, plural(shot.last - shot.first + 1, "frame"), sure, told, news, next ? "to correct next" : ""];
    const level = make("span", { class: "level" }, make("span", {}));
    level.firstChild.style.width = `${known ? 100 * shot.confidence : 0}%`;
    const button = make(
      "button",
      { title: [...words, next?.reason].filter(Boolean).join("\n"), "aria-label": words.filter(Boolean).join(", "), onclick: () => this.show(shot.number, shot.key) },
      make("img", { src: this.#thumb(shot.key), alt: "", loading: "lazy", decoding: "async" }),
      level,
      make("span", { class: "shot-name" }, `${shot.number + 1}`),
      make("span", { class: "soft" }, known ? `${Math.round(100 * shot.confidence)} %` : plural(shot.last - shot.first + 1, "frame")),
      next ? make("span", { class: "badge" }, "next") : null,
      told && !next ? make("span", { class: "badge told" }, String(corrected.length)) : null,
    );
    return make("li", { "data-shot": shot.number }, button);
  }

  #mark() {
    for (const item of this.shots.children) {
      const on = Number(item.dataset.shot) === this.shot;
      const button = item.firstChild;
      if (on && button.getAttribute("aria-current") !== "true") item.scrollIntoView({ block: "nearest", inline: "nearest" });
      button.setAttribute("aria-current", String(on));
    }
  }

  /** @param {number} frame */
  #thumb(frame) {
    return of(this.film, `/frames/${frame}/thumb.jpg?s=${encodeURIComponent(this.film.stamp)}`);
  }

  // A frame on the stage

  /** Opens a frame as a picture. @param {number} shot @param {number} frame */
  async show(shot, frame) {
    this.#stop();
    this.#choose(shot, frame);
    clearTimeout(this.resting);
    const wanted = `${shot} ${frame}`;
    this.wanted = wanted;
    try {
      const picture = await this.context.api.json("POST", of(this.film, `/frames/${frame}`));
      if (this.wanted === wanted && this.root.isConnected) this.context.openPicture(picture);
    } catch (error) {
      this.context.complain(error, this.film.name);
    }
  }

  #choose(shot, frame) {
    this.shot = shot;
    this.frame = frame;
    this.#mark();
    this.#drawScrubber();
    this.#drawWork();
  }

  #drawScrubber() {
    const shot = this.film.shots[this.shot];
    this.scrubber.hidden = !shot;
    if (!shot) return;
    const { film, range } = this;
    Object.assign(range, { min: String(shot.first), max: String(shot.last) });
    range.value = String(this.frame);
    range.setAttribute("aria-label", `Frame of shot ${shot.number + 1}`);
    const place = (frame) => `${(100 * (frame - shot.first)) / Math.max(1, shot.last - shot.first)}%`;
    const tick = (frame, kind) => {
      const span = make("span", { class: kind });
      span.style.left = place(frame);
      return span;
    };
    const told = film.corrected.filter((frame) => frame >= shot.first && frame <= shot.last);
    this.ticks.replaceChildren(tick(shot.key, "key"), ...told.map((frame) => tick(frame, "told")), ...(film.next?.shot === shot.number ? [tick(film.next.frame, "next")] : []));
    this.#tellNumber(this.frame);
  }

  #tellNumber(frame) {
    const at = frame / this.film.rate;
    this.number.textContent = `frame ${frame} · ${Math.floor(at / 60)}:${(at % 60).toFixed(2).padStart(5, "0")}`;
    this.range.setAttribute("aria-valuetext", `frame ${frame}`);
  }

  /** Shows where the scrubber is, small: one picture at a time, and the last one in any case. */
  #scrub() {
    const frame = Number(this.range.value);
    this.#tellNumber(frame);
    const source = this.#thumb(frame);
    this.preview.hidden = false;
    this.preview.style.left = `${(100 * (frame - this.range.min)) / Math.max(1, this.range.max - this.range.min)}%`;
    const image = this.preview;
    if (this.loading) {
      this.later = source;
      return;
    }
    this.loading = true;
    image.onload = image.onerror = () => {
      this.loading = false;
      if (!this.later) return;
      this.later = null;
      this.#scrub();
    };
    image.src = source;
    if (image.complete) image.onload(new Event("load"));
  }

  #rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.preview.hidden = true;
      this.show(this.shot, Number(this.range.value));
    }, REST);
  }

  // Work that takes long

  /** @param {Job} job */
  hear(job) {
    if (job.film !== this.film.id) return;
    this.jobs.set(job.id, job);
    this.#drawWork();
    if (job.kind === "scan" && (job.state === "failed" || job.state === "cancelled")) this.#ask();
    if (job.kind === "film" && job.state === "done") this.context.say(`${this.film.name} is written.`);
  }

  /** The film as the studio knows it now: what fails is told of as a job only. */
  async #ask() {
    const film = await this.context.api.json("GET", of(this.film)).catch(() => null);
    if (film) this.update(film);
  }

  #drawWork() {
    const { film } = this;
    const going = [...this.jobs.values()].filter((job) => GOING.includes(job.state));
    const now = going.find((job) => job.state === "running") ?? going[0];
    const trying = going.find((job) => job.kind === "play" && job.shot === this.shot);
    const shot = film.shots[this.shot];
    this.tryIt.disabled = !shot || Boolean(trying);
    this.tryIt.lastChild.textContent = trying ? "Trying" : shot?.playable && !shot.changed ? "Try again" : "Try this shot";
    this.again.hidden = !shot?.playable;
    this.writeIt.disabled = film.state !== "ready" || going.some((job) => job.kind === "film" && job.state !== "paused");
    this.bar.hidden = !now;
    if (now?.total && now.state !== "waiting") Object.assign(this.bar, { max: now.total, value: now.done });
    else this.bar.removeAttribute("value");
    const idle = film.error ?? (film.state === "ready" ? factsOf(film) : "Its shots have not been looked for.");
    this.words.textContent = now ? wordsOf(now) : idle;
    this.words.title = this.words.textContent;
    this.words.classList.toggle("failed", Boolean(!now && film.error));
    const look = make("button", { class: "link", onclick: () => this.#post("/scan") }, film.error ? "Try again" : "Look for shots");
    if (!now && film.state !== "ready") this.words.append(" ", look);
  }

  /** @param {string} what @param {any} content */
  async #post(what, content = {}) {
    try {
      this.hear(await this.context.api.json("POST", of(this.film, what), content));
      return true;
    } catch (error) {
      this.context.complain(error, this.film.name);
      return false;
    }
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.film.command);
      this.context.say("The command line is copied.");
    } catch {
      this.context.complain(this.film.command);
    }
  }

  #try() {
    this.#stop();
    this.awaited = this.shot;
    this.#post("/play", { shot: this.shot });
  }

  /** @param {boolean} overwrite */
  async #write(overwrite) {
    try {
      this.hear(await this.context.api.json("POST", of(this.film, "/write"), { overwrite }));
    } catch (error) {
      const names = error.exists ?? [];
      if (error.status !== 409 || !names.length) this.context.complain(error, this.film.name);
      else if (await this.context.confirm(`${names[0]} is there already, and not from this studio.`, "Replace it")) await this.#write(true);
    }
  }

  // A shot that was tried

  /** Plays a shot over the stage, again and again; left of the divider it is grey. @param {number} number */
  play(number) {
    this.#stop();
    this.awaited = null;
    const shot = this.film.shots[number];
    const video = make("video", { src: of(this.film, `/shots/${number}.mp4?s=${encodeURIComponent(shot.playable)}`), loop: true, muted: true, autoplay: true, playsInline: true });
    const grey = make("div", { class: "greyed", "aria-hidden": "true" });
    const divide = make("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": "Before and after: part of the shot that is shown as it was" });
    const move = () => grey.style.setProperty("width", `${divide.value}%`);
    divide.addEventListener("input", move);
    move();
    const pause = make("button", { icon: "pause", "aria-label": "Pause", title: "Pause" });
    const turn = () => (video.paused ? video.play() : video.pause());
    const tell = () => {
      const verb = video.paused ? "Play" : "Pause";
      pause.replaceChildren(...make("button", { icon: verb.toLowerCase() }).children);
      pause.setAttribute("aria-label", verb);
      pause.title = verb;
    };
    pause.addEventListener("click", turn);
    for (const name of ["play", "pause"]) video.addEventListener(name, tell);
    video.addEventListener("error", () => this.context.complain("This browser does not play the shot; write the film and look at it in a player.", this.film.name));
    const close = make("button", { icon: "close", "aria-label": "Back to the picture", title: "Back to the picture (Esc)", onclick: () => this.#stop() });
    const sure = shot.confidence === null ? "" : `colour ${Math.round(100 * shot.confidence)} % sure, ${Math.round(100 * shot.guessed)} % of it a guess`;
    const words = make("p", {}, [`Shot ${number + 1}`, sure, "small copy, without sound"].filter(Boolean).join(" · "));
    const box = make("div", { class: "box" }, video, grey, divide);
    const shape = (width, height) => box.style.setProperty("--ratio", String(width / height));
    shape(this.film.width, this.film.height);
    video.addEventListener("loadedmetadata", () => shape(video.videoWidth, video.videoHeight));
    const player = make("div", { id: "film-player", role: "region", "aria-label": `Shot ${number + 1} as it was tried` }, make("div", { class: "screen" }, box), make("div", { class: "foot" }, pause, words, close));
    player.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#stop();
      else if (event.key !== " ") return;
      else if (event.target === pause || event.target === close) return;
      else turn();
      event.preventDefault();
      event.stopPropagation();
    });
    this.player = player;
    this.root.append(player);
    // Over all that stands above the strip.
    const fit = () => (player.style.height = `${this.context.host.offsetTop - this.context.host.parentElement.offsetTop}px`);
    this.sized = new ResizeObserver(fit);
    this.sized.observe(this.context.host.parentElement);
    fit();
    divide.focus({ preventScroll: true });
    video.play().catch(() => {}); // A browser that does not start by itself has its button.
  }

  #stop() {
    this.sized?.disconnect();
    const held = this.player?.contains(document.activeElement);
    this.player?.remove();
    this.player = null;
    if (held) this.again.focus({ preventScroll: true });
  }
}

/** @param {Film} film @param {string} what */
const of = (film, what = "") => `api/films/${encodeURIComponent(film.id)}${what}`;

/** @param {Film} film */
function factsOf({ shots, frames, seconds, width, height }) {
  const clock = seconds >= 60 ? `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s` : `${seconds.toFixed(1)} s`;
  return [plural(shots.length, "shot"), plural(frames, "frame"), clock, `${width} × ${height}`].join(" · ");
}

/** @param {Job} job */
function wordsOf({ kind, shot, state, stage, place }) {
  const what = { scan: "Looking for shots", play: `Trying shot ${shot + 1}`, film: "Writing the film" }[kind];
  const how = state === "running" ? stage : state === "waiting" && place ? `waiting, ${place} before it` : state;
  return how ? `${what}: ${how}` : what;
}

/** Number of the shot that a frame is in. @param {Film} film @param {number} frame */
const shotOf = (film, frame) => Math.max(0, film.shots.findIndex((shot) => frame <= shot.last));
