// The lead table: going through its rows with the keys, and the order of its columns.
(() => {
  "use strict";

  const rows = () => Array.from(document.querySelectorAll("#lead-rows tr[data-href]"));

  // --- j and k, or the arrows: Enter opens what has the focus ------------------------------
  const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

  document.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const search = event.target.id === "lead-search" && event.key === "ArrowDown";
    const inField = event.target.closest("input:not([type=checkbox]), textarea, select, dialog[open], summary");
    if (inField && !search) return;
    const every = rows();
    if (!every.length || document.querySelector("dialog[open]")) return;
    const now = every.indexOf(event.target.closest("tr"));
    const next = every[now < 0 ? 0 : Math.min(Math.max(now + step, 0), every.length - 1)];
    event.preventDefault();
    next.querySelector(".row-link").focus();
    next.scrollIntoView({ block: "nearest" });
  });

  // --- a dialog opens where one begins to fill it in ----------------------------------------
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.querySelector("[data-first]")?.focus();
  });

  // --- a choice that is an address ----------------------------------------------------------
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-goes]")) location.href = event.target.dataset.goes + event.target.value;
  });

  // --- the order of columns: by dragging, or by the arrows beside each ----------------------
  let dragged = null;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-orders] [data-moves]");
    if (!button) return;
    const item = button.closest("li");
    if (button.dataset.moves === "up") item.previousElementSibling?.before(item);
    else item.nextElementSibling?.after(item);
    button.focus();
  });
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-orders] > li") || null;
    dragged?.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const over = event.target.closest?.("[data-orders] > li");
    if (!dragged || !over || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    if (over === dragged) return;
    const box = over.getBoundingClientRect();
    if (event.clientY > box.top + box.height / 2) over.after(dragged);
    else over.before(dragged);
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    dragged = null;
  });
})();
