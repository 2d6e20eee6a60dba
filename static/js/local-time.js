// The server writes times in UTC. Here they become those of the reader's clock, in the same form; the title has both.
(() => {
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

  const two = (number) => String(number).padStart(2, "0");
  const minutes = (time) => `${two(time.getHours())}:${two(time.getMinutes())}`;
  const seconds = (time) => `${minutes(time)}:${two(time.getSeconds())}`;

  const day = (time) => {
    const year = time.getFullYear() === new Date().getFullYear() ? "" : ` ${time.getFullYear()}`;
    return `${time.getDate()} ${MONTHS[time.getMonth()]}${year}`;
  };

  const whole = (time) => `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${seconds(time)}`;

  const FORMS = { moment: (time) => `${day(time)} ${minutes(time)}`, clock: seconds };

  const rewrite = (element) => {
    const time = new Date(element.dateTime);
    const form = FORMS[element.dataset.local];
    element.removeAttribute("data-local");
    if (Number.isNaN(time.getTime()) || !time.getTimezoneOffset() || !form) return;
    element.textContent = form(time);
    element.title = `${whole(time)} here, ${element.title}`;
  };

  const rewriteAll = () => document.querySelectorAll("time[data-local]").forEach(rewrite);

  document.addEventListener("htmx:afterSwap", rewriteAll);
  rewriteAll();
})();
