// What every page does: running timers, notices, dialogs and keys.
(() => {
  "use strict";

  const $all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // The server's clock counts; the browser's may be wrong.
  const behind = Number(document.body.dataset.now) - Date.now();

  const duration = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const two = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    return minutes >= 60
      ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
      : `${minutes}:${two(whole % 60)}`;
  };

  const tick = () => {
    const now = Date.now() + behind;
    for (const timer of $all("[data-since]")) {
      timer.textContent = duration((now - Number(timer.dataset.since)) / 1000);
    }
  };
  setInterval(tick, 1000);

  // --- notices --------------------------------------------------------------------------
  const SECONDS_SHOWN = 6;
  const keepNoticesShort = () => {
    const fresh = $all("[data-notice]:not([data-leaves], [data-stays])");
    // What was refused before is over when something new is said.
    if (fresh.length) $all("[data-notice][data-leaves]:is(.c-amber, .c-red)").forEach((old) => old.remove());
    for (const notice of fresh) {
      notice.dataset.leaves = "yes";
      setTimeout(() => notice.remove(), SECONDS_SHOWN * 1000);
    }
  };

  // A date that cannot be, as 31 February, is empty to a form: sent, it would clear what is stored.
  document.addEventListener("submit", (event) => {
    const impossible = Array.from(event.target.elements).find((input) => input.validity?.badInput);
    if (!impossible) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    impossible.reportValidity();
  }, true);

  // --- dialogs and clicks ------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const target = event.target.closest(
      "[data-opens], [data-closes-dialog], [data-close-notice], tr[data-href]"
    );
    if (!target) return;
    if (target.matches("[data-close-notice]")) {
      target.closest("[data-notice]").remove();
    } else if (target.matches("[data-opens]")) {
      const dialog = document.getElementById(target.dataset.opens);
      if (dialog && !dialog.open) dialog.showModal();
    } else if (target.matches("[data-closes-dialog]")) {
      // What is sent closes its dialog when it was taken (below).
      if (!target.hasAttribute("hx-post")) setTimeout(() => target.closest("dialog").close(), 0);
    } else if (!event.target.closest("a, button, input, select, label") && !getSelection().toString()) {
      location.href = target.dataset.href;
    }
  });

  // --- dialogs that send: they close when it was taken, and keep what was typed when it was not ----
  document.addEventListener("click", (event) => {
    const button = event.target.closest("dialog [data-closes-dialog][hx-post]");
    if (!button) return;
    const wrong = button.form && !button.formNoValidate && !button.form.reportValidity();
    if (!wrong && !button.classList.contains("htmx-request")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  const senderOf = (event) => {
    const button = event.detail.requestConfig?.elt;
    return button?.matches?.("dialog [data-closes-dialog]") ? button : null;
  };
  // The notice that refuses it, which would lie behind the dialog.
  const refusalIn = (xhr) =>
    new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-notice]");
  const clearRefusal = (dialog) => dialog.querySelector(".dialog-refusal")?.remove();

  document.addEventListener("htmx:beforeSwap", (event) => {
    const dialog = senderOf(event)?.closest("dialog");
    const said = dialog && event.detail.xhr.status >= 400 && refusalIn(event.detail.xhr);
    if (!said) return;
    event.detail.shouldSwap = false;
    clearRefusal(dialog);
    const refusal = document.createElement("p");
    refusal.className = "alert c-red dialog-refusal";
    refusal.setAttribute("role", "alert");
    refusal.textContent = [".notice-title", ".notice-advice"]
      .map((part) => said.querySelector(part)?.textContent.trim())
      .filter(Boolean)
      .join(" ");
    dialog.querySelector(".dialog-actions").before(refusal);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const dialog = senderOf(event)?.closest("dialog");
    if (!dialog || !event.detail.xhr.status || dialog.querySelector(".dialog-refusal")) return;
    dialog.close();
  });
  document.addEventListener("htmx:beforeSend", (event) => {
    const dialog = senderOf(event)?.closest("dialog");
    if (dialog) clearRefusal(dialog);
  });
  document.addEventListener("close", (event) => clearRefusal(event.target), true);

  // --- questions before a request (`hx-confirm`) ------------------------------------------------
  let whatWasAsked = null;
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    whatWasAsked = event.detail;
    document.getElementById("question-text").textContent = event.detail.question;
    document.getElementById("question").showModal();
  });
  document.getElementById("question")?.addEventListener("close", (event) => {
    if (event.target.returnValue === "yes") whatWasAsked?.issueRequest(true);
    event.target.returnValue = "";
    whatWasAsked = null;
  });

  // A download takes the filter as it stands now.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-download]");
    if (!link) return;
    const filter = new FormData(document.querySelector(link.dataset.download));
    link.search = new URLSearchParams(filter).toString();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.submit();
  });

  // --- keys: a control says which key presses it --------------------------------------------
  // The field of a dialog that was just closed may keep the focus for a moment.
  const isTyping = (element) =>
    element.closest("[data-editing], input:not([type=checkbox]):not([type=range]), textarea, select") &&
    !element.closest("dialog:not([open])");

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog && event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault();
      dialog.querySelector("[data-default]")?.click();
      return;
    }
    if (isTyping(event.target)) {
      if (event.key === "Escape" && !dialog) event.target.blur();
      return;
    }
    const key = CSS.escape(event.key.toLowerCase());
    const scope = dialog || document;
    const field = scope.querySelector(`[data-key-focus="${key}"]`);
    const shifted = event.shiftKey && scope.querySelector(`[data-key="shift+${key}"]:not(:disabled)`);
    const control = shifted || field || scope.querySelector(`[data-key="${key}"]:not(:disabled)`);
    if (!control) return;
    event.preventDefault();
    if (control === field) field.focus();
    else control.click();
  });

  // Tells that keys and clicks arrive now.
  document.addEventListener("DOMContentLoaded", () => { document.body.dataset.ready = "yes"; });

  // --- an import that is under way: told on whatever page, once it is over --------------------
  const askForNews = () => {
    const id = sessionStorage.getItem("import");
    if (!id || document.getElementById("import")) return;
    htmx.ajax("GET", `/imports/${id}/news`, { target: "#notices", swap: "afterbegin" });
  };
  setInterval(askForNews, 4000);
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr?.getResponseHeader("X-Import-Over") || event.detail.xhr?.status === 404) {
      if (event.detail.pathInfo.requestPath.startsWith("/imports/")) sessionStorage.removeItem("import");
    }
  });

  // --- htmx ---------------------------------------------------------------------------------
  document.addEventListener("htmx:afterSettle", () => {
    keepNoticesShort();
    tick();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest("[data-resets]");
    if (form && event.detail.successful) form.reset();
  });
  document.addEventListener("htmx:sendError", () => document.body.classList.add("is-offline"));
  document.addEventListener("htmx:sseError", () => document.body.classList.add("is-offline"));
  document.addEventListener("htmx:sseOpen", () => document.body.classList.remove("is-offline"));
})();
