// Ctrl or Cmd with K, and the sidebar's entry, open the search over everything; arrows move through what it finds.
(() => {
  const dialog = document.getElementById("search");
  if (!dialog) return;
  const field = dialog.querySelector("input");

  const open = () => {
    if (!dialog.open) dialog.showModal();
    field.select();
  };

  const move = (step) => {
    const places = [field, ...dialog.querySelectorAll("[data-row-link]")];
    const at = places.indexOf(document.activeElement);
    places[Math.min(Math.max(at + step, 0), places.length - 1)].focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      open();
    }
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-search-open]") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    open();
  });

  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && event.target === field) dialog.querySelector("[data-row-link]")?.click();
    else return;
    event.preventDefault();
  });
})();
