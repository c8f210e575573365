// Rows open in place; new rows appear by themselves unless somebody reads an opened one.
(() => {
  "use strict";

  const rowsBody = () => document.getElementById("history-rows");
  const news = () => document.getElementById("news");

  const isBusy = () =>
    rowsBody().querySelector(".detail-row:not([hidden])") !== null || window.scrollY > 200;

  // `from`: milliseconds from which to play.
  const open = async (id, { play = false, from = null } = {}) => {
    const row = document.querySelector(`[data-opens-row="${id}"]`);
    const detail = document.getElementById(`detail-${id}`);
    const cell = detail.firstElementChild;
    detail.hidden = false;
    row.classList.add("is-open");
    row.querySelector(".toggle").setAttribute("aria-expanded", "true");
    if (!cell.dataset.loaded) {
      cell.dataset.loaded = "yes";
      await htmx.ajax("GET", cell.dataset.url, { target: cell, swap: "innerHTML" });
    }
    const player = detail.querySelector("[data-player]");
    if (!player) return;
    if (from !== null) {
      player.dispatchEvent(new CustomEvent("player-seek", { detail: { ms: from, play } }));
    } else if (play && player.querySelector("audio").paused) {
      player.querySelector("[data-play]").click();
    }
  };

  const close = (id) => {
    const detail = document.getElementById(`detail-${id}`);
    detail.querySelector("audio")?.pause();
    detail.hidden = true;
    const row = document.querySelector(`[data-opens-row="${id}"]`);
    row.classList.remove("is-open");
    row.querySelector(".toggle").setAttribute("aria-expanded", "false");
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("#news")) {
      news().hidden = true;
      htmx.trigger("#history-filter", "refresh");
      window.scrollTo({ top: 0 });
      return;
    }
    const moment = event.target.closest("[data-plays-from]");
    if (moment) {
      event.preventDefault();
      open(moment.dataset.playsFrom, { play: true, from: Number(moment.dataset.fromMs) });
      return;
    }
    const row = event.target.closest("[data-opens-row]");
    if (!row || event.target.closest("a")) return;
    const id = row.dataset.opensRow;
    if (event.target.closest("[data-plays]")) open(id, { play: true });
    else if (row.classList.contains("is-open")) close(id);
    else open(id);
  });

  // A period and days of one's own exclude each other.
  document.addEventListener(
    "change",
    (event) => {
      const form = event.target.closest("#history-filter");
      if (!form) return;
      // What was typed is answered already; leaving the field must not close an opened row.
      if (event.target.id === "history-search") event.stopPropagation();
      if (event.target.name === "period" && event.target.value) {
        form.elements.since.value = form.elements.until.value = "";
      } else if (["since", "until"].includes(event.target.name)) form.elements.period.value = "";
    },
    true,
  );

  // An address may name a moment of the one action it shows.
  window.addEventListener("load", () => {
    const at = Number(new URLSearchParams(location.search).get("t"));
    const player = document.querySelector(".detail-row:not([hidden]) [data-player]");
    if (player && at > 0) {
      player.dispatchEvent(new CustomEvent("player-seek", { detail: { ms: at * 1000, play: false } }));
    }
  });

  // Somebody may open a row before or while the new rows are fetched.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt !== rowsBody() || !isBusy()) return;
    event.preventDefault();
    news().hidden = false;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig.elt !== rowsBody() || !isBusy()) return;
    event.detail.shouldSwap = false;
    news().hidden = false;
  });
})();
