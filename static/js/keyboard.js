// Keys of every page: j and k move through rows, Enter opens (the focused link does), / searches, ? helps.
(() => {
  const isTyping = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;

  const scope = () => document.querySelector("dialog[open]") ?? document.querySelector("main");

  const rowLinks = () => [...scope().querySelectorAll("[data-rows] [data-row-link]")].filter((link) => link.checkVisibility());

  const moveRow = (step) => {
    const links = rowLinks();
    if (!links.length) return;
    const row = document.activeElement.closest("tr, li");
    const at = links.findIndex((link) => row?.contains(link));
    const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
    links[next].focus();
    links[next].closest("tr, li")?.scrollIntoView({ block: "nearest" });
  };

  const move = (step) => {
    const neighbour = scope().querySelector(step > 0 ? "[data-key-next]" : "[data-key-previous]");
    if (neighbour) neighbour.click();
    else moveRow(step);
  };

  const search = () => {
    const field = scope().querySelector("input[type=search]");
    field?.focus();
    field?.select();
  };

  const help = () => {
    const dialog = document.getElementById("keyboard-help");
    if (dialog && !dialog.open) dialog.showModal();
  };

  const ACTIONS = { j: () => move(1), k: () => move(-1), "/": search, "?": help };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const action = ACTIONS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
})();
