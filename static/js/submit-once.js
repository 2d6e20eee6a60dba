// A button that starts something shows that it does, and cannot be pressed twice. What saves itself inside a form that
// was sent stays behind: the form has said all of it.
(() => {
  const HELD = "[data-submit-once]";

  const hold = (form, submitter) => {
    const button = submitter ?? form.querySelector("button[type=submit]");
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    if (button.dataset.busyLabel) {
      button.dataset.label = button.textContent;
      button.textContent = button.dataset.busyLabel;
    }
    // Disabled only after the event: a disabled button's name and value would not be sent.
    setTimeout(() => (button.disabled = true));
  };

  const release = (scope) => {
    for (const button of scope.querySelectorAll("button[aria-busy=true]")) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
      if (button.dataset.label) button.textContent = button.dataset.label;
    }
  };

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.matches(HELD)) return;
    hold(event.target, event.submitter);
    for (const saving of event.target.querySelectorAll(".htmx-request")) htmx.trigger(saving, "htmx:abort");
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const sent = event.target.parentElement?.closest(HELD);
    if (sent?.querySelector("button[aria-busy=true]")) event.preventDefault();
    const submitter = event.detail.requestConfig.triggeringEvent?.submitter;
    if (event.target.matches(HELD)) hold(event.target, submitter);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target.matches(HELD)) release(event.target);
  });
  window.addEventListener("pageshow", (event) => event.persisted && release(document));
})();
