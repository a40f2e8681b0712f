/* Says at once that a file is too large, before anything of it is sent. The server says the same. */
for (const field of document.querySelectorAll("input[type=file][data-limit]")) {
  field.addEventListener("change", () => {
    const [file] = field.files;
    const most = Number(field.dataset.limit);
    const megabytes = (bytes) => Math.ceil(bytes / 1e6).toLocaleString("en");
    const isTooLarge = file && file.size > most;
    field.setCustomValidity(isTooLarge ? `This file has ${megabytes(file.size)} MB; at most ${megabytes(most)} MB may be uploaded.` : "");
    field.reportValidity();
  });
}
