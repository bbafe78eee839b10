/** A file with its path inside of what was dropped or chosen. */
export interface Found {
  path: string;
  file: File;
}

/** Of a folder's files, those that are no business of an import: what systems leave behind. */
const LEFT_BEHIND = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/;

export function chosen(files: Iterable<File>): Found[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file })).filter(({ path }) => !LEFT_BEHIND.test(path));
}

/** What was dropped, folders opened. */
export async function dropped(transfer: DataTransfer): Promise<Found[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return (await Promise.all(entries.map(inside))).flat().filter(({ path }) => !LEFT_BEHIND.test(path));
}

async function inside(entry: FileSystemEntry): Promise<Found[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) return [{ path, file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) }];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Found[] = [];
  // A browser hands out a hundred at a time, and an empty list at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    found.push(...(await Promise.all(some.map(inside))).flat());
  }
}

/** One zip: the very file where it is one already, else one of all. */
export async function packed(found: readonly Found[]): Promise<File> {
  const [only] = found;
  if (only && found.length === 1 && only.file.name.toLowerCase().endsWith(".zip")) return only.file;
  const { downloadZip } = await import("client-zip");
  const blob = await downloadZip(found.map(({ path, file }) => ({ name: path, input: file }))).blob();
  return new File([blob], `${nameOf(found)}.zip`);
}

/** The folder that all lie in, else the first file's name. */
export function nameOf(found: readonly Found[]): string {
  const [first] = found;
  const folder = first?.path.split("/").slice(0, -1)[0];
  if (folder && found.every(({ path }) => path.startsWith(`${folder}/`))) return folder;
  return (first?.file.name ?? "prompts").replace(/\.[^.]+$/, "");
}
