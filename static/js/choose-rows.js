// Rows that are compared: in a table [data-choose-to="address"], x chooses the row that has the focus (or leaves it
// out again), at most two; c, or the link [data-choose-go], opens the address with both. With none chosen c opens the
// comparison that the row has itself. What is chosen stays chosen when the table is swapped.
(() => {
  const MOST = 2;
  const chosen = [];

  const table = () => document.querySelector("main [data-choose-to]");
  const isTyping = (element) => element.closest("input, textarea, select, [contenteditable], dialog") !== null;
  const focused = () => document.activeElement?.closest("[data-choose]");

  const address = () => {
    const [first, second] = chosen;
    return `${table().dataset.chooseTo}?${new URLSearchParams({ a: second, b: first })}`;
  };

  const show = () => {
    if (!table()) return;
    for (const row of table().querySelectorAll("[data-choose]")) {
      row.toggleAttribute("data-chosen", chosen.includes(row.dataset.choose));
    }
    const link = document.querySelector("[data-choose-go]");
    if (!link) return;
    link.hidden = chosen.length === 0;
    link.textContent = chosen.length < MOST ? "1 chosen: choose another with x" : "Compare the 2 chosen";
    if (chosen.length < MOST) link.removeAttribute("href");
    else link.href = address();
  };

  const choose = () => {
    const uid = focused()?.dataset.choose;
    if (!uid) return;
    const at = chosen.indexOf(uid);
    if (at >= 0) chosen.splice(at, 1);
    else chosen.push(uid);
    if (chosen.length > MOST) chosen.shift();
    show();
  };

  const compare = () => {
    if (chosen.length === MOST) window.location.assign(address());
    else focused()?.querySelector("[data-key-compare]")?.click();
  };

  const ACTIONS = { x: choose, c: compare };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const action = table() && ACTIONS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  document.addEventListener("htmx:afterSwap", show);
})();
