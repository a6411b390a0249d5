// Own settings: asks about this browser's time zone, and makes the list of time zones searchable.
// Stands right behind the note, so that the page is laid out with or without it, once.
(() => {
  "use strict";
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

  /** Return the browser's one name for a zone: Asia/Calcutta and Asia/Kolkata get the same. */
  const canonical = (zone) => {
    try {
      return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone.replace(/^Etc\/(UTC|GMT)$/, "$1");
    } catch {
      return zone; // a zone that this browser does not know
    }
  };

  const note = document.getElementById("zone-note");
  if (note && here) {
    const [user, zone, ...kept] = note.dataset.kept.split("~");
    const isKept = user === note.dataset.user && zone === note.dataset.zone && kept.includes(here);
    for (const place of note.querySelectorAll("[data-here]")) place.textContent = here;
    note.querySelector("[name=time_zone]").value = here;
    note.hidden = isKept || canonical(here) === canonical(note.dataset.zone);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const list = document.getElementById("time_zone");
    if (list && window.TomSelect) {
      list.setAttribute("aria-hidden", "true"); // its label now names the field that is typed into
      const made = new TomSelect(list, {
        maxOptions: null,
        openOnFocus: false,
        hidePlaceholder: false,
        searchField: ["text", "also"],
        placeholder: list.dataset.search,
        render: {
          no_results: () => Object.assign(document.createElement("div"), {
            className: "no-results", role: "option", ariaDisabled: "true",
            textContent: "There is no such time zone. Search by city or country.",
          }),
        },
      });
      made.control.addEventListener("click", () => made.isOpen || made.open());
      made.on("type", () => made.open());
      made.control_input.setAttribute("aria-describedby", "time_zone-hint");
    }
  });
})();
