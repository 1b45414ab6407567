/* The console's keys: N, V, P and ?, outside of fields, and never with Ctrl, Alt or Meta.
   They can be switched off (WCAG 2.1.4); the choice stays on this device. */
(() => {
  "use strict";
  const KEPT = "council-keys";
  const off = () => { try { return localStorage.getItem(KEPT) === "off"; } catch { return false; } };

  const say = () => {
    for (const button of document.querySelectorAll("[data-keys]")) {
      button.hidden = false;
      button.textContent = off() ? button.dataset.on : button.dataset.off;
      button.setAttribute("aria-pressed", String(off()));
    }
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-keys]")) return;
    try { localStorage.setItem(KEPT, off() ? "on" : "off"); } catch { /* then they stay on */ }
    say();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || off()) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const found = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    const press = found.matches("a, button") ? found : found.querySelector("button:not(:disabled)");
    if (press) press.click();
    else { found.scrollIntoView({ block: "center" }); found.focus(); }
  });

  new MutationObserver(say).observe(document.body, { childList: true });
  say();
})();
