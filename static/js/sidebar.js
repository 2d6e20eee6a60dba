// Folds the sidebar to its icons and remembers it in a cookie that the server reads.
(() => {
  const YEAR_S = 31536000;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sidebar-fold]");
    if (!button) return;
    const isFolded = document.body.dataset.sidebar !== "folded";
    document.body.dataset.sidebar = isFolded ? "folded" : "open";
    button.setAttribute("aria-expanded", String(!isFolded));
    document.cookie = `sidebar=${isFolded ? "folded" : "open"}; path=/; max-age=${YEAR_S}; samesite=lax`;
  });
})();
