/* Keys of the console. Each key belongs to a link, button or field on the page that names it in data-key; it is
   pressed or focused. Single keys do nothing inside fields and can be switched off (WCAG 2.1.4). */
(function () {
  "use strict";
  var OFF = "ebok-keys-off";
  function off() {
    try { return window.localStorage.getItem(OFF) === "1"; } catch (refused) { return false; }
  }
  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) &&
      !/^(checkbox|radio|button|submit)$/.test(target.type);
  }
  function visible(element) { return element.getClientRects().length > 0; }

  /* J and K walk the queue, else the rows of the page's first dense table, else the pages of the list. */
  function stops() {
    var queue = document.querySelectorAll(".ec-queue-row");
    if (queue.length) { return Array.from(queue); }
    return Array.from(document.querySelectorAll(".ec-table-dense tbody tr")).map(function (row) {
      return row.querySelector("th a, td a, button");
    }).filter(Boolean);
  }
  function walk(step) {
    var all = stops();
    if (!all.length) { return false; }
    var at = all.indexOf(document.activeElement);
    if (at < 0) { at = all.findIndex(function (stop) { return stop.hasAttribute("aria-current"); }); }
    var next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
    document.querySelectorAll(".ec-table-dense tr.is-current").forEach(function (row) { row.classList.remove("is-current"); });
    var row = next.closest(".ec-table-dense tr");
    if (row) { row.classList.add("is-current"); }
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }
  function press(key) {
    var wanted = key.length === 1 ? key.toLowerCase() : key;
    var element = Array.from(document.querySelectorAll("[data-key]")).find(function (candidate) {
      return candidate.getAttribute("data-key") === wanted && (visible(candidate) || candidate.closest("#keys:target"));
    });
    if (!element) { return false; }
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && element.type !== "checkbox") {
      element.focus();
      if (element.select) { element.select(); }
    } else { element.click(); }
    /* A key that opens a decision leads to its first field: one more Enter, and it is done. */
    if (element.tagName === "SUMMARY" && element.parentElement.open) {
      var field = element.parentElement.querySelector("input:not([type=hidden]), textarea, select, button, a");
      if (field) { field.focus(); if (field.select) { field.select(); } }
    }
    return true;
  }

  document.addEventListener("keydown", function (event) {
    if (event.isComposing || event.altKey) { return; }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      var form = event.target.closest("form");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (event.ctrlKey || event.metaKey) { return; }
    if (event.key === "Escape") {
      if (typing(event.target)) { event.target.blur(); return; }
      if (window.location.hash === "#keys" || window.location.hash === "#menu") {
        event.preventDefault();
        window.location.hash = "content";
        return;
      }
      if (press("Escape")) { event.preventDefault(); }
      return;
    }
    if (event.key.length !== 1 || off() || typing(event.target)) { return; }
    if (event.key === "?") { event.preventDefault(); window.location.hash = "keys"; return; }
    var key = event.key.toLowerCase();
    if (key === "j" && walk(1) || key === "k" && walk(-1) || press(key)) { event.preventDefault(); }
  });

  document.querySelectorAll("[data-keys-switch]").forEach(function (button) {
    function show() { button.textContent = button.getAttribute(off() ? "data-say-off" : "data-say-on"); }
    button.hidden = false;
    show();
    button.addEventListener("click", function () {
      try { window.localStorage.setItem(OFF, off() ? "0" : "1"); } catch (refused) { return; }
      show();
    });
  });

  /* Whoever logs out leaves nothing behind that was typed in this window. */
  document.addEventListener("submit", function (event) {
    if (!/\/wyloguj$/.test(event.target.action)) { return; }
    try { window.sessionStorage.clear(); } catch (refused) { return; }
  });

  /* A box in the head of a dense table ticks all of its rows. */
  document.querySelectorAll("[data-tick-all]").forEach(function (all) {
    all.hidden = false;
    all.addEventListener("click", function () {
      var name = all.getAttribute("data-tick-all");
      var boxes = Array.from(document.querySelectorAll("input[type=checkbox]")).filter(function (box) { return box.name === name; });
      var every = boxes.every(function (box) { return box.checked; });
      boxes.forEach(function (box) { box.checked = !every; });
    });
  });
})();
