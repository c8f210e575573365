// Ticking rows of a list, and the bar that does something to all of them.
(() => {
  "use strict";

  const table = document.querySelector("[data-bulk]");
  const bar = document.querySelector("[data-bulk-bar]");
  if (!table || !bar) return;

  const all = table.querySelector("[data-all]");
  const ticks = () => Array.from(table.querySelectorAll("input[name=ids]"));
  let last = null;

  const show = () => {
    const every = ticks();
    const chosen = every.filter((tick) => tick.checked);
    bar.hidden = chosen.length === 0;
    bar.querySelector("[data-count]").textContent = chosen.length;
    all.checked = chosen.length > 0 && chosen.length === every.length;
    all.indeterminate = chosen.length > 0 && chosen.length < every.length;
    for (const tick of every) tick.closest("tr").classList.toggle("is-ticked", tick.checked);
    document.body.classList.toggle("has-bulk-bar", chosen.length > 0);
  };

  const tickAll = (checked) => {
    for (const tick of ticks()) tick.checked = checked;
    show();
  };

  table.addEventListener("click", (event) => {
    const tick = event.target;
    if (!tick.matches("input[name=ids]")) return;
    const every = ticks();
    if (event.shiftKey && last && every.includes(last)) {
      const [from, to] = [every.indexOf(last), every.indexOf(tick)].sort((a, b) => a - b);
      for (const between of every.slice(from, to + 1)) between.checked = tick.checked;
    }
    last = tick;
  });
  table.addEventListener("change", (event) => {
    if (event.target === all) tickAll(all.checked);
    else show();
  });
  table.addEventListener("submit", (event) => event.preventDefault());
  bar.querySelector("[data-none]").addEventListener("click", () => tickAll(false));

  // x ticks the row that has the focus, or the one under the pointer.
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog[open]")) return;
    const row = event.target.closest("tr") || table.querySelector("tbody tr:hover");
    row?.querySelector("input[name=ids]")?.click();
  });

  // Other rows, and none of them ticked.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (table.contains(event.target)) show();
  });
})();
