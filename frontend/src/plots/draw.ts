import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

/** What a plot is drawn with. */
export interface Pens {
  ink: string;
  line: string;
  pick: string;
  card: string;
  font: string;
  /** Bars that begin at their x. */
  bars: uPlot.Series.PathBuilder;
}

interface Drawing {
  into: HTMLElement;
  describe: (pens: Pens) => Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
  width: number;
  height: number;
  /** The place in the data under the pointer; null where there is none. */
  onpoint: (place: number | null) => void;
}

export function draw({ into, describe, data, width, height, onpoint }: Drawing): uPlot {
  const options = describe(pensFor(into));
  const hooks = { ...options.hooks, setCursor: [(chart: uPlot) => onpoint(chart.cursor.idx ?? null)] };
  const cursor: uPlot.Cursor = { y: false, drag: { x: false, y: false }, points: { show: false } };
  return new uPlot({ legend: { show: false }, cursor, ...options, hooks, width, height }, data, into);
}

/** The tokens as a canvas can take them: resolved for the theme that the element is shown in. */
function pensFor(element: HTMLElement): Pens {
  const probe = document.createElement("i");
  element.append(probe);
  const { fontFamily } = getComputedStyle(element);
  const resolved = (token: string) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const pens = {
    ink: resolved("--ink-soft"),
    line: resolved("--line"),
    pick: resolved("--pick"),
    card: resolved("--card"),
    font: `12px ${fontFamily}`,
    bars: uPlot.paths.bars?.({ size: [0.85, 60], align: 1 }) ?? (() => null),
  };
  probe.remove();
  return pens;
}
