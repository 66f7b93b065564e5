import {
  type AutoscaleInfo,
  CandlestickSeries,
  ColorType,
  createChart,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  LineStyle,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef } from "react";
import { formatPrice, ONE_RUPEE, type Price, priceOf, roundToTick } from "@/lib/price";
import { useStore } from "@/lib/store";
import { followPrice, quoteOf } from "@/live/prices";
import { theme } from "@/shell/theme";
import { type Candle, type SpanWord, withPrice } from "./candles";
import type { Line, Moved } from "./lines";

// Candles with the armed legs as lines that can be dragged. The library draws with binary numbers; what leaves this
// file is exact again, on the tick.
const INDIA_OFFSET_S = 330 * 60;
const GRAB_PIXELS = 6;
const GRAB_PIXELS_TOUCH = 14;
const NEAR_SHARE = 0.05; // lines farther away than this do not stretch the scale

const rupees = (price: Price): number => price / ONE_RUPEE;
// The library shows UTC; India's clock is wanted.
const chartTime = (at: number) => (at / 1000 + INDIA_OFFSET_S) as UTCTimestamp;
const bar = (candle: Candle) => ({
  time: chartTime(candle.at),
  open: rupees(candle.open),
  high: rupees(candle.high),
  low: rupees(candle.low),
  close: rupees(candle.close),
});

interface Drawn {
  chart: IChartApi;
  series: ISeriesApi<"Candlestick">;
  lines: Map<string, IPriceLine>;
}

export interface CandleChartProps {
  candles: readonly Candle[];
  interval: SpanWord;
  token: number;
  name: string;
  lines: readonly Line[];
  moved: Moved | null;
  tick: Price;
  decimals: number;
  onMove: (moved: Moved | null) => void;
  onCrosshair: (price: Price | null) => void;
  onCreate: (price: Price | null) => void;
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw(element: HTMLElement, decimals: number, tick: Price): Drawn {
  const chart = createChart(element, {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: colour("--surface") },
      textColor: colour("--fg-2"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      attributionLogo: false, // its inline style is what the page's policy forbids; the page names them below
    },
    grid: { vertLines: { color: colour("--line") }, horzLines: { color: colour("--line") } },
    timeScale: { timeVisible: true, borderColor: colour("--line") },
    rightPriceScale: { borderColor: colour("--line") },
    localization: {
      priceFormatter: (value: number) => formatPrice(roundToTick(priceOf(value), tick), decimals),
    },
  });
  const series = chart.addSeries(CandlestickSeries, {
    upColor: colour("--up"),
    downColor: colour("--down"),
    wickUpColor: colour("--up"),
    wickDownColor: colour("--down"),
    borderVisible: false,
  });
  return { chart, series, lines: new Map() };
}

// The scale shows the lines too, unless they are far away.
function withLines(info: AutoscaleInfo | null, lines: readonly Line[], last: number): AutoscaleInfo | null {
  if (!info?.priceRange) return info;
  let { minValue, maxValue } = info.priceRange;
  for (const line of lines) {
    const level = rupees(line.level);
    if (Math.abs(level - last) > last * NEAR_SHARE) continue;
    minValue = Math.min(minValue, level);
    maxValue = Math.max(maxValue, level);
  }
  return { ...info, priceRange: { minValue, maxValue } };
}

const colours: Record<Line["role"], string> = { stop: "--down", target: "--up", single: "--accent" };

