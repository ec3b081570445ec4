// Dark or light as chosen (src/lib/theme.ts), before anything is painted. A file of its own, for the
// page's policy allows no script inside it.
(function () {
  var chosen = null;
  try {
    chosen = JSON.parse(localStorage.getItem("futuresboard.theme"));
  } catch {
    // Storage is forbidden or holds something else: dark, as without a choice.
  }
  var light = chosen === "light" || (chosen === "system" && matchMedia("(prefers-color-scheme: light)").matches);
  document.documentElement.classList.toggle("dark", !light);
})();
