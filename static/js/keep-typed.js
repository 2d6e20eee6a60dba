// What was typed when the session had ended is kept: noted in this tab when a form is sent, and put back into it
// after the same person has signed in again. Passwords are never noted.
(() => {
  const KEY = "typed";
  const LEFT_OUT = new Set(["password", "hidden", "file", "submit", "button"]);

  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEY));
    } catch {
      return null;
    }
  };
  const write = (typed) => sessionStorage.setItem(KEY, JSON.stringify(typed));
  const forget = () => sessionStorage.removeItem(KEY);
  const here = () => location.pathname + location.search;
  const person = () => document.body.dataset.person;
  const addressOf = (form) => form.getAttribute("action") ?? "";

  const fields = (form) => [...form.elements].filter((field) => field.name && !LEFT_OUT.has(field.type));
  const isChoice = (field) => field.type === "radio" || field.type === "checkbox";

  const note = (form) => {
    if (!person() || form.method !== "post") return;
    const values = fields(form)
      .filter((field) => !isChoice(field) || field.checked)
      .map((field) => [field.name, field.value]);
    if (values.length) write({ page: here(), form: addressOf(form), person: person(), values });
  };

  const put = (form, values) => {
    for (const field of fields(form)) {
      const given = values.filter(([name]) => name === field.name).map(([, value]) => value);
      if (isChoice(field)) field.checked = given.includes(field.value);
      else if (given.length) field.value = given[0];
      if (given.length) field.closest("details")?.setAttribute("open", "");
    }
  };

  const say = (text) => {
    const message = document.createElement("div");
    message.className = "message message--warning";
    const words = document.createElement("p");
    words.className = "message__text";
    words.textContent = text;
    message.append(words);
    document.getElementById("messages")?.append(message);
  };

  const arrive = () => {
    const typed = read();
    if (!typed) return;
    if (document.querySelector("[data-sign-in]")) {
      write({ ...typed, isInterrupted: true });
      document.querySelector("[data-typed-kept]")?.removeAttribute("hidden");
      return;
    }
    if (!person()) return;
    if (!typed.isInterrupted || typed.person !== person()) {
      forget();
      return;
    }
    if (typed.page !== here()) return;
    const form = [...document.forms].find((one) => addressOf(one) === typed.form && one.method === "post");
    if (!form) return;
    put(form, typed.values);
    forget();
    say("You had been signed out. What you typed is here again; it is not saved yet.");
  };

  document.addEventListener("submit", (event) => note(event.target));
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target instanceof HTMLFormElement) note(event.target);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target instanceof HTMLFormElement && event.detail.xhr?.status && event.detail.xhr.status !== 401) forget();
  });
  arrive();
})();
