// What a [data-live-part] shows is not sent again: whoever asks for it names the digests of its pieces, and is answered
// with what is new. Where that is too much for one answer, data-live-more names the piece from which on the rest is
// asked for at once; empty, it says that what stands above has changed meanwhile, which live.js asks for in its time.
// data-asides has the words in pieces that change with others, as ranks do: id:word.
(() => {
  const digests = (part) => [part, ...part.querySelectorAll("[data-digest]")].map((shown) => shown.dataset.digest);

  document.addEventListener("htmx:configRequest", (event) => {
    const { target, headers } = event.detail;
    if (!target?.matches("[data-live-part]")) return;
    headers["Live-Shown"] = digests(target).join(" ");
    headers["Live-From"] = target.dataset.liveMore ?? "";
  });
  document.addEventListener("htmx:afterSwap", ({ target }) => {
    for (const stand of target.dataset.asides?.split(" ") ?? []) {
      const [id, word] = stand.split(":");
      document.getElementById(id)?.querySelector("[data-aside]")?.replaceChildren(word);
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.dataset.liveMore) htmx.trigger(event.target, "live");
  });
})();
