// Plays a recording over its wave, which is drawn before any sound is loaded. One at a time.
//
// A player hears what is asked of it as events, and tells its conversation where it is:
//   player-seek    to the player: { ms, play }
//   player-time    from the conversation: { ms, playing }
(() => {
  "use strict";

  const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
  const KEPT = "player"; // speed and silence, as last chosen on this machine
  const LEAD_MS = 120; // a word is heard from just before it

  const clock = (ms) => {
    const whole = Math.max(0, Math.floor(ms / 1000));
    const two = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    return minutes >= 60
      ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
      : `${minutes}:${two(whole % 60)}`;
  };

  const kept = () => {
    try {
      return JSON.parse(localStorage.getItem(KEPT)) || {};
    } catch {
      return {};
    }
  };
  const keep = (some) => {
    try {
      localStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...some }));
    } catch {
      // It is only a convenience: without a store each page begins at 1×.
    }
  };

  const setUp = (player) => {
    player.dataset.ready = "yes";
    const audio = player.querySelector("audio");
    const button = player.querySelector("[data-play]");
    const seek = player.querySelector("[data-seek]");
    const at = player.querySelector("[data-at]");
    const speed = player.querySelector("[data-speed]");
    const skip = player.querySelector("[data-skip]");
    const silences = JSON.parse(player.dataset.silences || "[]");
    const from = Number(player.dataset.fromMs || 0);
    const to = Number(player.dataset.toMs || player.dataset.durationMs);
    const conversation = player.closest("[data-conversation]") || player;
    let asked = from; // where it stands while no sound is loaded
    let frame = 0;

    const now = () => (audio.readyState ? audio.currentTime * 1000 : asked);

    const show = (ms) => {
      const share = to > from ? Math.min(1, Math.max(0, (ms - from) / (to - from))) : 0;
      player.style.setProperty("--played", `${share * 100}%`);
      at.textContent = clock(ms - from);
      seek.value = String(Math.round(ms));
      seek.setAttribute("aria-valuetext", clock(ms - from));
      player.dataset.ms = String(Math.round(ms));
      conversation.dispatchEvent(
        new CustomEvent("player-time", { detail: { ms, playing: !audio.paused } }),
      );
    };

    const goTo = (ms) => {
      asked = Math.min(Math.max(from, ms), to);
      audio.currentTime = asked / 1000;
      show(asked);
    };

    const play = () => {
      if (now() >= to - 50 || now() < from) goTo(from);
      else if (!audio.readyState) audio.currentTime = asked / 1000;
      audio.play().catch(() => {}); // told by the error event, or the person pressed pause
    };

    const follow = () => {
      const ms = now();
      if (ms >= to && to < Number(player.dataset.durationMs)) audio.pause();
      const silence = skip?.checked && silences.find(([begins, ends]) => begins <= ms && ms < ends - 80);
      if (silence) audio.currentTime = Math.min(silence[1], to) / 1000;
      show(now());
      frame = audio.paused ? 0 : requestAnimationFrame(follow);
    };

    const setSpeed = (rate) => {
      audio.preservesPitch = true;
      audio.defaultPlaybackRate = audio.playbackRate = rate;
      if (speed) speed.value = String(rate);
    };

    button.addEventListener("click", () => (audio.paused ? play() : audio.pause()));
    audio.addEventListener("play", () => {
      for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
      player.classList.add("is-playing");
      button.setAttribute("aria-label", button.dataset.wordPause);
      if (!frame) frame = requestAnimationFrame(follow);
      lastUsed = player;
    });
    audio.addEventListener("pause", () => {
      player.classList.remove("is-playing");
      button.setAttribute("aria-label", button.dataset.wordPlay);
      show(now());
    });
    audio.addEventListener("seeked", () => { if (audio.paused) show(now()); });
    seek.addEventListener("input", () => goTo(Number(seek.value)));
    player.addEventListener("player-seek", (event) => {
      const { ms, play: plays } = event.detail;
      goTo(ms - (plays ? LEAD_MS : 0));
      lastUsed = player;
      if (plays && audio.paused) play();
    });
    player.addEventListener("player-speed", (event) => {
      const next = SPEEDS.indexOf(audio.playbackRate) + event.detail;
      if (SPEEDS[next]) { setSpeed(SPEEDS[next]); keep({ speed: SPEEDS[next] }); }
    });
    speed?.addEventListener("change", () => { setSpeed(Number(speed.value)); keep({ speed: audio.playbackRate }); });
    skip?.addEventListener("change", () => keep({ skip: skip.checked }));

    setSpeed(speed && SPEEDS.includes(kept().speed) ? kept().speed : 1);
    if (skip && !skip.disabled) skip.checked = Boolean(kept().skip);
    show(from);
    if (conversation.matches("[data-alone]")) {
      const wanted = Number(new URLSearchParams(location.search).get("t")) * 1000;
      if (wanted > 0) goTo(wanted);
    }
  };

  // --- keys: of the player that has the focus, that plays, or that the page is about -----------
  let lastUsed = null;

  const isSeen = (player) => player.isConnected && player.offsetParent !== null;
  const active = (target) => {
    const own = target.closest("[data-conversation]")?.querySelector("[data-player]");
    if (own) return { player: own, all: true };
    const playing = document.querySelector("[data-player].is-playing");
    if (playing) return { player: playing, all: true };
    const alone = document.querySelector("[data-alone] [data-player]");
    if (alone) return { player: alone, all: false };
    return lastUsed && isSeen(lastUsed) ? { player: lastUsed, all: false } : null;
  };
  const isTyping = (element) =>
    element.closest("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]");
  const seekTo = (player, ms, play = false) =>
    player.dispatchEvent(new CustomEvent("player-seek", { detail: { ms, play } }));
  const word = (player, step) =>
    player.closest("[data-conversation]").dispatchEvent(
      new CustomEvent("player-word", { detail: { step, ms: Number(player.dataset.ms) } }),
    );
  const press = (player, selector) =>
    player.closest("[data-conversation]").querySelector(selector)?.dispatchEvent(
      new CustomEvent("player-key", { bubbles: true }),
    );

  const ANYWHERE = new Set([" ", "ArrowLeft", "ArrowRight"]);
  const DOES = {
    " ": (player) => player.querySelector("[data-play]").click(),
    ArrowLeft: (player, event) => seekTo(player, Number(player.dataset.ms) - (event.shiftKey ? 1000 : 5000)),
    ArrowRight: (player, event) => seekTo(player, Number(player.dataset.ms) + (event.shiftKey ? 1000 : 5000)),
    ArrowUp: (player) => player.dispatchEvent(new CustomEvent("player-speed", { detail: 1 })),
    ArrowDown: (player) => player.dispatchEvent(new CustomEvent("player-speed", { detail: -1 })),
    ",": (player) => word(player, -1),
    ".": (player) => word(player, 1),
    b: (player) => press(player, "[data-bookmark]"),
    c: (player) => press(player, "[data-comment-text]"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") || isTyping(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === " " && event.target.closest("button, a, summary, input[type=checkbox]")) return;
    const found = DOES[key] && active(event.target);
    if (!found || (!found.all && !(ANYWHERE.has(key) || found.player.closest("[data-alone]")))) return;
    // The page scrolls by these unless somebody is at the player.
    if (!found.all && (key === "ArrowUp" || key === "ArrowDown")) return;
    if (event.repeat && !key.startsWith("Arrow") && key !== "," && key !== ".") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    DOES[key](found.player, event);
  }, true);

  // --- anything that names a moment of its conversation plays from it ---------------------------
  document.addEventListener("click", (event) => {
    const moment = event.target.closest("[data-conversation] [data-from]");
    const player = moment?.closest("[data-conversation]").querySelector("[data-player]");
    if (!player || !getSelection().isCollapsed) return;
    event.preventDefault();
    seekTo(player, Number(moment.dataset.from), true);
  });

  const setUpAll = () => {
    for (const player of document.querySelectorAll("[data-player]:not([data-ready])")) setUp(player);
  };
  document.addEventListener("DOMContentLoaded", setUpAll);
  document.addEventListener("htmx:afterSwap", setUpAll);
})();
