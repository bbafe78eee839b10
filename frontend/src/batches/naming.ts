/** A name for the next of its kind: "Spring 2" after "Spring 1" and after "Spring". */
export function nextName(name: string): string {
  const [, stem, number] = /^(.*?)\s*(\d+)$/.exec(name) ?? [];
  return stem ? `${stem} ${Number(number) + 1}` : `${name.slice(0, 98)} 2`;
}
