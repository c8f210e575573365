// The words follow the sound, gently, and `,` `.` go from word to word.
(() => {
  "use strict";

  const HANDS_OFF_MS = 4000; // after somebody has scrolled himself
  const IN_SIGHT = 0.3; // a word is left where it is in the middle part of the box

  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

  // The words of a transcript with their times, read once for each that is shown.
  const read = new WeakMap();
  const wordsOf = (list) => {
    if (!read.has(list)) {
      const words = Array.from(list.querySelectorAll("p [data-from]"), (element) => ({
        element,
        from: Number(element.dataset.from),
        to: Number(element.dataset.to),
      }));
      // Both may speak at once: the order of the page is not that of time.
      words.sort((one, other) => one.from - other.from);
      read.set(list, words);
    }
    return read.get(list);
  };

  // The last word that has begun, or -1.
  const indexAt = (words, ms) => {
    let low = 0;
    let high = words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (words[middle].from <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };

  const bringIntoSight = (list, element) => {
    if (Date.now() - Number(list.dataset.touched || 0) < HANDS_OFF_MS) return;
    const box = list.getBoundingClientRect();
    const word = element.getBoundingClientRect();
    const share = (word.top - box.top) / box.height;
    if (share > IN_SIGHT && share < 1 - IN_SIGHT) return;
    list.scrollTo({
      top: list.scrollTop + word.top - box.top - box.height * 0.4,
      behavior: isCalm.matches ? "auto" : "smooth",
    });
  };

  const follow = (conversation, { ms, playing }) => {
    const list = conversation.querySelector("[data-utterances]");
    if (!list) return;
    const words = wordsOf(list);
    const found = words[indexAt(words, ms + 1)];
    // A word stays marked a little over its end; in a pause none is.
    const current = found && ms < found.to + 400 ? found.element : null;
    const before = list.querySelector("[aria-current]");
    if (before === current) return;
    before?.removeAttribute("aria-current");
    before?.closest(".utterance").classList.remove("is-current");
    if (!current) return;
    current.setAttribute("aria-current", "true");
    current.closest(".utterance").classList.add("is-current");
    if (playing || conversation.matches("[data-alone]")) bringIntoSight(list, current);
  };

  const step = (conversation, { step: by, ms }) => {
    const list = conversation.querySelector("[data-utterances]");
    if (!list) return;
    const words = wordsOf(list);
    const at = indexAt(words, ms + 1);
    const next = words[Math.min(Math.max(at + by, 0), words.length - 1)];
    const player = conversation.querySelector("[data-player]");
    if (next && player) {
      player.dispatchEvent(new CustomEvent("player-seek", { detail: { ms: next.from, play: false } }));
    }
  };

  const setUp = (conversation) => {
    conversation.dataset.hasWords = "yes";
    conversation.addEventListener("player-time", (event) => follow(conversation, event.detail));
    conversation.addEventListener("player-word", (event) => step(conversation, event.detail));
    const player = conversation.querySelector("[data-player]");
    if (player) follow(conversation, { ms: Number(player.dataset.ms), playing: false });
    for (const type of ["wheel", "touchmove", "pointerdown"]) {
      conversation.addEventListener(type, (event) => {
        const list = event.target.closest("[data-utterances]");
        if (list) list.dataset.touched = String(Date.now());
      }, { passive: true });
    }
  };

  const setUpAll = () => {
    for (const one of document.querySelectorAll("[data-conversation]:not([data-has-words])")) setUp(one);
  };
  document.addEventListener("DOMContentLoaded", setUpAll);
  document.addEventListener("htmx:afterSwap", setUpAll);
})();
