// Links and passwords that are shown once: copying them, and putting them away.
(() => {
  "use strict";

  const copy = async (field) => {
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Without https a page may not write there by itself, but what is selected it may copy.
      field.select();
      document.execCommand("copy");
    }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies], [data-closes-once]");
    if (!button) return;
    if (button.matches("[data-closes-once]")) {
      button.closest("section").remove();
      return;
    }
    await copy(document.getElementById(button.dataset.copies));
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.copied;
    setTimeout(() => { label.textContent = before; }, 2000);
  });

  // What was shown is looked at, wherever on the page it was asked for.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "once") return;
    event.target.scrollIntoView({ block: "nearest" });
    event.target.querySelector("input[readonly]")?.select();
  });
})();
