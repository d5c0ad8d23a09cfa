/* The box of a case: ready answers go into it, a tab leads to it, and what was typed is kept in this window, for whoever
   typed it, until it is sent or they log out (console.js). */
(function () {
  "use strict";
  var form = document.querySelector("form[data-draft]");
  if (!form) { return; }
  var box = form.querySelector("textarea");
  var note = form.querySelector("[data-draft-note]");
  var key = "ebok-draft-" + form.getAttribute("data-draft");
  function stored(text) {
    try {
      if (text === undefined) { return window.sessionStorage.getItem(key) || ""; }
      if (text) { window.sessionStorage.setItem(key, text); } else { window.sessionStorage.removeItem(key); }
      return text;
    } catch (refused) { return ""; }
  }
  function say() {
    var now = new Date();
    note.textContent = form.getAttribute("data-say-draft") + " " + now.getHours() + ":" + String(now.getMinutes()).padStart(2, "0");
  }

  /* An answer that was sent does not come back as a draft; what is wrong with it the page shows again itself. */
  if (!box.value && stored()) { box.value = stored(); say(); }
  box.addEventListener("input", function () { if (stored(box.value)) { say(); } });
  form.addEventListener("submit", function () { stored(""); });

  /* Which ready answer was taken last: the office counts how often each is given. */
  function picked(id) {
    var field = form.querySelector("[name=gotowa]");
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = "gotowa";
      form.appendChild(field);
    }
    field.value = id;
  }
  form.querySelectorAll("[data-ready]").forEach(function (link) {
    link.addEventListener("click", function (event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) { return; }
      event.preventDefault();
      var before = box.value.slice(0, box.selectionStart);
      var after = box.value.slice(box.selectionEnd);
      var gap = before && !/\n$/.test(before) ? "\n\n" : "";
      box.value = before + gap + link.getAttribute("data-ready") + after;
      if (stored(box.value)) { say(); }
      picked(link.getAttribute("data-ready-id"));
      var menu = link.closest("details");
      if (menu) { menu.open = false; }
      box.focus();
    });
  });
  document.querySelectorAll("label[data-then]").forEach(function (label) {
    label.addEventListener("click", function (event) {
      var field = document.getElementById(label.getAttribute("data-then"));
      if (field && event.target === label) { window.setTimeout(function () { field.focus(); }, 0); }
    });
  });

  /* Menus of the head close with Esc and with a click elsewhere. */
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.ec-menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) { menu.open = false; }
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    var open = document.querySelector("details.ec-menu[open]");
    if (!open) { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    open.open = false;
    open.querySelector("summary").focus();
  }, true);
})();
