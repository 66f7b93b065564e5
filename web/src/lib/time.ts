import { engineNow } from "./engine_clock";

// Times are India's, whatever the browser's zone: an exchange's clock must not depend on where one sits.
const ZONE = "Asia/Kolkata";

const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const clockWithMillis = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hour12: false,
});
const calendar = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  day: "2-digit",
  month: "short",
  year: "numeric",
});

type Moment = string | number | Date;

export const formatClock = (at: Moment): string => clock.format(new Date(at));
export const formatExactClock = (at: Moment): string => clockWithMillis.format(new Date(at));
export const formatDay = (at: Moment): string => calendar.format(new Date(at));
export const formatMoment = (at: Moment): string => `${formatDay(at)}, ${formatClock(at)}`;

// Today's times need no date.
export function formatShort(at: Moment, now: Moment = engineNow()): string {
  return formatDay(at) === formatDay(now) ? formatClock(at) : formatMoment(at);
}

// "12 s", "4 min", "3 h 05 min", "2 d 04 h".
export function formatSpan(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const two = (value: number) => String(value).padStart(2, "0");
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

// A duration of the engine's: 41 µs, 1.82 ms, 2.10 s; three significant digits.
export function formatMicroseconds(microseconds: number): string {
  const three = (value: number) =>
    value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  if (microseconds < 1_000) return `${microseconds < 10 ? three(microseconds) : Math.round(microseconds)} µs`;
  if (microseconds < 1_000_000) return `${three(microseconds / 1_000)} ms`;
  return `${three(microseconds / 1_000_000)} s`;
}

// What <input type="datetime-local"> shows and gives, in India's time; null when it is empty or not a time.
export function toLocalInput(at: Moment): string {
  return new Date(new Date(at).getTime() + INDIA_OFFSET_MS).toISOString().slice(0, 16);
}
export function fromLocalInput(text: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) return null;
  const at = Date.parse(`${text}:00Z`);
  return Number.isNaN(at) ? null : new Date(at - INDIA_OFFSET_MS).toISOString();
}
// India has one zone and no summer time.
const INDIA_OFFSET_MS = 330 * 60_000;
