// Live words: a strip stays folded if it was, and what is said last is in view.
(() => {
  "use strict";

  const apply = (root) => {
    for (const strip of root.querySelectorAll("details[data-remembers]")) {
      strip.open = localStorage.getItem(strip.dataset.remembers) !== "closed";
    }
    for (const words of root.querySelectorAll("[data-follows]")) words.scrollTop = words.scrollHeight;
  };

  // A click, not the event toggle: that comes, too, when a strip is put onto the page.
  document.addEventListener("click", (event) => {
    const strip = event.target.closest("summary")?.closest("details[data-remembers]");
    // The click comes before what it does.
    if (strip) localStorage.setItem(strip.dataset.remembers, strip.open ? "closed" : "open");
    const close = event.target.closest("[data-empties]");
    if (close) document.getElementById(close.dataset.empties).replaceChildren();
  });

  document.addEventListener("DOMContentLoaded", () => apply(document));
  document.addEventListener("htmx:afterSwap", (event) => apply(event.target));
  document.addEventListener("htmx:oobAfterSwap", (event) => apply(event.target));
})();
