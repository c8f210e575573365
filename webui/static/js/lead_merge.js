// 1, 2 … chooses in the field that has the focus, and goes on to the next one.
(() => {
  "use strict";

  const form = document.querySelector("[data-merge]");
  const rows = Array.from(form.querySelectorAll("[data-choice]"));
  const radios = (row) => Array.from(row.querySelectorAll("input[type=radio]"));
  const focus = (row) => (radios(row).find((one) => one.checked) || radios(row)[0]).focus();

  if (rows.length) focus(rows[0]);
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest("[data-choice]") || rows[0];
    const radio = row && radios(row)[Number(event.key) - 1];
    if (!radio) return;
    event.preventDefault();
    radio.checked = true;
    radio.focus();
    const next = rows[rows.indexOf(row) + 1];
    if (next) focus(next);
  });
})();
