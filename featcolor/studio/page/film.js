/** Films. */

/** @param {any} film @param {any} context as `filmContext` of app.js gives it */
export function openFilm(film, context) {
  context.host.textContent = film.name;
}

/** @param {any} film */
export function filmChanged(film) {
  void film;
}
