/* The pay page reckons while one chooses. Without it the page asks to look the new sum over after sending. */
(function () {
  "use strict";
  var form = document.querySelector("[data-pay]");
  if (!form) { return; }
  var english = document.documentElement.lang === "en";

  function words(grosze) {
    var whole = String(Math.floor(grosze / 100)).replace(/\B(?=(\d{3})+$)/g, english ? "," : "\u00a0");
    var rest = String(grosze % 100);
    return whole + (english ? "." : ",") + (rest.length < 2 ? "0" + rest : rest) + "\u00a0zł";
  }

  /* What the server reads as an amount; null for anything else. */
  function grosze(text) {
    var plain = text.replace(/[\s\u00a0\u202f]/g, "").replace(/zł$/, "").replace(",", ".");
    return /^\d{1,11}(\.\d{1,2}0*)?$/.test(plain) ? Math.round(Number(plain) * 100) : null;
  }

  function each(selector, act) { Array.prototype.forEach.call(form.querySelectorAll(selector), act); }

  function show() {
    var all = 0;
    each("[name=faktura]", function (box) {
      if (box.checked) { all += Number(box.getAttribute("data-grosze")); }
      var row = form.querySelector('[data-pay-row="' + box.value + '"]');
      if (row) { row.hidden = !box.checked; }
    });
    var own = form.querySelector("[name=ile][value=inna]");
    var typed = own && own.checked ? grosze(form.querySelector("[name=kwota]").value) : all;
    var way = form.querySelector("[name=sposob]:checked");
    var transfer = way && way.value === "przelew";
    var amount = typed === null ? "–" : words(typed);
    each("[data-pay-all]", function (place) { place.textContent = words(all); });
    each("[data-pay-total]", function (place) { place.textContent = amount; });
    each("[data-pay-shown]", function (field) { field.value = typed === null ? "" : String(typed); });
    each("[data-pay-way]", function (place) {
      var title = way && form.querySelector('label[for="' + way.id + '"] .eb-choice-title');
      place.textContent = title ? title.textContent : "–";
    });
    each("[data-pay-button]", function (button) {
      button.textContent = transfer
        ? form.getAttribute("data-say-transfer")
        : form.getAttribute("data-say-pay").replace("{}", amount);
    });
  }

  form.addEventListener("change", show);
  form.addEventListener("input", show);
  /* After Back the browser puts back what was ticked, later than this runs. */
  window.addEventListener("pageshow", show);
})();
