// Before anything is drawn, so that a page in chosen colours does not flash in others.
try {
  document.documentElement.dataset.theme = localStorage.getItem("agora.theme") ?? "system";
} catch {
  document.documentElement.dataset.theme = "system";
}