export function CandleChart(props: CandleChartProps) {
  const { candles, interval, token, lines, moved, tick, decimals } = props;
  const element = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const look = useStore(theme);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme is another drawing
  useEffect(() => {
    if (!element.current) return;
    const made = draw(element.current, decimals, tick);
    drawn.current = made;
    made.series.applyOptions({
      autoscaleInfoProvider: (original: () => AutoscaleInfo | null) =>
        withLines(original(), latest.current.lines, rupees(latest.current.candles.at(-1)?.close ?? 0)),
    });
    const priceAt = (y: number): Price | null => {
      const value = made.series.coordinateToPrice(y);
      return value === null || value <= 0 ? null : Math.max(tick, roundToTick(priceOf(value), tick));
    };
    made.chart.subscribeCrosshairMove((at) =>
      latest.current.onCrosshair(at.point ? priceAt(at.point.y) : null),
    );
    const leave = makeDraggable(element.current, made, latest, priceAt);
    return () => {
      leave();
      made.chart.remove();
      drawn.current = null;
    };
  }, [decimals, tick, look]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme is another drawing
  useEffect(() => {
    const made = drawn.current;
    if (!made) return;
    made.series.setData(candles.map(bar));
    let last = candles.at(-1);
    return followPrice(token, () => {
      const quote = quoteOf(token);
      if (!quote || !last || drawn.current !== made) return;
      last = withPrice(last, quote.price, quote.at, interval);
      made.series.update(bar(last));
    });
  }, [candles, token, interval, look]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme is another drawing
  useEffect(() => {
    const made = drawn.current;
    if (!made) return;
    for (const line of made.lines.values()) made.series.removePriceLine(line);
    made.lines.clear();
    for (const line of lines) {
      const to = moved?.line.key === line.key ? moved.to : line.level;
      made.lines.set(
        line.key,
        made.series.createPriceLine({
          price: rupees(to),
          color: colour(colours[line.role]),
          lineStyle: LineStyle.Dashed,
          lineWidth: 1,
          title: to === line.level ? `⇅ ${line.name}` : `${line.name} (not saved)`,
          axisLabelVisible: true,
        }),
      );
    }
  }, [lines, moved, look]);

  const last = candles.at(-1);
  return (
    <div
      ref={element}
      role="img"
      aria-label={`${props.name}: ${candles.length} candles${last ? `, the last one closed at ${formatPrice(last.close, decimals)}` : ""}, ${lines.length} armed levels. “As a table” shows the numbers.`}
      className="min-h-80 flex-1"
    />
  );
}

// The pointer is taken before the library sees it, when it is on a line.
function makeDraggable(
  element: HTMLElement,
  made: Drawn,
  latest: { current: CandleChartProps },
  priceAt: (y: number) => Price | null,
): () => void {
  let held: Line | null = null;
  const yOf = (event: PointerEvent) => event.clientY - element.getBoundingClientRect().top;
  const lineAt = (event: PointerEvent): Line | null => {
    const reach = event.pointerType === "touch" ? GRAB_PIXELS_TOUCH : GRAB_PIXELS;
    const { lines, moved } = latest.current;
    for (const line of lines) {
      const level = moved?.line.key === line.key ? moved.to : line.level;
      const y = made.series.priceToCoordinate(rupees(level));
      if (y !== null && Math.abs(y - yOf(event)) <= reach) return line;
    }
    return null;
  };
  const scroll = (on: boolean) => made.chart.applyOptions({ handleScroll: on, handleScale: on });
  const down = (event: PointerEvent) => {
    held = lineAt(event);
    if (!held) return;
    element.setPointerCapture(event.pointerId);
    scroll(false);
    event.stopPropagation();
  };
  const move = (event: PointerEvent) => {
    if (!held) {
      element.style.cursor = lineAt(event) ? "ns-resize" : "";
      return;
    }
    const to = priceAt(yOf(event));
    if (to !== null) latest.current.onMove(to === held.level ? null : { line: held, to });
  };
  const up = () => {
    if (!held) return;
    held = null;
    scroll(true);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.altKey && event.key.toLowerCase() === "a") {
      event.preventDefault();
      latest.current.onCreate(lastCrosshair);
    }
  };
  let lastCrosshair: Price | null = null;
  const remember = (event: PointerEvent) => {
    lastCrosshair = priceAt(yOf(event));
  };
  element.addEventListener("pointerdown", down, true);
  element.addEventListener("pointermove", move, true);
  element.addEventListener("pointermove", remember);
  element.addEventListener("pointerup", up, true);
  element.addEventListener("pointercancel", up, true);
  window.addEventListener("keydown", pressed);
  return () => {
    element.removeEventListener("pointerdown", down, true);
    element.removeEventListener("pointermove", move, true);
    element.removeEventListener("pointermove", remember);
    element.removeEventListener("pointerup", up, true);
    element.removeEventListener("pointercancel", up, true);
    window.removeEventListener("keydown", pressed);
  };
}
