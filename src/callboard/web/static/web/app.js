// What every page with htmx needs: the CSRF token, one clear line when something fails, menus, toasts; and the list.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const on = (type, act) => document.addEventListener(type, act);
  const meta = document.querySelector("meta[name=csrf]");
  const toast = byId("toast");

  /** Say one line in the toast; it passes by itself. What can still be undone keeps its button. */
  const say = (text) => {
    const undoable = toast.querySelector(".has-undo > span");
    if (undoable) {
      undoable.textContent = text;
      return;
    }
    const line = Object.assign(document.createElement("div"), { className: "toast" });
    line.append(Object.assign(document.createElement("span"), { textContent: text }));
    toast.replaceChildren(line);
  };

  /** Take a new CSRF token, as after a sign-in in another tab. Returns whether there is a session. */
  const renew = async () => {
    const answer = await fetch("/csrf", { headers: { "HX-Request": "true" }, redirect: "error" }).catch(() => null);
    if (!answer?.ok) return false;
    meta.content = (await answer.text()).trim();
    return true;
  };

  on("htmx:configRequest", ({ detail }) => {
    if (detail.verb !== "get") detail.headers["X-CSRFToken"] = meta.content;
    detail.headers["X-Callboard-Person"] = document.querySelector("meta[name=person]").content;
  });
  on("htmx:sendError", () => say("The server did not answer. Nothing was changed; try again."));
  on("htmx:responseError", async ({ detail }) => {
    const { status } = detail.xhr;
    if (status === 401 || status === 403) {
      const isBack = await renew();
      const sent = new CustomEvent("callboard:session", { cancelable: true, detail: { isBack } });
      if (document.dispatchEvent(sent)) say(isBack ? "Please try that once more." : "Your session has ended. Sign in again.");
    } else if (status === 412) say(detail.xhr.responseText);
    else if (status === 404) say("That is no longer there. Load the page again.");
    else if (status === 429) say("That was too often. Wait a minute, then try again.");
    else say("That did not work, and nothing was changed. Try again.");
  });
  window.callboard = { say, renew };

  // Undo by keyboard from anywhere but a text that is being written.
  on("keydown", (event) => {
    const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    const undo = isUndo && !event.target.matches("input, textarea, select, [contenteditable]") && toast.querySelector(".toast-undo");
    if (!undo || !undo.checkVisibility({ visibilityProperty: true })) return;
    event.preventDefault();
    undo.click();
  });

  // Any open menu is walked with the arrow keys; Tab leaves it.
  on("keydown", (event) => {
    const open = event.target.closest?.(".menu:popover-open");
    if (!open || event.target.matches("input")) return;
    const items = [...open.querySelectorAll("a, button, summary, input:not([type=hidden])")].filter((one) => one.checkVisibility());
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    items[step % items.length].focus();
  });

  // The list: one menu for all rows.
  const menu = byId("menu");
  if (!menu) return;
  let opener = null;
  let isClosing = false;

  const place = () => {
    const edge = opener.getBoundingClientRect();
    const [width, height] = [menu.offsetWidth, menu.offsetHeight];
    const isAbove = edge.bottom + height + 12 > innerHeight && edge.top > height + 12;
    const top = isAbove ? edge.top - height - 4 : edge.bottom + 4;
    menu.style.top = `${top + scrollY}px`;
    menu.style.left = `${Math.max(8, Math.min(edge.right - width, document.documentElement.clientWidth - width - 8)) + scrollX}px`;
  };
  const isOpen = () => menu.matches(":popover-open");
  document.addEventListener("pointerdown", ({ target }) => {
    isClosing = isOpen() && opener.contains(target);
  }, true);
  on("click", (event) => {
    const button = event.target.closest("[data-menu]");
    if (button) {
      event.preventDefault();
      if (isClosing) isClosing = false;
      else {
        opener = button;
        htmx.ajax("GET", button.formAction, { target: menu, swap: "innerHTML" });
      }
    } else if (event.target.closest("#menu a")) menu.hidePopover();
  });
  menu.addEventListener("toggle", ({ newState }) => {
    opener.setAttribute("aria-expanded", newState === "open");
    if (newState === "closed" && (document.activeElement === document.body || menu.contains(document.activeElement))) opener.focus();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && isOpen() && !menu.contains(relatedTarget)) menu.hidePopover();
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const items = [...menu.querySelectorAll("a, button, summary, input:not([type=hidden])")].filter((one) => one.checkVisibility());
    if (document.activeElement === items.at(event.shiftKey ? 0 : -1)) menu.hidePopover();
  });

  // After something was done the focus stays at its row, or goes to the one that took its place.
  let order = [];
  const ids = () => [...document.querySelectorAll(".row")].map((row) => row.id);
  on("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id === "panel") order = ids();
  });
  on("htmx:afterSwap", ({ detail }) => {
    if (detail.target === menu && opener?.isConnected) {
      menu.showPopover();
      place();
      (menu.querySelector("[aria-invalid]") || menu.querySelector("button, a"))?.focus();
    }
  });
  on("htmx:afterSettle", ({ target }) => {
    if (target.id !== "panel") return;
    if (isOpen()) menu.hidePopover();
    const { about } = target.dataset;
    const at = order.indexOf(about);
    const near = [about, ...order.slice(at + 1), ...order.slice(0, Math.max(at, 0)).reverse()].map(byId).find(Boolean);
    const focus = near?.querySelector("[data-menu]") || byId("q") || byId("heading");
    near?.scrollIntoView({ block: near.classList.contains("is-new") ? "center" : "nearest" });
    focus.focus({ preventScroll: Boolean(near) });
  });

  // A link to a row finds it behind a search too, and says so when the row is gone.
  const plain = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const arrive = () => {
    const wanted = location.hash.slice(1);
    if (!wanted.startsWith("n-") || byId(wanted)) return;
    const id = ids().find((one) => plain(one) === plain(wanted));
    if (id) location.replace(`#${id}`);
    else if (location.search) location.replace(`/settings#${wanted}`);
    else say("The notification of that link is no longer among yours: it was deleted, or your roles have changed.");
  };
  on("DOMContentLoaded", arrive);
  window.addEventListener("hashchange", arrive);
  if (document.readyState !== "loading") arrive();
})();
