// What the reports' door says, as these pages read it. Type check only; the browser never sees this file.

export interface Target { share: number; within_s: number }
export interface Mark extends Target { judged: number; within: number; reached_share: number | null; is_met: boolean | null }
export interface Timing { figure: string; calls: number; reached: number; p50_s: number | null; p90_s: number | null; targets: Mark[] }
export interface Group { key: string; figures: Timing[] }
export interface Report {
  first: string; last: string; zone: string; area: string | null; calls: string; by: string; level: string; at: string;
  total: Timing[]; groups: Group[]; over: "day" | "month"; over_time: Group[]; by_hour: Group[];
}
export interface Area { id: string; parent_id: string | null; level: string; name: string }
export interface Choices { zone: string; today: string; areas: Area[]; targets: Record<string, Target[]>; days_max: number; calls_max: number }
export interface PastCall { id: string; raised_at: string; kind: string; path: string[]; took_s: number | null; open_s: number }
export interface Month {
  first: string; last: string; before_first: string; before_last: string; zone: string; area: string | null; at: string;
  is_over: boolean; is_lane_known: boolean;
  kinds: { calls: string; kind: string; count: number; before: number }[];
  figures: { figure: string; month: Timing; before: Timing }[];
  handsets: { what: string; count: number; before: number }[];
}
/** What a list shows: a question to the door, and a title for people. */
export interface ListAsked { title: string; what: "calls" | "handsets"; query: Record<string, string> }
