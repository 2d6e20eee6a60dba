// Puts the focus on the first wrong field of a form that came back.
(() => {
  // Fields of text take the cursor at their end; others, as those of numbers, know no place in them.
  const focusFirstError = (scope) => {
    const field = scope.querySelector?.("form [aria-invalid=true]");
    if (!field) return;
    field.focus();
    if (field.selectionStart !== null) field.setSelectionRange?.(field.value.length, field.value.length);
  };

  focusFirstError(document);
  document.addEventListener("htmx:afterSettle", (event) => focusFirstError(event.target));
})();
