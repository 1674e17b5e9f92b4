// Tables sort by a click on a column: best first, then worst first, then as they came.
for (const table of document.querySelectorAll("table.sortable")) {
  const rows = [...table.querySelectorAll("tbody tr:not(.group)")].map((row) => ({ row, home: row.parentNode }));
  const heads = [...table.tHead.rows[0].cells];
  const loss = (cell, head) => {
    const value = parseFloat(cell?.dataset.value);
    if (Number.isNaN(value)) return NaN;
    const ideal = parseFloat(head.dataset.ideal);
    if (!Number.isNaN(ideal)) return Math.abs(value - ideal);
    return head.dataset.sort === "higher" ? -value : value;
  };
  const arrange = (index, turn) => {
    const last = table.tBodies[table.tBodies.length - 1];
    const keyed = rows.map((item) => ({ ...item, key: loss(item.row.cells[index], heads[index]) }));
    if (turn) keyed.sort((a, b) => Number.isNaN(a.key) - Number.isNaN(b.key) || turn * (a.key - b.key) || 0);
    for (const { row, home } of keyed) (turn ? last : home).append(row);
    table.classList.toggle("sorted", turn !== 0);
    heads.forEach((head, i) => {
      const rises = (head.dataset.sort === "higher") === turn < 0;
      if (turn && i === index) head.setAttribute("aria-sort", rises ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  };
  let current = -1;
  let turn = 0;
  heads.forEach((head, index) => {
    if (!head.dataset.sort) return;
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort: best first, worst first, as it came";
    button.append(...head.childNodes);
    const arrow = document.createElement("span");
    arrow.className = "arrow";
    button.insertBefore(arrow, button.querySelector("small"));
    head.append(button);
    button.addEventListener("click", () => {
      turn = current === index ? (turn === 1 ? -1 : turn === -1 ? 0 : 1) : 1;
      current = index;
      arrange(index, turn);
    });
  });
}
