// The drawer: opens a row's link at the right, keeps the address, and closes with Escape, Back, or its button.
// The dialog itself traps the focus and gives it back. On small screens the link is followed as a page.
(() => {
  const SMALL = window.matchMedia("(max-width: 799px)");
  const drawer = () => document.getElementById("drawer");
  let address = null;
  let opener = null;
  let isByHistory = false;

  const isPlainClick = (event) => event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

  // A click on the backdrop has the dialog as its target, as has one on the dialog's own padding.
  const isBackdrop = ({ target, clientX, clientY }) => {
    if (!target.matches?.("dialog[open]")) return false;
    const { left, right, top, bottom } = target.getBoundingClientRect();
    return clientX < left || clientX > right || clientY < top || clientY > bottom;
  };

  // This page's address with a result in it: its filters stay.
  const addressOf = (result) => {
    const query = new URLSearchParams(location.search);
    query.set("result", result);
    return `?${query}`;
  };

  // Before htmx sees the click: what is not for the drawer stays an ordinary link.
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest("[data-drawer-link], [data-drawer-result]");
      if (!link) return;
      if (SMALL.matches || !isPlainClick(event)) {
        event.stopImmediatePropagation();
        return;
      }
      address = link.dataset.drawerLink ?? addressOf(link.dataset.drawerResult);
      if (!drawer().open) opener = link;
    },
    true,
  );

  const show = () => {
    const dialog = drawer();
    const isNew = !dialog.open;
    if (isNew) dialog.showModal();
    if (address) history[isNew ? "pushState" : "replaceState"]({ drawer: true }, "", address);
    address = null;
    dialog.querySelector(".drawer__body")?.scrollTo(0, 0);
  };

  const unmarkRows = () => {
    for (const row of document.querySelectorAll("[data-rows] tr[aria-current]")) row.removeAttribute("aria-current");
  };

  const markRow = () => {
    const id = drawer().querySelector("[data-drawer-row]")?.dataset.drawerRow;
    unmarkRows();
    if (id) document.getElementById(id)?.setAttribute("aria-current", "true");
  };

  const restoreAddress = () => {
    const { closeUrl } = drawer().dataset;
    if (isByHistory) isByHistory = false;
    else if (history.state?.drawer) history.back();
    else if (closeUrl) history.replaceState(null, "", closeUrl);
  };

  const leave = () => {
    restoreAddress();
    unmarkRows();
    // A live swap may have replaced the row that opened the drawer.
    const row = opener && !opener.isConnected && document.getElementById(opener.id);
    if (row) row.focus();
  };

  // With the swap, not once it has settled: an Escape in between would close a drawer that is opened again.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.closest("#drawer")) {
      show();
      markRow();
    }
  });
  document.addEventListener("close", (event) => event.target.id === "drawer" && leave(), true);
  document.addEventListener("click", (event) => {
    if (isBackdrop(event) || event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  });
  window.addEventListener("popstate", (event) => {
    const dialog = drawer();
    const isWanted = Boolean(event.state?.drawer);
    if (!dialog || dialog.open === isWanted) return;
    if (isWanted) {
      location.reload();
      return;
    }
    isByHistory = true;
    dialog.close();
  });

  // A page that came with its drawer open: now as a modal one.
  const dialog = drawer();
  if (dialog?.open) {
    dialog.removeAttribute("open"); // close() would fire the event that restores the address
    dialog.showModal();
    markRow();
  }
})();
