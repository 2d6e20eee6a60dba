// On a phone a table [data-unfold] shows few columns. The first cell of a row is a button there: it unfolds what the
// hidden cells hold, each beside the head of its column, and the row stays unfolded when the table is swapped.
(() => {
  const SMALL = window.matchMedia("(max-width: 799px)");
  const open = new Set();

  const isShown = (cell) => getComputedStyle(cell).display !== "none";
  const isChart = (cell) => cell.querySelector("svg:not(.icon)") !== null;

  const pair = (head, cell) => {
    const [name, value] = ["dt", "dd"].map((tag) => document.createElement(tag));
    const copy = cell.cloneNode(true);
    for (const part of copy.querySelectorAll("[id]")) part.removeAttribute("id");
    name.textContent = head.textContent.trim();
    value.append(...copy.childNodes);
    return [name, value];
  };

  const unfold = (row) => {
    const heads = row.closest("table").tHead.rows[0].cells;
    const cells = [...row.cells];
    const list = document.createElement("dl");
    list.className = "facts";
    cells.forEach((cell, at) => isShown(cell) || isChart(cell) || list.append(...pair(heads[at], cell)));
    const line = document.createElement("tr");
    line.className = "table__rest";
    line.id = `${row.id}-rest`;
    const whole = line.insertCell();
    whole.className = "table__whole";
    whole.colSpan = cells.filter(isShown).length;
    whole.append(list);
    row.after(line);
  };

  const show = (row, isOpen) => {
    row.querySelector("[data-unfolds]").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) unfold(row);
    else document.getElementById(`${row.id}-rest`)?.remove();
  };

  // A live swap keeps the rows that are as they were, without what had unfolded below them.
  const redress = (row) => {
    if (open.has(row.id) && !document.getElementById(`${row.id}-rest`)) unfold(row);
  };

  const dress = (row) => {
    if (!row.cells.length) return; // only its place has come so far
    if (row.querySelector("[data-unfolds]")) {
      redress(row);
      return;
    }
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "table__unfold", ariaLabel: "More of this row" });
    button.dataset.unfolds = "";
    button.append(...row.cells[0].childNodes);
    row.cells[0].append(button);
    show(row, open.has(row.id));
  };

  const dressAll = () => {
    if (SMALL.matches) document.querySelectorAll("main [data-unfold] tbody > tr[id]:not(.table__rest)").forEach(dress);
  };

  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-unfolds]")?.closest("tr");
    if (!row) return;
    const isOpen = !open.delete(row.id);
    if (isOpen) open.add(row.id);
    show(row, isOpen);
  });
  document.addEventListener("htmx:afterSwap", dressAll);
  SMALL.addEventListener("change", dressAll);
  dressAll();
})();
