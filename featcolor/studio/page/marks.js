/** Hints drawn over the picture: told by click and stroke, moved, chosen, deleted. */

import { byId, drawn, make } from "./elements.js";
import { words } from "./colour.js";
import { movedPoints, withChange, withoutHint } from "./hints.js";

const SLIP = 4;
/** Screen pixels between two points of a stroke. */
const APART = 5;

export class Marks {
  /** @param {any} studio */
  constructor(studio) {
    this.studio = studio;
    this.layer = byId("marks");
    this.lines = drawn("svg", { class: "lines" });
    this.buttons = [];
    /** @type {number | null} */
    this.selected = null;
    /** What is being told: a place or stroke without a colour yet. @type {[number, number][] | null} */
    this.pending = null;
    studio.on("said", () => this.draw());
    studio.on("picture", () => {
      this.selected = this.pending = null;
      this.draw();
    });
    studio.stage.onMoved(() => this.place());
    studio.stage.tools.hint = this.#tool();
    byId("marks-toggle").addEventListener("click", () => this.toggle());
  }

  /** Marks off and on. */
  toggle() {
    const off = byId("stage").classList.toggle("unmarked");
    byId("marks-toggle").setAttribute("aria-pressed", String(!off));
    this.studio.say(off ? "Hints are hidden." : "Hints are shown.");
  }

  #tool() {
    const { studio } = this;
    let stroke = [];
    return {
      start: (p) => {
        stroke = p.inside ? [p] : [];
        this.select(null);
      },
      move: (p) => {
        const last = stroke.at(-1);
        if (!last || !p.moved || Math.hypot(p.x - last.x, p.y - last.y) * studio.stage.scale < APART) return;
        stroke.push(p);
        this.pending = distinct(stroke.map((place) => studio.stage.pixelOf(place)));
        this.draw();
      },
      end: (p) => {
        if (!stroke.length || !studio.picture || !studio.grey) return;
        if (stroke.length === 1 && p.moved) return; // A slip out of the picture, neither click nor stroke.
        this.ask(distinct(stroke.map((place) => studio.stage.pixelOf(place))));
      },
      cancel: () => {
        stroke = [];
        this.pending = null;
        this.draw();
      },
    };
  }

  /** Shows a place at once and asks for its colour. @param {[number, number][]} points */
  ask(points) {
    this.pending = points;
    this.draw();
    this.studio.palette.open(points, null);
  }

  /** @param {number | null} index */
  select(index) {
    this.selected = index;
    for (const [at, button] of this.buttons.entries()) button.classList.toggle("selected", at === index);
    this.studio.tellOf("selected", index);
  }

  /** Takes a hint away. @param {number | null} index */
  remove(index = this.selected) {
    if (index === null || !this.studio.said.hints[index]) return;
    const focused = this.layer.contains(document.activeElement);
    this.selected = null;
    this.studio.tell(withoutHint(this.studio.said, index));
    this.studio.say("The hint is deleted.");
    if (focused) (this.buttons[Math.min(index, this.buttons.length - 1)] ?? this.studio.stage.root).focus();
  }

  draw() {
    const { studio } = this;
    const focused = this.buttons.indexOf(document.activeElement);
    this.buttons = [];
    if (!studio.picture || !studio.stage.size) {
      this.layer.replaceChildren();
      return;
    }
    const all = studio.said.hints.map((hint, index) => {
      const button = make("button", {
        class: "mark" + (index === this.selected ? " selected" : ""),
        "aria-label": `Hint ${index + 1}: ${words(hint.colour)}${hint.points.length > 1 ? ", a stroke" : ""}. Enter changes its colour, Delete takes it away`,
        onpointerdown: (event) => this.#drag(event, index),
        onfocus: () => this.select(index),
        onkeydown: (event) => this.#key(event, index),
      });
      button.style.setProperty("--colour", hint.colour);
      this.buttons.push(button);
      return { ...hint, button };
    });
    if (this.pending && !studio.tried) {
      const button = make("span", { class: "mark pending" });
      all.push({ points: this.pending, colour: "", button });
    }
    this.all = all;
    this.layer.replaceChildren(this.lines, ...all.map(({ button }) => button));
    this.place();
    if (focused >= 0) this.buttons[focused]?.focus({ preventScroll: true });
  }

  /** Brings all to where the picture is now. */
  place() {
    const { stage } = this.studio;
    if (!this.all || !stage.size) return;
    this.lines.replaceChildren();
    this.all.forEach(({ points, colour, button }, index) => {
      const way = points.map((point) => stage.screenOf(point));
      const [x, y] = way[0];
      button.style.transform = `translate(${x}px, ${y}px)`;
      if (way.length < 2) return;
      const d = `M${way.map((point) => point.map((number) => number.toFixed(1)).join(" ")).join("L")}`;
      const rim = drawn("path", { d, class: "rim" });
      const line = drawn("path", { d, class: "line" });
      line.style.stroke = colour || "var(--accent)";
      if (colour) rim.addEventListener("pointerdown", (event) => this.#drag(event, index));
      this.lines.append(rim, line);
    });
  }

  /** A press on a mark: chooses its colour anew, or moves it where the pointer goes. */
  #drag(event, index) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    const { studio } = this;
    if (studio.palette.isOpen) studio.palette.keep();
    this.select(index);
    const before = studio.said;
    const hint = before.hints[index];
    const begun = [event.clientX, event.clientY];
    const factor = studio.stage.full.width / studio.stage.size.width / studio.stage.scale;
    let said = null;
    const move = (moved) => {
      const [dx, dy] = [moved.clientX - begun[0], moved.clientY - begun[1]];
      if (!said && Math.hypot(dx, dy) < SLIP) return;
      said = withChange(before, index, { points: movedPoints(hint, dx * factor, dy * factor, studio.stage.full) });
      studio.attemptTo(said);
    };
    const end = (last) => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      if (last.type === "pointercancel") studio.attemptTo(null);
      else if (said) {
        studio.tell(said);
        this.buttons[index]?.focus({ preventScroll: true });
      } else this.change(index);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }

  /** Asks for another colour of a hint. @param {number} index */
  change(index) {
    this.select(index);
    this.studio.palette.open(this.studio.said.hints[index].points, index);
  }

  #key(event, index) {
    const { studio } = this;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Enter") this.change(index);
    else if (steps && event.altKey) {
      const step = Math.max(1, Math.round(((event.shiftKey ? 1 : 8) * studio.stage.full.width) / studio.stage.size.width));
      const points = movedPoints(studio.said.hints[index], steps[0] * step, steps[1] * step, studio.stage.full);
      studio.tell(withChange(studio.said, index, { points }));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Points of which none is like the one before it. @param {[number, number][]} points */
const distinct = (points) => points.filter((point, at) => !at || point[0] !== points[at - 1][0] || point[1] !== points[at - 1][1]);
