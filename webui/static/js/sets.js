// Sets of fields and results: order by dragging or with Alt and the arrow keys; the editor of
// choices; inputs that are shown as they are drafted.
(() => {
  "use strict";

  const rows = (list) => Array.from(list.querySelectorAll(":scope > [data-sort-id]"));

  // --- order ------------------------------------------------------------------------------
  // A list may have groups: then rows move between them, and the order tells both.
  const orderOf = (root) => {
    const groups = Array.from(root.querySelectorAll("[data-sort-group]"));
    const ids = (list) => rows(list).map((row) => row.dataset.sortId).join(",");
    return groups.length
      ? groups.map((group) => `${group.dataset.sortGroup}:${ids(group)}`).join(";")
      : ids(root);
  };

  const saved = new WeakMap();
  const save = (root) => {
    const order = orderOf(root);
    if (saved.get(root) === order) return;
    saved.set(root, order);
    htmx.ajax("POST", root.dataset.sortable, { values: { order }, target: "#notices", swap: "afterbegin" });
  };

  let waiting = 0;
  const saveSoon = (root) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      waiting = 0;
      save(root);
    }, 500);
  };
  // The order before does not take the place of the one that is about to be saved.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (waiting && event.detail.target.matches("[data-sortable]")) event.detail.shouldSwap = false;
  });

  const move = (row, up) => {
    const root = row.closest("[data-sortable]");
    const list = row.parentElement;
    const near = up ? row.previousElementSibling : row.nextElementSibling;
    if (near?.matches("[data-sort-id]")) {
      if (up) near.before(row);
      else near.after(row);
    } else {
      const groups = Array.from(root.querySelectorAll("[data-sort-group]"));
      const other = groups[groups.indexOf(list) + (up ? -1 : 1)];
      if (!other || row.matches("[data-sort-whole]")) return;
      if (up) other.append(row);
      else other.prepend(row);
    }
    saveSoon(root);
  };

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const row = event.target.closest("[data-sort-id]");
    if (!row) return;
    event.preventDefault();
    const focused = document.activeElement;
    move(row, event.key === "ArrowUp");
    focused.focus();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-moves]");
    if (!button) return;
    move(button.closest("[data-sort-id]"), button.dataset.moves === "up");
    button.focus();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-moves-section]");
    if (!button) return;
    const section = button.closest("[data-sort-section]");
    const up = button.dataset.movesSection === "up";
    const near = up ? section.previousElementSibling : section.nextElementSibling;
    if (!near?.matches("[data-sort-section]")) return;
    if (up) near.before(section);
    else near.after(section);
    button.focus();
    saveSoon(section.closest("[data-sortable]"));
  });

  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-sort-id], .choice-row");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    dragged.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    if (!dragged) return;
    const isChoice = dragged.matches(".choice-row");
    const home = dragged.closest(isChoice ? "[data-choices]" : "[data-sortable]");
    if (!home?.contains(event.target)) return;
    event.preventDefault();
    const over = event.target.closest(isChoice ? ".choice-row" : "[data-sort-id]");
    if (over === dragged) return;
    if (over) {
      const box = over.getBoundingClientRect();
      if (event.clientY < box.top + box.height / 2) over.before(dragged);
      else over.after(dragged);
    } else {
      const group = event.target.closest("[data-sort-group]");
      if (group && !group.contains(dragged)) group.append(dragged);
    }
  });
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("is-dragged");
    const root = dragged.closest("[data-sortable]");
    if (root) save(root);
    else drafted(dragged.closest("form"));
    dragged = null;
  });

  // --- choices ------------------------------------------------------------------------------
  const drafted = (form) => form && htmx.trigger(form, "drafted");

  const addChoice = (list, after, text = "") => {
    const row = document.getElementById("choice-template").content.querySelector(".choice-row").cloneNode(true);
    row.querySelector("[name=choice]").value = text;
    if (after) after.after(row);
    else list.append(row);
    return row;
  };

  document.addEventListener("click", (event) => {
    const form = event.target.closest("form");
    if (event.target.closest("[data-adds-choice]")) {
      addChoice(form.querySelector("[data-choices]")).querySelector("[name=choice]").focus();
    } else if (event.target.closest("[data-removes-choice]")) {
      event.target.closest(".choice-row").remove();
      drafted(form);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches("[data-choices] [name=choice]") || event.isComposing) return;
    const row = event.target.closest(".choice-row");
    if (event.key === "Enter") {
      event.preventDefault();
      addChoice(null, row).querySelector("[name=choice]").focus();
    } else if (event.key === "Backspace" && !event.target.value && row.previousElementSibling) {
      event.preventDefault();
      row.previousElementSibling.querySelector("[name=choice]").focus();
      row.remove();
      drafted(event.target.form);
    }
  });
  // A column of a spreadsheet, pasted, becomes as many choices.
  document.addEventListener("paste", (event) => {
    if (!event.target.matches?.("[data-choices] [name=choice]")) return;
    const lines = event.clipboardData.getData("text").split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
    if (lines.length < 2) return;
    event.preventDefault();
    let row = event.target.closest(".choice-row");
    if (!event.target.value) event.target.value = lines.shift();
    for (const line of lines) row = addChoice(null, row, line);
    drafted(event.target.form);
  });

  // Which row the panel is about.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target?.id !== "set-panel") return;
    document.querySelector(".is-edited")?.classList.remove("is-edited");
    event.target.closest("[data-sort-id]")?.classList.add("is-edited");
  });

  // --- the button of a result as it is drafted ---------------------------------------------
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.id !== "result-form") return;
    const data = new FormData(form);
    document.getElementById("draft-name").textContent = data.get("name");
    document.getElementById("draft-key").textContent = data.get("hotkey") || "·";
    document.getElementById("draft-result").className = `result c-${data.get("colour")}`;
  });

  // --- drafts and dialogs -------------------------------------------------------------------
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-drafts], [data-choices] [name=choice]")) drafted(event.target.form);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (!form?.querySelector("[data-choices]") || event.target.name !== "kind") return;
    const list = form.querySelector("[data-choices]");
    if (event.target.value.endsWith("_choice") && !list.children.length) addChoice(list);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.matches("dialog[data-shows]") && !event.target.open) event.target.showModal();
    event.target.querySelector?.("[data-focus]")?.focus();
    if (event.target.matches("[data-choices]")) drafted(event.target.closest("form"));
  });
})();
