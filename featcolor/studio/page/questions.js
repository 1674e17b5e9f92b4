/** Questions: places where a hint would help most, as a pulse over the picture. */

import { api } from "./api.js";
import { byId, make } from "./elements.js";

const COUNT = 3;
/** Milliseconds of rest before it is asked, so that it never holds up a picture. */
const REST = 350;

export class Questions {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.on = true;
    this.questions = [];
    this.layer = make("div", { id: "questions" });
    byId("marks").before(this.layer);
    studio.on("painted", () => this.#ask());
    studio.on("picture", () => this.#clear());
    studio.on("said", () => this.#thin());
    studio.stage.onMoved(() => this.#place());
    byId("questions-toggle").addEventListener("click", () => this.toggle());
  }

  toggle() {
    this.on = !this.on;
    byId("questions-toggle").setAttribute("aria-pressed", String(this.on));
    this.studio.say(this.on ? "Questions are shown." : "Questions are hidden.");
    this.#clear();
    if (this.on) this.#ask();
  }

  #ask() {
    clearTimeout(this.timer);
    if (!this.on || !this.studio.picture) return;
    const { id } = this.studio.picture;
    this.timer = setTimeout(async () => {
      if (this.studio.views.get(id)?.busy) return;
      const questions = await api.ask(id, COUNT).catch(() => []);
      if (this.studio.picture?.id !== id || !this.on) return;
      this.#show(questions);
    }, REST);
  }

  #show(questions) {
    const held = this.layer.contains(document.activeElement);
    this.questions = questions.map(({ x, y, worth }, at) => ({
      point: [x, y],
      button: make("button", {
        class: "pulse",
        "aria-label": `Question ${at + 1}: what colour is the place at ${x}, ${y}? It would settle ${Math.round(100 * worth)} per cent of the doubt`,
        title: "Here a hint would help most",
        onclick: () => this.studio.marks.ask([[x, y]]),
      }),
    }));
    this.layer.replaceChildren(...this.questions.map(({ button }) => button));
    this.#place();
    if (held) this.questions[0]?.button.focus({ preventScroll: true });
  }

  /** Takes away those that a hint has come to. */
  #thin() {
    const told = new Set(this.studio.said.hints.map((hint) => String(hint.points[0])));
    for (const { point, button } of this.questions) button.hidden = told.has(String(point));
  }

  #clear() {
    this.questions = [];
    this.layer.replaceChildren();
  }

  #place() {
    const { stage } = this.studio;
    if (!stage.size) return;
    for (const { point, button } of this.questions) {
      const [x, y] = stage.screenOf(point);
      button.style.transform = `translate(${x}px, ${y}px)`;
    }
  }
}
