// Keeps the parts of a page live. [data-live] names a stream; each event "changed" of it refreshes every
// [data-live-part] (an element with hx-get and hx-trigger="live"), at most once in its data-live-every
// milliseconds, and never while the pointer, the focus or an open menu is in a part marked data-live-hold.
// Browsers allow six connections to a site, so a hidden tab closes its stream, and no more than four of the visible
// ones have one: locks of the browser are the slots. Without a stream the same parts are asked for every three seconds.
(() => {
  const POLL_MS = 3000;
  const REOPEN_MS = 2000;
  const FAILURES_BEFORE_POLLING = 3;
  const ANNOUNCE_MS = 15000;
  const DEFAULT_EVERY_MS = 1000;
  const SLOTS = 4;
  const SLOT_AGAIN_MS = 15000;

  const root = document.querySelector("[data-live]");
  if (!root) return;

  let source = null;
  let isOpening = false;
  let leaveSlot = null;
  let poll = null;
  let reopen = null;
  let failures = 0;
  let announcedAt = -Infinity;
  const due = new Map();
  const refreshedAt = new Map();

  const clock = () => new Date().toLocaleTimeString("en-GB");

  const badge = (state) => {
    const element = document.getElementById("live-state");
    if (!element) return;
    if (state === "live" || !element.dataset.updated) element.dataset.updated = clock();
    element.dataset.state = state;
    element.textContent = state === "reconnecting" ? `reconnecting (last update ${element.dataset.updated})` : state;
  };

  const noteUpdate = () => {
    const element = document.getElementById("live-state");
    if (element) element.dataset.updated = clock();
  };

  const isHeld = (part) =>
    part.querySelector("details.menu[open]") !== null ||
    (part.hasAttribute("data-live-hold") && (part.matches(":hover") || part.contains(document.activeElement)));

  const refresh = (id) => {
    const part = document.getElementById(id);
    due.delete(id);
    if (!part) return;
    if (isHeld(part)) {
      part.querySelector("[data-live-waiting]")?.removeAttribute("hidden");
      plan(part);
      return;
    }
    refreshedAt.set(id, performance.now());
    htmx.trigger(part, "live");
  };

  const plan = (part) => {
    if (due.has(part.id)) return;
    const every = Number(part.dataset.liveEvery ?? DEFAULT_EVERY_MS);
    const since = performance.now() - (refreshedAt.get(part.id) ?? -Infinity);
    const wait = isHeld(part) ? every : Math.max(0, every - since);
    due.set(part.id, setTimeout(refresh, wait, part.id));
  };

  const changed = () => {
    for (const part of root.querySelectorAll("[data-live-part]")) plan(part);
  };

  // Nothing more will come: what waits for its turn is shown at once.
  const settle = () => {
    for (const part of root.querySelectorAll("[data-live-part]")) {
      clearTimeout(due.get(part.id));
      refresh(part.id);
    }
  };

  const stopPolling = () => {
    clearInterval(poll);
    poll = null;
  };

  const startPolling = () => {
    badge("polling");
    poll ??= setInterval(changed, POLL_MS);
  };

  const close = () => {
    clearTimeout(reopen);
    source?.close();
    source = null;
    leaveSlot?.();
    leaveSlot = null;
  };

  // What gives the slot back, or null when all are taken. Without locks (plain HTTP on a network) there are no slots.
  const takeSlot = (number) =>
    new Promise((answer) => {
      navigator.locks.request(`live-${number}`, { ifAvailable: true }, (lock) => (lock ? new Promise(answer) : answer(null)));
    });

  const takeAnySlot = async () => {
    if (!navigator.locks) return () => {};
    for (let number = 0; number < SLOTS; number += 1) {
      const leave = await takeSlot(number);
      if (leave) return leave;
    }
    return null;
  };

  const failed = () => {
    // readyState CLOSED: refused or ended for good (204); CONNECTING: the browser tries again by itself.
    const isOver = source?.readyState === EventSource.CLOSED;
    failures += 1;
    if (isOver || failures >= FAILURES_BEFORE_POLLING) startPolling();
    else badge("reconnecting");
    if (isOver) {
      close();
      changed(); // whoever was signed out is led to the sign-in page by the answer
      reopen = setTimeout(open, REOPEN_MS * 2 ** Math.min(failures, 5));
    }
  };

  const open = async () => {
    if (document.hidden || source || isOpening) return;
    if (!root.dataset.live || typeof EventSource === "undefined") {
      startPolling();
      return;
    }
    isOpening = true;
    leaveSlot = await takeAnySlot();
    isOpening = false;
    if (!leaveSlot) {
      startPolling();
      reopen = setTimeout(open, SLOT_AGAIN_MS);
    } else if (document.hidden) close();
    else listen();
  };

  const listen = () => {
    source = new EventSource(root.dataset.live);
    source.addEventListener("open", () => {
      const wasAway = failures > 0;
      failures = 0;
      stopPolling();
      badge("live");
      if (wasAway) changed();
    });
    source.addEventListener("changed", () => {
      badge("live");
      changed();
    });
    source.addEventListener("over", () => {
      close();
      stopPolling();
      settle();
      document.getElementById("live-state")?.setAttribute("hidden", "");
    });
    source.addEventListener("error", failed);
  };

  const retitle = () => {
    const title = root.querySelector("[data-live-title]")?.dataset.liveTitle;
    if (title) document.title = title;
  };

  const announce = () => {
    const text = root.querySelector("[data-live-announce]")?.dataset.liveAnnounce;
    const region = document.getElementById("live-announcement");
    if (!text || !region || performance.now() - announcedAt < ANNOUNCE_MS) return;
    announcedAt = performance.now();
    region.textContent = text;
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      close();
      stopPolling();
      return;
    }
    changed();
    open();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  // A menu that was opened while the answer was on its way stays; the part is asked for again.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (!part.matches("[data-live-part]")) return;
    noteUpdate();
    if (!event.detail.shouldSwap || !part.querySelector("details.menu[open]")) return;
    event.detail.shouldSwap = false;
    plan(part);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!event.target.closest("[data-live-part]")) return;
    retitle();
    announce();
    if (event.target.dataset.liveMore === "") plan(event.target);
  });
  document.addEventListener("click", (event) => {
    const part = event.target.closest("[data-live-waiting]")?.closest("[data-live-part]");
    if (part) htmx.trigger(part, "live");
  });

  open();
  retitle();
})();
