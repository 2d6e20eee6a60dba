// Rating by keys: 1-9 choose in the question at hand and lead to the next open one, arrows move, Ctrl+Enter saves
// and goes on, s skips, u takes the last back. Left and right within a question are the browser's own.
(() => {
  const CHOICE = "input[type=radio]"; // a question has hidden fields, too
  const root = () => document.querySelector("[data-rate]");
  const questions = () => [...root().querySelectorAll("[data-rate-question]")];
  const isAnswered = (question) => question.querySelector("input:checked") !== null;
  const isTyping = (element) => element.matches("textarea, select, input:not([type=radio])");

  const current = () => {
    const all = questions();
    return all.find((question) => question.contains(document.activeElement)) ?? all.find((question) => !isAnswered(question)) ?? all[0];
  };

  const focusOn = (question) => (question.querySelector("input:checked") ?? question.querySelector(CHOICE))?.focus();

  const choose = (number) => {
    const question = current();
    const choice = question?.querySelectorAll(CHOICE)[number - 1];
    if (!choice) return;
    choice.checked = true;
    const open = questions().find((one) => !isAnswered(one));
    focusOn(open ?? question);
  };

  const move = (step) => {
    const all = questions();
    const at = all.indexOf(current());
    if (at >= 0) focusOn(all[Math.min(Math.max(at + step, 0), all.length - 1)]);
  };

  const step = (distance) => {
    const question = current();
    if (!question) return;
    const choices = [...question.querySelectorAll(CHOICE)];
    const at = choices.findIndex((choice) => choice.checked);
    const next = choices[Math.min(Math.max(at + distance, 0), choices.length - 1)];
    next.checked = true;
    next.focus();
  };

  const press = (name) => root().querySelector(`[data-rate-${name}]`)?.click();

  const ACTIONS = {
    ArrowUp: () => move(-1),
    ArrowDown: () => move(1),
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    s: () => press("skip"),
    u: () => press("undo"),
  };

  const save = (event) => {
    event.preventDefault();
    press("save");
  };

  document.addEventListener("keydown", (event) => {
    if (!root() || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return save(event);
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const action = /^[1-9]$/.test(event.key) ? () => choose(Number(event.key)) : ACTIONS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  const IS_NARROW = window.matchMedia("(max-width: 799px)");

  // On a phone the questions are a sheet over the answer: the next open one comes into view, or the buttons do.
  document.addEventListener("change", (event) => {
    const question = event.target.closest("[data-rate-question]");
    if (!question || !IS_NARROW.matches) return;
    const open = questions().find((one) => !isAnswered(one)) ?? root().querySelector("[data-rate-save]");
    open.scrollIntoView({ block: "nearest" });
  });

  // The next answer is read from its beginning, unless a field is wrong: that one has the focus then. A phone has no
  // room for the head of the page as well.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "experiment-rating" || root()?.querySelector("[aria-invalid=true]")) return;
    if (IS_NARROW.matches) root().scrollIntoView();
    else window.scrollTo({ top: 0 });
    root()?.querySelector("[data-rate-start]")?.focus({ preventScroll: true });
  });
})();
