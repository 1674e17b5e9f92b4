// What is wrong with a page for those who hear it, have no mouse or see little, as lines for a person.
// "markup": ids, labels and order; "contrast": of texts; "reach": numbers what keys must come to, gives how many,
// and notes in `reached` to which they have come.
(what) => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.outerHTML.slice(0, 100);

  const markup = () => {
    const ids = all("[id]").map(({ id }) => id);
    const wrong = ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `two of #${id}`);
    for (const label of all("label[for]"))
      if (!document.getElementById(label.htmlFor)) wrong.push(`a label of nothing: ${label.htmlFor}`);
    for (const name of ["aria-labelledby", "aria-controls", "aria-describedby"])
      for (const each of all(`[${name}]`))
        for (const id of each.getAttribute(name).split(/\s+/).filter(Boolean))
          if (!document.getElementById(id)) wrong.push(`${name} of nothing: ${id}`);
    for (const each of all("input:not([type=hidden]), select, textarea"))
      if (!each.labels?.length && !each.ariaLabel && !each.title) wrong.push(`no label: ${shown(each)}`);
    for (const each of all("img:not([alt])")) wrong.push(`no alt: ${shown(each)}`);
    for (const each of all("[aria-hidden=true] :is(button, a, input, select, [tabindex='0'])"))
      wrong.push(`hidden from who hears, yet in the way of keys: ${shown(each)}`);
    for (const each of all(":is(button, a) :is(button, a, input), label button"))
      wrong.push(`a control in a control: ${shown(each)}`);
    for (const each of all("[tabindex]")) if (each.tabIndex > 0) wrong.push(`an order of its own: ${shown(each)}`);
    return wrong;
  };

  // As WCAG 2.2 defines it (success criterion 1.4.3), of text that lies over plain colours; over pictures it is unknown.
  const contrast = () => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const parsed = (text) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const over = (below, above) => [0, 1, 2].map((at) => above[at] * above[3] + below[at] * (1 - above[3])).concat(1);
    const linear = (code) => (code / 255 <= 0.04045 ? code / 255 / 12.92 : ((code / 255 + 0.055) / 1.055) ** 2.4);
    const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);

    const wrong = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.data.trim();
      if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      if (element.closest(":disabled, label:has(:disabled), [aria-disabled=true], [aria-hidden=true], option")) continue;
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const box = range.getBoundingClientRect();
      if (!box.width || !box.height) continue;

      const layers = [];
      let opacity = 1;
      let plain = true;
      for (let at = element; at && layers.at(-1)?.[3] !== 1; at = at.parentElement) {
        const style = getComputedStyle(at);
        opacity *= Number(style.opacity);
        plain &&= style.backgroundImage === "none";
        layers.push(parsed(style.backgroundColor));
      }
      if (!plain || layers.at(-1)[3] !== 1) continue;
      const ground = layers.reverse().reduce(over);
      const style = getComputedStyle(element);
      const ink = parsed(style.color);
      ink[3] *= opacity;
      const [one, other] = [luminance(over(ground, ink)), luminance(ground)];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${text.slice(0, 40)} in ${shown(element)}`);
    }
    return wrong;
  };

  const reach = () => {
    for (const each of all("[data-reach]")) each.removeAttribute("data-reach");
    const open = document.querySelector("dialog[open]") ?? document;
    const controls = [...open.querySelectorAll("button, a[href], input, select, summary, [tabindex]")].filter(
      (each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility({ visibilityProperty: true }),
    );
    controls.forEach((each, at) => each.setAttribute("data-reach", at));
    window.reached = new Set([document.activeElement.dataset.reach].filter(Boolean));
    addEventListener("focusin", ({ target }) => target.dataset.reach && window.reached.add(target.dataset.reach), true);
    return controls.length;
  };

  return { markup, contrast, reach }[what]();
};
