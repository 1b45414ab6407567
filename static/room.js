/* A page of a meeting's room follows the meeting; it works without this file by asking again.
   <main id="room" data-live="/meetings/1/live" data-version="57"> is told of each change and asks
   its own address for its part. What somebody is filling in stays (council.js marks such forms). */
(() => {
  "use strict";
  let main = document.querySelector("[data-live]");
  if (!main || !window.EventSource) return;
  const FIELDS = "input:not([type=hidden]), textarea, select";
  const DEAF = 60000; /* the server is heard every 15 to 25 seconds */
  const soon = () => 3000 + Math.random() * 5000;
  let source = null, newest = main.dataset.version, watchers = 1, heard = 0;
  let asking = false, blocked = false, cut = false, again = 0;

  /* 1. What the line says of itself: data-link has words for on, off and back. */

  let state = "";
  const say = (now = state) => {
    state = now;
    for (const one of document.querySelectorAll("[data-link]")) {
      const place = one.querySelector("span");
      one.dataset.asof ??= place.textContent;
      place.textContent = one.dataset[now] || (now === "back" && one.dataset.on) || one.dataset.asof;
      if (one.matches(".st")) one.className = now === "off" ? "st is-warn" : "st is-ok";
    }
  };

  const connected = () => {
    heard = Date.now();
    say(cut ? "back" : "on");
    if (cut) setTimeout(() => { if (state === "back") say("on"); }, 8000);
    cut = false;
  };

  const lost = () => {
    cut = true;
    say("off");
    if (source && source.readyState !== EventSource.CLOSED) return; /* the browser tries again by itself */
    close();
    again = setTimeout(() => { open(); ask(); }, soon());
  };

  /* 2. The connection; it rests while nobody looks. */

  const close = () => { clearTimeout(again); source?.close(); source = null; };

  const open = () => {
    close();
    if (document.hidden) return;
    heard = Date.now();
    source = new EventSource(`${main.dataset.live}?since=${main.dataset.version}`);
    source.addEventListener("open", connected);
    source.addEventListener("error", lost);
    source.addEventListener("version", (event) => {
      heard = Date.now();
      [newest, watchers] = event.data.split(" ");
      later();
    });
  };

  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else { open(); ask(); } });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) { open(); ask(); } });
  setInterval(() => { if (source && Date.now() - heard > DEAF) { cut = true; say("off"); open(); ask(); } }, 5000);

  /* 3. The part of the page that has changed; many who watch do not all ask in the same moment. */

  const later = () => {
    if (newest === main.dataset.version || asking) return;
    asking = true;
    setTimeout(() => { asking = false; ask(); }, Math.random() * Math.min(watchers, 3000));
  };

  const ask = async () => {
    if (asking) return;
    asking = true;
    const wanted = newest;
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { "HX-Request": "true" }, cache: "no-cache" });
      if ([401, 403, 404].includes(answer.status)) { location.assign(answer.headers.get("HX-Redirect") || location.href); return; }
      if (!answer.ok) throw new Error(answer.status);
      show(new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild);
    } catch {
      cut = true;
      say("off");
      setTimeout(() => { asking = false; if (!document.hidden) ask(); }, soon());
      return;
    }
    asking = false;
    if (cut && source?.readyState === EventSource.OPEN) connected();
    if (newest !== wanted) later();
  };

  const show = (fresh) => {
    const focused = document.activeElement;
    blocked = false;
    merge(main, fresh);
    main = document.querySelector("[data-live]");
    document.querySelectorAll("[data-stale]").forEach((one) => { one.hidden = !blocked; });
    if (focused && !focused.isConnected) (document.getElementById(focused.id) || main).focus({ preventScroll: true });
    say();
    wind();
    window.htmx?.process(main);
    document.dispatchEvent(new CustomEvent("htmx:after:swap", { detail: {} }));
  };

  /* 4. Only what differs is exchanged: what is unfolded, chosen or focused elsewhere stays. */

  const text = (one) => [...one.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ data }) => data.trim()).join("");
  const alike = (old, fresh) => old.nodeName === fresh.nodeName && old.id === fresh.id;
  const busy = (one) => {
    const at = document.activeElement;
    return Boolean(one.closest("form[data-touched]") || one.querySelector("form[data-touched]") || (one.contains(at) && at.matches(FIELDS)));
  };

  const MARKS = ["data-touched", "data-keeping", "data-sent", "aria-busy"]; /* council.js sets them */
  const same = (old, fresh) => {
    if (!old.matches("form")) return old.isEqualNode(fresh);
    const bare = old.cloneNode(true);
    MARKS.forEach((name) => bare.removeAttribute(name));
    return bare.isEqualNode(fresh);
  };

  const dress = (old, fresh, but) => {
    for (const { name, value } of fresh.attributes) if (!but.includes(name)) old.setAttribute(name, value);
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !but.includes(name)) old.removeAttribute(name);
  };

  const merge = (old, fresh) => {
    if (old.matches("[data-stale]") || same(old, fresh)) return;
    if (old.matches("[data-link]") && alike(old, fresh)) {
      dress(old, fresh, ["class"]);
      old.dataset.asof = fresh.querySelector("span").textContent;
      return;
    }
    const [had, has, said] = [[...old.children], [...fresh.children], text(old)];
    const pairs = had.length === has.length && had.every((one, n) => alike(one, has[n]));
    if (alike(old, fresh) && had.length && said === text(fresh) && (pairs || !said) && !old.matches("form, svg")) {
      dress(old, fresh, ["open"]);
      follow(old, had, has);
    } else if (busy(old)) blocked = true;
    else old.replaceWith(document.importNode(fresh, true));
  };

  /* Which of the old ones go on as which of the fresh ones: as many as can without changing places. */
  const twins = (had, has) => {
    const worth = (i, j) => (alike(had[i], has[j]) ? (had[i].id || had[i].isEqualNode(has[j]) ? 3 : 1) : 0);
    const best = Array.from({ length: had.length + 1 }, () => new Array(has.length + 1).fill(0));
    for (let i = had.length - 1; i >= 0; i--) {
      for (let j = has.length - 1; j >= 0; j--) {
        const both = worth(i, j);
        best[i][j] = Math.max(best[i + 1][j], best[i][j + 1], both && both + best[i + 1][j + 1]);
      }
    }
    const found = new Map();
    for (let i = 0, j = 0; i < had.length && j < has.length;) {
      if (best[i][j] === best[i + 1][j]) i++;
      else if (best[i][j] === best[i][j + 1]) j++;
      else found.set(has[j++], had[i++]);
    }
    return found;
  };

  const follow = (old, had, has) => {
    const found = twins(had, has);
    let at = had[0] || null;
    for (const fresh of has) {
      const twin = found.get(fresh);
      if (twin) { at = twin.nextElementSibling; merge(twin, fresh); }
      else old.insertBefore(document.importNode(fresh, true), at);
    }
    const kept = new Set(found.values());
    for (const one of had) if (!kept.has(one)) { if (busy(one)) blocked = true; else one.remove(); }
  };

  document.addEventListener("click", (event) => { if (event.target.closest?.("[data-stale]")) location.reload(); });

  /* 5. Clocks: data-left holds the seconds that were left when the page was made. */

  let clocks = new Map();
  const wind = () => { clocks = new Map([...document.querySelectorAll("[data-left]")].map((one) => [one, performance.now() + one.dataset.left * 1000])); };
  const tick = () => {
    for (const [one, end] of clocks) {
      const left = Math.round((end - performance.now()) / 1000);
      one.textContent = `${left < 0 ? "−" : ""}${Math.floor(Math.abs(left) / 60)}:${String(Math.abs(left) % 60).padStart(2, "0")}`;
    }
  };

  wind();
  setInterval(tick, 1000);
  open();
})();
