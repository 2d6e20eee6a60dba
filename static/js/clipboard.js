// Copies the text of a button's data-copy, or of the element that data-copy-from names.
(() => {
  const SHOWN_MS = 1600;

  const textOf = (button) =>
    button.dataset.copy ?? document.getElementById(button.dataset.copyFrom)?.textContent ?? "";

  const write = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Without TLS browsers give no clipboard but on loopback.
    const area = document.createElement("textarea");
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from]");
    if (!button || button.dataset.label) return;
    event.preventDefault();
    const label = button.querySelector("[data-copy-label]") ?? button;
    button.dataset.label = label.textContent;
    try {
      await write(textOf(button));
      label.textContent = "Copied";
    } catch {
      label.textContent = "Could not copy";
    }
    setTimeout(() => {
      label.textContent = button.dataset.label;
      delete button.dataset.label;
    }, SHOWN_MS);
  });
})();
