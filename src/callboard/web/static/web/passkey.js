// Forms that need a passkey: asks the browser for it, puts the answer into the form and sends it.
// `data-passkey` is "get" or "create"; what to ask with is in `data-options`, or at `data-from`.
"use strict";

(() => {
  const { webauthnJSON } = window;

  const optionsOf = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.dataset.from, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("the server did not answer");
    return answer.json();
  };

  const said = (error) => {
    if (error.name === "NotAllowedError") return "No passkey was used. Try again when you are ready.";
    if (error.name === "InvalidStateError") return "This device has a passkey for your account already.";
    if (error.name === "SecurityError") return "Passkeys do not work at this address. Use the address with a name, over https.";
    return `The passkey could not be used: ${error.message}.`;
  };

  const arm = (form) => {
    const fault = form.querySelector(".passkey-fault");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      fault.hidden = true;
      try {
        const answer = await webauthnJSON[form.dataset.passkey](await optionsOf(form));
        form.elements.credential.value = JSON.stringify(answer);
        form.requestSubmit();
      } catch (error) {
        fault.textContent = said(error);
        fault.hidden = false;
      }
    });
  };

  const start = () => {
    if (!webauthnJSON || !webauthnJSON.supported()) {
      document.querySelectorAll("[data-no-passkey]").forEach((one) => { one.hidden = false; });
      return;
    }
    document.querySelectorAll("form[data-passkey]").forEach(arm);
  };

  start();
})();
