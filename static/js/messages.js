// Takes messages away on request, and says so when the server did not answer at all, until it does.
(() => {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-dismiss]");
    if (button) button.closest(".message")?.remove();
  });

  let told = null;

  const noAnswer = () => {
    const area = document.getElementById("messages");
    const template = document.getElementById("no-answer");
    if (!area || !template) return;
    area.replaceChildren(template.content.cloneNode(true));
    told = area.firstElementChild;
  };

  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    // Refreshes of a live part say it in the live badge instead.
    document.addEventListener(name, (event) => event.target.closest("[data-live-part]") || noAnswer());
  }

  document.addEventListener("htmx:beforeOnLoad", () => {
    told?.remove();
    told = null;
  });
})();
