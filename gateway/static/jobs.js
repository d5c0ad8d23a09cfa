/* The bar of long work moves by itself: asks every few seconds, less often when nobody looks, and stops when done. */
(function () {
  "use strict";
  document.querySelectorAll("[data-job]").forEach(function (job) {
    var bar = job.querySelector("[data-job-bar]");
    var line = job.querySelector("[data-job-line]");
    var wait = 2000;
    function ask() {
      if (document.hidden) { window.setTimeout(ask, 5000); return; }
      fetch(job.getAttribute("data-job"), { headers: { Accept: "application/json" }, credentials: "same-origin" })
        .then(function (answer) {
          if (!answer.ok) { throw new Error(String(answer.status)); }
          return answer.json();
        })
        .then(function (state) {
          if (state.finished) { window.location.reload(); return; }
          bar.max = state.total || 1;
          bar.value = state.done;
          if (state.line) { line.textContent = state.line; }
          wait = 2000;
          window.setTimeout(ask, wait);
        })
        .catch(function () {
          wait = Math.min(wait * 2, 60000);
          window.setTimeout(ask, wait);
        });
    }
    window.setTimeout(ask, wait);
  });
})();
