// The memo is never lost: it is saved while it is typed, and kept in this tab until it is.
(() => {
  "use strict";

  const draftKey = (memo) => `kakeru-memo-${memo.dataset.draft}`;
  const memoField = () => document.getElementById("memo");

  const mark = (saved) => {
    const sign = document.querySelector(".memo .saved-mark");
    if (!sign) return;
    sign.textContent = saved ? sign.dataset.saved : sign.dataset.unsaved;
    sign.classList.toggle("is-saved", saved);
  };

  const restore = () => {
    const memo = memoField();
    if (!memo) return;
    const draft = sessionStorage.getItem(draftKey(memo));
    if (draft !== null && draft !== memo.value) {
      memo.value = draft;
      mark(false);
      htmx.trigger(memo, "save");
    }
  };

  document.addEventListener("input", (event) => {
    if (event.target !== memoField()) return;
    sessionStorage.setItem(draftKey(event.target), event.target.value);
    mark(false);
  });

  // An update that was asked for before a field was saved knows only what stood there before.
  let saves = 0;
  let outdated = false;

  // Of two answers about the state, the one that was asked for last counts, whichever comes last.
  let asked = 0;
  let shown = 0;

  document.addEventListener("htmx:beforeRequest", (event) => {
    event.detail.xhr.number = ++asked;
    event.detail.xhr.askedAfter = saves;
    if (event.target === memoField()) event.target.dataset.sent = event.target.value;
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    outdated = event.detail.xhr.askedAfter !== saves;
    if (event.detail.target.id === "desk-state" && !event.detail.isError) {
      if (event.detail.xhr.number < shown) event.detail.shouldSwap = false;
      else shown = event.detail.xhr.number;
    }
    if (event.detail.target.matches("[data-editing]")) saves += 1;
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const memo = memoField();
    if (!memo || event.target !== memo || !event.detail.successful) return;
    if (memo.dataset.sent === memo.value) {
      sessionStorage.removeItem(draftKey(memo));
      mark(true);
    }
  });

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    // A field that somebody writes into, or has just opened, stays until it is saved or left.
    const lead = event.detail.target.id === "desk-lead" ? event.detail.target : null;
    if (lead && (outdated || lead.querySelector("[data-editing], .htmx-request"))) {
      event.detail.shouldSwap = false;
      return;
    }
    if (event.detail.target.id !== "desk-work") return;
    // Two answers may bring the same call: the second must not take cursor and dialogs away.
    const coming = event.detail.fragment.querySelector("#shown-call")?.value;
    if (coming === document.getElementById("shown-call")?.value) {
      event.detail.shouldSwap = false;
      return;
    }
    // Keys now belong to the new call, not to a question that was asked before it.
    if (coming) document.querySelector("dialog[open]")?.close();
    // The call may be taken from the desk (its time was over) while the last words are typed.
    const memo = memoField();
    if (!memo) return;
    if (sessionStorage.getItem(draftKey(memo)) === null) return;
    const url = memo.getAttribute("hx-post");
    const key = draftKey(memo);
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    fetch(url, {
      method: "POST",
      headers: { ...headers, "HX-Request": "true" },
      body: new URLSearchParams({ memo: memo.value }),
      keepalive: true,
    }).then((answer) => answer.ok && sessionStorage.removeItem(key));
  });

  document.addEventListener("DOMContentLoaded", restore);
  document.addEventListener("htmx:oobAfterSwap", restore);
})();
