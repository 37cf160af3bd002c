// What every page does: copy a command line.

export function copyButtons(root = document) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "yes";
    button.addEventListener("click", async () => {
      const text = document.querySelector(button.dataset.copy).textContent;
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        // Without leave to use the clipboard the text is marked for the person to copy.
        getSelection().selectAllChildren(document.querySelector(button.dataset.copy));
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }
}

export function isTyping(event) {
  const at = event.target;
  return event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)
    && !/^(checkbox|radio|range)$/.test(at.type);
}

copyButtons();
