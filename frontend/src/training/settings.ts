import type { TrainingRecipe } from "./calls";

export type Setting = TrainingRecipe["settings"][number];

const LABELS: Readonly<Record<string, string>> = {
  clips: "Budget, in clips seen", minutes: "Or in minutes", lr: "Learning rate", ema: "Averaging", dtype: "Precision", snr_cap: "SNR cap", beta1: "Beta 1", beta2: "Beta 2",
};

/** A setting's last name, in words; the object that it is in heads its group. */
export function labelOf(key: string): string {
  const name = key.split(".").at(-1) ?? key;
  const words = name.replaceAll("_", " ");
  return LABELS[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** The settings in groups, in the order of the recipe: those in no object first. */
export function groupsOf(settings: readonly Setting[]): { name: string; settings: Setting[] }[] {
  const groups = new Map<string, Setting[]>([["", []]]);
  for (const setting of settings) {
    const name = setting.key.includes(".") ? (setting.key.split(".")[0] ?? "") : "";
    groups.set(name, [...(groups.get(name) ?? []), setting]);
  }
  return [...groups].filter(([, members]) => members.length > 0).map(([name, members]) => ({ name: labelOf(name), settings: members }));
}

/** What was typed as the setting's own type; what cannot be read goes as it is, for the server to say what is expected. */
function valueOf(setting: Setting, typed: string): unknown {
  if (setting.kind === "choice") return typed;
  try {
    return JSON.parse(typed) as unknown;
  } catch {
    return typed;
  }
}

/** The nested object of what was typed: {"data.replay": "0.5"} is {data: {replay: 0.5}}. */
export function configOf(settings: readonly Setting[], typed: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const setting of settings) {
    const text = (typed[setting.key] ?? "").trim();
    if (text === "") continue;
    const [first = "", second] = setting.key.split(".");
    const value = valueOf(setting, text);
    config[first] = second === undefined ? value : { ...(config[first] as object | undefined), [second]: value };
  }
  return config;
}

/** The complaints about one setting, without its key. */
export const errorsOf = (key: string, errors: readonly string[] = []): string[] =>
  errors.filter((error) => error.startsWith(`${key}: `)).map((error) => error.slice(key.length + 2)).map((error) => error.charAt(0).toUpperCase() + error.slice(1));

/** A default as it is shown. */
export const shown = (value: unknown): string => (value === true ? "yes" : value === false ? "no" : typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value));

/** A nested object by keys with dots, down to the settings that are known; an unknown one as deep as it goes. */
export function flat(config: Readonly<Record<string, unknown>>, known: ReadonlySet<string>, path = ""): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => {
      const key = path + name;
      const inner = typeof value === "object" && value !== null && !Array.isArray(value) && !known.has(key);
      return inner ? Object.entries(flat(value as Record<string, unknown>, known, `${key}.`)) : [[key, value]];
    }),
  );
}
