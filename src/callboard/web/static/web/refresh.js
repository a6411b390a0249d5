// Keeps a part of the page fresh: <div data-refresh="/address" data-every="4">. The page works without it.
(() => {
  "use strict";
  const parts = document.querySelectorAll("[data-refresh]");
  for (const mark of document.querySelectorAll("[data-live]")) mark.hidden = parts.length === 0;
  for (const part of parts) {
    const everyMs = Number(part.dataset.every) * 1000;
    const isInUse = () => part.matches(":active") || part.contains(document.activeElement) || String(getSelection()) !== "";
    const fresh = async () => {
      if (!document.hidden && !isInUse()) {
        try {
          const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" }, redirect: "error" });
          if (answer.ok) {
            const text = await answer.text();
            if (!isInUse()) part.innerHTML = text;
          }
        } catch {
          // The server is away: what is shown stays, and the next turn asks again.
        }
      }
      setTimeout(fresh, everyMs);
    };
    setTimeout(fresh, everyMs);
  }
})();
