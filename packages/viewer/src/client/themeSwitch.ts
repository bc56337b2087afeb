/** Lets the reader choose light or dark; until then the page follows the system. */
export function addThemeSwitch(button: HTMLElement, onChange: () => void): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const current = (): string => document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  const show = () => {
    const other = current() === "dark" ? "light" : "dark";
    button.textContent = other === "dark" ? "☾" : "☀";
    button.setAttribute("aria-label", `Use ${other} colours`);
    button.title = `Use ${other} colours`;
    onChange();
  };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = current() === "dark" ? "light" : "dark";
    show();
  });
  dark.addEventListener("change", show);
  show();
}
