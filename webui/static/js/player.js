// Plays a recording over its waveform: click or drag to seek, one player at a time.
(() => {
  "use strict";

  const SPEEDS = [1, 1.25, 1.5, 2, 0.75];
  const STEPS = 1000;

  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };

  const setUp = (player) => {
    player.dataset.ready = "yes";
    const audio = player.querySelector("audio");
    const button = player.querySelector("[data-play]");
    const seek = player.querySelector("[data-seek]");
    const at = player.querySelector("[data-at]");
    const speed = player.querySelector("[data-speed]");
    const length = () => (Number.isFinite(audio.duration) ? audio.duration : Number(audio.dataset.duration)) || 0;

    const show = (share) => {
      player.style.setProperty("--played", `${share * 100}%`);
      at.textContent = clock(share * length());
      seek.setAttribute("aria-valuetext", at.textContent);
    };

    button.addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
    audio.addEventListener("play", () => {
      for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
      player.classList.add("is-playing");
      button.setAttribute("aria-label", button.dataset.wordPause);
    });
    audio.addEventListener("pause", () => {
      player.classList.remove("is-playing");
      button.setAttribute("aria-label", button.dataset.wordPlay);
    });
    audio.addEventListener("timeupdate", () => {
      if (!length()) return;
      const share = Math.min(1, audio.currentTime / length());
      seek.value = String(Math.round(share * STEPS));
      show(share);
    });
    seek.addEventListener("input", () => {
      const share = Number(seek.value) / STEPS;
      audio.currentTime = share * length();
      show(share);
    });
    speed.addEventListener("click", () => {
      const next = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
      audio.playbackRate = next;
      speed.textContent = `${next}×`;
    });
  };

  const setUpAll = () => {
    for (const player of document.querySelectorAll("[data-player]:not([data-ready])")) setUp(player);
  };
  document.addEventListener("DOMContentLoaded", setUpAll);
  document.addEventListener("htmx:afterSwap", setUpAll);
})();
