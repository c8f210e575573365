// Ticking rows of a list, and the bar that does something to all of them.
(() => {
  "use strict";

  // The table is put in anew by searching and paging, so it is looked for each time.
  const table = () => document.querySelector("[data-bulk]");
  const bar = document.querySelector("[data-bulk-bar]");
  if (!table() || !bar) return;

  const ticks = () => Array.from(table().querySelectorAll("input[name=ids]"));
  const all = () => table().querySelector("[data-all]");
  const everything = () => table().querySelector("[data-everything]");
  const offer = () => document.querySelector("[data-offers-everything]");
  let last = null;

  const show = () => {
    const every = ticks();
    const chosen = every.filter((tick) => tick.checked);
    const whole = everything()?.checked;
    const total = document.querySelector("[data-total]");
    bar.hidden = chosen.length === 0;
    bar.querySelector("[data-count]").textContent = whole && total ? total.textContent : chosen.length;
    all().checked = chosen.length > 0 && chosen.length === every.length;
    all().indeterminate = chosen.length > 0 && chosen.length < every.length;
    for (const tick of every) tick.closest("tr").classList.toggle("is-ticked", tick.checked);
    document.body.classList.toggle("has-bulk-bar", chosen.length > 0);
    const hasMore = document.querySelector(".pager") !== null;
    if (offer()) offer().hidden = !(all().checked && hasMore && !whole);
  };

  const chooseEverything = (yes) => {
    if (everything()) everything().checked = yes;
  };

  const tickAll = (checked) => {
    chooseEverything(false);
    for (const tick of ticks()) tick.checked = checked;
    show();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-takes-everything]")) {
      chooseEverything(true);
      show();
      return;
    }
    const tick = event.target;
    if (!tick.matches("input[name=ids]") || !table().contains(tick)) return;
    const every = ticks();
    if (event.shiftKey && last && every.includes(last)) {
      const [from, to] = [every.indexOf(last), every.indexOf(tick)].sort((a, b) => a - b);
      for (const between of every.slice(from, to + 1)) between.checked = tick.checked;
    }
    last = tick;
  });
  document.addEventListener("change", (event) => {
    if (!table().contains(event.target)) return;
    if (event.target === all()) return tickAll(all().checked);
    if (event.target.matches("input[name=ids]")) {
      chooseEverything(false);
      show();
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.target === table()) event.preventDefault();
  });
  bar.querySelector("[data-none]").addEventListener("click", () => tickAll(false));

  // x ticks the row that has the focus, or the one under the pointer.
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog[open]")) return;
    const row = event.target.closest("tr") || table().querySelector("tbody tr:hover");
    row?.querySelector("input[name=ids]")?.click();
  });

  // Other rows, and none of them ticked.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.contains(table()) || table().contains(event.target)) show();
  });
})();
