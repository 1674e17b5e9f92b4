/** The studio's page: what is open, what was said of it, and who hears of it. */

import { api, Gone, Views } from "./api.js";
import { Album } from "./album.js";
import { ContactSheet } from "./contact.js";
import { byId, drawIcons, make } from "./elements.js";
import { filmChanged, openFilm, stepShot } from "./film.js";
import * as hints from "./hints.js";
import { HintList } from "./hintlist.js";
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

const RETRY = 2000;
/** Milliseconds after which it is asked how many are before. */
const LONG = 1200;

/**
 * What all parts share. It tells of: "workspace" (anything of it is new), "picture" (another is open, or its detail is new),
 * "said" (hints or choices, drafts too), "painted" (new pixels are shown, and stored), "job" (one has moved), "back"
 * (the studio answers again).
 */
class Studio extends EventTarget {
  constructor() {
    super();
    this.workspace = null;
    /** The open picture with size, hints and choices; null while there is none. */
    this.picture = null;
    /** Its view before colour; null until it is there. @type {ImageBitmap | null} */
    this.grey = null;
    /** @type {import("./api.js").Said | null} what is tried, and not told yet */
    this.tried = null;
    this.histories = new Map();
    this.views = new Map();
    this.names = new Map();
    this.opening = 0;
    this.gone = false;
  }

  /** @param {string} name @param {(detail: any) => void} listener */
  on(name, listener) {
    this.addEventListener(name, (event) => listener(event.detail));
  }

  tellOf(name, detail = undefined) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  get history() {
    return this.picture && this.histories.get(this.picture.id);
  }

  /** Hints and choices as they show now. @returns {import("./api.js").Said} */
  get said() {
    return this.tried ?? this.history?.present ?? { hints: [], choices: {} };
  }

  /** For the ear, and at the foot of the stage. @param {string} text */
  say(text) {
    byId("status").textContent = text;
  }

  /** An error that a person must see, until they close it. @param {Error | string} error @param {string} about */
  complain(error, about = "") {
    if (error instanceof Gone) return this.lose();
    if (typeof error !== "string") console.debug(error);
    const words = (about ? `${about}: ` : "") + (error.message ?? error);
    const box = byId("notices");
    if ([...box.querySelectorAll("p")].some((line) => line.textContent === words)) return undefined;
    const notice = make("div", { class: "notice" }, make("p", {}, words));
    notice.append(make("button", { icon: "close", "aria-label": "Close this message", onclick: () => notice.remove() }));
    box.append(notice);
    return undefined;
  }

  /** Does something that may fail, and says why where it does. @param {() => Promise<any>} work */
  async attempt(work, about = "") {
    try {
      return await work();
    } catch (error) {
      this.complain(error, about);
      return undefined;
    }
  }

  // Pictures

  /** @param {string} id */
  find(id) {
    return this.workspace.pictures.find((picture) => picture.id === id) ?? null;
  }

  /** Pictures that stand in the album by themselves; frames of films are found in their film. */
  get album() {
    return this.workspace.pictures.filter((picture) => !picture.film);
  }

  /** @param {any} picture as the studio tells it; the open one's detail keeps what only the detail has */
  update(picture) {
    const pictures = this.workspace.pictures;
    const at = pictures.findIndex((other) => other.id === picture.id);
    if (at < 0) pictures.push(picture);
    else pictures[at] = picture;
    if (this.picture?.id === picture.id) {
      for (const key of ["state", "written", "mask", "stamp", "name"]) this.picture[key] = picture[key];
    }
    this.tellOf("workspace");
  }

  /** Opens a picture and has it coloured, unasked. @param {string} id */
  async open(id) {
    const opening = ++this.opening;
    const listed = this.find(id);
    this.tried = null;
    this.picture = null;
    this.grey = null;
    this.opened = id;
    document.body.classList.toggle("frame", Boolean(listed?.film));
    if (listed?.film && listed.film !== this.film) this.openFilm(this.workspace.films.find((film) => film.id === listed.film));
    history.replaceState(null, "", `#picture=${encodeURIComponent(id)}`);
    this.tellOf("picture");
    this.stage.expect(listed);
    byId("title").textContent = listed?.name ?? "";
    try {
      const grey = api.grey(id).then(createImageBitmap);
      grey.catch(() => {});
      const picture = await api.picture(id);
      if (opening !== this.opening) return;
      if (!listed) this.update(picture);
      this.#remember(picture);
      this.picture = picture;
      this.viewsOf(id).ask(this.said, true);
      byId("title").textContent = `${picture.name}`;
      byId("title").append(make("small", {}, `${picture.width} × ${picture.height}`));
      const bitmap = await grey;
      if (opening !== this.opening) return;
      this.grey = bitmap;
      this.stage.show(picture, bitmap);
      this.tellOf("picture");
      this.tellOf("said");
    } catch (error) {
      if (opening !== this.opening) return;
      if (error instanceof Gone) this.lose();
      else this.stage.refuse(error.message);
    }
  }

