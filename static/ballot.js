/* What script adds to a ballot and to the receipt check; both work without it. */
(() => {
  "use strict";

  /* The browser draws r, so that nobody else has chosen it. */
  const random = document.querySelector("[data-random]");
  if (random && crypto.getRandomValues) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    random.value = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* The sum of a budget follows the ticks. */
  const budget = document.querySelector("[data-budget]");
  if (budget) {
    const line = budget.querySelector("[data-sum]");
    const show = () => {
      const spent = [...budget.querySelectorAll(":checked")].reduce((sum, one) => sum + Number(one.dataset.cost || 0), 0);
      const left = Number(budget.dataset.budget) - spent;
      const words = left < 0 ? line.dataset.over : line.dataset.sum;
      line.textContent = words.replace("{spent}", spent.toLocaleString("en")).replace("{left}", Math.abs(left).toLocaleString("en"));
      line.hidden = false;
    };
    budget.addEventListener("change", show);
    show();
  }

  /* A scanned receipt: its code stands behind the # and reaches the server in a form only. */
  const code = document.querySelector("[data-code]");
  const scanned = location.hash.slice(1);
  if (code && /^[0-9A-Za-z-]{8,64}$/.test(scanned)) {
    history.replaceState(null, "", location.pathname);
    code.value = scanned;
    code.form.requestSubmit();
  }
})();
