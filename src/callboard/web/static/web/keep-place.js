// A mail's link leads to one row: /settings#n-7. Signing in first must not lose the row, and no server sees a fragment.
(() => {
  "use strict";
  if (!location.hash) return;
  for (const form of document.querySelectorAll("main form")) form.action += location.hash;
  for (const link of document.querySelectorAll('main a[href^="/sign-in"]')) link.hash = location.hash;
})();