  /** @param {number} step */
  step(step) {
    if (this.film) return stepShot(step);
    const album = this.album;
    if (!album.length) return;
    const at = album.findIndex((picture) => picture.id === this.opened);
    const next = album[(at + step + album.length) % album.length];
    if (next.id !== this.opened) this.open(next.id);
    return undefined;
  }

  close() {
    this.opening++;
    this.picture = this.grey = this.tried = this.opened = null;
    history.replaceState(null, "", "#");
    byId("title").textContent = "";
    this.stage.clear();
    this.tellOf("picture");
  }

  /** The history of a picture; that of before a reload, where it ends with what the studio has stored. */
  #remember(picture) {
    const stored = { hints: picture.hints, choices: picture.choices };
    const key = `studio.${picture.id}`;
    let known = this.histories.get(picture.id);
    try {
      known ??= JSON.parse(sessionStorage.getItem(key));
    } catch {
      sessionStorage.removeItem(key);
    }
    const unsent = sessionStorage.getItem(`${key}.unsent`);
    if (!known || (!unsent && !hints.same(known.present, stored))) known = hints.begin(stored);
    this.histories.set(picture.id, known);
  }

  #store(unsent) {
    if (!this.picture) return;
    const key = `studio.${this.picture.id}`;
    try {
      sessionStorage.setItem(key, JSON.stringify(this.history));
      if (unsent) sessionStorage.setItem(`${key}.unsent`, "1");
    } catch {
      sessionStorage.removeItem(key); // Full: the page keeps it as long as it is open.
    }
  }

  // What is said

  /** Tells hints and choices: kept, shown, and one step of undo. @param {import("./api.js").Said} said */
  tell(said) {
    this.tried = null;
    this.#turn(hints.tell(this.history, said));
  }

  /** Shows hints and choices that are not told yet; null goes back. @param {import("./api.js").Said | null} said */
  attemptTo(said) {
    if (!this.picture) return;
    const back = said === null && this.tried !== null;
    this.tried = said;
    this.tellOf("said");
    if (said || back) this.viewsOf(this.picture.id).ask(this.said, back);
  }

  undo() {
    if (this.maskTools.undo(-1)) return;
    if (this.history?.past.length) this.#turn(hints.undo(this.history), "Undone.");
  }

  redo() {
    if (this.maskTools.undo(1)) return;
    if (this.history?.future.length) this.#turn(hints.redo(this.history), "Done again.");
  }

  #turn(history, words = "") {
    if (!this.picture) return;
    this.tried = null;
    this.histories.set(this.picture.id, history);
    this.#store(true);
    this.tellOf("said");
    if (words) this.say(words);
    this.refresh();
  }

  /** Asks for the open picture anew: what was said, or something around it, is another. */
  refresh() {
    if (this.picture) this.viewsOf(this.picture.id).ask(this.said, true);
  }

  /** @param {string} id */
  viewsOf(id) {
    if (!this.views.has(id)) {
      const shown = (blob, said, milliseconds) => this.#shown(id, blob, said, milliseconds);
      this.views.set(id, new Views(id, shown, (error) => this.#failed(id, error)));
    }
    this.#watch(this.views.get(id));
    return this.views.get(id);
  }

  async #shown(id, blob, said, milliseconds) {
    const stored = said === this.histories.get(id)?.present;
    if (stored) sessionStorage.removeItem(`studio.${id}.unsent`);
    if (this.picture?.id !== id) return;
    const opening = this.opening;
    const bitmap = await createImageBitmap(blob);
    if (opening !== this.opening) return;
    this.stage.paint(bitmap);
    this.stage.trouble("");
    if (!this.views.get(id).waiting) this.stage.busy(null);
    if (stored) {
      const told = said.hints.length ? plural(said.hints.length) : "";
      this.say(`Coloured${told} in ${milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`}.`);
      this.tellOf("painted");
    }
  }

  #failed(id, error) {
    if (this.picture?.id === id) this.stage.busy(null);
    if (error instanceof Gone) this.lose();
    else if (this.picture?.id === id) this.stage.trouble(error.message);
    else this.complain(error, this.find(id)?.name);
  }

  /** Says that the picture is being coloured, and behind how many others. @param {Views} views */
  #watch(views) {
    if (views.watched) return;
    views.watched = true;
    const look = async (begun) => {
      if (!views.busy || this.gone) {
        views.watched = false;
        if (this.opened === views.id) this.stage.busy(null);
        return;
      }
      const waited = performance.now() - begun;
      if (this.opened === views.id) {
        const place = waited > LONG ? await api.place().catch(() => 0) : 0;
        this.stage.busy(place > 0 ? `Waiting: ${place} before you` : "");
      }
      setTimeout(() => look(begun), waited > LONG ? LONG : 120);
    };
    setTimeout(() => look(performance.now()), 120);
  }

  // The workspace

  /** Fetches all again. */
  async load() {
    this.workspace = await api.workspace();
    document.body.classList.remove("loading");
    this.tellOf("workspace");
  }

  /** @param {any} change share, or the model of all */
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
    const banner = byId("banner");
    const again = make("button", { onclick: () => this.#retry() }, "Try now");
    banner.replaceChildren("The studio has stopped; start it again. Your hints are kept in this page until it is back.", again);
    banner.hidden = false;
    this.retrying = setInterval(() => this.#retry(), RETRY);
  }

  async #retry() {
    try {
      await this.load();
    } catch (error) {
      if (error instanceof Gone) return;
      this.#back();
      this.complain(error);
      return;
    }
    this.#back();
    this.say("The studio is back.");
    for (const views of this.views.values()) views.run();
    if (this.opened && !this.picture && this.find(this.opened)) this.open(this.opened);
    else if (this.picture) this.viewsOf(this.picture.id).run();
    this.tellOf("back");
  }

  #back() {
    clearInterval(this.retrying);
    this.gone = false;
    byId("banner").hidden = true;
    listen();
  }

  // Films

  /** @param {any} film */
  openFilm(film) {
    if (this.opened && this.find(this.opened)?.film !== film.id) this.close();
    const host = byId("film");
    host.hidden = false;
    this.film = film.id;
    history.replaceState(null, "", `#film=${encodeURIComponent(film.id)}`);
    this.tellOf("workspace");
    openFilm(film, this.filmContext);
  }

  /** What film.js may use of the page. */
  get filmContext() {
    return {
      host: byId("film"),
      api,
      /** @param {any} picture a frame, as POST api/films/{id}/frames/{n} gives it */
      openPicture: (picture) => {
        this.update(picture);
        return this.open(picture.id);
      },
      film: (id) => this.workspace.films.find((film) => film.id === id) ?? null,
      jobs: () => this.workspace.jobs,
      /** The picture that is open, a frame of a film or not. */
      opened: () => (this.opened ? this.find(this.opened) : null),
      /** @param {(job: import("./api.js").Job) => void} listener */
      watchJobs: (listener) => this.on("job", listener),
      ask: (words, yes) => this.confirm(words, yes),
      say: (text) => this.say(text),
      complain: (error, about) => this.complain(error, about),
    };
  }

  closeFilm() {
    this.film = null;
    byId("film").hidden = true;
    byId("film").replaceChildren();
  }

  /** A question with a yes; false for no. @param {string} words @param {string} yes @param {string[]} names */
  confirm(words, yes, names = []) {
    const dialog = byId("question");
    const list = make("ul", {}, ...names.map((name) => make("li", {}, name)));
    const form = make("form", { method: "dialog" }, make("p", {}, words), names.length ? list : null);
    form.append(make("menu", {}, make("button", { type: "submit", value: "no" }, "Cancel"), make("button", { type: "submit", value: "yes", class: "main" }, yes)));
    dialog.replaceChildren(form);
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }));
  }
}

