// Scrolls a row of tabs that is wider than the screen to the tab one is on.
(() => {
  for (const tabs of document.querySelectorAll(".tabs")) {
    const current = tabs.querySelector("[aria-current]");
    if (current) tabs.scrollLeft = current.offsetLeft - (tabs.clientWidth - current.offsetWidth) / 2;
  }
})();
