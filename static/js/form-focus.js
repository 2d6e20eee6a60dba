// Puts the focus on the first wrong field of a form that came back.
(() => {
  const focusFirstError = (scope) => scope.querySelector?.("form [aria-invalid=true]")?.focus();

  focusFirstError(document);
  document.addEventListener("htmx:afterSettle", (event) => focusFirstError(event.target));
})();