const plural = (count) => (count === 1 ? " with 1 hint" : ` with ${count} hints`);

const studio = new Studio();
let events = null;

/** Hears of what happens in the studio besides. */
function listen() {
  events?.close();
  events = new EventSource("api/events");
  events.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    if (!studio.workspace) return;
    if (told.kind === "picture") studio.update(told.picture);
    if (told.kind === "job") {
      const jobs = studio.workspace.jobs;
      const at = jobs.findIndex((job) => job.id === told.job.id);
      if (at < 0) jobs.push(told.job);
      else jobs[at] = told.job;
      studio.tellOf("job", told.job);
    }
    if (told.kind === "film") {
      const films = studio.workspace.films;
      const at = films.findIndex((film) => film.id === told.film.id);
      if (at < 0) films.push(told.film);
      else films[at] = told.film;
      studio.tellOf("workspace");
      filmChanged(told.film);
    }
    if (told.kind === "workspace") studio.load().catch((error) => studio.complain(error));
  };
  events.onerror = () => {
    // The browser tries again by itself; it is asked whether anybody is there.
    if (!studio.gone) studio.load().catch((error) => studio.complain(error));
  };
}

/** What the address says is open. */
function openFromAddress() {
  const [what, id] = location.hash.slice(1).split("=").map(decodeURIComponent);
  if (what === "film") {
    const film = studio.workspace.films.find((each) => each.id === id);
    if (film) return studio.openFilm(film);
  }
  const wanted = what === "picture" && studio.find(id);
  const first = wanted || studio.album[0];
  if (first) return studio.open(first.id);
  return studio.workspace.films.length && studio.openFilm(studio.workspace.films[0]);
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
  try {
    await studio.load();
  } catch (error) {
    studio.complain(error);
    if (!(error instanceof Gone)) return;
  }
  listen();
  if (studio.workspace) openFromAddress();
  studio.on("back", () => studio.opened || openFromAddress());
  addEventListener("hashchange", () => {
    const id = decodeURIComponent(/^#picture=(.*)$/.exec(location.hash)?.[1] ?? "");
    if (id && id !== studio.opened && studio.find(id)) studio.open(id);
  });
  for (const [group, codes] of Object.entries((await studio.attempt(api.names))?.groups ?? {})) {
    for (const [name, code] of Object.entries(codes)) studio.names.set(name, { code, group });
  }
}

boot();
