// What people noted stands on the wave: comments, bookmarks, good examples. And links to moments.
(() => {
  "use strict";

  const clock = (ms) => {
    const whole = Math.floor(ms / 1000);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };
  const playerOf = (conversation) => conversation.querySelector("[data-player]");
  const msOf = (conversation) => Number(playerOf(conversation)?.dataset.ms || 0);

  const place = (conversation) => {
    const player = playerOf(conversation);
    const marks = player?.querySelector("[data-marks]");
    if (!marks) return;
    const length = Number(player.dataset.durationMs) || 1;
    marks.replaceChildren(
      ...Array.from(conversation.querySelectorAll("[data-mark]"), (noted) => {
        const mark = document.createElement("i");
        mark.className = `mark is-${noted.dataset.mark}`;
        mark.title = `${clock(noted.dataset.markMs)} ${noted.dataset.markTitle}`;
        mark.dataset.from = noted.dataset.markMs;
        mark.style.left = `${Math.min(100, (noted.dataset.markMs / length) * 100)}%`;
        return mark;
      }),
    );
  };

  // --- a comment is about the moment at which one begins to write it ----------------------------
  const setMoment = (form, ms) => {
    const box = form.querySelector("[data-comment-at]");
    if (!box) return;
    box.value = String(Math.round(ms));
    form.querySelector("[data-comment-clock]").textContent = clock(ms);
  };
  const isWritten = (form) => form.querySelector("[data-comment-text]").value.trim() !== "";

  const setUp = (conversation) => {
    conversation.dataset.hasMarks = "yes";
    const form = conversation.querySelector("[data-comment-form]");
    conversation.addEventListener("player-time", (event) => {
      if (form && !isWritten(form)) setMoment(form, event.detail.ms);
    });
    conversation.addEventListener("player-key", (event) => {
      if (event.target.matches("[data-comment-text]")) event.target.focus();
      if (event.target.matches("[data-bookmark]")) event.target.click();
    });
    if (form) setMoment(form, msOf(conversation));
    place(conversation);
  };

  const setUpAll = () => {
    for (const one of document.querySelectorAll("[data-conversation]")) {
      if (one.dataset.hasMarks) place(one);
      else setUp(one);
    }
  };
  document.addEventListener("DOMContentLoaded", setUpAll);
  document.addEventListener("htmx:afterSwap", setUpAll);

  // --- buttons of the player ------------------------------------------------------------------
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-bookmark], [data-share], [data-opens^='example-']");
    const conversation = button?.closest("[data-conversation]");
    if (!conversation) return;
    const ms = msOf(conversation);
    if (button.matches("[data-bookmark]")) {
      button.setAttribute("hx-vals", JSON.stringify({ at_ms: String(ms) }));
      htmx.trigger(button, "bookmark");
    } else if (button.matches("[data-share]")) {
      const at = ms ? `?t=${(ms / 1000).toFixed(1)}` : "";
      await copy(new URL(button.dataset.share + at, location.href).href, button);
      const said = conversation.querySelector("[data-said]");
      said.textContent = button.dataset.wordCopied;
      said.classList.remove("visually-hidden");
      setTimeout(() => { said.classList.add("visually-hidden"); said.textContent = ""; }, 2500);
    } else {
      const from = conversation.querySelector("[data-example-from]");
      if (from) from.value = clock(ms);
    }
  });

  const copy = async (text, near) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without https a page may not write there by itself, but what is selected it may copy.
      const field = document.createElement("textarea");
      field.value = text;
      near.after(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      near.focus();
    }
  };

  // --- others' comments come by themselves, but not while one is being changed -----------------
  document.addEventListener("htmx:beforeRequest", (event) => {
    const list = event.detail.elt;
    if (!list.matches?.("[data-comments]") || !list.querySelector("[data-editor][open]")) return;
    event.preventDefault();
  });
})();
