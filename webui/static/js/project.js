// Pages of a project: putting names into the script, ticking all candidates.
(() => {
  "use strict";

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-inserts]");
    if (!button) return;
    const editor = document.querySelector(button.dataset.into);
    editor.setRangeText(button.dataset.inserts, editor.selectionStart, editor.selectionEnd, "end");
    editor.focus();
    editor.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-ticks]");
    if (!all) return;
    for (const box of document.querySelectorAll(`${all.dataset.ticks} input[type=checkbox]`)) {
      box.checked = all.checked;
    }
  });
})();
