/* Every page. Quicker with it, complete without it: a form is sent once, a password can be shown, menus close. */
(function () {
  "use strict";

  /* A double click sends once. The button keeps its name and value, so it is not disabled, only marked. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method === "dialog") { return; }
    if (form.hasAttribute("data-sent")) { event.preventDefault(); return; }
    if (form.method !== "post" || form.hasAttribute("data-repeat")) { return; }
    form.setAttribute("data-sent", "");
    var button = event.submitter || form.querySelector("[type=submit]");
    if (button) {
      button.setAttribute("aria-disabled", "true");
      button.classList.add("is-sending");
    }
    var live = document.querySelector(".eb-live");
    if (live && !live.textContent.trim()) {
      var words = document.createElement("span");
      words.className = "visually-hidden eb-sending";
      words.textContent = document.body.getAttribute("data-say-sending") || "";
      live.appendChild(words);
    }
    /* An answer that never comes (or a download, which leaves the page standing) must not lock the form. */
    window.setTimeout(function () { release(form); }, 15000);
  });
  function release(form) {
    form.removeAttribute("data-sent");
    form.querySelectorAll(".is-sending").forEach(function (button) {
      button.classList.remove("is-sending");
      button.removeAttribute("aria-disabled");
    });
    document.querySelectorAll(".eb-sending").forEach(function (words) { words.remove(); });
  }
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) { document.querySelectorAll("form[data-sent]").forEach(release); }
  });

  /* Show and hide a password. */
  document.querySelectorAll("[data-reveal]").forEach(function (button) {
    var field = document.getElementById(button.getAttribute("data-reveal"));
    if (!field) { return; }
    button.hidden = false;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", function () {
      var shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      button.textContent = button.getAttribute(shown ? "data-say-show" : "data-say-hide");
      field.focus();
    });
    if (field.form) { field.form.addEventListener("submit", function () { field.type = "password"; }); }
  });

  /* Print what is on the page. */
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });

  /* Copy a number or a title; shown only where the browser lets a page write to the clipboard. */
  if (navigator.clipboard && window.isSecureContext) {
    document.querySelectorAll("[data-copy]").forEach(function (button) {
      var label = button.querySelector("span");
      var word = label.textContent;
      button.hidden = false;
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(button.getAttribute("data-copy")).then(function () {
          var live = document.querySelector(".eb-live");
          var said = document.createElement("span");
          said.className = "visually-hidden";
          said.textContent = button.getAttribute("data-say-copied");
          label.textContent = said.textContent;
          button.classList.add("is-copied");
          if (live) { live.appendChild(said); }
          window.setTimeout(function () {
            label.textContent = word;
            button.classList.remove("is-copied");
            said.remove();
          }, 2500);
        }, function () { button.hidden = true; });
      });
    });
  }

  /* The switcher closes with Esc and with a click elsewhere. */
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.eb-switch[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) { menu.open = false; }
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    document.querySelectorAll("details.eb-switch[open]").forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  /* A failed form: the reader's attention goes to what went wrong. */
  var wrong = document.querySelector(".eb-notice-bad[role=alert]");
  if (wrong) { wrong.setAttribute("tabindex", "-1"); wrong.focus({ preventScroll: true }); }
})();
