// Says at once that a chosen file is larger than the site takes, instead of sending it for nothing.
(() => {
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches?.("input[type=file][data-most-bytes]")) return;
    const field = input.closest(".field");
    field.querySelector(".errorlist")?.remove();
    input.removeAttribute("aria-invalid");
    if (!(input.files[0]?.size > Number(input.dataset.mostBytes))) return;
    const list = document.createElement("ul");
    const entry = document.createElement("li");
    list.className = "errorlist";
    list.setAttribute("role", "alert");
    entry.textContent = input.dataset.tooLarge;
    list.append(entry);
    field.append(list);
    input.value = "";
    input.setAttribute("aria-invalid", "true");
  });
})();
