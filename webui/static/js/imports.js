// Lists: the drop zone, and how far an upload is.
(() => {
  "use strict";

  const form = document.getElementById("upload");
  if (form) {
    const zone = form.querySelector("[data-drop-zone]");
    const input = form.querySelector("[data-file]");
    const project = form.querySelector("[data-project]");
    const bar = form.querySelector("[data-bar]");

    const show = (busy) => {
      zone.classList.toggle("is-busy", busy);
      for (const part of form.querySelectorAll("[data-idle]")) part.hidden = busy;
      for (const part of form.querySelectorAll("[data-busy]")) part.hidden = !busy;
    };
    const aim = () => {
      form.setAttribute("hx-post", `${form.dataset.upload}?project=${encodeURIComponent(project.value)}`);
      htmx.process(form);
    };
    const send = () => {
      if (!input.files.length) return;
      form.querySelector("[data-name]").textContent = input.files[0].name;
      bar.value = 0;
      show(true);
      htmx.trigger(form, "upload");
    };

    project.addEventListener("change", aim);
    input.addEventListener("change", send);
    // A file that misses the zone must not replace the page.
    for (const name of ["dragover", "drop"]) {
      document.addEventListener(name, (event) => event.preventDefault());
    }
    zone.addEventListener("dragover", () => zone.classList.add("is-over"));
    zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", (event) => {
      zone.classList.remove("is-over");
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      send();
    });
    form.addEventListener("htmx:xhr:progress", (event) => {
      if (event.detail.lengthComputable) bar.value = (100 * event.detail.loaded) / event.detail.total;
    });
    form.addEventListener("htmx:afterRequest", (event) => {
      if (!event.detail.successful) {
        show(false);
        input.value = "";
      }
    });
  }

  // Other pages ask after an import that is under way (app.js), and stop when it is over.
  const follow = () => {
    const body = document.querySelector("#import .import-body");
    if (!body) return;
    const id = document.getElementById("import").dataset.import;
    if (body.hasAttribute("data-at-work")) sessionStorage.setItem("import", id);
    else if (sessionStorage.getItem("import") === id) sessionStorage.removeItem("import");
  };

  // The preview is wider than the page: say so, and go on by a press.
  const measure = () => {
    for (const frame of document.querySelectorAll("[data-scrolls]")) {
      const inner = frame.querySelector(".preview");
      const more = inner.scrollWidth - inner.clientWidth - inner.scrollLeft > 8;
      frame.classList.toggle("has-more", more);
      frame.querySelector("[data-scroll-on]").hidden = !more;
    }
  };
  document.addEventListener("scroll", measure, { capture: true, passive: true });
  addEventListener("resize", measure);
  document.addEventListener("click", (event) => {
    const frame = event.target.closest("[data-scroll-on]")?.closest("[data-scrolls]");
    const inner = frame?.querySelector(".preview");
    inner?.scrollBy({ left: inner.clientWidth * 0.7, behavior: "smooth" });
  });
  document.addEventListener("DOMContentLoaded", measure);
  document.addEventListener("htmx:afterSettle", measure);
  document.addEventListener("DOMContentLoaded", follow);
  document.addEventListener("htmx:afterSettle", follow);
})();
