// What every page with htmx needs: the CSRF token, one clear line when something fails, toasts.
(() => {
  "use strict";
  const meta = document.querySelector("meta[name=csrf]");
  const toast = document.getElementById("toast");

  /** Say one line in the toast; it stays until the next one, or passes when it asks for nothing. */
  const say = (text) => {
    const line = document.createElement("div");
    line.className = "toast is-passing";
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

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = meta.content;
  });
  document.addEventListener("htmx:sendError", () => say("The server did not answer. Nothing was changed; try again."));
  document.addEventListener("htmx:responseError", async (event) => {
    const { status } = event.detail.xhr;
    if (status === 401 || status === 403) {
      const isBack = await renew();
      const sent = new CustomEvent("callboard:session", { cancelable: true, detail: { isBack } });
      if (document.dispatchEvent(sent)) say(isBack ? "Please try that once more." : "Your session has ended. Sign in again.");
    } else if (status === 404) say("That is no longer there. Load the page again.");
    else if (status === 429) say("That was too often. Wait a minute, then try again.");
    else say("That did not work, and nothing was changed. Try again.");
  });

  window.callboard = { say, renew };
})();
