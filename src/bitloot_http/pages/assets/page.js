// The little that a page can do by itself. Every page works without it.
"use strict";

(() => {
  const LIVE_MS = 4000;

  // An order's page can be opened by a link whose fragment holds the access token: fragments are sent to nobody.
  // It is put into the form that is there anyway, taken off the address, and sent.
  const openByFragment = () => {
    const form = document.querySelector("form[data-open]");
    const token = decodeURIComponent(location.hash.slice(1));
    if (!form || !token) return;
    history.replaceState(null, "", location.pathname);
    form.elements.accessToken.value = token;
    form.submit();
  };

  const copied = (button) => {
    const before = button.textContent;
    button.textContent = "Copied";
    button.classList.add("copied");
    setTimeout(() => {
      button.textContent = before;
      button.classList.remove("copied");
    }, 1600);
  };

  const dress = (root) => {
    for (const button of root.querySelectorAll("button[data-copy]")) {
      if (!navigator.clipboard) continue;
      button.hidden = false;
      button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy).then(() => copied(button)));
    }
    for (const time of root.querySelectorAll("time[datetime]:not([data-until])")) {
      const at = new Date(time.dateTime);
      const style = time.hasAttribute("data-day") ? { dateStyle: "long" } : { dateStyle: "medium", timeStyle: "short" };
      time.textContent = new Intl.DateTimeFormat(undefined, style).format(at);
    }
  };

  const tick = () => {
    for (const time of document.querySelectorAll("time[data-until]")) {
      const left = Math.round((new Date(time.dateTime) - Date.now()) / 1000);
      if (left <= 0) time.textContent = time.dataset.until;
      else if (left < 86400) {
        const parts = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
        time.textContent = parts.map((part) => String(part).padStart(2, "0")).join(":").replace(/^00:/, "");
      } else time.textContent = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(new Date(time.dateTime));
    }
  };

  // A page that can still change is fetched again, and shown anew only if it did.
  const live = () => {
    let shown = null;
    const look = async () => {
      const main = document.querySelector("main[data-live]");
      if (!main) return;
      if (!document.hidden && !main.contains(document.activeElement)) {
        try {
          const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, cache: "no-store" });
          if (answer.ok) {
            const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
            const next = fresh.querySelector("main");
            if (next && shown !== null && shown !== next.innerHTML) {
              document.title = fresh.title;
              shown = next.innerHTML;
              main.replaceWith(next);
              dress(next);
              tick();
            } else if (next) shown = next.innerHTML;
          }
        } catch {
          // Away for a moment; the next look will tell.
        }
      }
      setTimeout(look, LIVE_MS);
    };
    look();
  };

  openByFragment();
  dress(document);
  tick();
  setInterval(tick, 1000);
  live();
})();
