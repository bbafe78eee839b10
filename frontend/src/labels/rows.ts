/** What the server found, as rows of plots. */
import { counted, date, number, percent } from "../look/words";
import type { Answer, BatchAgreement, ShareRate, Stretch, StretchAgreement } from "./calls";
import type { Whisker } from "./whiskers";

const POINTS = new Intl.NumberFormat("en", { maximumFractionDigits: 1, signDisplay: "exceptZero" });
const SIGNED = new Intl.NumberFormat("en", { maximumFractionDigits: 2, signDisplay: "exceptZero" });
const PLAIN = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** A difference of rates, in percentage points. */
export const points = (value: number): string => `${POINTS.format(100 * value)} pp`;
export const signed = (value: number): string => SIGNED.format(value);
export const plain = (value: number): string => PLAIN.format(value);

const between = (low: number, high: number, words: (value: number) => string): string => `${words(low)} to ${words(high)}`;

export const ofRates = (rates: readonly ShareRate[]): Whisker[] =>
  rates.map(({ checkpoint, name, role, rate, low, high, shareable, shown, prompts }) => ({
    key: checkpoint, name, tag: role, value: rate, low, high, said: percent(rate), span: between(low, high, percent),
    more: `${number(shareable)} of ${number(shown)} on ${counted(prompts, "prompt")}`,
  }));

export const ofDifferences = (differences: Answer["differences"]): Whisker[] =>
  differences.map(({ checkpoint, name, other, other_name, difference, low, high, prompts }) => ({
    key: `${checkpoint} ${other}`, name: `${name} − ${other_name}`, value: difference, low, high, said: points(difference),
    span: between(low, high, points), more: counted(prompts, "prompt"),
  }));

export const ofStrengths = (strengths: Answer["strengths"]): Whisker[] =>
  strengths.map(({ checkpoint, name, strength, low, high, chosen, passed_over }) => ({
    key: checkpoint, name, value: strength, low, high, said: signed(strength),
    span: low === null || high === null ? "" : between(low, high, signed),
    more: `chosen over another ${number(chosen)} times, passed over ${number(passed_over)}`,
  }));

export const ofSlots = (slots: Answer["slots"]): Whisker[] =>
  slots.map(({ slot, beyond_others, beyond_low, beyond_high, rate }) => ({
    key: slot, name: `Slot ${slot}`, value: beyond_others, low: beyond_low, high: beyond_high, said: points(beyond_others),
    span: between(beyond_low, beyond_high, points), more: `${percent(rate)} shareable`,
  }));

export const ofAgreement = (batches: readonly BatchAgreement[]): Whisker[] =>
  batches.map(({ batch, name, alpha, low, high, verdicts, prompts }) => ({
    key: batch, name, value: alpha, low, high, said: plain(alpha), span: between(low, high, plain),
    more: `${number(verdicts)} verdicts on ${counted(prompts, "prompt")}`,
  }));

export const ofStretches = (stretches: readonly StretchAgreement[], every: Stretch): Whisker[] =>
  stretches.map(({ starts_at, alpha, low, high, verdicts, prompts }) => ({
    key: starts_at, name: every === "week" ? `Week of ${date(starts_at)}` : date(starts_at), value: alpha, low, high, said: plain(alpha), span: between(low, high, plain),
    more: `${number(verdicts)} verdicts on ${counted(prompts, "prompt")}`,
  }));
