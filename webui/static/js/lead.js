// A lead's page: keys of the fields being written, and nothing under them is swapped away.
(() => {
  "use strict";

  const editing = () => document.querySelector("[data-editing]");
  // Its input is on the way: swapped meanwhile, the answer would have no place any more.
  const isOpening = (body) => body.querySelector(".htmx-request") !== null;
  // Neither the field that somebody writes into nor the recording that he listens to goes away.
  const isBusy = (element) =>
    element.id === "lead-body" ? editing() !== null || isOpening(element)
      : element.id === "timeline" && element.querySelector("details[open]") !== null;
  let missed = false; // the lead changed while somebody wrote

  document.addEventListener("keydown", (event) => {
    const form = event.target.closest("[data-editing]");
    if (!form || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      form.querySelector("[data-cancels]").click();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  }, true);

  const focus = (form) => {
    if (form.contains(document.activeElement)) return;
    const input = form.querySelector("[data-first]") || form.querySelector("input:not([type=hidden]), select, textarea");
    input?.focus();
    if (input?.matches("input[type=text]")) input.select();
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-goes]")) location.href = event.target.dataset.goes + event.target.value;
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isBusy(event.detail.elt)) return;
    event.preventDefault();
    missed = true;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isBusy(event.detail.requestConfig.elt)) return;
    event.detail.shouldSwap = false;
    missed = true;
  });
  document.addEventListener("htmx:afterSettle", () => {
    const saved = document.querySelector("[data-takes-focus]");
    saved?.removeAttribute("data-takes-focus");
    saved?.focus();
    const form = editing();
    if (form && !saved) {
      focus(form);
    } else if (!form && missed && !document.querySelector("#timeline details[open]")) {
      missed = false;
      htmx.trigger(document.body, "leadChanged");
    }
  });
})();
