// Pages of a project: putting names into the script, ticking all candidates, days that differ, and
// nothing written is lost by leaving.
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

  // A line as the last one, empty: what belongs together has its number in the name.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-adds-day]")) return;
    const lines = document.querySelector("[data-days]");
    const line = lines.lastElementChild.cloneNode(true);
    for (const input of line.querySelectorAll("input")) {
      input.name = input.name.replace(/x\d+$/, `x${lines.children.length}`);
      if (input.type === "date") input.value = "";
    }
    lines.append(line);
    line.querySelector("input").focus();
  });

  // --- what is not saved ----------------------------------------------------------------------
  document.addEventListener("input", (event) => {
    event.target.closest("[data-guarded]")?.setAttribute("data-unsaved", "");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && event.target.matches("[data-guarded]")) event.target.removeAttribute("data-unsaved");
  });
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("[data-unsaved]")) event.preventDefault();
  });

  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-ticks]");
    if (!all) return;
    for (const box of document.querySelectorAll(`${all.dataset.ticks} input[type=checkbox]`)) {
      box.checked = all.checked;
    }
  });
})();
