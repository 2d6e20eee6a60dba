// Rows that are compared: in a table [data-choose-to="address"], x chooses the row that has the focus (or leaves it
// out again), as its checkbox [data-choose-box] does, at most two; c, or the link [data-choose-go], opens the address
// with both. With none chosen c opens the comparison that the row has itself. What is chosen stays chosen when the
// table is swapped; in a table [data-choose-kept] also on its other pages, until it is compared or cleared.
(() => {
  const MOST = 2;
  const KEY = "evalsite.chosen";
  const TYPED_IN = "input:not([type=checkbox]), textarea, select, [contenteditable], dialog";
  const chosen = [];

  const table = () => document.querySelector("main [data-choose-to]");
  const isTyping = (element) => element.closest(TYPED_IN) !== null;
  const focused = () => document.activeElement?.closest("[data-choose]");
  const isKept = () => table()?.dataset.chooseKept !== undefined;

  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    } catch {
      return [];
    }
  };

  const keep = () => {
    if (isKept()) sessionStorage.setItem(KEY, JSON.stringify(chosen));
  };

  const forget = () => {
    if (isKept()) sessionStorage.removeItem(KEY);
  };

  const address = () => {
    const [first, second] = chosen;
    return `${table().dataset.chooseTo}?${new URLSearchParams({ a: second, b: first })}`;
  };

  const showRow = (row) => {
    const isChosen = chosen.includes(row.dataset.choose);
    const box = row.querySelector("[data-choose-box]");
    row.toggleAttribute("data-chosen", isChosen);
    if (box) box.checked = isChosen;
  };

  const show = () => {
    if (!table()) return;
    table().querySelectorAll("[data-choose]").forEach(showRow);
    const link = document.querySelector("[data-choose-go]");
    const clear = document.querySelector("[data-choose-clear]");
    if (clear) clear.hidden = chosen.length === 0;
    if (!link) return;
    link.hidden = chosen.length === 0;
    const another = table().querySelector("[data-choose-box]") ? "choose another" : "choose another with x";
    link.textContent = chosen.length < MOST ? `1 chosen: ${another}` : "Compare the 2 chosen";
    if (chosen.length < MOST) link.removeAttribute("href");
    else link.href = address();
  };

  const choose = (row) => {
    const uid = row?.dataset.choose;
    if (!uid) return;
    const at = chosen.indexOf(uid);
    if (at >= 0) chosen.splice(at, 1);
    else chosen.push(uid);
    if (chosen.length > MOST) chosen.shift();
    keep();
    show();
  };

  const compare = () => {
    if (chosen.length < MOST) {
      focused()?.querySelector("[data-key-compare]")?.click();
      return;
    }
    forget();
    window.location.assign(address());
  };

  const clearAll = () => {
    chosen.length = 0;
    forget();
    show();
  };

  const ACTIONS = { x: () => choose(focused()), c: compare };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const action = table() && ACTIONS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-choose-box]")) choose(event.target.closest("[data-choose]"));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-choose-go]")) forget();
    else if (event.target.closest("[data-choose-clear]")) clearAll();
  });
  document.addEventListener("htmx:afterSwap", show);
  if (isKept()) chosen.push(...read());
  show();
})();
