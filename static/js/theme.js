// Changes the theme without loading the page anew; the form does the same without JavaScript.
(() => {
  const show = (form, theme) => {
    document.documentElement.dataset.theme = theme;
    for (const button of form.querySelectorAll("button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-theme-form]");
    if (!form || !event.submitter) return;
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    show(form, event.submitter.value);
    try {
      await fetch(form.action, { method: "POST", body, redirect: "manual" });
    } catch {
      // The choice holds on this page; the next one asks the server again.
    }
  });
})();
