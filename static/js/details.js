// Keeps <details id> open over a live swap, and folds those marked so when the page comes to a small screen.
(() => {
  let open = [];

  document.addEventListener("htmx:beforeSwap", (event) => {
    open = [...event.target.querySelectorAll("details[id]")].map(({ id, open }) => [id, open]);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const [id, isOpen] of open) {
      const details = document.getElementById(id);
      if (details) details.open = isOpen;
    }
    open = [];
  });
  if (window.matchMedia("(max-width: 799px)").matches) {
    for (const details of document.querySelectorAll("[data-folded-on-phone]")) details.open = false;
  }
})();
