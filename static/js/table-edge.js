// Marks the edges at which a table is cut, or a list [data-scrolls], so that the style can shade them; keeps the scroll
// of those with an id over a swap.
(() => {
  const SCROLLER = ":is(.table-scroll, [data-scrolls])";
  const kept = new Map();

  const mark = (scroller) => {
    const rest = scroller.scrollWidth - scroller.clientWidth - scroller.scrollLeft;
    const below = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    scroller.toggleAttribute("data-cut-bottom", below > 1);
    scroller.toggleAttribute("data-cut-left", scroller.scrollLeft > 1);
    scroller.toggleAttribute("data-cut-right", rest > 1);
  };

  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));

  const watch = () => {
    for (const scroller of document.querySelectorAll(SCROLLER)) sizes.observe(scroller);
  };

  document.addEventListener("scroll", (event) => event.target.matches?.(SCROLLER) && mark(event.target), {
    capture: true,
    passive: true,
  });
  document.addEventListener("htmx:beforeSwap", () => {
    for (const { id, scrollLeft, scrollTop } of document.querySelectorAll(`${SCROLLER}[id]`)) {
      kept.set(id, { left: scrollLeft, top: scrollTop });
    }
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const scroller of document.querySelectorAll(`${SCROLLER}[id]`)) {
      if (kept.has(scroller.id)) scroller.scrollTo({ ...kept.get(scroller.id), behavior: "instant" });
    }
    watch();
  });
  watch();
})();
