// The window in which a notification is made. The form holds the draft; the server redraws what depends on it.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const form = () => $("window-body");
  let opener = null; // what had the focus before the window opened
  let clean = ""; // the form as it was opened: what differs from it would be lost
  let looked = ""; // the form as the preview shows it
  let timer = 0; // of the question that is still to be sent
  let isLeft = false; // nothing that is in the form is to be kept
  let isSaved = false;
  let refused = false; // the last refusal was of saving
  let retried = false;
  let place = ""; // what has the focus while an answer is taken in
  let hasGone = false; // that is not where the answer was asked from

  const SILENT = ["csrfmiddlewaretoken", "seal", "version", "id", "do"];
  /** Return what a form says, as one text to compare. */
  const said = (data) => {
    const found = [...data].filter(([name]) => !SILENT.includes(name) && !/^(was|from)-/.test(name));
    return found.map(([name, value]) => `${name}=${value}`).sort().join("\n");
  };
  const written = () => said(new FormData(form()));
  const isDirty = () => !isLeft && form() && written() !== clean;

  /* Pickers */

  const labelled = (data, escape) =>
    `<div><b>${escape(data.text)}</b>${data.hint ? ` <span class="hint">${escape(data.hint)}</span>` : ""}</div>`;
  const PLAIN = {
    no_results: (data, escape) => `<div class="no-results" role="option" aria-disabled="true">Nothing is called “${escape(data.input)}”.</div>`,
    option_create: (data, escape) => `<div class="create">Use “${escape(data.input)}” as it is</div>`,
  };

  const search = (address) => async (text, done) => {
    const answer = await fetch(`${address}?q=${encodeURIComponent(text.slice(0, 200))}`).catch(() => null);
    if (answer?.status === 401) ended();
    done(answer?.ok ? (await answer.json()).map((one) => ({ value: one.value, text: one.label })) : []);
  };

  /** Turn a select into a picker; without script it stays a select. */
  const pick = (select) => {
    const { search: address, takesAny, pick: many } = select.dataset;
    const more = many === "one"
      ? { render: { ...PLAIN, option: labelled, item: labelled }, searchField: ["text", "hint"], maxOptions: null }
      : { render: PLAIN, plugins: ["remove_button"], create: takesAny !== undefined, persist: false, maxOptions: 100 };
    if (address) {
      const isAnswered = (text) => text in made.loadedSearches && !made.loading; // Enter may come before the answer
      Object.assign(more, { load: search(address), preload: "focus", loadThrottle: 200, shouldLoad: () => true, createFilter: isAnswered });
    }
    const made = new TomSelect(select, { openOnFocus: false, refreshThrottle: 0, hidePlaceholder: true, lockOptgroupOrder: true, ...more });
    select.hidden = true; // its label belongs to the picker now
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (select.hasAttribute(name)) made.control_input.setAttribute(name, select.getAttribute(name));
    }
    made.hook("after", "refreshOptions", () => made.dropdown_content.append(...made.dropdown_content.querySelectorAll(".create")));
    made.control.addEventListener("click", () => made.isOpen || made.open());
    made.on("type", () => made.open());
    if (address) {
      made.on("load", () => { // its first search, as it gets the focus, may take the place of that for what was typed at once
        const text = made.inputValue();
        if (!made.loading && !(text in made.loadedSearches)) made.load(text);
      });
    }
    made.on("dropdown_open", () => made.dropdown.scrollIntoView({ block: "nearest" }));
    const chosen = many === "many" && $(select.id.replace("value", "chosen"));
    const tell = () => {
      const names = made.items.map((one) => made.options[one]?.text ?? one);
      if (chosen) chosen.textContent = names.length ? `Chosen: ${names.join(", ")}.` : "";
    };
    made.on("change", tell);
    made.on("item_add", (value) => {
      made.setTextboxValue("");
      heard(`${made.options[value]?.text ?? value} chosen`);
    });
    made.on("item_remove", (value) => heard(`${made.options[value]?.text ?? value} removed`));
    tell();
  };
  const heard = (text) => ($("heard").textContent = text);

  /* Preview */

  /** Ask for the preview when the form says something else than the one that is shown. */
  const look = (wait = 250) => {
    const now = written();
    if (now === looked) return;
    looked = now;
    $("preview").ariaBusy = true;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      if (form()) htmx.trigger("#preview", "look");
    }, wait);
  };

  /** Pass over an answer about a form that has changed: its rows may be gone, and the next answer is on its way. */
  const passOver = ({ target, detail }) => {
    if (!target.isConnected || said(detail.requestConfig.formData) !== written()) detail.shouldSwap = false;
  };

  /** Take over what the answer says beside the preview: can it be saved, what is it called, what is wrong. */
  const settle = () => {
    const reason = $("reason");
    $("save").disabled = reason.textContent !== "";
    if ($("name")) $("name").placeholder = reason.dataset.name ?? "";
    mark();
  };
  const mark = () => {
    for (const fault of form().querySelectorAll(".condition .fault")) {
      for (const one of fault.parentElement.querySelectorAll("[id^=value]")) {
        (one.tomselect?.control_input ?? one).ariaInvalid = fault.textContent !== "";
        one.tomselect?.wrapper.classList.toggle("is-wrong", fault.textContent !== "");
      }
    }
  };

  /* Opening and leaving */

  const focus = (id) => {
    const found = $(id);
    (found?.tomselect?.control_input ?? found)?.focus();
  };

  /** Bring a form, or a part of it that came anew, to life. */
  const wake = (part) => {
    part.querySelectorAll("select[data-pick]").forEach((one) => one.tomselect || pick(one));
    if (form().hasAttribute("data-fresh")) {
      form().removeAttribute("data-fresh");
      isLeft = isSaved = false;
      clean = written();
      looked = "";
    }
    $("preview").addEventListener("htmx:beforeSwap", passOver); // there, as a closed window's events reach nobody else
    mark();
    focus(hasGone && $(place) ? place : part.dataset.focus ?? place);
    [place, hasGone] = ["", false];
    look(0);
  };

  const open = () => {
    const dialog = $("window");
    document.activeElement.closest("[popover]")?.hidePopover(); // a menu gives the focus back to its button
    opener = document.activeElement;
    dialog.showModal();
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      leave();
    });
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault(); // browsers close on a second Escape whatever "cancel" says
      leave();
    });
    let pressed = null; // a text that is marked beyond the edge of the window does not close it
    dialog.addEventListener("mousedown", (event) => (pressed = event.target));
    dialog.addEventListener("click", (event) => event.target === dialog && pressed === dialog && leave());
    dialog.addEventListener("close", () => (isDirty() ? (dialog.showModal(), leave()) : closed()));
  };

  /** Put the focus back to what opened the window. */
  const closed = () => {
    $("window-place")?.replaceChildren();
    if (isSaved) return; // the list takes the focus to its row
    if (opener?.isConnected) opener.focus();
  };

  const leave = () => {
    if (isDirty()) return $("discard").showModal();
    go();
  };
  const go = () => {
    isLeft = true;
    if ($("window")) $("window").close();
    else location.assign("/settings");
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-leave]")) {
      event.preventDefault();
      leave();
    }
    const answer = event.target.closest("#discard button");
    if (!answer) return;
    $("discard").close();
    if (answer.value === "discard") go();
  });
  addEventListener("beforeunload", (event) => isDirty() && event.preventDefault());

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => event.target.closest("#window-body") && look());
  }

  /* What htmx brings */

  document.addEventListener("htmx:load", ({ target }) => {
    if (target.id === "window") open();
    const part = target === document.body || target.id === "window" ? form() : target;
    if (form()?.contains(part) && !part.closest("#preview")) wake(part);
  });
  // Who is faster than the answer loses nothing: an answer to an older form is passed over and asked for anew.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt, formData, path } = detail.requestConfig;
    const isOfForm = path !== "/settings/preview" && form()?.contains(detail.target);
    place = isOfForm ? document.activeElement.id : "";
    hasGone = elt !== form() && !["", elt.id, `${elt.id}-ts-control`].includes(place);
    if (path !== "/settings/draft" || !detail.shouldSwap) return;
    if (said(formData) === written()) {
      if (elt.matches(".condition select")) detail.serverResponse = detail.serverResponse.replace(`id="${elt.id}"`, "$& hx-preserve"); // one may be typing into it
      return;
    }
    detail.shouldSwap = false;
    htmx.trigger(elt, elt.matches("select") ? "change" : "click");
  });
  document.addEventListener("htmx:beforeCleanupElement", ({ target }) => target.tomselect?.destroy());
  const busy = ({ target }, is) => {
    if (target.id === "preview") target.ariaBusy = is || timer !== 0;
  };
  document.addEventListener("htmx:beforeRequest", (event) => busy(event, true));
  document.addEventListener("htmx:afterRequest", (event) => {
    busy(event, false);
    if (event.target === form() && document.activeElement === document.body) focus("save"); // it was disabled meanwhile
  });
  document.addEventListener("htmx:oobAfterSwap", ({ target }) => target.id === "reason" && settle());
  document.addEventListener("callboard:saved", () => {
    isLeft = isSaved = true;
    $("window")?.close();
  });

  /** The session is over: everything that was typed stays, and the way on is said. */
  const ended = () => {
    $("window-note").replaceChildren($("ended").content.cloneNode(true));
    $("window-note").scrollIntoView({ block: "nearest" });
  };
  // A sign-in in another tab brings a new token; app.js takes it, and what was refused is tried once more.
  document.addEventListener("htmx:responseError", ({ target }) => (refused = target === form()));
  document.addEventListener("callboard:session", (event) => {
    if (!form()) return;
    event.preventDefault();
    if (!event.detail.isBack || retried) return ended();
    $("window-note").replaceChildren();
    retried = true;
    looked = "";
    if (refused) form().requestSubmit();
    else look(0);
  });
  document.addEventListener("htmx:afterSwap", () => (retried = false));
})();
