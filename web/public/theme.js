// Before the first paint, so that the wrong theme never flashes.
(() => {
  const chosen = localStorage.getItem("hmt.theme");
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
