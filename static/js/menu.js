// Closes a menu on Escape and on a click outside, moves in it with the arrows, keeps it unclipped by tables. A
// link [data-menu] leads to a page of entries: a click makes a menu in its place, which fetches them.
(() => {
  const openMenus = () => document.querySelectorAll("details.menu[open]");
  const entries = (menu) => [...menu.querySelectorAll(".menu__entry:not([disabled])")];

  const place = (menu) => {
    const panel = menu.querySelector(".menu__panel");
    const summary = menu.firstElementChild.getBoundingClientRect();
    panel.dataset.placed = "";
    const { width, height } = panel.getBoundingClientRect();
    const isBelow = summary.bottom + height + 8 < window.innerHeight;
    panel.style.top = `${isBelow ? summary.bottom + 4 : Math.max(4, summary.top - height - 4)}px`;
    panel.style.left = `${Math.max(8, summary.right - width)}px`;
  };

  const close = (menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  };

  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches?.("details.menu") && event.target.open) place(event.target);
    },
    true,
  );

  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  const menuFor = (link) => {
    const menu = document.createElement("details");
    menu.className = "menu";
    menu.innerHTML = '<summary></summary><div class="menu__panel" aria-busy="true">…</div>';
    const summary = menu.firstElementChild;
    summary.className = link.className;
    summary.ariaLabel = link.ariaLabel;
    summary.append(...link.childNodes);
    link.replaceWith(menu);
    menu.open = true;
    summary.focus();
    return menu;
  };

  const fetchInto = async (menu, address) => {
    const panel = menu.querySelector(".menu__panel");
    await htmx.ajax("GET", address, { source: panel, target: panel, swap: "innerHTML" });
    panel.removeAttribute("aria-busy");
    if (menu.open) place(menu);
  };

  // After the listener above: it would close what is only just opened.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-menu]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    fetchInto(menuFor(link), link.href);
  });

  document.addEventListener("scroll", () => openMenus().forEach(place), { capture: true, passive: true });

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu) return;
    if (event.key === "Escape") {
      event.preventDefault();
      close(menu);
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const list = entries(menu);
    const step = event.key === "ArrowDown" ? 1 : -1;
    list.at((list.indexOf(document.activeElement) + step + list.length) % list.length)?.focus();
  });
})();
