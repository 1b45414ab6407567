/* What script adds to pages that work without it. No inline code, no eval. */
(() => {
  "use strict";
  const words = document.body.dataset;
  const WEEK = 7 * 24 * 3600 * 1000;
  const LONGEST_SIDE = 2000;
  const PICTURE = /^image\/(jpeg|png|webp|hei[cf])$/;

  /* 1. What somebody writes stays on the device until it is sent. Never used for ballots. */

  const store = {
    get(key) { try { return JSON.parse(localStorage.getItem("draft:" + key)); } catch { return null; } },
    set(key, value) { try { localStorage.setItem("draft:" + key, JSON.stringify(value)); } catch { /* full or forbidden */ } },
    drop(key) { try { localStorage.removeItem("draft:" + key); } catch { /* forbidden */ } },
    keys() { try { return Object.keys(localStorage).filter((k) => k.startsWith("draft:")).map((k) => k.slice(6)); } catch { return []; } },
  };

  const written = (form) => [...form.elements].filter((field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type));
  const snapshot = (form) => written(form).map((field) => [field.name, field.value, field.checked === true]);

  const restore = (form, saved) => {
    const left = [...saved];
    for (const field of written(form)) {
      const tick = field.type === "radio" || field.type === "checkbox";
      const at = left.findIndex(([name, value]) => name === field.name && (!tick || value === field.value));
      if (at < 0) continue;
      const [[, value, checked]] = left.splice(at, 1);
      if (tick) field.checked = checked; else field.value = value;
    }
  };

  const note = (text, button, act) => {
    const line = Object.assign(document.createElement("p"), { className: "banner is-info kept" });
    line.setAttribute("role", "status");
    line.append(text + " ");
    if (button) {
      const drop = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: button });
      drop.addEventListener("click", () => act(line));
      line.append(drop);
    }
    return line;
  };

  const arrived = () => performance.getEntriesByType("navigation")[0]?.type === "navigate" && document.referrer.startsWith(location.origin);

  const tidy = () => {
    for (const key of store.keys()) {
      const draft = store.get(key);
      const stale = !draft || Date.now() - draft.at > WEEK;
      const refused = document.querySelector(".errs") && document.querySelector(`form[data-draft="${CSS.escape(key)}"]`);
      const sent = draft && draft.sent && arrived() && !refused;
      if (stale || sent) store.drop(key);
    }
  };

  const keep = (form) => {
    const key = form.dataset.draft;
    if (!key || form.dataset.keeping) return;
    form.dataset.keeping = "1";
    const first = JSON.stringify(snapshot(form));
    const draft = store.get(key);
    if (draft && !document.querySelector(".errs") && JSON.stringify(draft.fields) !== first) {
      restore(form, draft.fields);
      form.dataset.touched = "1";
      form.before(note(words.kept, words.drop, (line) => { store.drop(key); form.reset(); delete form.dataset.touched; line.remove(); }));
    }
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => store.set(key, { at: Date.now(), fields: snapshot(form) }), 400);
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      store.set(key, { at: Date.now(), fields: snapshot(form), sent: true });
    });
  };

  /* 2. A form that a person has touched is never swapped by a live update. */

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form");
    if (form) form.dataset.touched = "1";
  });

  document.addEventListener("htmx:before:swap", (event) => {
    const { sourceElement: source, target } = event.detail.ctx;
    if (source?.matches?.("form, form *") || !(target instanceof Element)) return;
    if (target.closest("form[data-touched]") || target.querySelector("form[data-touched]")) event.preventDefault();
  });

  /* 3. A form is sent once; what does not arrive says so and keeps every word. */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "get" || form.hasAttribute("hx-post")) return;
    const chooser = form.querySelector("[data-shrink]:invalid");
    if (chooser?.files.length) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (chooser.validationMessage === words.busy) form.waits = event.submitter; else chooser.focus();
      return;
    }
    if (form.getAttribute("action") === "/sign-out") store.keys().forEach(store.drop);
    if (Date.now() - Number(form.dataset.sent || 0) < 5000) { event.preventDefault(); return; }
    form.dataset.sent = Date.now();
    form.setAttribute("aria-busy", "true");
  }, true);
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; form.removeAttribute("aria-busy"); });
  });

  const say = (what) => {
    const place = document.getElementById("notice");
    if (!place) return;
    place.replaceChildren(what instanceof Element ? document.importNode(what, true) : note(what));
    place.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("htmx:response:error", (event) => {
    const { ctx } = event.detail;
    if (ctx.response.status === 422 || ctx.hx?.retarget) return;
    ctx.hx = { ...ctx.hx, reswap: "none" };
    const refusal = new DOMParser().parseFromString(ctx.text || "", "text/html").getElementById("refusal");
    say(refusal || words.lost);
  });
  document.addEventListener("htmx:error", () => say(words.lost));
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement?.closest?.("form[data-draft]");
    if (form && ctx.request.method !== "GET" && ctx.response.status < 400) { store.drop(form.dataset.draft); delete form.dataset.touched; }
  });

  /* 4. Photographs are made smaller before they travel; what cannot be sent is said at once. */

  const smaller = async (file) => {
    if (!PICTURE.test(file.type) || file.size < 400000) return file;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
      const [width, height] = [picture.width, picture.height].map((side) => Math.round(side * scale));
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
      const blob = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.85); });
      return blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : file;
    } catch { return file; }
  };

  const unfit = (files, { other, large, full }) => {
    const bad = files.find(({ type, size }) => (type && !PICTURE.test(type)) || size > 1e7);
    if (bad) return (bad.size > 1e7 ? large : other).replace("{name}", () => bad.name);
    return files.reduce((sum, { size }) => sum + size, 0) > 12e6 ? full : "";
  };

  document.addEventListener("change", async (event) => {
    const chooser = event.target;
    if (!chooser.matches?.("[data-shrink]")) return;
    const { form, files: before } = chooser;
    const chosen = new DataTransfer();
    chooser.setCustomValidity(words.busy);
    form.setAttribute("aria-busy", "true");
    for (const file of before) chosen.items.add(await smaller(file));
    if (chooser.files !== before) return;
    chooser.files = chosen.files;
    const wrong = unfit([...chosen.files], chooser.dataset);
    document.getElementById(chooser.id + "-s").textContent = wrong;
    chooser.setCustomValidity(wrong);
    form.removeAttribute("aria-busy");
    if (form.waits !== undefined) form.requestSubmit(form.waits);
    delete form.waits;
  });

  /* 5. Small things: print, copy, and the way from a problem to its field. */

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-print], [data-copy], .errs a[href^='#']");
    if (!button) return;
    if (button.matches("[data-print]")) print();
    else if (button.matches("[data-copy]")) {
      await navigator.clipboard.writeText(button.dataset.copy);
      (button.querySelector("span") || button).textContent = words.copied;
    } else {
      const field = document.getElementById(button.hash.slice(1));
      if (field) { event.preventDefault(); field.focus(); (field.closest(".field") || field).scrollIntoView({ block: "center" }); }
    }
  });

  const ready = (root) => {
    root.querySelectorAll("form[data-draft]").forEach(keep);
    root.querySelectorAll("[data-print]").forEach((one) => { one.hidden = false; });
    if (navigator.clipboard) root.querySelectorAll("[data-copy]").forEach((one) => { one.hidden = false; });
  };

  tidy();
  ready(document);
  document.querySelector(".errs")?.focus();
  document.addEventListener("htmx:after:swap", (event) => {
    ready(document);
    if (event.detail.ctx?.response?.status === 422) document.querySelector(".errs")?.focus();
  });
})();
