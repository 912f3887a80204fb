// The little that a page of the console can do by itself. Every page works without it.
"use strict";

(() => {
  const LIVE_MS = 5000;
  const PARTS = "[data-live][id]";
  // The server's clock counts: an age is true also where the computer's own clock is not.
  const ahead = document.body.dataset.now ? new Date(document.body.dataset.now) - Date.now() : 0;

  // Ages, as the server writes them.
  const span = (seconds) => {
    const minutes = Math.floor(seconds / 60), hours = Math.floor(seconds / 3600), days = Math.floor(seconds / 86400);
    if (days) return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
    if (hours) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return minutes ? `${minutes} min` : `${seconds} s`;
  };
  const tick = () => {
    const now = Date.now() + ahead;
    for (const time of document.querySelectorAll("time[data-age]")) {
      const at = new Date(time.dateTime).getTime();
      const length = span(Math.floor(Math.abs(now - at) / 1000));
      const text = at > now ? `in ${length}` : `${length} ago`;
      if (time.textContent !== text) time.textContent = text;
    }
  };

  const dress = (root) => {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll("button[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "Copied";
        button.classList.add("copied");
        setTimeout(() => { button.textContent = "Copy"; button.classList.remove("copied"); }, 1600);
      });
    }
  };

  // Parts of the page that can change are fetched again, and put in the place of the old ones only where they differ:
  // forms, the focus, what is selected and the place on the page stay.
  const shown = new Map();
  // Ages differ each time; what counts is the moment that they are of.
  const essence = (part) => {
    const copy = part.cloneNode(true);
    for (const time of copy.querySelectorAll("time[data-age]")) time.textContent = "";
    for (const button of copy.querySelectorAll("button[data-copy]")) button.replaceWith();
    return copy.innerHTML;
  };
  const isHeld = (part) => {
    const selection = document.getSelection();
    if (part.querySelector("details[open] form")) return true;
    const isSelected = selection && !selection.isCollapsed && part.contains(selection.anchorNode);
    return isSelected || (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));
  };
  const swap = (part, fresh) => {
    const links = (root) => [...root.querySelectorAll("a, button, summary")];
    const at = links(part).indexOf(document.activeElement);
    const next = document.importNode(fresh, true);
    const open = new Set([...part.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
    for (const one of next.querySelectorAll("details")) one.open = one.open || open.has(one.firstElementChild.textContent);
    const scrolled = [part.scrollLeft, part.scrollTop];
    part.replaceWith(next);
    [next.scrollLeft, next.scrollTop] = scrolled;
    dress(next);
    if (at >= 0) links(next)[at]?.focus({ preventScroll: true });
  };
  const state = document.querySelector("[data-live-state]");
  const say = (text, lost) => {
    if (!state) return;
    state.textContent = text;
    state.classList.toggle("lost", Boolean(lost));
  };
  const refresh = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html", "X-Console-Refresh": "1" }, cache: "no-store" });
    if (answer.redirected) return say("Your session has ended: load the page again to log in.", true);
    if (!answer.ok) return say("The page could not be refreshed; it is tried again.", true);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const fresh of page.querySelectorAll(PARTS)) {
      const part = document.getElementById(fresh.id);
      if (!part || isHeld(part)) continue;
      const now = essence(fresh);
      if (now !== shown.get(fresh.id)) {
        if (shown.has(fresh.id) || now !== essence(part)) swap(part, fresh);
        shown.set(fresh.id, now);
      }
    }
    tick();
    return say(`Refreshed ${new Date(Date.now() + ahead).toISOString().slice(11, 19)} UTC.`);
  };
  const live = () => {
    if (!document.querySelector(PARTS)) return;
    setInterval(() => {
      if (!document.hidden) refresh().catch(() => say("The server cannot be reached; it is tried again.", true));
    }, LIVE_MS);
  };

  // Keys: `/` searches, `j` and `k` go through the rows, `?` tells.
  const rows = () => [...document.querySelectorAll("main tbody tr")].map((row) => row.querySelector("a[href]")).filter(Boolean);
  const step = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)].focus();
  };
  const tell = () => {
    const old = document.querySelector(".hint");
    if (old) return old.remove();
    const hint = document.createElement("div");
    hint.className = "hint";
    hint.setAttribute("role", "status");
    const list = document.createElement("dl");
    for (const [key, text] of [["/", "search"], ["j", "next row"], ["k", "row before"], ["Enter", "open it"], ["?", "this, and away again"]]) {
      const name = document.createElement("dt");
      name.append(Object.assign(document.createElement("kbd"), { textContent: key }));
      list.append(name, Object.assign(document.createElement("dd"), { textContent: text }));
    }
    hint.append(list);
    document.body.append(hint);
  };
  const KEYS = { "/": () => document.querySelector("[data-search]")?.focus(), j: () => step(1), k: () => step(-1), "?": tell };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    const act = KEYS[event.key];
    if (!act || !document.querySelector(".bar")) return;
    event.preventDefault();
    act();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.querySelector(".hint")?.remove();
      document.querySelector(".who[open]")?.removeAttribute("open");
    }
  });

  // On a phone the menu is wider than the page: show where one is in it.
  const places = document.getElementById("places");
  const place = places?.querySelector("[aria-current]");
  if (place) places.scrollLeft = place.offsetLeft - (places.clientWidth - place.offsetWidth) / 2;

  dress(document);
  tick();
  setInterval(tick, 1000);
  live();
})();
